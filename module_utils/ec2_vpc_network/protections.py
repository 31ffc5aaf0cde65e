# SPDX-License-Identifier: Apache-2.0
"""What AWS guards a whole VPC with: encryption in transit, and exclusions from blocked public access.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..reconcile.errors import Refusal
from ..reconcile.plan import CREATE, DELETE, DISRUPTIVE, EVERYTHING_BEFORE, IN_PLACE, Call, Ref, Wait
from . import names, waits
from .refuse import Refuse

MODES = MONITOR, ENFORCE = "monitor", "enforce"
# What may go on unencrypted in mode enforce, as ModifyVpcEncryptionControl names it.
# Source: ModifyVpcEncryptionControl API reference.
EXCLUSIONS = {
    "internet_gateway": "InternetGateway",
    "egress_only_internet_gateway": "EgressOnlyInternetGateway",
    "nat_gateway": "NatGateway",
    "virtual_private_gateway": "VirtualPrivateGateway",
    "vpc_peering": "VpcPeering",
    "lambda": "Lambda",
    "vpc_lattice": "VpcLattice",
    "elastic_file_system": "ElasticFileSystem",
    "global_accelerator": "GlobalAccelerator",
    "api_gateway_v2": "ApiGatewayV2",
}
EXCLUDED = ("enabled", "enabling")
KEYS = ("mode", "exclusions")
NO_EXCLUSION = "none"
# An exclusion stays visible for a while after it is gone.  Source: VpcBlockPublicAccessExclusion API reference.
GONE = ("delete-in-progress", "delete-complete", "create-failed")


def observed(vpc_id: str, answers: Mapping[str, Any]) -> tuple[dict[str, Any], list[Wait]]:
    """Both as they are, each empty when there is none or nobody asked, and waits for what is on its way."""
    found: dict[str, Any] = {"encryption_control": {}, "block_public_access_exclusion": {}}
    pending: list[Wait] = []
    for item in (answers.get("encryption_controls") or {}).get("VpcEncryptionControls", ()):
        control_id, state = item["VpcEncryptionControlId"], item["State"]
        if state == "deleting":
            pending.append(waits.encryption_control_gone(control_id))
        elif state != "deleted":
            settled = state == "available" or state.endswith("-failed")
            pending += [] if settled else [waits.encryption_control(control_id)]
            found["encryption_control"] = _control(item)
    exclusions = (answers.get("exclusions") or {}).get("VpcBlockPublicAccessExclusions", ())
    for item in sorted(exclusions, key=lambda each: str(each["ExclusionId"]), reverse=True):
        if item["ResourceArn"].endswith(f"/{vpc_id}"):
            wait = waits.exclusion_gone if item["State"] in GONE else waits.exclusion
            pending += [wait(item["ExclusionId"])] if item["State"].endswith("-in-progress") else []
            if item["State"] not in GONE:
                mode = item["InternetGatewayExclusionMode"]
                found["block_public_access_exclusion"] = {"id": item["ExclusionId"], "mode": mode}
    return found, pending


def _control(item: Mapping[str, Any]) -> dict[str, Any]:
    states = item.get("ResourceExclusions") or {}
    exclusions = [word for word, name in EXCLUSIONS.items() if (states.get(name) or {}).get("State") in EXCLUDED]
    return {"id": item["VpcEncryptionControlId"], "mode": item["Mode"], "exclusions": sorted(exclusions)}


def desired(options: Mapping[str, Any], present: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "encryption_control": _desired_control(options["encryption_control"], present["encryption_control"]),
        "block_public_access_exclusion": _desired_exclusion(
            options["block_public_access_exclusion"], present["block_public_access_exclusion"]
        ),
    }


def _desired_control(given: Any, before: Mapping[str, Any]) -> dict[str, Any] | None:
    if not given:
        return None if given is None else {}
    exclusions = given.get("exclusions")
    return {
        **before,
        "mode": given.get("mode") or before.get("mode") or MONITOR,
        "exclusions": sorted(before.get("exclusions", ()) if exclusions is None else exclusions),
    }


def _desired_exclusion(given: str | None, before: Mapping[str, Any]) -> dict[str, Any] | None:
    if given is None:
        return None
    return {} if given == NO_EXCLUSION else {**before, "mode": given}


def protection_calls(observed: Any, desired: Any) -> list[Call]:
    return [*_control_calls(observed, desired), *_exclusion_calls(observed, desired)]


def _control_calls(observed: Any, desired: Any) -> list[Call]:
    """A VPC begins with mode monitor; enforcing comes last, for it keeps AWS from making what is not encrypted.

    Source: "Enforce VPC encryption in transit", Amazon VPC user guide.
    """
    before, after, noun = observed["encryption_control"], desired["encryption_control"], names.ENCRYPTION_CONTROL
    if before and not after:
        return delete_control_calls(observed)
    calls = []
    if after and not before:
        specification = names.specification(desired, "vpc-encryption-control", "encryption-control")
        params = {"VpcId": observed["vpc_id"], "TagSpecifications": specification}
        calls.append(Call("ec2", "create_vpc_encryption_control", params, noun, f"create {noun}", CREATE,
                          saves={noun: "VpcEncryptionControl.VpcEncryptionControlId"},
                          wait=waits.encryption_control(Ref(noun))))  # fmt: skip
        before = {"id": Ref(noun), "mode": MONITOR, "exclusions": []}
    if any(after[key] != before[key] for key in after.keys() & KEYS):
        calls.append(_modify_control(before, after))
    return calls


def _modify_control(before: Any, after: Any) -> Call:
    noun, params = names.ENCRYPTION_CONTROL, {"VpcEncryptionControlId": before["id"]}
    params |= {"Mode": after["mode"]} if after["mode"] != before["mode"] else {}
    for word in sorted({*before["exclusions"]} ^ {*after["exclusions"]}):
        params[f"{EXCLUSIONS[word]}Exclusion"] = "enable" if word in after["exclusions"] else "disable"
    stricter = after["mode"] == ENFORCE
    why = f"{after['mode']} encryption in transit" + "".join(f", not of {word}" for word in after["exclusions"])
    return Call("ec2", "modify_vpc_encryption_control", params, noun, why, DISRUPTIVE if stricter else IN_PLACE,
                (EVERYTHING_BEFORE,) if stricter else (), wait=waits.encryption_control(before["id"]))  # fmt: skip


def delete_control_calls(there: Any) -> list[Call]:
    control, noun = there["encryption_control"], names.ENCRYPTION_CONTROL
    if not control:
        return []
    params = {"VpcEncryptionControlId": control["id"]}
    return [Call("ec2", "delete_vpc_encryption_control", params, noun, f"delete {noun}", DELETE,
                 wait=waits.encryption_control_gone(control["id"]))]  # fmt: skip


def _exclusion_calls(observed: Any, desired: Any) -> list[Call]:
    """Source: Create- and ModifyVpcBlockPublicAccessExclusion API reference."""
    field, noun = "block_public_access_exclusion", names.EXCLUSION
    before, after = observed[field], desired[field]
    if before and not after:
        return delete_exclusion_calls(observed)
    if after and not before:
        params = {
            "VpcId": observed["vpc_id"],
            "InternetGatewayExclusionMode": after["mode"],
            "TagSpecifications": names.specification(desired, "vpc-block-public-access-exclusion", "exclusion"),
        }
        saves = {noun: "VpcBlockPublicAccessExclusion.ExclusionId"}
        return [Call("ec2", "create_vpc_block_public_access_exclusion", params, noun, f"create {noun}", CREATE,
                     saves=saves, wait=waits.exclusion(Ref(noun)))]  # fmt: skip
    if before != after:
        params = {"ExclusionId": before["id"], "InternetGatewayExclusionMode": after["mode"]}
        return [Call("ec2", "modify_vpc_block_public_access_exclusion", params, noun, f"{after['mode']} in {noun}",
                     DISRUPTIVE, wait=waits.exclusion(before["id"]))]  # fmt: skip
    return []


def delete_exclusion_calls(there: Any) -> list[Call]:
    exclusion, noun = there["block_public_access_exclusion"], names.EXCLUSION
    if not exclusion:
        return []
    params = {"ExclusionId": exclusion["id"]}
    return [Call("ec2", "delete_vpc_block_public_access_exclusion", params, noun, f"delete {noun}", DELETE,
                 wait=waits.exclusion_gone(exclusion["id"]))]  # fmt: skip


def refusals(options: Mapping[str, Any], refuse: Refuse) -> Iterator[Refusal]:
    given = options["encryption_control"] or {}
    yield from refuse.unknown("encryption_control", given, KEYS)
    if given.get("mode") not in (None, *MODES):
        yield refuse("encryption_control mode", given["mode"], MODES)
    if given and given.get("mode") != ENFORCE and given.get("exclusions"):
        yield refuse("encryption_control exclusions", given["exclusions"], f"none unless mode is {ENFORCE}")
    for word in given.get("exclusions") or ():
        yield from refuse.unknown("encryption_control exclusions", [word], EXCLUSIONS)
