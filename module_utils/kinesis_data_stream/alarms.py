# SPDX-License-Identifier: Apache-2.0
"""The CloudWatch alarms that a stream's owner expects: consumers that fall behind, calls that are throttled.  Pure.

They stand on their own names, so they can be there while the stream is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..reconcile.errors import Refusal
from ..reconcile.plan import CREATE, DELETE, IN_PLACE, Call
from ..reconcile.tags import ansible_tags, boto3_tags, foreign
from .names import stream_name

NOUN = "CloudWatch alarm"
NAMESPACE = "AWS/Kinesis"
PERIOD_SECONDS = 60
State = dict[str, Any]


@dataclass(frozen=True)
class Watched:
    """What one alarm watches; ``periods`` is for how many minutes in a row the threshold must be passed."""

    suffix: str
    metric: str
    statistic: str
    periods: int


# Source: CloudWatch user guide, "Recommended alarms", Kinesis.
WATCHED = {
    "iterator_age_ms": Watched("iterator-age", "GetRecords.IteratorAgeMilliseconds", "Maximum", 15),
    "write_throttles": Watched("write-throttles", "WriteProvisionedThroughputExceeded", "Sum", 5),
    "read_throttles": Watched("read-throttles", "ReadProvisionedThroughputExceeded", "Sum", 5),
}
OPTION = {
    "type": "dict",
    "options": {**{name: {"type": "float"} for name in WATCHED}, "actions": {"type": "list", "elements": "str"}},
}


def names(options: Mapping[str, Any]) -> dict[str, str]:
    """Every alarm's name, by what it watches."""
    return {key: f"{stream_name(options)}-{watched.suffix}" for key, watched in WATCHED.items()}


def requests(options: Mapping[str, Any]) -> dict[str, Any]:
    """The read of the alarms, where they matter."""
    if options["alarms"] is None and options["state"] == "present":
        return {}
    return {"alarms": ("cloudwatch", "describe_alarms", {"AlarmNames": sorted(names(options).values())})}


def tag_requests(first: Mapping[str, Any]) -> dict[str, Any]:
    """The reads that tell whose the alarms are."""
    found = first.get("alarms", {}).get("MetricAlarms", [])
    arns = {f"tags of {alarm['AlarmName']}": alarm["AlarmArn"] for alarm in found}
    return {key: ("cloudwatch", "list_tags_for_resource", {"ResourceARN": arn}) for key, arn in arns.items()}


def observed(
    options: Mapping[str, Any], first: Mapping[str, Any], second: Mapping[str, Any]
) -> tuple[State, tuple[Refusal, ...]]:
    """The alarms by name, and refusals for those that are not ours."""
    strangers: tuple[Refusal, ...] = ()
    found = {}
    for alarm in first.get("alarms", {}).get("MetricAlarms", []):
        name = alarm["AlarmName"]
        strangers += foreign(options, NOUN, name, ansible_tags(second[f"tags of {name}"]["Tags"]))
        found[name] = {
            "metric": alarm.get("MetricName"),
            "stream": next((each["Value"] for each in alarm.get("Dimensions", [])), None),
            "statistic": alarm.get("Statistic"),
            "threshold": alarm.get("Threshold"),
            "periods": alarm.get("EvaluationPeriods"),
            "actions": sorted(alarm.get("AlarmActions", [])),
            "actions_enabled": alarm.get("ActionsEnabled", True),
        }
    return found, strangers


def wanted(options: Mapping[str, Any]) -> State | None:
    """The alarms as declared, by name; ``None`` is no opinion."""
    declared = options["alarms"]
    if declared is None:
        return None
    called = names(options)
    return {
        called[key]: {
            "metric": watched.metric,
            "stream": stream_name(options),
            "statistic": watched.statistic,
            "threshold": declared[key],
            "periods": watched.periods,
            "actions": sorted(declared["actions"] or []),
            "actions_enabled": True,
        }
        for key, watched in WATCHED.items()
        if declared.get(key) is not None
    }


def calls(before: State, after: State, tags: Mapping[str, str]) -> list[Call]:
    """Alarms to set and to remove; an alarm is set as a whole, and takes tags only when it is new."""
    found = []
    for name, alarm in after.items():
        if before.get(name) != alarm:
            new = name not in before
            params = {**request(name, alarm), **({"Tags": boto3_tags(tags)} if new else {})}
            found.append(Call("cloudwatch", "put_metric_alarm", params, f"alarm {name}", f"set alarm {name}",
                              CREATE if new else IN_PLACE))  # fmt: skip
    return found + removal(sorted(set(before) - set(after)))


def request(name: str, alarm: Mapping[str, Any]) -> State:
    """PutMetricAlarm's parameters.  Without data nobody falls behind."""
    return {
        "AlarmName": name,
        "Namespace": NAMESPACE,
        "MetricName": alarm["metric"],
        "Dimensions": [{"Name": "StreamName", "Value": alarm["stream"]}],
        "Statistic": alarm["statistic"],
        "Threshold": alarm["threshold"],
        "ComparisonOperator": "GreaterThanThreshold",
        "Period": PERIOD_SECONDS,
        "EvaluationPeriods": alarm["periods"],
        "TreatMissingData": "notBreaching",
        "AlarmActions": alarm["actions"],
        "OKActions": alarm["actions"],
    }


def removal(names_of_alarms: list[str]) -> list[Call]:
    """The deletion of alarms, each in a call of its own, since one that is gone would spare the others."""
    return [Call("cloudwatch", "delete_alarms", {"AlarmNames": [name]}, f"alarm {name}", f"delete alarm {name}", DELETE)
            for name in names_of_alarms]  # fmt: skip
