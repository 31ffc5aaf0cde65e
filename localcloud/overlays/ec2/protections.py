"""Encryption controls of VPCs, and exclusions from blocked public access, which moto does not know.

Source: EC2 API reference CreateVpcEncryptionControl, ModifyVpcEncryptionControl,
CreateVpcBlockPublicAccessExclusion; VPC user guide "Enforce VPC encryption in transit" and "VPC BPA basics".
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from moto.core.responses import ActionResult

from localcloud.clock import clock
from localcloud.overlays.ec2.base import Base
from localcloud.refusals import refuse

CONTROL, EXCLUSION = "vpc_encryption_control", "vpc_exclusion"
_EXCLUSIONS = ("InternetGateway", "EgressOnlyInternetGateway", "NatGateway", "VirtualPrivateGateway", "VpcPeering",
               "Lambda", "VpcLattice", "ElasticFileSystem", "GlobalAccelerator", "ApiGatewayV2")  # fmt: skip


class Protections(Base):
    """The calls on encryption controls and exclusions."""

    def create_vpc_encryption_control(self) -> ActionResult:
        """The control, `creating`, then `available` in mode `monitor`; a VPC has one."""
        vpc_id = self.ec2_backend.get_vpc(self.given["VpcId"]).id
        if any(item["VpcId"] == vpc_id for item in self._store(CONTROL).values()):
            raise refuse("VpcEncryptionControlAlreadyExists", f"The VPC '{vpc_id}' has an encryption control")
        item = {"VpcId": vpc_id, "VpcEncryptionControlId": _new_id("vpcec"), "Mode": "monitor", "State": "creating",
                "ResourceExclusions": {name: {"State": "disabled"} for name in _EXCLUSIONS},
                "Tags": self._tags()}  # fmt: skip
        self._store(CONTROL)[item["VpcEncryptionControlId"]] = item
        self._arrive(CONTROL, item, item["VpcEncryptionControlId"], "available")
        return ActionResult({"VpcEncryptionControl": item})

    def modify_vpc_encryption_control(self) -> ActionResult:
        """The control on its way to its mode; it fails where something would have to go on unencrypted."""
        item = self._one(CONTROL, self.given["VpcEncryptionControlId"])
        mode = self.given.get("Mode", item["Mode"])
        for name in _EXCLUSIONS:
            if f"{name}Exclusion" in self.given:
                enabled = self.given[f"{name}Exclusion"] == "enable"
                item["ResourceExclusions"][name] = {"State": "enabled" if enabled else "disabled"}
        item["State"] = f"{mode}-in-progress"
        blocking = self._blocking(item) if mode == "enforce" else []
        item["StateMessage"] = f"Not encrypted: {', '.join(blocking)}" if blocking else ""
        if not blocking:
            item["Mode"] = mode
        end = "enforce-failed" if blocking else "available"
        self._arrive(CONTROL, item, item["VpcEncryptionControlId"], end)
        return ActionResult({"VpcEncryptionControl": item})

    def _blocking(self, item: dict[str, Any]) -> list[str]:
        """What of the VPC's is neither encrypted nor excluded."""
        ec2, vpc_id = self.ec2_backend, item["VpcId"]
        there = {
            "InternetGateway": any(g.vpc and g.vpc.id == vpc_id for g in ec2.internet_gateways.values()),
            "EgressOnlyInternetGateway": any(g.vpc_id == vpc_id for g in ec2.egress_only_internet_gateways.values()),
            "NatGateway": any(
                n.vpc_id == vpc_id and n.state in ("pending", "available") for n in ec2.nat_gateways.values()
            ),
        }
        return [name for name, found in there.items() if found
                and item["ResourceExclusions"][name]["State"] != "enabled"]  # fmt: skip

    def delete_vpc_encryption_control(self) -> ActionResult:
        """The control, `deleting`."""
        item = self._one(CONTROL, self.given["VpcEncryptionControlId"])
        item["State"] = "deleting"
        name = item["VpcEncryptionControlId"]
        clock.begin(CONTROL, name, lambda: self._store(CONTROL).pop(name, None))
        return ActionResult({"VpcEncryptionControl": item})

    def describe_vpc_encryption_controls(self) -> ActionResult:
        """The controls that match; each look brings one under way one poll nearer."""
        named, vpcs = self.given.get("VpcEncryptionControlIds"), self.given.get("VpcIds")
        for name in named or list(self._store(CONTROL)):
            clock.look(name)
        found = [self._one(CONTROL, name) for name in named] if named else list(self._store(CONTROL).values())
        return ActionResult({"VpcEncryptionControls": [each for each in found if not vpcs or each["VpcId"] in vpcs]})

    def create_vpc_block_public_access_exclusion(self) -> ActionResult:
        """The exclusion, `create-in-progress`, then `create-complete`."""
        vpc_id = self.ec2_backend.get_vpc(self.given["VpcId"]).id
        arn = f"arn:aws:ec2:{self.region}:{self.current_account}:vpc/{vpc_id}"
        if any(item["ResourceArn"] == arn for item in self._store(EXCLUSION).values()):
            raise refuse("VpcBlockPublicAccessExclusionAlreadyExists", f"The VPC '{vpc_id}' has an exclusion")
        item = {"ExclusionId": _new_id("vpcbpa-exclude"), "ResourceArn": arn, "State": "create-in-progress",
                "InternetGatewayExclusionMode": self.given["InternetGatewayExclusionMode"],
                "Tags": self._tags()}  # fmt: skip
        self._store(EXCLUSION)[item["ExclusionId"]] = item
        self._arrive(EXCLUSION, item, item["ExclusionId"], "create-complete")
        return ActionResult({"VpcBlockPublicAccessExclusion": item})

    def modify_vpc_block_public_access_exclusion(self) -> ActionResult:
        """The exclusion, `update-in-progress`, then `update-complete`."""
        item = self._one(EXCLUSION, self.given["ExclusionId"])
        item |= {"State": "update-in-progress",
                 "InternetGatewayExclusionMode": self.given["InternetGatewayExclusionMode"]}  # fmt: skip
        self._arrive(EXCLUSION, item, item["ExclusionId"], "update-complete")
        return ActionResult({"VpcBlockPublicAccessExclusion": item})

    def delete_vpc_block_public_access_exclusion(self) -> ActionResult:
        """The exclusion, `delete-in-progress`."""
        item = self._one(EXCLUSION, self.given["ExclusionId"])
        item["State"] = "delete-in-progress"
        name = item["ExclusionId"]
        clock.begin(EXCLUSION, name, lambda: self._store(EXCLUSION).pop(name, None))
        return ActionResult({"VpcBlockPublicAccessExclusion": item})

    def describe_vpc_block_public_access_exclusions(self) -> ActionResult:
        """The exclusions that match; each look brings one under way one poll nearer."""
        named = self.given.get("ExclusionIds")
        for name in named or list(self._store(EXCLUSION)):
            clock.look(name)
        found = [self._one(EXCLUSION, name) for name in named] if named else list(self._store(EXCLUSION).values())
        for each in self.given.get("Filters", []):
            key = each["Name"].removeprefix("tag:")
            found = [item for item in found
                     if {"Key": key, "Value": each["Values"][0]} in item["Tags"]]  # fmt: skip
        return ActionResult({"VpcBlockPublicAccessExclusions": found})

    def delete_vpc(self) -> ActionResult:
        """Nothing; what guarded the VPC goes with it."""
        answer = super().delete_vpc()
        for kind, holder in ((CONTROL, "VpcId"), (EXCLUSION, "ResourceArn")):
            for name, item in list(self._store(kind).items()):
                if item[holder].endswith(self.given["VpcId"]):
                    del self._store(kind)[name]
        return answer

    def _store(self, kind: str) -> dict[str, dict[str, Any]]:
        return store(self.ec2_backend, kind)

    def _one(self, kind: str, name: str) -> dict[str, Any]:
        if name not in self._store(kind):
            word = "VpcEncryptionControlId" if kind == CONTROL else "VpcBlockPublicAccessExclusionId"
            raise refuse(f"Invalid{word}.NotFound", f"The {kind} '{name}' does not exist")
        return self._store(kind)[name]

    def _arrive(self, kind: str, item: dict[str, Any], name: str, state: str) -> None:
        clock.begin(kind, name, lambda: item.update(State=state))

    def _tags(self) -> list[dict[str, str]]:
        return [tag for each in self.given.get("TagSpecifications", []) for tag in each.get("Tags", [])]


def store(ec2: Any, kind: str) -> dict[str, dict[str, Any]]:
    """All of a kind; they live and die with moto's backend."""
    return ec2.__dict__.setdefault(f"localcloud_{kind}", {})


def _new_id(prefix: str) -> str:
    return f"{prefix}-0{uuid4().hex[:16]}"
