# SPDX-License-Identifier: Apache-2.0
"""Encryption controls of VPCs, and exclusions from blocked public access, which moto does not know.

Source: EC2 API reference CreateVpcEncryptionControl, ModifyVpcEncryptionControl,
CreateVpcBlockPublicAccessExclusion; VPC user guide "Enforce VPC encryption in transit" and "VPC BPA basics".
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.utils import random_id

from localcloud.clock import clock
from localcloud.overlays.ec2.base import Base, kept
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
        item = {"VpcId": vpc_id, "VpcEncryptionControlId": random_id("vpcec"), "Mode": "monitor", "State": "creating",
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
        return ActionResult({"VpcEncryptionControl": self._leave(CONTROL, "VpcEncryptionControlId", "deleting")})

    def describe_vpc_encryption_controls(self) -> ActionResult:
        """The controls that match; each look brings one under way one poll nearer."""
        vpcs = self.given.get("VpcIds")
        found = self._look(CONTROL, self.given.get("VpcEncryptionControlIds"))
        return ActionResult({"VpcEncryptionControls": [each for each in found if not vpcs or each["VpcId"] in vpcs]})

    def create_vpc_block_public_access_exclusion(self) -> ActionResult:
        """The exclusion, `create-in-progress`, then `create-complete`."""
        vpc_id = self.ec2_backend.get_vpc(self.given["VpcId"]).id
        arn = f"arn:aws:ec2:{self.region}:{self.current_account}:vpc/{vpc_id}"
        if any(item["ResourceArn"] == arn for item in self._store(EXCLUSION).values()):
            raise refuse("VpcBlockPublicAccessExclusionAlreadyExists", f"The VPC '{vpc_id}' has an exclusion")
        item = {"ExclusionId": random_id("vpcbpa-exclude"), "ResourceArn": arn, "State": "create-in-progress",
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
        item = self._leave(EXCLUSION, "ExclusionId", "delete-in-progress")
        return ActionResult({"VpcBlockPublicAccessExclusion": item})

    def describe_vpc_block_public_access_exclusions(self) -> ActionResult:
        """The exclusions that match; each look brings one under way one poll nearer."""
        found = self._look(EXCLUSION, self.given.get("ExclusionIds"))
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
        return kept(self.ec2_backend, kind)

    def _one(self, kind: str, name: str) -> dict[str, Any]:
        if name not in self._store(kind):
            word = "VpcEncryptionControlId" if kind == CONTROL else "VpcBlockPublicAccessExclusionId"
            raise refuse(f"Invalid{word}.NotFound", f"The {kind} '{name}' does not exist")
        return self._store(kind)[name]

    def _look(self, kind: str, named: list[str] | None) -> list[dict[str, Any]]:
        """Those that are named, or all; each look brings one under way one poll nearer."""
        for name in named or list(self._store(kind)):
            clock.look(name)
        return [self._one(kind, name) for name in named] if named else list(self._store(kind).values())

    def _leave(self, kind: str, key: str, state: str) -> dict[str, Any]:
        """One on its way out, which the call names under this key."""
        item = self._one(kind, self.given[key])
        item["State"] = state
        clock.begin(kind, item[key], lambda: self._store(kind).pop(item[key], None))
        return item

    def _arrive(self, kind: str, item: dict[str, Any], name: str, state: str) -> None:
        clock.begin(kind, name, lambda: item.update(State=state))

    def _tags(self) -> list[dict[str, str]]:
        return [tag for each in self.given.get("TagSpecifications", []) for tag in each.get("Tags", [])]
