# SPDX-License-Identifier: Apache-2.0
"""CloudWatch: what cache nodes tell of their role; and the tags of an alarm go with it, and do not come back on a new
one of the same name."""

from __future__ import annotations

import datetime
from typing import Any

from moto.cloudwatch.models import CloudWatchBackend, MetricDatum
from moto.core.utils import utcnow
from moto.elasticache.models import elasticache_backends

from localcloud.overlays.elasticache.store import store_of
from localcloud.overlays.wrap import wrap
from localcloud.refusals import refuse

_LATE = datetime.timedelta(minutes=1)


def _all_metrics(original: Any, self: CloudWatchBackend) -> list[Any]:
    """moto's metrics, and for each cache node whether it is a primary.

    Source: ElastiCache user guide, "Metrics for Valkey and Redis OSS", IsPrimary.
    """
    store = store_of(elasticache_backends[self.account_id][self.region_name])
    return [*original(self), *(_role(member) for group in store.all_groups() for member in group.members)]


def _role(member: Any) -> MetricDatum:
    dimensions = [{"Name": "CacheClusterId", "Value": member.id}, {"Name": "CacheNodeId", "Value": "0001"}]
    value = 1.0 if member.role == "primary" else 0.0
    # A node tells every minute; this one is near the present of those who ask, who know of no `clock_ahead_seconds`.
    return MetricDatum("AWS/ElastiCache", "IsPrimary", value, dimensions, utcnow() - _LATE, "Count")


def _delete_alarms(original: Any, self: CloudWatchBackend, alarm_names: list[str]) -> None:
    """moto's deletion, and the tags'; of none of them where one is not there.

    Source: DeleteAlarms API reference: an incorrect name, and no alarms are deleted; its error ResourceNotFound.
    """
    unknown = sorted(set(alarm_names) - set(self.alarms))
    if unknown:
        raise refuse("ResourceNotFound", f"Alarm {unknown[0]} does not exist.")
    gone = [self.alarms[name].alarm_arn for name in alarm_names]
    original(self, alarm_names)
    for arn in gone:
        self.tagger.delete_all_tags_for_resource(arn)


def _put_alarm(original: Any, self: CloudWatchBackend, name: str, *args: Any, **options: Any) -> Any:
    """The alarm; a new one has seen nothing, a changed one keeps its state.  Source: PutMetricAlarm."""
    before = self.alarms.get(name)
    alarm = original(self, name, *args, **options)
    if before is None:
        alarm.state_value = "INSUFFICIENT_DATA"
    else:
        for part in ("value", "reason", "reason_data", "updated_timestamp"):
            setattr(alarm, f"state_{part}", getattr(before, f"state_{part}"))
    return alarm


def install() -> None:
    """Change moto's CloudWatch."""
    wrap(CloudWatchBackend, "put_metric_alarm", _put_alarm)
    wrap(CloudWatchBackend, "get_all_metrics", _all_metrics)
    wrap(CloudWatchBackend, "delete_alarms", _delete_alarms)
