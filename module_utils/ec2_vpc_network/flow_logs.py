# SPDX-License-Identifier: Apache-2.0
"""The VPC's flow log with the log group and the role that it needs: how they are seen, and what is wanted.  Pure.

Group and role stand on their own names. A flow log to a bucket has neither; one with a given role has no role of ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .. import log_groups
from ..policies import canonical_all, statements_of, world
from ..reconcile.errors import Refusal
from ..reconcile.tags import ansible_tags
from . import names
from .owned import Owned, items
from .refuse import Refuse

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


def others_group(options: Mapping[str, Any]) -> str:
    """The name of the log group of somebody else's that is declared; empty where there is none."""
    found = destination_of(options["flow_logs"] or {}) or ""
    return found.removeprefix(OTHERS_GROUP) if found.startswith(OTHERS_GROUP) else ""


def requests(options: Mapping[str, Any]) -> dict[str, Any]:
    """The read of a log group that somebody else keeps."""
    name = others_group(options) if options["state"] == "present" else ""
    return {"others_group": ("logs", "describe_log_groups", {"logGroupNamePrefix": name})} if name else {}


def obstacles(options: Mapping[str, Any], answers: Mapping[str, Any]) -> Iterator[Refusal]:
    """A refusal for a log group that is not there: AWS would make the flow log, and deliver nothing."""
    name = others_group(options)
    there = (answers.get("others_group") or {}).get("logGroups", ())
    if "others_group" in answers and name not in [each["logGroupName"] for each in there]:
        yield Refuse(names.network_name(options))("flow_logs destination", name, "a log group of this account and "
                                                  "region", "make it, or correct flow_logs")  # fmt: skip


def policy(group_name: str, region: str, account: str) -> dict[str, Any]:
    """What the role may do: write to its log group, which it need not create.  Source: as for ``trust``."""
    group = f"arn:{world(region)[0]}:logs:{region}:{account}:log-group:{group_name}"
    write = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    statements = [{"Effect": "Allow", "Action": write, "Resource": [group, f"{group}:*"]},
                  {"Effect": "Allow", "Action": ["logs:DescribeLogGroups"], "Resource": "*"}]  # fmt: skip
    return {"Version": "2012-10-17", "Statement": statements}


def desired_parts(options: Mapping[str, Any], present: Mapping[str, Any], region: str, account: str) -> dict[str, Any]:
    """The three parts as declared; without an opinion all of them are ``None``, with ``{}`` none is wanted."""
    wanted = options["flow_logs"]
    if wanted is None:
        return {"flow_logs": None, "flow_log_group": None, "flow_log_role": None}
    if not any(value is not None for value in wanted.values()):
        return {"flow_logs": {}, "flow_log_group": {}, "flow_log_role": {}}
    log, group, role = (present[kind] for kind in ("flow_logs", "flow_log_group", "flow_log_role"))
    name = names.network_name(options)
    wanted_log = _log(wanted, log)
    to_group = kind_of(wanted_log["destination"]) == TO_LOG_GROUP
    own_group = wanted_log["destination"] == TO_LOG_GROUP
    group_name = names.log_group_name(name) if own_group else wanted_log["destination"].removeprefix(OTHERS_GROUP)
    wanted_log["iam_role_arn"] = (wanted.get("iam_role_arn") or _kept_role(log, name)) if to_group else None
    own_role = to_group and not wanted_log["iam_role_arn"]
    if own_role:
        wanted_log["iam_role_arn"] = role.get("arn") or log.get("iam_role_arn")
    wanted_role = {
        **role,
        "trust": _as_found(role.get("trust"), trust(region, account)),
        "policy": _as_found(role.get("policy"), policy(group_name, region, account)),
        # What else the role may do, somebody gave it by hand.
        "other_policies": [],
    }
    return {
        "flow_logs": wanted_log,
        "flow_log_group": log_groups.wanted(wanted, group) if own_group else {},
        "flow_log_role": wanted_role if own_role else {},
    }


def _as_found(found: Any, wanted: Any) -> Any:
    """The document as it is, when it means what is wanted."""
    same = found is not None and canonical_all(statements_of(found)) == canonical_all(statements_of(wanted))
    return found if same else wanted


def _log(wanted: Mapping[str, Any], log: Mapping[str, Any]) -> dict[str, Any]:
    """The flow log itself: each property as stated, else as it is, else as AWS would have it."""
    at_birth = {"traffic_type": "ALL", "max_aggregation_interval_seconds": 600, "destination": TO_LOG_GROUP}
    stated = {**wanted, "destination": destination_of(wanted)}
    found: dict[str, Any] = {key: stated.get(key) or log.get(key) or value for key, value in at_birth.items()}
    found["max_aggregation_interval_seconds"] = int(found["max_aggregation_interval_seconds"])
    before = {**FILES_AT_BIRTH, **{key: log[key] for key in FILES_AT_BIRTH if log.get(key) is not None}}
    files = {key: value if wanted.get(key) is None else wanted[key] for key, value in before.items()}
    return {
        **log,
        **found,
        **(files if kind_of(found["destination"]) == "s3" else dict.fromkeys(FILES_AT_BIRTH)),
        "log_format": wanted.get("log_format") or log.get("log_format"),
    }


