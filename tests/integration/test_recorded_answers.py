# SPDX-License-Identifier: Apache-2.0
"""Answers of real AWS, as others recorded them, through the components' own observe: understood, or with a reason.

``STREAMBED_RECORDINGS`` names the folder: one file for each answer, ``<service>/<operation>/<name>.json``.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from ansible.module_utils.aws import answers
from ansible.module_utils.ec2_vpc_network import acls, endpoints, gateways, groups, owned, routes, subnets
from ansible.module_utils.elasticache_replication_group import translate
from ansible.module_utils.kinesis_data_stream import observe as stream
from ansible.module_utils.s3_state_bucket import lock_table, settings
from botocore import xform_name
from botocore.model import OperationModel
from dateutil.parser import parse as moment

from tests.support.components import options

FOLDER = os.environ.get("STREAMBED_RECORDINGS", "")
pytestmark = pytest.mark.skipif(not FOLDER, reason="STREAMBED_RECORDINGS names no folder of recorded answers")
SESSION = botocore.session.get_session()
NETWORK = options("ec2_vpc_network", {"cidr_block": "10.0.0.0/16"})
OURS = owned.Owned(NETWORK)
PLACEHOLDER = re.compile(r"<uuid:(\d+)>")


def recorded(*operations: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and content of each recorded answer, errors left out, of these operations or of all."""
    for file in sorted(Path(FOLDER or ".").glob("*/*/*.json")) if FOLDER else ():
        content = json.loads(PLACEHOLDER.sub(_uuid, file.read_text()))
        if content.get("response") is not None and (not operations or file.parent.name in operations):
            yield f"{file.parent.parent.name}/{file.parent.name}/{file.stem}", content


def _uuid(found: re.Match[str]) -> str:
    """An id in the place of the one that the recorder took out."""
    return f"00000000-0000-4000-8000-{int(found[1]):012}"


def each(*operations: str) -> Any:
    return pytest.mark.parametrize(("name", "content"), list(recorded(*operations)),
                                   ids=[name for name, _ in recorded(*operations)])  # fmt: skip


def model_of(name: str, content: dict[str, Any]) -> OperationModel:
    service = SESSION.get_service_model(content["service"])
    names = {xform_name(each, "-"): each for each in service.operation_names}
    return service.operation_model(names[name.split("/")[1]])


# Answers that are older than a member that the model calls required by now.
OLDER = {"kinesis/describe-limits/cli-example"}


@each()
def test_a_true_answer_is_believed(name: str, content: dict[str, Any]) -> None:
    model = model_of(name, content)
    try:
        page = SESSION.get_component("data_loader").load_service_model(content["service"], "paginators-1")
        page = page["pagination"].get(model.name)
    except botocore.exceptions.UnknownServiceError:
        page = None
    flaw = answers.flaw(model, b"<answer/>", content["response"], page)
    assert bool(flaw) is (name in OLDER), flaw
    refused = list(answers.refused(model, content["response"]))
    assert bool(refused) is ("refused" in name or "Unsuccessful" in content["response"] and bool(
        content["response"]["Unsuccessful"])), refused  # fmt: skip


def dated(value: Any) -> Any:
    """The answer with its dates as dates; text that only stands for one is today's noon."""
    if isinstance(value, dict):
        return {key: _date(inner) if key.endswith(("Time", "Date", "Timestamp")) and isinstance(inner, str)
                else dated(inner) for key, inner in value.items()}  # fmt: skip
    return [dated(inner) for inner in value] if isinstance(value, list) else value


def _date(text: str) -> Any:
    with contextlib.suppress(ValueError, OverflowError):
        return moment(text)
    return moment("2026-11-26T12:00:00Z")


@each("describe-replication-groups")
def test_groups(name: str, content: dict[str, Any]) -> None:
    for group in dated(content["response"])["ReplicationGroups"]:
        state = translate.group_state(group, {}, {})
        assert state["status"] == group["Status"]
        assert state["num_node_groups"] == (len(group.get("NodeGroups") or []) or None)
        assert isinstance(translate.pending_state(group, {}, []), dict)


@each("describe-cache-clusters")
def test_members(name: str, content: dict[str, Any]) -> None:
    for member in dated(content["response"])["CacheClusters"]:
        found = translate.group_state({"ReplicationGroupId": "g", "Status": "available"}, member, {})
        assert found["engine_version"] == member.get("EngineVersion")
        assert translate.reboots(member) in ({}, translate.reboots(member))


