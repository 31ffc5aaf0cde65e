# SPDX-License-Identifier: Apache-2.0
"""Which VPC a run is about: the one that bears our tags, or the one that is named.  Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..reconcile.errors import Refusal
from ..reconcile.identity import identity_of
from ..reconcile.tags import ansible_tags, new_tags
from . import names
from .refuse import Refuse

Vpcs = Sequence[Mapping[str, Any]]


def choose(
    options: Mapping[str, Any], owned: Vpcs, named: Vpcs, holding: Vpcs = ()
) -> Mapping[str, Any] | Refusal | None:
    """The VPC, ``None`` when there is none, or what keeps the run from knowing which.

    ``owned`` bear our tags, ``named`` is what AWS shows of ``vpc_id``; ``holding``, looked for when there is neither,
    hold subnets with our tags.
    """
    refuse, vpc_id = Refuse(names.network_name(options)), options["vpc_id"]
    if vpc_id is None:
        if len(owned) < 2:
            return owned[0] if owned else _stripped(options, refuse, holding)
        step = ("name one in vpc_id, delete all but one, or take the ownership tags from those that are not this "
                "environment's")  # fmt: skip
        return refuse("ownership tags", sorted(vpc["VpcId"] for vpc in owned), "one VPC", step)
    if not named:
        gone = refuse("vpc_id", f"{vpc_id}, which is not there", "a VPC of this account and region", "correct vpc_id")
        return None if options["state"] == "absent" else gone
    return _named(options, refuse, owned, named[0])


def _stripped(options: Mapping[str, Any], refuse: Refuse, holding: Vpcs) -> Any:
    """The VPC that lost its tags and is full of our parts, if it has our Name and nobody else's tags, and is alone."""
    identity, name = identity_of(options), new_tags(options, names.network_name(options))["Name"]
    if not holding or len(holding) == 1 and identity.owns(ansible_tags(holding[0].get("Tags"))):
        return next(iter(holding), None)
    tags = ansible_tags(holding[0].get("Tags"))
    others = any(tags.get(key, value) != value for key, value in identity.ownership.items())
    if len(holding) == 1 and tags.get("Name") == name and not others:
        return holding[0]
    told = ", ".join(f"{key}={value}" for key, value in identity.ownership.items())
    found = f"no VPC with them, and subnets with them in {', '.join(sorted(vpc['VpcId'] for vpc in holding))}"
    step = f"give the VPC that is this environment's {told}, or take these tags from what is in the others"
    return refuse("ownership tags", found, f"one VPC named {name}", step)


def _named(
    options: Mapping[str, Any], refuse: Refuse, owned: Vpcs, vpc: Mapping[str, Any]
) -> Mapping[str, Any] | Refusal:
    identity, tags = identity_of(options), ansible_tags(vpc.get("Tags"))
    if identity.owns(tags):
        return vpc
    if owned:
        ids = ", ".join(sorted(each["VpcId"] for each in owned))
        return refuse("vpc_id", vpc["VpcId"], f"{ids}, which bears this environment's tags", "correct vpc_id")
    others = [f"{key}={tags[key]}" for key in identity.ownership if key in tags]
    if others or not options["adopt"] or options["state"] == "absent":
        step = "choose another VPC" if others else "set adopt to true if it shall be this environment's"
        found = f"{vpc['VpcId']} of {', '.join(others)}" if others else f"{vpc['VpcId']} without our tags"
        return refuse("vpc_id", found, "this environment's VPC", step)
    return vpc
