# SPDX-License-Identifier: Apache-2.0
"""Reading a network: two rounds of reads side by side, seventeen in all, and some more for what few networks have.

A third round reads what stands in the subnets that are to go, and what our parts lead to that bears no tags of ours.

The only file of this package that acts.
"""

from __future__ import annotations

from typing import Any

from .. import log_groups
from ..reconcile.component import Seen
from ..reconcile.errors import Refusal
from ..reconcile.identity import identity_of
from . import endpoints, flow_logs, names, occupants, recognition, routes, view
from .choice import choose
from .recognition import recognised
from .strangers import beside
from .vpc import ATTRIBUTES


def observe(aws: Any, options: Any) -> Seen:
    """The network with all its parts.  Several VPCs with our tags are refused: nobody but the reader can choose."""
    answers = aws.read_many({**anywhere(options), **endpoints.requests(options, aws.region)})
    owned, named = answers["vpcs"]["Vpcs"], (answers.get("named_vpc") or {}).get("Vpcs", ())
    vpc = choose(options, owned, named, () if owned or options["vpc_id"] else holding(aws, options))
    if isinstance(vpc, Refusal):
        return Seen(None, foreign=(vpc,))
    answers["vpcs"] = {"Vpcs": [vpc] if vpc else []}
    second = inside(options, vpc["VpcId"]) if vpc else {}
    group = flow_logs.log_group(options, answers)
    if group:
        second["log_group_tags"] = log_groups.tag_request(group)
    answers |= aws.read_many(second) if second else {}
    # One that is not attached is looked for where something is to be done.
    answers["internet_gateways"] = answers["internet_gateways"] or answers.get("attached_gateways")
    return view.seen(options, aws.region, looked_closer(aws, options, answers) if vpc else answers)


def holding(aws: Any, options: Any) -> list[Any]:
    """VPCs that hold subnets with our tags; looked for when no VPC bears them itself."""
    found = aws.read_many({"subnets": ("ec2", "describe_subnets", {"Filters": ownership(options)})})
    ids = sorted({subnet["VpcId"] for subnet in found["subnets"]["Subnets"]})
    vpcs = aws.read_many({"vpcs": ("ec2", "describe_vpcs", {"VpcIds": ids}, NO_VPC)}) if ids else {}
    return list((vpcs.get("vpcs") or {}).get("Vpcs", ()))


def looked_closer(aws: Any, options: Any, answers: dict[str, Any]) -> dict[str, Any]:
    """The answers with what only few looks have to read: what stands in the way, and what has lost its tags."""
    owned = recognised(options, answers)
    missed, standing = recognition.reads(options, owned, answers), occupants.reads(options, owned, answers)
    found = aws.read_many({**missed, **standing}) if missed or standing else {}
    answers = recognition.merged(answers, {key: found[key] for key in missed if found[key]})
    return {**answers, **{key: found[key] for key in standing}}


def ownership(options: Any) -> list[dict[str, Any]]:
    """EC2's filters for our ownership tags."""
    return [{"Name": f"tag:{key}", "Values": [value]} for key, value in identity_of(options).ownership.items()]


# Whose id a call that deletes carries, and the filter that finds the interfaces in it.
HOLDERS = {"SubnetId": "subnet-id", "GroupId": "group-id", "VpcId": "vpc-id"}


def blockers(aws: Any, params: Any, code: str) -> str:
    """What keeps AWS from deleting something: network interfaces, with whose they are and what they are for, and in a
    VPC all that others have put into it."""
    holder = next((key for key in HOLDERS if key in params), None)
    if code != "DependencyViolation" or holder is None:
        return ""
    filters = [{"Name": HOLDERS[holder], "Values": [params[holder]]}]
    reads = {"interfaces": ("ec2", "describe_network_interfaces", {"Filters": filters})}
    if holder == "VpcId":
        reads |= parts(params[holder])
        del reads["nat_gateways"]  # their interfaces are told already
    answers = aws.read_many(reads)
    told = [f"{each['NetworkInterfaceId']} of {each.get('RequesterId') or each.get('OwnerId')} "
            f"({each.get('Description') or 'no description'}, {each.get('Status')})"
            for each in answers["interfaces"]["NetworkInterfaces"]]  # fmt: skip
    found = [f"In {params[holder]} there are network interfaces of others: {'; '.join(told)}"] if told else []
    left = [f"{what} {object_id}" for what, object_id, _unused in beside(answers)]
    found += [f"In {params[holder]} there is {', '.join(left)}"] if left else []
    step = "delete what they serve" if told else "delete it if nobody needs it, and run again"
    return f"{'. '.join(found)}. Next: {step}" if found else ""


RARE_ATTRIBUTES = ("network_address_usage_metrics",)
NO_VPC = ("InvalidVpcID.NotFound", "InvalidVpcID.Malformed")
NO_ADDRESS = ("InvalidAllocationID.NotFound",)
NO_ROLE = ("NoSuchEntity",)


