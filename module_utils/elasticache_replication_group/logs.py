# SPDX-License-Identifier: Apache-2.0
"""Log delivery: from the options to AWS's words and back, and the call that changes it.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..reconcile.fields import Difference
from ..reconcile.plan import Call
from .calls import change
from .own_logs import is_own
from .versions import at_least

Options = Mapping[str, Any]
State = dict[str, Any]
Finding = tuple[str, Any, str, str]
# Where AWS keeps the destination's name.  Source: API reference, DestinationDetails.
DETAILS = {
    "cloudwatch-logs": ("CloudWatchLogsDetails", "LogGroup"),
    "kinesis-firehose": ("KinesisFirehoseDetails", "DeliveryStream"),
}
# A delivery that was asked for and does not work, a missing log group say.
# Source: API reference, LogDeliveryConfiguration, Status and Message.
ERROR = "error"
# Redis versions from which each kind of log is delivered.  Source: ElastiCache user guide, "Log delivery".
SINCE = {"slow-log": (6, 0), "engine-log": (6, 2)}


def by_type(value: Any) -> Any:
    """Configurations in the order of their types, of which there is one each."""
    return sorted(value, key=lambda each: each["log_type"]) if isinstance(value, (list, tuple)) else value


def log_delivery_state(group: Mapping[str, Any]) -> list[State] | None:
    """A group's log delivery in the words of the options; ``None`` where a busy group does not show it yet."""
    found = translated(group.get("LogDeliveryConfigurations"))
    return found if found or group["Status"] == "available" else None


def translated(configurations: Sequence[Mapping[str, Any]] | None) -> list[State]:
    """AWS's configurations without those on their way out and those that deliver nothing, which are asked for again."""
    found = []
    for each in configurations or ():
        if each.get("Status") not in ("disabling", ERROR):
            outer, inner = DETAILS[each["DestinationType"]]
            found.append({
                "log_type": each["LogType"],
                "destination_type": each["DestinationType"],
                "destination": each.get("DestinationDetails", {}).get(outer, {}).get(inner),
                "log_format": each.get("LogFormat"),
            })  # fmt: skip
    return found


def delivery_errors(group: Mapping[str, Any]) -> dict[str, str]:
    """Why a log is not delivered, by its type, in AWS's words."""
    return {each["LogType"]: str(each.get("Message") or "AWS gives no reason")
            for each in group.get("LogDeliveryConfigurations") or () if each.get("Status") == ERROR}  # fmt: skip


def pending_log_delivery(group: Mapping[str, Any]) -> list[State] | None:
    """What log delivery will be, or ``None`` when it stays; only the kinds that change are pending.

    Source: API reference, ReplicationGroupPendingModifiedValues, LogDeliveryConfigurations.
    """
    pending = (group.get("PendingModifiedValues") or {}).get("LogDeliveryConfigurations")
    if not pending:
        return None
    both = [*translated(group.get("LogDeliveryConfigurations")), *translated(pending)]
    merged: list[State] = by_type(list({each["log_type"]: each for each in both}.values()))
    return merged


def request(configuration: State) -> State:
    """One configuration as AWS takes it."""
    outer, inner = DETAILS[configuration["destination_type"]]
    return {
        "LogType": configuration["log_type"],
        "DestinationType": configuration["destination_type"],
        "DestinationDetails": {outer: {inner: configuration["destination"]}},
        "LogFormat": configuration["log_format"],
    }


def log_delivery(observed: State, desired: State, differences: Mapping[str, Difference]) -> list[Call]:
    """A call of its own, always immediate; what is not wanted any more is named and not enabled.

    AWS refuses log delivery without ApplyImmediately, and with it applies what waits for the maintenance window, so
    this comes before everything that may have to wait.
    Source: hashicorp/terraform-provider-aws#49842; ModifyReplicationGroup API reference, ApplyImmediately.
    """
    if "log_delivery" not in differences:
        return []
    before = {each["log_type"]: each for each in observed["log_delivery"] or ()}
    after = {each["log_type"]: each for each in desired["log_delivery"]}
    entries = [request(each) for kind, each in sorted(after.items()) if before.get(kind) != each]
    entries += [{"LogType": kind, "Enabled": False} for kind in sorted(set(before) - set(after))]
    params = {"LogDeliveryConfigurations": entries, "ApplyImmediately": True}
    errors = "; ".join(f"{kind} failed: {message}" for kind, message in observed.get("log_delivery_errors", {}).items())
    why = f"change log_delivery ({errors})" if errors else "change log_delivery"
    return [change(desired["name"], "modify_replication_group", params, why)]


def log_rules(options: Options) -> Iterator[Finding]:
    """One configuration for each kind of log, with a destination, in a version that delivers it."""
    kinds = [each["log_type"] for each in options["log_delivery"] or ()]
    for kind in sorted({kind for kind in kinds if kinds.count(kind) > 1}):
        yield "log_delivery", f"{kinds.count(kind)} of {kind}", "one for each log_type", "remove the others"
    for each in options["log_delivery"] or ():
        if not each["destination"] and not is_own(each):
            yield ("log_delivery", f"{each['log_type']} without a destination", "a log group or a delivery stream",
                   "set destination")  # fmt: skip
    version = options["engine_version"]
    for kind in sorted(set(kinds)) if version and options["engine"] != "valkey" else ():
        if not at_least(version, *SINCE[kind]):
            least = ".".join(map(str, SINCE[kind]))
            yield "log_delivery", kind, f"engine_version {least} or later", f"raise engine_version or remove {kind}"
