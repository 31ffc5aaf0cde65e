"""CloudWatch Logs: the KMS key and the class of a log group.

Source: Logs API reference AssociateKmsKey, CreateLogGroup, data type LogGroup; recorded answers.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import EmptyResult
from moto.logs import urls
from moto.logs.models import LogGroup
from moto.logs.responses import LogsResponse

from localcloud.overlays.wrap import wrap
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

    def create_log_group(self) -> Any:
        """Nothing; the class of the group is kept."""
        answer = super().create_log_group()
        self._group().localcloud_class = self._get_param("logGroupClass", "STANDARD")
        return answer

    def _group(self) -> Any:
        name = self._get_param("logGroupName")
        if name not in self.logs_backend.groups:
            raise refuse("ResourceNotFoundException", "The specified log group does not exist.")
        return self.logs_backend.groups[name]


def _describe(original: Any, self: LogGroup) -> dict[str, Any]:
    """moto's description with the group's class."""
    more = {"logGroupClass": getattr(self, "localcloud_class", "STANDARD"), "deletionProtectionEnabled": False}
    return {**original(self), **more}


def install() -> None:
    """Let requests for CloudWatch Logs come here."""
    for path in urls.url_paths:
        urls.url_paths[path] = LocalLogs.dispatch
    wrap(LogGroup, "to_describe_dict", _describe)