def _kept_role(log: Mapping[str, Any], name: str) -> str | None:
    """The role that a flow log has from somebody else; nothing where it has ours."""
    arn = str(log.get("iam_role_arn") or "")
    return None if arn.endswith(f":role/{names.role_name(name)}") else arn or None


def log_group(options: Any, answers: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Our flow log's log group as AWS describes it."""
    return log_groups.found(answers["log_groups"], names.log_group_name(names.network_name(options)))


def satellites(options: Any, answers: Mapping[str, Any]) -> dict[str, Any]:
    group, role, policy = log_group(options, answers), answers["role"], answers["policy"]
    tags = (answers.get("log_group_tags") or {}).get("tags", {})
    found: dict[str, Any] = {"flow_log_group": {}, "flow_log_role": {}}
    if group:
        found["flow_log_group"] = log_groups.state(group, tags)
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


def undelivered(owned: Owned, answers: Mapping[str, Any]) -> str:
    """Why AWS delivers nothing of our flow log; empty while it does.  Source: FlowLog API reference."""
    found = owned.parts(items(answers, "flow-log"), "flow-log").get("") or {}
    return str(found.get("DeliverLogsErrorMessage") or "") if found.get("DeliverLogsStatus") == "FAILED" else ""


def observed(owned: Owned, answers: Mapping[str, Any]) -> dict[str, Any]:
    found = owned.parts(items(answers, "flow-log"), "flow-log").get("")
    if not found:
        return {}
    kind = found.get("LogDestinationType", TO_LOG_GROUP)
    files = found.get("DestinationOptions") or {}
    return {
        "id": found["FlowLogId"],
        "traffic_type": found["TrafficType"],
        "max_aggregation_interval_seconds": int(found.get("MaxAggregationInterval") or 600),
        "destination": _observed_group(owned, found) if kind == TO_LOG_GROUP else found["LogDestination"],
        "log_format": found.get("LogFormat"),
        "iam_role_arn": found.get("DeliverLogsPermissionArn") if kind == TO_LOG_GROUP else None,
        **{key: files.get(word, FILES_AT_BIRTH[key]) if kind == "s3" else None for key, word in FILES.items()},
    }


def _observed_group(owned: Owned, found: Mapping[str, Any]) -> str:
    """Our log group, or somebody else's by its name."""
    name = found.get("LogGroupName")
    return TO_LOG_GROUP if name in (None, owned.log_group) else f"{OTHERS_GROUP}{name}"


def refusals(options: Mapping[str, Any], refuse: Refuse) -> Iterator[Refusal]:
    """What is wrong with the flow log that is declared."""
    wanted = options["flow_logs"] or {}
    yield from refuse.unknown("flow_logs", wanted, KEYS)
    allowed = {
        "traffic_type": TRAFFIC,
        "retention_days": log_groups.RETENTION_DAYS,
        "max_aggregation_interval_seconds": INTERVALS,
        "file_format": FILE_FORMATS,
        "hive_compatible_partitions": (True, False),
        "per_hour_partition": (True, False),
    }
    for key, values in allowed.items():
        value = wanted.get(key)
        if value is not None and value not in values and str(value) not in map(str, values):
            yield refuse(f"flow_logs {key}", value, values)
    yield from _destination_refusals(wanted, refuse)
    for key, part in (("kms_key_id", ":kms:"), ("iam_role_arn", ":iam:")):
        if wanted.get(key) and not (str(wanted[key]).startswith(BUCKET) and part in str(wanted[key])):
            yield refuse(f"flow_logs {key}", wanted[key], "an ARN")


def _destination_refusals(wanted: Mapping[str, Any], refuse: Refuse) -> Iterator[Refusal]:
    """A destination that is none, and what is said beside one that does not take it."""
    told = str(wanted.get("destination") or TO_LOG_GROUP)
    destination = destination_of(wanted) or TO_LOG_GROUP
    if told != TO_LOG_GROUP and not (told.startswith(BUCKET) and kind_of(told)):
        yield refuse("flow_logs destination", told, f"{TO_LOG_GROUP}, or the ARN of a bucket or of a folder in it, of "
                     "a delivery stream, or of a log group")  # fmt: skip
        return
    takes = {
        **dict.fromkeys(OF_LOG_GROUP, destination == TO_LOG_GROUP),
        "iam_role_arn": kind_of(destination) == TO_LOG_GROUP,
        **dict.fromkeys(FILES_AT_BIRTH, kind_of(destination) == "s3"),
    }
    for key, taken in takes.items():
        if wanted.get(key) and not taken:
            yield refuse(f"flow_logs {key}", wanted[key], f"nothing for a flow log to {told}", f"remove {key}")
