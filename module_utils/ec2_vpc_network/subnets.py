"""The calls for subnets.  Pure."""

from __future__ import annotations

from typing import Any

from ..reconcile.plan import CREATE, DELETE, Call
from . import names


def subnet_calls(observed: Any, desired: Any) -> list[Call]:
    before, after = observed["subnets"], desired["subnets"]
    gone = {key: item for key, item in before.items() if key not in after}
    calls = [_create_subnet(observed, desired, key) for key in after if key not in before]
    return calls + [delete_subnet(key, item["id"], observed) for key, item in gone.items()]


def _create_subnet(observed: Any, desired: Any, key: str) -> Call:
    item, noun = desired["subnets"][key], names.subnet(key)
    params = {
        "VpcId": observed["vpc_id"],
        "CidrBlock": item["cidr_block"],
        "AvailabilityZone": item["zone"],
        "TagSpecifications": names.specification(desired, "subnet", f"subnet/{key}"),
    }
    return Call("ec2", "create_subnet", params, noun, f"create {noun}", CREATE, saves={noun: "Subnet.SubnetId"})


def delete_subnet(key: str, subnet_id: str, observed: Any) -> Call:
    """A subnet goes after its route table and after the gateways and endpoints that may stand in it."""
    noun = names.subnet(key)
    standing = [*(names.nat_gateway(zone) for zone in observed["nat_gateways"]),
                *names.endpoints_inside(observed)]  # fmt: skip
    after = (names.route_table(key), *standing)
    return Call("ec2", "delete_subnet", {"SubnetId": subnet_id}, noun, f"delete {noun}", DELETE, after)
