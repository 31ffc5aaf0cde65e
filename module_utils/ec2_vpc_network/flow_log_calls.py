# SPDX-License-Identifier: Apache-2.0
"""The calls for the VPC's flow logs, their log groups and their role.  Pure.

All flow logs are one object of a plan: what goes goes before anything comes, for AWS takes no second flow log to one
destination.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from .. import log_groups
from ..reconcile.plan import CREATE, DELETE, DISRUPTIVE, Call, Ref
from ..reconcile.tags import tag_calls
from . import names
from .flow_logs import FILES, GROUPS, LOGS, POLICY, SERVICE, TO_LOG_GROUP, by_name, group_of, kind_of


def flow_log_calls(observed: Any, desired: Any) -> list[Call]:
    return [*_group_calls(observed, desired), *_role_calls(observed, desired), *_log_calls(observed, desired)]


def _group_calls(observed: Any, desired: Any) -> list[Call]:
    before, after = by_name(observed, GROUPS), by_name(desired, GROUPS)
    gone = {log: group for log, group in before.items() if log not in after}
    calls = _delete_groups(desired["name"], gone, (names.FLOW_LOG,))
    for log, group in after.items():
        calls += log_groups.calls(names.log_group_name(desired["name"], log), names.log_group(log), before.get(log, {}),
                                  group, _tags(desired, names.part("flow-log-group", log)), "flow logs")  # fmt: skip
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
    before, after = by_name(observed, LOGS), by_name(desired, LOGS)
    gone = {name: log for name, log in before.items() if after.get(name) != log}
    new = {name: log for name, log in after.items() if before.get(name) != log}
    return [*_delete_logs(gone), *(_create_log(observed, desired, name, log) for name, log in new.items())]


def _create_log(observed: Any, desired: Any, name: str, log: Any) -> Call:
    part = names.part("flow-log", name)
    params = {
        "ResourceIds": [observed["vpc_id"]],
        "ResourceType": "VPC",
        "TrafficType": log["traffic_type"],
        **_destination(desired["name"], name, log),
        **({"LogFormat": log["log_format"]} if log["log_format"] else {}),
        "MaxAggregationInterval": log["max_aggregation_interval_seconds"],
        "TagSpecifications": names.specification(desired, "vpc-flow-log", part),
    }
    needs: tuple[str, ...] = (names.log_group(name),) if log["destination"] == TO_LOG_GROUP else ()
    needs += (names.ROLE,) if desired["flow_log_role"] else ()
    return Call("ec2", "create_flow_logs", params, names.FLOW_LOG, f"create {_said(name)}", CREATE, needs)


def _said(name: str) -> str:
    return f"flow log {name}".rstrip()


def _destination(network: str, name: str, log: Any) -> dict[str, Any]:
    kind = kind_of(log["destination"])
    if kind == TO_LOG_GROUP:
        return {
            "LogDestinationType": kind,
            "LogGroupName": group_of(network, name, log),
            "DeliverLogsPermissionArn": log["iam_role_arn"] or Ref(names.ROLE),
        }
    files = {"DestinationOptions": {word: log[key] for key, word in FILES.items()}} if kind == "s3" else {}
    return {"LogDestinationType": kind, "LogDestination": log["destination"], **files}


def delete_log_calls(there: Any) -> list[Call]:
    """The calls that delete all flow logs of a state."""
    return _delete_logs(by_name(there, LOGS))


def _delete_logs(logs: Any) -> list[Call]:
    ids = {name: {"FlowLogIds": [log["id"]]} for name, log in logs.items()}
    return [Call("ec2", "delete_flow_logs", params, names.FLOW_LOG, f"delete {_said(name)}", DELETE)
            for name, params in ids.items()]  # fmt: skip


def delete_group_calls(name: str, there: Any, after: tuple[str, ...]) -> list[Call]:
    """The calls that delete all log groups of a state."""
    return _delete_groups(name, by_name(there, GROUPS), after)


def _delete_groups(network: str, groups: Any, after: tuple[str, ...]) -> list[Call]:
    return [log_groups.removal(names.log_group_name(network, log), names.log_group(log), after) for log in groups]


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
