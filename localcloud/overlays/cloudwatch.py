"""CloudWatch: the tags of an alarm go with it, and do not come back on a new one of the same name."""

from __future__ import annotations

from typing import Any

from moto.cloudwatch.models import CloudWatchBackend

from localcloud.overlays.wrap import wrap


def _delete_alarms(original: Any, self: CloudWatchBackend, alarm_names: list[str]) -> None:
    """moto's deletion, and the tags'."""
    gone = [self.alarms[name].alarm_arn for name in alarm_names if name in self.alarms]
    original(self, alarm_names)
    for arn in gone:
        self.tagger.delete_all_tags_for_resource(arn)


def install() -> None:
    """Change moto's CloudWatch."""
    wrap(CloudWatchBackend, "delete_alarms", _delete_alarms)
