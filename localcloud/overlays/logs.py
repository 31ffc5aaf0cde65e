# SPDX-License-Identifier: Apache-2.0
"""CloudWatch Logs: the KMS key and the class of a log group, and metric filters.

Source: Logs API reference AssociateKmsKey, CreateLogGroup, PutMetricFilter, data type LogGroup; recorded answers.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import EmptyResult
from moto.core.utils import unix_time_millis
from moto.logs import urls
from moto.logs.models import LogGroup, logs_backends
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

    def put_metric_filter(self) -> str:
        """Nothing; a filter of the same name gives way."""
        self._group()
        name, group = self._get_param("filterName"), self._get_param("logGroupName")
        before = [each for each in self._filters() if (each["filterName"], each["logGroupName"]) == (name, group)]
        answer = super().put_metric_filter()
        for each in before:
            self._filters().remove(each)
        made = self._filters()[-1]
        made["creationTime"] = before[0]["creationTime"] if before else int(unix_time_millis())
        return answer

    def delete_metric_filter(self) -> str:
        """Nothing; the filter has to be there."""
        self._group()
        known = [(each["filterName"], each["logGroupName"]) for each in self._filters()]
        if (self._get_param("filterName"), self._get_param("logGroupName")) not in known:
            raise refuse("ResourceNotFoundException", "The specified metric filter does not exist.")
        return super().delete_metric_filter()

    def describe_metric_filters(self) -> str:
        """moto's answer; the group has to be there."""
        if self._get_param("logGroupName"):
            self._group()
        return super().describe_metric_filters()

    def delete_log_group(self) -> Any:
        """Nothing; its metric filters go with it."""
        name = self._get_param("logGroupName")
        answer = super().delete_log_group()
        self._filters()[:] = [each for each in self._filters() if each["logGroupName"] != name]
        return answer

    def _filters(self) -> list[dict[str, Any]]:
        return self.logs_backend.filters.metric_filters

    def _group(self) -> Any:
        name = self._get_param("logGroupName")
        if name not in self.logs_backend.groups:
            raise refuse("ResourceNotFoundException", "The specified log group does not exist.")
        return self.logs_backend.groups[name]


def _describe(original: Any, self: LogGroup) -> dict[str, Any]:
    """moto's description with the group's class and how many metric filters it has."""
    filters = logs_backends[self.account_id][self.region].filters.metric_filters
    more = {
        "logGroupClass": getattr(self, "localcloud_class", "STANDARD"),
        "deletionProtectionEnabled": False,
        "metricFilterCount": sum(each["logGroupName"] == self.name for each in filters),
    }
    return {**original(self), **more}


def install() -> None:
    """Let requests for CloudWatch Logs come here."""
    for path in urls.url_paths:
        urls.url_paths[path] = LocalLogs.dispatch
    wrap(LogGroup, "to_describe_dict", _describe)
