# SPDX-License-Identifier: Apache-2.0
"""The VPC's flow logs with the log groups and the role that they need: how they are seen, and what is wanted.  Pure.

Each has a name: ``ONE`` is that of ``flow_logs``, the others are those of ``further_flow_logs``. Groups and role stand
on their own names, and one role writes to all groups. A flow log to a bucket has neither; one with a given role has no
role of ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .. import log_groups
from ..policies import canonical_all, statements_of, world
from ..reconcile.errors import Refusal
from ..reconcile.identity import identity_of
from ..reconcile.tags import ansible_tags
from . import names
from .owned import Owned, items
from .refuse import Refuse

# The name of the flow log that has none.
ONE = ""
# Where it stands in a state, where the further ones do; the same of their log groups.
LOGS, GROUPS = ("flow_logs", "further_flow_logs"), ("flow_log_group", "further_flow_log_groups")
SERVICE = "vpc-flow-logs.amazonaws.com"
POLICY = "write-flow-logs"
TRAFFIC = ("ALL", "ACCEPT", "REJECT")
# Source: CreateFlowLogs API reference, MaxAggregationInterval.
INTERVALS = (60, 600)
# Where a flow log goes unless it goes to the ARN of a bucket or a folder in one, of a delivery stream, or of a log
# group that is somebody else's; that one stands in states as log-group:<name>, for AWS shows its name only.
TO_LOG_GROUP, OTHERS_GROUP, BUCKET = "cloud-watch-logs", "log-group:", "arn:aws"
# What AWS calls each, by a part of its ARN.  Source: CreateFlowLogs API reference, LogDestinationType.
DESTINATIONS = {":s3:::": "s3", ":firehose:": "kinesis-data-firehose", f":{OTHERS_GROUP}": TO_LOG_GROUP}
# Source: CreateFlowLogs API reference, DestinationOptions; they are a bucket's.
FILE_FORMATS = ("plain-text", "parquet")
FILES = {
    "file_format": "FileFormat",
    "hive_compatible_partitions": "HiveCompatiblePartitions",
    "per_hour_partition": "PerHourPartition",
}
FILES_AT_BIRTH = {"file_format": FILE_FORMATS[0], "hive_compatible_partitions": False, "per_hour_partition": False}
# Under which words a log group's tags are read.
TAGS_OF = "tags of log group "
OF_LOG_GROUP = (*log_groups.SETTINGS, "iam_role_arn")
KEYS = ("traffic_type", "max_aggregation_interval_seconds", "destination", "log_format", *FILES_AT_BIRTH, *OF_LOG_GROUP)


def trust(region: str, account: str) -> dict[str, Any]:
    """Who may take on the role: the service, and only for a flow log of this account and region.

    Source: "IAM role for publishing flow logs to CloudWatch Logs", Amazon VPC user guide: aws:SourceAccount and
    aws:SourceArn against the confused deputy.
    """
    logs = f"arn:{world(region)[0]}:ec2:{region}:{account}:vpc-flow-log/*"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": SERVICE},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": account}, "ArnLike": {"aws:SourceArn": logs}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def kind_of(destination: str) -> str:
    """AWS's word for a destination as states have it; empty for what is none."""
    if destination == TO_LOG_GROUP or destination.startswith(OTHERS_GROUP):
        return TO_LOG_GROUP
    return next((kind for part, kind in DESTINATIONS.items() if part in destination), "")


def destination_of(wanted: Mapping[str, Any]) -> str | None:
    """The declared destination as states have it; ``None`` is no opinion."""
    stated: str | None = wanted.get("destination")
    _unused, group, name = str(stated or "").partition(f":{OTHERS_GROUP}")
    return OTHERS_GROUP + name.removesuffix(":*") if group else stated


