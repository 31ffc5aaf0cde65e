"""The VPC's flow log with the log group and the role that it needs, which stand on their own names.  Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..reconcile.plan import CREATE, DELETE, Call, Ref
from ..reconcile.tags import ansible_tags, tag_calls
from . import names
from .owned import Owned, items

SERVICE = "vpc-flow-logs.amazonaws.com"
POLICY = "write-flow-logs"
TRAFFIC = ("ALL", "ACCEPT", "REJECT")
# Source: CreateFlowLogs API reference, MaxAggregationInterval.
INTERVALS = (60, 600)
# Source: PutRetentionPolicy API reference, retentionInDays.
RETENTION_DAYS = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)
KEYS = ("traffic_type", "retention_days", "max_aggregation_interval_seconds")
# Region prefixes of the partitions beside `aws`.  Source: botocore, data/partitions.json.
PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}


def trust() -> dict[str, Any]:
    """Who may take on the role.  Source: "IAM role for publishing flow logs to CloudWatch Logs"."""
    statement = {"Effect": "Allow", "Principal": {"Service": SERVICE}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def policy(name: str, region: str) -> dict[str, Any]:
    """What the role may do: write to its own log group, which it need not create.  Source: as for ``trust``."""
    partition = next((found for prefix, found in PARTITIONS.items() if region.startswith(prefix)), "aws")
    group = f"arn:{partition}:logs:{region}:*:log-group:{names.log_group_name(name)}"
    write = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    statements = [{"Effect": "Allow", "Action": write, "Resource": [group, f"{group}:*"]},
                  {"Effect": "Allow", "Action": ["logs:DescribeLogGroups"], "Resource": "*"}]  # fmt: skip
    return {"Version": "2012-10-17", "Statement": statements}


def desired_parts(options: Mapping[str, Any], present: Mapping[str, Any], region: str) -> dict[str, Any]:
    """The three parts as declared; without an opinion all of them are ``None``, with ``{}`` none is wanted."""
    wanted = options["flow_logs"]
    if wanted is None:
        return {"flow_logs": None, "flow_log_group": None, "flow_log_role": None}
    if not any(value is not None for value in wanted.values()):
        return {"flow_logs": {}, "flow_log_group": {}, "flow_log_role": {}}
    log, group, role = (present[kind] for kind in ("flow_logs", "flow_log_group", "flow_log_role"))
    interval = wanted.get("max_aggregation_interval_seconds") or log.get("max_aggregation_interval_seconds") or 600
    days = wanted.get("retention_days") or group.get("retention_days")
    kind = wanted.get("traffic_type") or log.get("traffic_type") or "ALL"
    document = policy(names.network_name(options), region)
    return {
        "flow_logs": {**log, "traffic_type": kind, "max_aggregation_interval_seconds": int(interval)},
        "flow_log_group": {**group, "retention_days": int(days) if days else None},
        "flow_log_role": {**role, "trust": trust(), "policy": document},
    }


def flow_log_calls(observed: Any, desired: Any) -> list[Call]:
    return [*_group_calls(observed, desired), *_role_calls(observed, desired), *_log_calls(observed, desired)]


def _group_calls(observed: Any, desired: Any) -> list[Call]:
    before, after, calls = observed["flow_log_group"], desired["flow_log_group"], []
    name = names.log_group_name(desired["name"])
    if before and not after:
        return [delete_group_call(name)]
    if after and not before:
        params = {"logGroupName": name, "tags": _tags(desired, "flow-log-group")}
        calls.append(Call("logs", "create_log_group", params, names.LOG_GROUP, f"create log group {name}", CREATE))
    days = after.get("retention_days")
    if days and days != before.get("retention_days"):
        params = {"logGroupName": name, "retentionInDays": days}
        calls.append(Call("logs", "put_retention_policy", params, names.LOG_GROUP, f"keep flow logs for {days} days"))
    if before.get("tags", {}) != after.get("tags", {}) and before:
        about = {"resourceArn": before["arn"]}
        calls += tag_calls("logs", names.LOG_GROUP, about, before["tags"], after["tags"],
                           parameters=("tagKeys", "tags"), form=dict, of=" of the log group")  # fmt: skip
    return calls


def _role_calls(observed: Any, desired: Any) -> list[Call]:
    before, after, calls = observed["flow_log_role"], desired["flow_log_role"], []
    name = names.role_name(desired["name"])
    if before and not after:
        return delete_role_calls(name, before)
    if after and not before:
        tags = [{"Key": key, "Value": value} for key, value in _tags(desired, "flow-log-role").items()]
        params = {"RoleName": name, "AssumeRolePolicyDocument": json.dumps(after["trust"]), "Tags": tags}
        calls.append(_role("create_role", params, f"create role {name}", CREATE, {names.ROLE: "Role.Arn"}))
    elif after and before["trust"] != after["trust"]:
        params = {"RoleName": name, "PolicyDocument": json.dumps(after["trust"])}
        calls.append(_role("update_assume_role_policy", params, f"let {SERVICE} take on role {name}"))
    if after and before.get("policy") != after["policy"]:
        params = {"RoleName": name, "PolicyName": POLICY, "PolicyDocument": json.dumps(after["policy"])}
        calls.append(_role("put_role_policy", params, f"let role {name} write flow logs"))
    if before and before.get("tags", {}) != after.get("tags", {}):
        calls += tag_calls("iam", names.ROLE, {"RoleName": name}, before["tags"], after["tags"],
                           ("untag_role", "tag_role"), of=" of the role")  # fmt: skip
    return calls


def _role(operation: str, params: Any, why: str, change: str = "in place", saves: Any = None) -> Call:
    return Call("iam", operation, params, names.ROLE, why, change, saves=saves or {})


def _log_calls(observed: Any, desired: Any) -> list[Call]:
    """A flow log cannot be changed, only replaced.  Source: "Flow log limitations", Amazon VPC user guide."""
    before, after = observed["flow_logs"], desired["flow_logs"]
    calls = []
    if before and before != after:
        calls.append(delete_log_call(before["id"]))
    if after and before != after:
        params = {
            "ResourceIds": [observed["vpc_id"]],
            "ResourceType": "VPC",
            "TrafficType": after["traffic_type"],
            "LogDestinationType": "cloud-watch-logs",
            "LogGroupName": names.log_group_name(desired["name"]),
            "DeliverLogsPermissionArn": observed["flow_log_role"].get("arn") or Ref(names.ROLE),
            "MaxAggregationInterval": after["max_aggregation_interval_seconds"],
            "TagSpecifications": names.specification(desired, "vpc-flow-log", "flow-log"),
        }
        calls.append(Call("ec2", "create_flow_logs", params, names.FLOW_LOG, "create flow log", CREATE,
                          (names.LOG_GROUP, names.ROLE)))  # fmt: skip
    return calls


def delete_log_call(log_id: str) -> Call:
    return Call("ec2", "delete_flow_logs", {"FlowLogIds": [log_id]}, names.FLOW_LOG, "delete flow log", DELETE)


def delete_group_call(name: str, after: tuple[str, ...] = (names.FLOW_LOG,)) -> Call:
    why = f"delete log group {name} with its logs"
    return Call("logs", "delete_log_group", {"logGroupName": name}, names.LOG_GROUP, why, DELETE, after)


def delete_role_calls(name: str, role: Any, after: tuple[str, ...] = (names.FLOW_LOG,)) -> list[Call]:
    calls = []
    if role.get("policy"):
        params = {"RoleName": name, "PolicyName": POLICY}
        calls.append(
            Call("iam", "delete_role_policy", params, names.ROLE, f"delete the policy of role {name}", DELETE, after)
        )
    return [*calls, Call("iam", "delete_role", {"RoleName": name}, names.ROLE, f"delete role {name}", DELETE, after)]


def _tags(desired: Any, part: str) -> dict[str, str]:
    return {"Name": names.part_name(desired["name"], part), **desired["common_tags"], **names.part_marks(part)}


def log_group(options: Any, answers: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Our flow log's log group as AWS describes it."""
    name = names.log_group_name(names.network_name(options))
    found = [group for group in answers["log_groups"]["logGroups"] if group["logGroupName"] == name]
    if not found:
        return None
    # The ARN for tags has no ":*" behind it.  Source: DescribeLogGroups API reference, LogGroup.logGroupArn.
    return {**found[0], "logGroupArn": found[0].get("logGroupArn") or found[0]["arn"].removesuffix(":*")}


def satellites(options: Any, answers: Mapping[str, Any]) -> dict[str, Any]:
    group, role, policy = log_group(options, answers), answers["role"], answers["policy"]
    tags = (answers.get("log_group_tags") or {}).get("tags", {})
    found: dict[str, Any] = {"flow_log_group": {}, "flow_log_role": {}}
    if group:
        days = group.get("retentionInDays")
        found["flow_log_group"] = {"arn": group["logGroupArn"], "retention_days": days, "tags": tags}
    if role:
        found["flow_log_role"] = {
            "arn": role["Role"]["Arn"],
            "trust": role["Role"]["AssumeRolePolicyDocument"],
            "policy": policy["PolicyDocument"] if policy else None,
            "tags": ansible_tags(role["Role"].get("Tags")),
        }
    return found


def observed(owned: Owned, answers: Mapping[str, Any]) -> dict[str, Any]:
    found = owned.parts(items(answers, "flow-log"), "flow-log").get("")
    if not found:
        return {}
    return {
        "id": found["FlowLogId"],
        "traffic_type": found["TrafficType"],
        "max_aggregation_interval_seconds": int(found.get("MaxAggregationInterval") or 600),
    }
