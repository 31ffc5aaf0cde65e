# SPDX-License-Identifier: Apache-2.0
"""CloudWatch alarms, whatever they watch: how they are seen, compared, set and removed.  Pure.

They stand on their own names, so they can be there while what they watch is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from . import forms
from .reconcile.errors import Refusal
from .reconcile.plan import CREATE, DELETE, IN_PLACE, Call
from .reconcile.tags import ansible_tags, boto3_tags, foreign

NOUN = "CloudWatch alarm"
SERVICE = "cloudwatch"
PERIOD_SECONDS = 60
# Source: PutMetricAlarm API reference, AlarmActions.
MOST_ACTIONS = 5
PERCENT, HUNDRED = "_percent", 100
# What an alarm is, in AWS's words: a state holds these, and PutMetricAlarm takes them as they are.
COMPARED = (
    "Namespace", "MetricName", "Dimensions", "Statistic", "Threshold", "ComparisonOperator", "Period",
    "EvaluationPeriods", "TreatMissingData", "ActionsEnabled", "AlarmActions", "OKActions",
)  # fmt: skip
ACTIONS = ("AlarmActions", "OKActions")
PERMISSIONS = frozenset({
    "cloudwatch:DeleteAlarms", "cloudwatch:DescribeAlarms", "cloudwatch:ListTagsForResource",
    "cloudwatch:PutMetricAlarm", "cloudwatch:TagResource",
})  # fmt: skip
State = dict[str, Any]
Alarms = Mapping[str, Mapping[str, Any]]
# field, found, wanted, next step
Finding = tuple[str, Any, str, str]


@dataclass(frozen=True)
class Watched:
    """What one alarm watches; ``periods`` is for how many minutes in a row the threshold must be passed."""

    suffix: str
    metric: str
    statistic: str
    periods: int


def option(watched: Iterable[str]) -> State:
    """The option that declares alarms: a threshold for each that is wanted, and whom they tell."""
    return {
        "type": "dict",
        "options": {**{name: {"type": "float"} for name in watched}, "actions": {"type": "list", "elements": "str"}},
    }


def rules(declared: Mapping[str, Any] | None) -> Iterator[Finding]:
    """Thresholds that are never or always passed, and what no alarm can tell."""
    for key, threshold in (declared or {}).items():
        if key == "actions" or threshold is None:
            continue
        if threshold < 0 or (key.endswith(PERCENT) and threshold > HUNDRED):
            wanted = f"0 to {HUNDRED}" if key.endswith(PERCENT) else "0 or more"
            yield f"alarms {key}", threshold, wanted, "correct alarms"
    actions = (declared or {}).get("actions") or ()
    for arn in actions:
        if not forms.ARN.match(arn):
            yield "alarms actions", arn, "ARNs, such as that of an SNS topic", "correct alarms"
    if len(actions) > MOST_ACTIONS:
        yield "alarms actions", f"{len(actions)} ARNs", f"at most {MOST_ACTIONS}", "tell fewer"


def tag_requests(answer: Mapping[str, Any] | None) -> State:
    """The reads that tell whose the alarms in an answer are."""
    found = {alarm["AlarmName"]: {"ResourceARN": alarm["AlarmArn"]} for alarm in (answer or {}).get("MetricAlarms", ())}
    return {f"tags of {NOUN} {name}": (SERVICE, "list_tags_for_resource", about) for name, about in found.items()}


def observed(
    options: Mapping[str, Any], answer: Mapping[str, Any] | None, tags: Mapping[str, Any]
) -> tuple[State, tuple[Refusal, ...]]:
    """The alarms by name, and refusals for those that are not ours."""
    strangers: tuple[Refusal, ...] = ()
    found = {}
    for alarm in (answer or {}).get("MetricAlarms", ()):
        name = alarm["AlarmName"]
        strangers += foreign(options, NOUN, name, ansible_tags(tags[f"tags of {NOUN} {name}"]["Tags"]))
        of_one = {key: alarm.get(key) for key in COMPARED}
        of_one["Dimensions"] = sorted(alarm.get("Dimensions", ()), key=lambda each: str(each["Name"]))
        found[name] = {**of_one, **{key: sorted(alarm.get(key, ())) for key in ACTIONS}}
    return found, strangers


def wanted(
    declared: Mapping[str, Any], watched: Mapping[str, Watched], namespace: str, dimensions: Mapping[str, Any]
) -> dict[str, State]:
    """The declared alarms on one thing, by the ends of their names.  Without data nobody falls behind."""
    actions = sorted(declared["actions"] or ())
    named = [{"Name": name, "Value": value} for name, value in sorted(dimensions.items())]
    return {
        each.suffix: {
            "Namespace": namespace,
            "MetricName": each.metric,
            "Dimensions": named,
            "Statistic": each.statistic,
            "Threshold": declared[key],
            "ComparisonOperator": "GreaterThanThreshold",
            "Period": PERIOD_SECONDS,
            "EvaluationPeriods": each.periods,
            "TreatMissingData": "notBreaching",
            "ActionsEnabled": True,
            "AlarmActions": actions,
            "OKActions": actions,
        }
        for key, each in watched.items()
        if declared.get(key) is not None
    }


def calls(before: Alarms, after: Alarms, tags: Mapping[str, str]) -> list[Call]:
    """Alarms to set and to remove; an alarm is set as a whole, and takes tags only when it is new.

    One whose name is known after apply only holds it as ``AlarmName``.
    """
    found = []
    for name, alarm in after.items():
        if before.get(name) != alarm:
            new = name not in before
            params = {"AlarmName": name, **alarm, **({"Tags": boto3_tags(tags)} if new else {})}
            found.append(Call(SERVICE, "put_metric_alarm", params, f"alarm {name}", f"set alarm {name}",
                              CREATE if new else IN_PLACE))  # fmt: skip
    return found + removal(sorted(set(before) - set(after)))


def removal(names_of_alarms: Iterable[str]) -> list[Call]:
    """The deletion of alarms, each in a call of its own, since one that is gone would spare the others."""
    return [Call(SERVICE, "delete_alarms", {"AlarmNames": [name]}, f"alarm {name}", f"delete alarm {name}", DELETE)
            for name in names_of_alarms]  # fmt: skip
