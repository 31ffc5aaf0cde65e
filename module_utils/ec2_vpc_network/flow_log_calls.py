# SPDX-License-Identifier: Apache-2.0
"""The calls for the VPC's flow log, its log group and its role.  Pure."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from .. import log_groups
from ..reconcile.plan import CREATE, DELETE, DISRUPTIVE, Call, Ref
from ..reconcile.tags import tag_calls
from . import names
from .flow_logs import FILES, OTHERS_GROUP, POLICY, SERVICE, TO_LOG_GROUP, kind_of


def flow_log_calls(observed: Any, desired: Any) -> list[Call]:
    return [*_group_calls(observed, desired), *_role_calls(observed, desired), *_log_calls(observed, desired)]


def _group_calls(observed: Any, desired: Any) -> list[Call]:
    before, after = observed["flow_log_group"], desired["flow_log_group"]
    name = names.log_group_name(desired["name"])
    if not after:
        return [delete_group_call(name)] if before else []
    return log_groups.calls(name, names.LOG_GROUP, before, after, _tags(desired, "flow-log-group"), "flow logs")


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
    if after:
        calls += [_taken_back(name, each) for each in before.get("other_policies", ())]
    if after and before.get("policy") != after["policy"]:
        params = {"RoleName": name, "PolicyName": POLICY, "PolicyDocument": json.dumps(after["policy"])}
        calls.append(_role("put_role_policy", params, f"let role {name} write flow logs"))
    if before and before.get("tags", {}) != after.get("tags", {}):
        calls += tag_calls("iam", names.ROLE, {"RoleName": name}, before["tags"], after["tags"],
                           ("untag_role", "tag_role"), of=" of the role")  # fmt: skip
    return calls


def _taken_back(name: str, policy: str) -> Call:
    """Takes from our role what somebody added: a policy by its name, or one that is attached by its ARN."""
    why = f"take {policy} from role {name}, which only writes flow logs"
    if policy.startswith("arn:"):
        return _role("detach_role_policy", {"RoleName": name, "PolicyArn": policy}, why, DISRUPTIVE)
    return _role("delete_role_policy", {"RoleName": name, "PolicyName": policy}, why, DISRUPTIVE)


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
            **_destination(observed, desired),
            **({"LogFormat": after["log_format"]} if after["log_format"] else {}),
            "MaxAggregationInterval": after["max_aggregation_interval_seconds"],
            "TagSpecifications": names.specification(desired, "vpc-flow-log", "flow-log"),
        }
        needs: tuple[str, ...] = (names.LOG_GROUP,) if after["destination"] == TO_LOG_GROUP else ()
        needs += (names.ROLE,) if desired["flow_log_role"] else ()
        calls.append(Call("ec2", "create_flow_logs", params, names.FLOW_LOG, "create flow log", CREATE, needs))
    return calls


def _destination(observed: Any, desired: Any) -> dict[str, Any]:
    log = desired["flow_logs"]
    kind = kind_of(log["destination"])
    if kind == TO_LOG_GROUP:
        own = log["destination"] == TO_LOG_GROUP
        return {
            "LogDestinationType": kind,
            "LogGroupName": names.log_group_name(desired["name"])
            if own
            else log["destination"].removeprefix(OTHERS_GROUP),
            "DeliverLogsPermissionArn": log["iam_role_arn"] or Ref(names.ROLE),
        }
    files = {"DestinationOptions": {word: log[key] for key, word in FILES.items()}} if kind == "s3" else {}
    return {"LogDestinationType": kind, "LogDestination": log["destination"], **files}


def delete_log_call(log_id: str) -> Call:
    return Call("ec2", "delete_flow_logs", {"FlowLogIds": [log_id]}, names.FLOW_LOG, "delete flow log", DELETE)


def delete_group_call(name: str, after: tuple[str, ...] = (names.FLOW_LOG,)) -> Call:
    return log_groups.removal(name, names.LOG_GROUP, after)


def delete_role_calls(name: str, role: Any, after: tuple[str, ...] = (names.FLOW_LOG,)) -> list[Call]:
    # A role goes when nothing is in it any more, whoever put it there.
    calls = [replace(_taken_back(name, each), change=DELETE, after=after) for each in role.get("other_policies", ())]
    if role.get("policy"):
        params = {"RoleName": name, "PolicyName": POLICY}
        calls.append(
            Call("iam", "delete_role_policy", params, names.ROLE, f"delete the policy of role {name}", DELETE, after)
        )
    return [*calls, Call("iam", "delete_role", {"RoleName": name}, names.ROLE, f"delete role {name}", DELETE, after)]


def _tags(desired: Any, part: str) -> dict[str, str]:
    return {"Name": names.part_name(desired["name"], part), **desired["common_tags"], **names.part_marks(part)}
