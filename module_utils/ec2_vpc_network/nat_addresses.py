# SPDX-License-Identifier: Apache-2.0
"""The addresses that a NAT gateway has beside its first, for more connections to one place.  Pure.

They are given, and stay when the gateway goes. Zonal public gateways have them; no gateway here is a private one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from .. import forms
from ..reconcile.errors import Refusal
from ..reconcile.plan import DISRUPTIVE, Call, Wait
from . import names, topology, waits
from .refuse import Refuse

OPTION, FIELD = "nat_secondary_allocation_ids", "secondary_allocation_ids"
# Source: "Elastic IP address quotas", Amazon VPC user guide: 2 for each public NAT gateway, 8 when asked for.
MOST = 7
# What an address is that has come, or will; and one that AWS takes away once its connections have ended.
# Source: NatGatewayAddress API reference, Status.
COMING, HELD, LEAVING = "associating", "succeeded", "disassociating"


def given(options: Mapping[str, Any]) -> list[str]:
    """All addresses that are declared, in the order of the declaration."""
    return [str(each) for ids in (options[OPTION] or {}).values() for each in ids or ()]


def observed(addresses: list[Mapping[str, Any]], first: Mapping[str, Any]) -> dict[str, Any]:
    """Those that a gateway holds beside its ``first``, with the ids of their associations."""
    held = {each["AllocationId"]: each.get("AssociationId") for each in addresses if each is not first
            and each.get("AllocationId") and each.get("Status", HELD) in (COMING, HELD)}  # fmt: skip
    leaving = [each["AllocationId"] for each in addresses if each.get("Status") == LEAVING and each.get("AllocationId")]
    return {FIELD: sorted(held), "associations": held, **({LEAVING: sorted(leaving)} if leaving else {})}


def pending(zone: str, item: Mapping[str, Any]) -> Iterator[Wait]:
    """Waits for the addresses that a gateway is getting or losing: until then it takes no other change of them."""
    for status, there in ((COMING, True), (LEAVING, False)):
        ids = sorted(str(each["AllocationId"]) for each in item.get("NatGatewayAddresses") or ()
                     if each.get("Status") == status and each.get("AllocationId"))  # fmt: skip
        if ids:
            yield waits.nat_addresses(zone, item["NatGatewayId"], ids, there)


def desired(options: Mapping[str, Any], zone: str, gateway: Mapping[str, Any]) -> dict[str, Any]:
    """A gateway with the addresses that are declared for its zone; without a word on them it keeps those it has."""
    if options[OPTION] is None or zone == topology.REGIONAL:
        return dict(gateway)
    return {**gateway, FIELD: sorted(map(str, options[OPTION].get(zone) or ()))}


def calls(zone: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Call]:
    """Those that go go first, for the quota counts them; connections through them have their time to end.

    Source: AssociateNatGatewayAddress and DisassociateNatGatewayAddress API reference.
    """
    held, wanted = before.get(FIELD, []), after.get(FIELD, [])
    gone, new = [each for each in held if each not in wanted], [each for each in wanted if each not in held]
    noun, gateway, found = names.nat_addresses(zone), before["id"], []
    if gone:
        params = {"NatGatewayId": gateway, "AssociationIds": [before["associations"][each] for each in gone]}
        why = f"take {', '.join(gone)} from {names.nat_gateway(zone)}"
        found.append(Call("ec2", "disassociate_nat_gateway_address", params, noun, why, DISRUPTIVE,
                          wait=waits.nat_addresses(zone, gateway, gone, there=False)))  # fmt: skip
    if new:
        params = {"NatGatewayId": gateway, "AllocationIds": new}
        why = f"give {', '.join(new)} to {names.nat_gateway(zone)}"
        found.append(Call("ec2", "associate_nat_gateway_address", params, noun, why,
                          wait=waits.nat_addresses(zone, gateway, new, there=True)))  # fmt: skip
    return found


def refusals(options: Mapping[str, Any], refuse: Refuse) -> Iterator[Refusal]:
    """Addresses in zones that are none, ids of something else, too many, and one address in two places."""
    wanted = options["nat_gateways"]
    if any((options[OPTION] or {}).values()) and wanted in (topology.REGIONAL, topology.NO_NAT):
        step = f"set nat_gateways, or {OPTION} to {{}}"
        yield refuse("nat_gateways", wanted, f"single or per_zone, for {OPTION}", step)
    for zone, ids in (options[OPTION] or {}).items():
        field = f"{OPTION} {zone}"
        if zone not in (options["zones"] or ()):
            yield refuse(OPTION, zone, f"one of zones: {', '.join(options['zones'] or ())}")
        if not isinstance(ids or [], list):
            yield refuse(field, repr(ids), "a list of ids such as eipalloc-0a1b2c3d")
            return
        for each in ids or ():
            if not forms.is_id(each, "eipalloc"):
                yield refuse(field, each, "an id that begins with eipalloc-")
        if ids and len(ids) > MOST:
            yield refuse(field, f"{len(ids)} addresses", f"at most {MOST} beside the first")
    everywhere = Counter([*given(options), *map(str, (options["nat_allocation_ids"] or {}).values())])
    for each in [each for each in dict.fromkeys(given(options)) if everywhere[each] > 1]:
        yield refuse(OPTION, f"{each} twice", "each address once, here and in nat_allocation_ids")


def obstacles(
    options: Mapping[str, Any], refuse: Refuse, present: Mapping[str, Any], there: Mapping[str, Any] | None
) -> Iterator[Refusal]:
    """Addresses that cannot be used, or for which there is no gateway; ``there`` holds AWS's description of each."""
    standing = topology.nat_zones(options, present["nat_gateways"])
    for zone, ids in (options[OPTION] or {}).items():
        gateway = present["nat_gateways"].get(zone) or {}
        # One that is leaving this gateway is free once it has left.
        held = [*gateway.get(FIELD, ()), *gateway.get(LEAVING, ())]
        field = f"{OPTION} {zone}"
        if ids and options["nat_gateways"] is not None and zone not in standing:
            yield refuse(field, ids, f"addresses for a zone with a NAT gateway: {', '.join(standing)}")
        for each in ids or ():
            if there is None or each not in there:
                yield refuse(field, f"{each}, which is not there", "an address of this account and region")
            elif each not in held and there[each].get("AssociationId"):
                yield refuse(field, f"{each}, which is in use", "an address that nobody uses")
