# SPDX-License-Identifier: Apache-2.0
"""What of others stands in a subnet that is to go: AWS would say so only after the subnet's routes are gone.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..reconcile.errors import Refusal
from . import names, topology
from .owned import IDS, Owned, items
from .recognition import alive, subnet_keys
from .refuse import Refuse

Options = Mapping[str, Any]
Answers = Mapping[str, Any]
INTERFACES = "interfaces"
# Cache nodes leave a subnet before it goes, or their own component says why they cannot.
CACHE = "amazon-elasticache"
# What AWS keeps for these says at the end of its description whose it is, and goes with it, sooner or later.
# Source: DescribeNetworkInterfaces API reference, InterfaceType.
SERVING = {"nat_gateway": "nat", "vpc_endpoint": "endpoint"}


def reads(options: Options, owned: Owned, answers: Answers) -> dict[str, Any]:
    """The read of what stands in the subnets that are to go; none when all of them stay."""
    subnets = sorted(_leaving(options, owned, answers))
    filters = [{"Name": "subnet-id", "Values": subnets}]
    return {INTERFACES: ("ec2", "describe_network_interfaces", {"Filters": filters})} if subnets else {}


def _leaving(options: Options, owned: Owned, answers: Answers) -> dict[str, str]:
    """The subnets that a declaration gives up: id -> key, or the id again for one of others."""
    if options["state"] == "absent":
        return {}
    keys, wanted = subnet_keys(owned, answers), topology.keys(options)
    gone = {subnet: key for subnet, key in keys.items() if key not in wanted} if topology.stated(options) else {}
    others = [item["SubnetId"] for item in items(answers, "subnet") if item["SubnetId"] not in keys]
    return {**gone, **({subnet: subnet for subnet in others} if options["purge_subnets"] else {})}


def refusals(options: Options, owned: Owned, answers: Answers) -> Iterator[Refusal]:
    """One for each such subnet in which others have something."""
    refuse, inside = Refuse(names.network_name(options)), (answers.get(INTERFACES) or {}).get("NetworkInterfaces", ())
    for subnet, key in sorted(_leaving(options, owned, answers).items(), key=lambda each: each[1]):
        found = [_told(each) for each in inside
                 if each["SubnetId"] == subnet and not _goes_too(owned, answers, each)]  # fmt: skip
        if found:
            tier, zone = topology.split(key)
            field, kept = ("zones", zone) if tier in (options["tiers"] or {}) else ("tiers", tier)
            field, kept = ("purge_subnets", subnet) if key == subnet else (field, kept)
            yield refuse(field, f"{', '.join(found)} in {names.subnet(key)}", "a subnet with nothing of others in it",
                         f"delete what they serve, or keep {kept}")  # fmt: skip


def _goes_too(owned: Owned, answers: Answers, interface: Mapping[str, Any]) -> bool:
    """Whether an interface is of cache nodes, of a gateway or endpoint of ours, or of one that is gone already."""
    if interface.get("RequesterId") == CACHE:
        return True
    kind = SERVING.get(interface.get("InterfaceType", ""))
    owner = str(interface.get("Description") or "").rsplit(" ", maxsplit=1)[-1]
    served = [item for item in items(answers, kind) if item[IDS[kind]] == owner and alive(item)] if kind else []
    return bool(kind) and all(owned.part(item, str(kind)) is not None for item in served)


def _told(interface: Mapping[str, Any]) -> str:
    service = interface.get("RequesterId") if interface.get("RequesterManaged") else ""
    holder = (interface.get("Attachment") or {}).get("InstanceId") or service
    about = " ".join(filter(None, (f"of {holder}" if holder else "", interface.get("Description"))))
    return f"{interface['NetworkInterfaceId']} ({about or 'no description'})"