def anywhere(options: Any) -> dict[str, Any]:
    """Reads that need no VPC: by ownership tags, or by names derived from ours."""
    name = names.network_name(options)
    role = names.role_name(name)
    owned = ownership(options)
    return {
        "vpcs": ("ec2", "describe_vpcs", {"Filters": owned}),
        "zones": ("ec2", "describe_availability_zones", {}),
        "internet_gateways": ("ec2", "describe_internet_gateways", {"Filters": owned}),
        "addresses": ("ec2", "describe_addresses", {"Filters": owned}),
        "log_groups": ("logs", "describe_log_groups", {"logGroupNamePrefix": names.log_group_name(name)}),
        "role": ("iam", "get_role", {"RoleName": role}, NO_ROLE),
        "policy": ("iam", "get_role_policy", {"RoleName": role, "PolicyName": flow_logs.POLICY}, NO_ROLE),
        **flow_logs.requests(options),
        **_of_account(options, role),
        **_rare(options, owned),
    }


def _of_account(options: Any, role: str) -> dict[str, Any]:
    """Reads for what a flow log and endpoints say about the account; none where nothing is said of either."""
    found: dict[str, Any] = {}
    if options["flow_logs"] is not None or options["state"] == "absent":
        found["role_policies"] = ("iam", "list_role_policies", {"RoleName": role}, NO_ROLE)
        found["attached_policies"] = ("iam", "list_attached_role_policies", {"RoleName": role}, NO_ROLE)
    services = [*(options["gateway_endpoints"] or ()), *(options["interface_endpoints"] or ())]
    if (services or options["flow_logs"]) and options["state"] == "present":
        found["account"] = ("sts", "get_caller_identity", {})
    return found


# Reads by ownership tags of what few networks have: option -> key of the answer, operation.
RARE = {
    "ipv6_pool": ("egress_only_gateways", "describe_egress_only_internet_gateways"),
    "dhcp_options": ("dhcp_options", "describe_dhcp_options"),
    "block_public_access_exclusion": ("exclusions", "describe_vpc_block_public_access_exclusions"),
}


def _rare(options: Any, owned: Any) -> dict[str, Any]:
    found: dict[str, Any] = {key: ("ec2", operation, {"Filters": owned}, unless_declared(options, option))
                             for option, (key, operation) in RARE.items() if asked(options, option)}  # fmt: skip
    if options["nat_allocation_ids"]:
        ids = {"AllocationIds": sorted(options["nat_allocation_ids"].values())}
        found["given_addresses"] = ("ec2", "describe_addresses", ids, NO_ADDRESS)
    if options["vpc_id"]:
        found["named_vpc"] = ("ec2", "describe_vpcs", {"VpcIds": [options["vpc_id"]]}, NO_VPC)
    return found


# A region that does not know an API, or a policy that does not allow it, speaks of nothing that was ever laid.
# Source: EC2 API reference, "Common error codes".
NOT_OFFERED = ("InvalidAction", "UnsupportedOperation", "OptInRequired", "UnauthorizedOperation")


def unless_declared(options: Any, option: str) -> tuple[str, ...]:
    """Codes that mean "none" for what a destroy asks about without any word in the declaration."""
    return NOT_OFFERED if options[option] is None else ()


def asked(options: Any, option: str) -> bool:
    """Whether a run is about something that few networks have, so that the others need not read it."""
    return options[option] is not None or options["state"] == "absent"


def inside(options: Any, vpc_id: str) -> dict[str, Any]:
    """Reads of what is in the VPC, whoever made it: foreign subnets take room, too."""
    absent = unless_declared(options, "encryption_control")
    controls = ("ec2", "describe_vpc_encryption_controls", {"VpcIds": [vpc_id]}, absent)
    stated = [field for field in ATTRIBUTES if field not in RARE_ATTRIBUTES or options[field] is not None]
    here = [{"Name": "attachment.vpc-id", "Values": [vpc_id]}]
    return {
        "attached_gateways": ("ec2", "describe_internet_gateways", {"Filters": here}),
        **({"encryption_controls": controls} if asked(options, "encryption_control") else {}),
        **{field: ("ec2", "describe_vpc_attribute", {"VpcId": vpc_id, "Attribute": _lower_first(ATTRIBUTES[field])})
           for field in stated},
        **parts(vpc_id),
        **(routes.requests(options, vpc_id) if options["state"] == "present" else {}),
        "flow_logs": ("ec2", "describe_flow_logs", {"Filter": [{"Name": "resource-id", "Values": [vpc_id]}]}),
    }  # fmt: skip


def _lower_first(word: str) -> str:
    """DescribeVpcAttribute takes ``enableDnsSupport`` for what it answers as ``EnableDnsSupport``."""
    return word[0].lower() + word[1:]


def parts(vpc_id: str) -> dict[str, Any]:
    """Reads of the parts that anybody can make in a VPC."""
    own = [{"Name": "vpc-id", "Values": [vpc_id]}]
    return {
        "subnets": ("ec2", "describe_subnets", {"Filters": own}),
        "route_tables": ("ec2", "describe_route_tables", {"Filters": own}),
        "network_acls": ("ec2", "describe_network_acls", {"Filters": own}),
        "nat_gateways": ("ec2", "describe_nat_gateways", {"Filter": own}),
        "endpoints": ("ec2", "describe_vpc_endpoints", {"Filters": own}),
        "groups": ("ec2", "describe_security_groups", {"Filters": own}),
    }
