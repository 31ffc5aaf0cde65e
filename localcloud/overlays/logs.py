"""CloudWatch Logs: the KMS key of a log group can be changed.  Source: AssociateKmsKey API reference."""

from __future__ import annotations

from typing import Any

from moto.core.responses import EmptyResult
from moto.logs import urls
from moto.logs.responses import LogsResponse

from localcloud.refusals import refuse


class LocalLogs(LogsResponse):
    """moto's Logs with the operations that it lacks."""

    def associate_kms_key(self) -> EmptyResult:
        """Nothing; what is written from now on is under the key."""
        self._group().kms_key_id = self._get_param("kmsKeyId")
        return EmptyResult()

    def disassociate_kms_key(self) -> EmptyResult:
        """Nothing; what is written from now on is under AWS's own key."""
        self._group().kms_key_id = None
        return EmptyResult()

    def _group(self) -> Any:
        name = self._get_param("logGroupName")
        if name not in self.logs_backend.groups:
            raise refuse("ResourceNotFoundException", "The specified log group does not exist.")
        return self.logs_backend.groups[name]


def install() -> None:
    """Let requests for CloudWatch Logs come here."""
    for path in urls.url_paths:
        urls.url_paths[path] = LocalLogs.dispatch