@each("describe-cache-subnet-groups")
def test_cache_subnet_groups(name: str, content: dict[str, Any]) -> None:
    for group in content["response"]["CacheSubnetGroups"]:
        assert translate.subnet_group_state(group, {})["subnet_ids"]


@each("describe-stream-summary")
def test_streams(name: str, content: dict[str, Any]) -> None:
    summary = content["response"]["StreamDescriptionSummary"]
    state = stream.described(summary["StreamName"], summary, {"tags": {"Tags": []}})
    assert state["shard_count"] == (summary["OpenShardCount"] or None)
    assert state["kms_key_id"] == (summary.get("KeyId") if summary.get("EncryptionType") == "KMS" else None)


@each("describe-route-tables")
def test_route_tables(name: str, content: dict[str, Any]) -> None:
    found = {"route_tables": content["response"]}
    default = routes.observed_default(OURS, found)
    assert set(default) >= {"default_route_table", "default_route_table_locked", "table_associations"}
    for table in content["response"]["RouteTables"]:
        seen = routes._observed_table(table, {}, {})
        assert seen["id"] == table["RouteTableId"]


@each("describe-security-groups")
def test_security_groups(name: str, content: dict[str, Any]) -> None:
    for group in content["response"]["SecurityGroups"]:
        for rules in (group.get("IpPermissions") or [], group.get("IpPermissionsEgress") or []):
            forms = groups.observed(rules, {})
            assert groups.observed(groups.permissions(forms, {}), {}) == forms, "there and back is the same"


@each("describe-network-acls")
def test_network_acls(name: str, content: dict[str, Any]) -> None:
    for acl in content["response"]["NetworkAcls"]:
        seen = acls._observed(acl)
        entries = [entry for entry in acl["Entries"] if entry["RuleNumber"] in acls.NUMBERS]
        assert sum(len(seen[way]) for way in acls.DIRECTIONS) == len(entries)


@each("describe-nat-gateways")
def test_nat_gateways(name: str, content: dict[str, Any]) -> None:
    for gateway in content["response"]["NatGateways"]:
        seen = gateways._observed_gateway(gateway, {})
        primary = [each for each in gateway.get("NatGatewayAddresses") or () if each.get("IsPrimary")]
        assert not primary or seen.get("allocation_id") == primary[0].get("AllocationId")


@each("describe-vpc-endpoints")
def test_endpoints(name: str, content: dict[str, Any]) -> None:
    for endpoint in content["response"]["VpcEndpoints"]:
        policy = endpoint.get("PolicyDocument")
        # The recorder parsed policies, which are text on the wire.
        endpoint["PolicyDocument"] = json.dumps(policy) if isinstance(policy, dict) else policy
        gateway = endpoint["VpcEndpointType"] == "Gateway"
        seen = (endpoints._gateway_endpoint if gateway else endpoints._interface_endpoint)(endpoint, {})
        assert seen["id"] == endpoint["VpcEndpointId"]


@each("describe-vpc-endpoint-services")
def test_endpoint_services(name: str, content: dict[str, Any]) -> None:
    details = content["response"]["ServiceDetails"]
    for detail in details:
        region = detail["ServiceName"].split(".")[2]
        found = endpoints.services(region, {"endpoint_services": {"ServiceDetails": [detail]}})
        kinds = {each["ServiceType"] for each in detail["ServiceType"]} & {"Gateway", "Interface"}
        assert found is not None
        assert {kind for kind in found if found[kind]} == kinds


@each("describe-subnets")
def test_subnets(name: str, content: dict[str, Any]) -> None:
    for subnet in content["response"]["Subnets"]:
        assert subnets.observed(subnet)["id"] == subnet["SubnetId"]


S3 = {"get-bucket-versioning": "versioning", "get-bucket-encryption": "encryption", "get-bucket-tagging": "tags",
      "get-public-access-block": "public", "get-bucket-ownership-controls": "ownership",
      "get-bucket-lifecycle-configuration": "lifecycle", "get-bucket-acl": "acl"}  # fmt: skip


@each(*S3)
def test_bucket_settings(name: str, content: dict[str, Any]) -> None:
    answers_ = dict.fromkeys(settings.requests({})) | {S3[name.split("/")[1]]: content["response"]}
    resource, rest = settings.observed("sensors", "eu-west-1", answers_)
    assert resource["name"] == "sensors"
    assert isinstance(rest["grantees"], list)
    assert list(settings.strangers("sensors", {"policy_statements": None}, resource, rest)) is not None


@each("describe-table")
def test_lock_tables(name: str, content: dict[str, Any]) -> None:
    table = content["response"]["Table"]
    assert lock_table.observed(table, None, [])["name"] == table["TableName"]
