# SPDX-License-Identifier: Apache-2.0
"""From what differs to calls, and from what is there to a teardown.  Pure.

The lists below are in a readable order; what has to wait for what, the calls say themselves.
"""

from __future__ import annotations

from typing import Any

from ..reconcile.component import Seen
from ..reconcile.plan import DELETE, Call
from . import acls, blocks, dhcp, endpoints, flow_log_calls, gateways, groups, names, protections, routes, subnets, vpc
from .state import complete

MAKERS = (
    vpc.vpc_calls, blocks.block_calls, groups.lock_calls, subnets.subnet_calls, gateways.internet_gateway_calls,
    gateways.egress_only_calls, gateways.nat_calls, acls.acl_calls, dhcp.dhcp_calls, routes.lock_calls,
    routes.route_calls, groups.group_calls, endpoints.endpoint_calls, flow_log_calls.flow_log_calls, vpc.part_tag_calls,
    protections.protection_calls,
)  # fmt: skip


def update(observed: Any, desired: Any, differences: Any) -> list[Call]:
    """Calls for every part that is not as declared; where nothing is declared, what is there is as it should be."""
    before = complete(observed)
    after = {**desired, **{field: value for field, value in before.items() if desired.get(field) is None}}
    return [call for maker in MAKERS for call in maker(before, after)]


def delete(seen: Seen, options: Any) -> list[Call]:
    """The whole teardown.  Source of its order: "Delete your VPC", Amazon VPC user guide."""
    there = complete(seen.resource, seen.satellites)
    name = names.network_name(options)
    calls = flow_log_calls.delete_log_calls(there)
    calls += [endpoints.dead_call(endpoint_id, there) for endpoint_id in there["dead_endpoints"]]
    for field in ("gateway_endpoints", "interface_endpoints"):
        calls += [endpoints.delete_call(service, item["id"], field) for service, item in there[field].items()]
    calls += [gateways.delete_nat(zone, item["id"], ()) for zone, item in there["nat_gateways"].items()]
    calls += [gateways.release(allocation, item) for allocation, item in there["addresses"].items()]
    calls += _group_calls(there)
    for key, table in there["route_tables"].items():
        calls += routes.delete_table_calls(key, table, there)
    calls += [subnets.delete_subnet(key, item["id"], there) for key, item in there["subnets"].items()]
    purged = there["foreign_subnets"] if options["purge_subnets"] else ()
    calls += [subnets.delete_subnet(subnet_id, subnet_id, there) for subnet_id in purged]
    calls += [acls.delete_call(tier, acl["id"], there["acl_of_subnets"]) for tier, acl in there["network_acls"].items()]
    calls += gateways.detach_calls(there) + gateways.delete_egress_only(there)
    calls += protections.delete_control_calls(there) + protections.delete_exclusion_calls(there)
    if there["vpc_id"]:
        calls.append(_delete_vpc(there, seen))
    calls += [dhcp.delete_call(item, (names.VPC,)) for item in there["dhcp_option_sets"]]
    role = there["flow_log_role"]
    last = (names.FLOW_LOG, names.VPC)
    calls += flow_log_calls.delete_role_calls(names.role_name(name), role, last) if role else []
    return calls + flow_log_calls.delete_group_calls(name, there, last)


def _group_calls(there: Any) -> list[Call]:
    """Rules that name other groups first, then the groups, once no endpoint uses one."""
    found = there["security_groups"]
    ids = {key: group["id"] for key, group in found.items()}
    calls = [call for key, group in found.items() for call in groups.cross_reference_calls(key, group, ids)]
    using = names.endpoints_inside(there)
    return calls + [groups.delete_call(key, ids[key], found, using) for key in found]


def _delete_vpc(there: Any, seen: Seen) -> Call:
    """After everything in it, and after what AWS is still in the middle of."""
    inside = (
        names.ENCRYPTION_CONTROL, names.EXCLUSION, names.FLOW_LOG, names.INTERNET_GATEWAY, names.EGRESS_ONLY_GATEWAY,
        *(names.subnet(key) for key in (*there["subnets"], *there["foreign_subnets"])),
        *(names.route_table(key) for key in there["route_tables"]),
        *(names.network_acl(tier) for tier in there["network_acls"]),
        *(names.security_group(key) for key in there["security_groups"]),
        *(names.endpoint(service) for service in there["gateway_endpoints"]),
        *names.endpoints_inside(there),
        *(wait.noun for wait in seen.waits),
    )  # fmt: skip
    return Call("ec2", "delete_vpc", {"VpcId": there["vpc_id"]}, names.VPC, "delete VPC", DELETE, inside)