def declared(options: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """What is said of each flow log that is to be, by name."""
    one, further = options["flow_logs"] or {}, options["further_flow_logs"] or {}
    there = {ONE: one} if any(value is not None for value in one.values()) else {}
    return {**there, **{str(name): wanted or {} for name, wanted in further.items()}}


def field_of(name: str) -> str:
    """Where a flow log is declared, as refusals say it."""
    return f"{LOGS[1]} {name}" if name else LOGS[0]


def by_name(state: Mapping[str, Any], fields: tuple[str, str]) -> dict[str, Any]:
    """The flow logs of a state, or their groups, by name."""
    one, further = fields
    return {**({ONE: state[one]} if state[one] else {}), **(state[further] or {})}


def apart(found: Mapping[str, Any], fields: tuple[str, str]) -> dict[str, Any]:
    """The same as they stand in a state."""
    return {fields[0]: found.get(ONE, {}), fields[1]: {name: each for name, each in found.items() if name != ONE}}


def others_groups(options: Mapping[str, Any]) -> dict[str, str]:
    """The log groups of somebody else's to which declared flow logs go, by the name of the log."""
    found = {name: destination_of(wanted) or "" for name, wanted in declared(options).items()}
    return {name: each.removeprefix(OTHERS_GROUP) for name, each in found.items() if each.startswith(OTHERS_GROUP)}


def requests(options: Mapping[str, Any]) -> dict[str, Any]:
    """The reads of log groups that somebody else keeps."""
    names_ = others_groups(options).values() if options["state"] == "present" else ()
    return {f"{OTHERS_GROUP}{name}": ("logs", "describe_log_groups", {"logGroupNamePrefix": name}) for name in names_}


def obstacles(options: Mapping[str, Any], answers: Mapping[str, Any]) -> Iterator[Refusal]:
    """A refusal for a log group that is not there: AWS would make the flow log, and deliver nothing."""
    for log, name in others_groups(options).items():
        answer = answers.get(f"{OTHERS_GROUP}{name}")
        if answer is not None and name not in [each["logGroupName"] for each in answer.get("logGroups", ())]:
            field = field_of(log)
            yield Refuse(names.network_name(options))(f"{field} destination", name, "a log group of this account and "
                                                      "region", f"make it, or correct {field.split()[0]}")  # fmt: skip


def policy(group_names: Sequence[str], region: str, account: str) -> dict[str, Any]:
    """What the role may do: write to its log groups, which it need not create.  Source: as for ``trust``."""
    groups = [f"arn:{world(region)[0]}:logs:{region}:{account}:log-group:{name}" for name in group_names]
    write = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = [each for group in groups for each in (group, f"{group}:*")]
    statements = [{"Effect": "Allow", "Action": write, "Resource": resources},
                  {"Effect": "Allow", "Action": ["logs:DescribeLogGroups"], "Resource": "*"}]  # fmt: skip
    return {"Version": "2012-10-17", "Statement": statements}


def desired_parts(options: Mapping[str, Any], present: Mapping[str, Any], region: str, account: str) -> dict[str, Any]:
    """The logs, their groups and the role as declared: ``{}`` is none, ``None`` is that of which nothing is said.

    The role goes with the last flow log that it writes.
    """
    silent = [pair for pair in zip(LOGS, GROUPS, strict=True) if options[pair[0]] is None]
    if len(silent) == len(LOGS):
        return dict.fromkeys((*LOGS, *GROUPS, "flow_log_role"))
    name, wanted, role = names.network_name(options), declared(options), present["flow_log_role"]
    before, groups = by_name(present, LOGS), by_name(present, GROUPS)
    logs = {key: _log(each, before.get(key, {}), name) for key, each in wanted.items()}
    staying = {**{key: log for key, log in before.items() if not is_said(options, key)}, **logs}
    by_ours = [key for key, log in staying.items() if _is_written_by_ours(log, name)]
    for key in logs.keys() & set(by_ours):
        logs[key]["iam_role_arn"] = role.get("arn") or before.get(key, {}).get("iam_role_arn")
    targets = [group_of(name, key, staying[key]) for key in by_ours]
    # Without a word on a flow log that it writes, the role stays as it is.
    own_role = _role(role, targets, region, account) if logs.keys() & set(by_ours) else role
    own = {key: log_groups.wanted(wanted[key], groups.get(key, {})) for key, log in logs.items()
           if log["destination"] == TO_LOG_GROUP}  # fmt: skip
    found = {**apart(logs, LOGS), **apart(own, GROUPS), "flow_log_role": own_role if by_ours else {}}
    return {**found, **dict.fromkeys(field for pair in silent for field in pair)}


def _role(role: Mapping[str, Any], group_names: Sequence[str], region: str, account: str) -> dict[str, Any]:
    return {
        **role,
        "trust": _as_found(role.get("trust"), trust(region, account)),
        "policy": _as_found(role.get("policy"), policy(group_names, region, account)),
        # What else the role may do, somebody gave it by hand.
        "other_policies": [],
    }


def _option(name: str) -> str:
    """The option that declares a flow log of this name."""
    return LOGS[bool(name)]


def is_said(options: Mapping[str, Any], name: str) -> bool:
    """Whether the declaration says anything of a flow log of this name, be it that there is none."""
    return options[_option(name)] is not None


def _is_written_by_ours(log: Mapping[str, Any], name: str) -> bool:
    """Whether it takes our role to write a flow log."""
    return kind_of(log["destination"]) == TO_LOG_GROUP and not _kept_role(log, name)


def group_of(name: str, key: str, log: Mapping[str, Any]) -> str:
    """The name of the log group to which a flow log goes."""
    own = log["destination"] == TO_LOG_GROUP
    return names.log_group_name(name, key) if own else str(log["destination"]).removeprefix(OTHERS_GROUP)


def _as_found(found: Any, wanted: Any) -> Any:
    """The document as it is, when it means what is wanted."""
    same = found is not None and canonical_all(statements_of(found)) == canonical_all(statements_of(wanted))
    return found if same else wanted


def _log(wanted: Mapping[str, Any], log: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The flow log itself: each property as stated, else as it is, else as AWS would have it.

    It has the role that is given or that somebody else gave it; ours is not among them.
    """
    at_birth = {"traffic_type": "ALL", "max_aggregation_interval_seconds": 600, "destination": TO_LOG_GROUP}
    stated = {**wanted, "destination": destination_of(wanted)}
    found: dict[str, Any] = {key: stated.get(key) or log.get(key) or value for key, value in at_birth.items()}
    found["max_aggregation_interval_seconds"] = int(found["max_aggregation_interval_seconds"])
    before = {**FILES_AT_BIRTH, **{key: log[key] for key in FILES_AT_BIRTH if log.get(key) is not None}}
    files = {key: value if wanted.get(key) is None else wanted[key] for key, value in before.items()}
    to_group = kind_of(found["destination"]) == TO_LOG_GROUP
    return {
        **log,
        **found,
        **(files if kind_of(found["destination"]) == "s3" else dict.fromkeys(FILES_AT_BIRTH)),
        "log_format": wanted.get("log_format") or log.get("log_format"),
        "iam_role_arn": (wanted.get("iam_role_arn") or _kept_role(log, name)) if to_group else None,
    }


def _kept_role(log: Mapping[str, Any], name: str) -> str | None:
    """The role that a flow log has from somebody else; nothing where it has ours."""
    arn = str(log.get("iam_role_arn") or "")
    return None if arn.endswith(f":role/{names.role_name(name)}") else arn or None


def our_groups(options: Any, answers: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The log groups under our flow logs' names as AWS describes them, whoever made them, by the name of the log."""
    own = names.log_group_name(names.network_name(options))
    described = [group["logGroupName"] for group in answers["log_groups"]["logGroups"]]
    ours = {name.removeprefix(own).removeprefix("/"): name for name in described
            if name == own or name.removeprefix(f"{own}/") not in ("", name)}  # fmt: skip
    return {log: group for log, name in ours.items() if (group := log_groups.found(answers["log_groups"], name))}


def tag_requests(options: Any, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The reads of these groups' tags; none where there is no group."""
    return {f"{TAGS_OF}{name}": log_groups.tag_request(group)
            for name, group in our_groups(options, answers).items()}  # fmt: skip


def foreign_groups(options: Any, answers: Mapping[str, Any]) -> dict[str, str]:
    """Log groups without our tags in the place of ours: what, and the option that wants it there.

    One under the name of a further log that nobody declares is nobody's business here.
    """
    strange = [name for name in our_groups(options, answers) if answers.get(f"{TAGS_OF}{name}")
               and not identity_of(options).owns(_group_tags(answers, name))]  # fmt: skip
    own, wanted = names.network_name(options), declared(options)
    return {f"log group {names.log_group_name(own, name)}": _option(name) for name in strange
            if name == ONE or name in wanted}  # fmt: skip


def _group_tags(answers: Mapping[str, Any], name: str) -> dict[str, str]:
    return dict((answers.get(f"{TAGS_OF}{name}") or {}).get("tags", {}))


def satellites(options: Any, answers: Mapping[str, Any]) -> dict[str, Any]:
    role, policy = answers["role"], answers["policy"]
    groups, identity = {}, identity_of(options)
    for name, group in our_groups(options, answers).items():
        tags = _group_tags(answers, name)
        if name == ONE or name in declared(options) or identity.owns(tags):
            groups[name] = log_groups.state(group, tags)
    found = {**apart(groups, GROUPS), "flow_log_role": {}}
    if role:
        found["flow_log_role"] = {
            "arn": role["Role"]["Arn"],
            "trust": role["Role"]["AssumeRolePolicyDocument"],
            "policy": policy["PolicyDocument"] if policy else None,
            "other_policies": _other_policies(answers),
            "tags": ansible_tags(role["Role"].get("Tags")),
        }
    return found


def _other_policies(answers: Mapping[str, Any]) -> list[str]:
    """What somebody added to our role: names of policies in it, ARNs of those attached to it."""
    inline = (answers.get("role_policies") or {}).get("PolicyNames", ())
    attached = (answers.get("attached_policies") or {}).get("AttachedPolicies", ())
    return sorted([name for name in inline if name != POLICY] + [each["PolicyArn"] for each in attached])


def undelivered(owned: Owned, answers: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The ids of our flow logs of which AWS delivers nothing, each with why.  Source: FlowLog API reference."""
    for found in owned.parts(items(answers, "flow-log"), "flow-log").values():
        reason = str(found.get("DeliverLogsErrorMessage") or "")
        if reason and found.get("DeliverLogsStatus") == "FAILED":
            yield found["FlowLogId"], reason


def observed(owned: Owned, answers: Mapping[str, Any]) -> dict[str, Any]:
    found = owned.parts(items(answers, "flow-log"), "flow-log")
    return apart({name: _observed_log(owned, name, log) for name, log in sorted(found.items())}, LOGS)


def _observed_log(owned: Owned, name: str, found: Mapping[str, Any]) -> dict[str, Any]:
    kind = found.get("LogDestinationType", TO_LOG_GROUP)
    files = found.get("DestinationOptions") or {}
    return {
        "id": found["FlowLogId"],
        "traffic_type": found["TrafficType"],
        "max_aggregation_interval_seconds": int(found.get("MaxAggregationInterval") or 600),
        "destination": observed_destination(owned.log_group(name), found),
        "log_format": found.get("LogFormat"),
        "iam_role_arn": found.get("DeliverLogsPermissionArn") if kind == TO_LOG_GROUP else None,
        **{key: files.get(word, FILES_AT_BIRTH[key]) if kind == "s3" else None for key, word in FILES.items()},
    }


def observed_destination(own_group: str, found: Mapping[str, Any]) -> str:
    """Where a flow log goes, as states have it: its own log group, somebody else's by its name, or an ARN."""
    if found.get("LogDestinationType", TO_LOG_GROUP) != TO_LOG_GROUP:
        return str(found["LogDestination"])
    name = found.get("LogGroupName")
    return TO_LOG_GROUP if name in (None, own_group) else f"{OTHERS_GROUP}{name}"


def names_of(options: Mapping[str, Any], owned: Owned, found: Mapping[str, Any]) -> list[str]:
    """The names of the declared flow logs that go to where this one does."""
    wanted = {name: destination_of(each) or TO_LOG_GROUP for name, each in declared(options).items()}
    return [name for name, place in wanted.items() if place == observed_destination(owned.log_group(name), found)]
