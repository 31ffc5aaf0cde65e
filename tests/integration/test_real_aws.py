# SPDX-License-Identifier: Apache-2.0
"""What others do beside ours, and what AWS does of itself: named, repaired or told; and a first run on slow ground."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible.module_utils.aws.client import Aws
from ansible.module_utils.environment import lease
from ansible.module_utils.reconcile.errors import Failure, Refused

from localcloud.process import REGION, Cloud
from tests.integration.test_faults import DECLARATIONS, objects
from tests.support import runs
from tests.support.crowd import PLACE, make_bucket, take
from tests.support.environments import one_plan
from tests.support.platform import SMALL
from tests.support.runs import aws_of, four_steps, run

NETWORK, STREAM, BUCKET = (DECLARATIONS[name] for name in ("ec2_vpc_network", "kinesis_data_stream", "s3_state_bucket"))
FOR_EVERYBODY = json.dumps({"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]})
EVERYTHING = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})


def told(result: dict[str, Any]) -> set[str]:
    return {each["what"] for each in result["foreign"]}


def repaired(cloud: Cloud, module: str, given: dict[str, Any], operation: str) -> None:
    """A plan has this operation, a run makes it, and then nothing differs."""
    plan = run(cloud, module, given, check=True)
    assert operation in [call["operation"] for call in plan["calls"]], plan["calls"]
    run(cloud, module, given)
    assert not run(cloud, module, given, check=True)["changed"]


@pytest.fixture
def network(cloud: Cloud) -> Cloud:
    cloud.configure(settle_polls=0)
    run(cloud, "ec2_vpc_network", NETWORK)
    return cloud


def tables(cloud: Cloud) -> dict[str, dict[str, Any]]:
    found = cloud.client("ec2").describe_route_tables()["RouteTables"]
    parts = {table["RouteTableId"]: {tag["Key"]: tag["Value"] for tag in table["Tags"]} for table in found}
    return {parts[table["RouteTableId"]].get("streambed:part", "none"): table for table in found
            if "streambed:part" in parts[table["RouteTableId"]]}  # fmt: skip


def test_a_subnet_moved_to_another_table_comes_back(network: Cloud) -> None:
    ours = tables(network)
    moved, other = ours["route-table/cache/eu-west-1a"], ours["route-table/public/eu-west-1a"]
    network.client("ec2").replace_route_table_association(
        AssociationId=moved["Associations"][0]["RouteTableAssociationId"], RouteTableId=other["RouteTableId"]
    )
    repaired(network, "ec2_vpc_network", NETWORK, "replace_route_table_association")


def test_a_table_of_ours_that_became_the_main_one_is_told_and_keeps_its_routes(network: Cloud) -> None:
    ec2, ours = network.client("ec2"), tables(network)["route-table/public/eu-west-1a"]
    of_vpc = {"Name": "vpc-id", "Values": [ours["VpcId"]]}
    main = ec2.describe_route_tables(Filters=[{"Name": "association.main", "Values": ["true"]}, of_vpc])["RouteTables"][
        0
    ]
    association = next(each for each in main["Associations"] if each["Main"])
    ec2.replace_route_table_association(
        AssociationId=association["RouteTableAssociationId"], RouteTableId=ours["RouteTableId"]
    )
    given = {**NETWORK, "default_route_table_locked": True}
    plan = run(network, "ec2_vpc_network", given, check=True)
    assert "delete_route" not in [call["operation"] for call in plan["calls"]]
    assert "main route table" in told(plan)


def test_what_somebody_let_our_role_do_is_taken_back(network: Cloud) -> None:
    iam = network.client("iam")
    iam.put_role_policy(RoleName="sensors-test-flow-logs", PolicyName="all", PolicyDocument=EVERYTHING)
    repaired(network, "ec2_vpc_network", NETWORK, "delete_role_policy")


def test_an_endpoint_policy_that_shuts_everybody_out_is_put_right(network: Cloud) -> None:
    ec2 = network.client("ec2")
    endpoint = next(
        each for each in ec2.describe_vpc_endpoints()["VpcEndpoints"] if each["VpcEndpointType"] == "Gateway"
    )
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint["VpcEndpointId"], PolicyDocument=FOR_EVERYBODY)
    repaired(network, "ec2_vpc_network", NETWORK, "modify_vpc_endpoint")


def test_a_way_out_of_the_cache_tier_is_closed(network: Cloud) -> None:
    ec2, table = network.client("ec2"), tables(network)["route-table/cache/eu-west-1a"]
    gateway = ec2.describe_internet_gateways()["InternetGateways"][0]["InternetGatewayId"]
    ec2.create_route(RouteTableId=table["RouteTableId"], DestinationIpv6CidrBlock="::/0", GatewayId=gateway)
    repaired(network, "ec2_vpc_network", NETWORK, "delete_route")


def test_a_subnet_of_ours_under_an_acl_of_others_is_told(network: Cloud) -> None:
    ec2 = network.client("ec2")
    vpc = tables(network)["route-table/cache/eu-west-1a"]["VpcId"]
    acl = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    of_vpc = {"Name": "vpc-id", "Values": [vpc]}
    default = ec2.describe_network_acls(Filters=[of_vpc, {"Name": "default", "Values": ["true"]}])["NetworkAcls"][0]
    ec2.replace_network_acl_association(
        AssociationId=default["Associations"][0]["NetworkAclAssociationId"], NetworkAclId=acl
    )
    assert {"network ACL", "subnet under a network ACL of others"} <= told(
        run(network, "ec2_vpc_network", NETWORK, check=True)
    )


def test_an_endpoint_stands_only_where_its_service_is(cloud: Cloud) -> None:
    cloud.configure(settle_polls=0)
    given = {
        **NETWORK,
        "zones": ["eu-west-1a", "eu-west-1c"],
        "interface_endpoints": ["athena"],
        "gateway_endpoints": [],
    }
    four_steps(cloud, "ec2_vpc_network", given)
    [endpoint] = cloud.client("ec2").describe_vpc_endpoints()["VpcEndpoints"]
    assert len(endpoint["SubnetIds"]) == 1


def test_a_stream_goes_back_to_the_declared_key_and_tells_what_others_put_there(cloud: Cloud) -> None:
    cloud.configure(settle_polls=0)
    run(cloud, "kinesis_data_stream", STREAM)
    kinesis = cloud.client("kinesis")
    arn = kinesis.describe_stream_summary(StreamName="sensors-test")["StreamDescriptionSummary"]["StreamARN"]
    key = cloud.client("kms").create_key()["KeyMetadata"]["KeyId"]
    kinesis.stop_stream_encryption(StreamName="sensors-test", EncryptionType="KMS", KeyId="alias/aws/kinesis")
    kinesis.start_stream_encryption(StreamName="sensors-test", EncryptionType="KMS", KeyId=key)
    kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="theirs")
    repaired(cloud, "kinesis_data_stream", STREAM, "start_stream_encryption")
    assert "consumer" in told(run(cloud, "kinesis_data_stream", STREAM, check=True))


def test_alarms_that_somebody_silenced_are_switched_on(cloud: Cloud) -> None:
    cloud.configure(settle_polls=0)
    given = {**STREAM, "alarms": {"write_throttles": 0.0, "actions": []}}
    run(cloud, "kinesis_data_stream", given)
    cloud.client("cloudwatch").disable_alarm_actions(AlarmNames=["sensors-test-write-throttles"])
    repaired(cloud, "kinesis_data_stream", given, "put_metric_alarm")


def test_what_others_set_on_the_bucket_is_told(cloud: Cloud) -> None:
    run(
        cloud, "s3_state_bucket", {**BUCKET, "sse_algorithm": "AES256", "kms_key_id": None, "bucket_key_enabled": False}
    )
    s3, name = cloud.client("s3"), "sensors-test-state-123456789012"
    rules = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    theirs = {"ID": "theirs", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [*rules, theirs]})
    s3.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": [
        {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]})  # fmt: skip
    given = {**BUCKET, "sse_algorithm": "AES256", "kms_key_id": None, "bucket_key_enabled": False}
    plan = run(cloud, "s3_state_bucket", given, check=True)
    assert {"lifecycle rule", "cors"} <= told(plan)
    assert "expires current states" in [each["found"] for each in plan["foreign"]]


@pytest.mark.parametrize("seed", range(10))
def test_a_lock_outlives_the_first_quarter_of_an_hour_of_a_bucket(cloud: Cloud, seed: int) -> None:
    make_bucket(cloud)
    lock = take(cloud)
    cloud.fault("refuse", service="s3", operation="GetObject", code="NoSuchKey", status=404, probability=0.3, seed=seed)
    cloud.configure(clock_ahead_seconds=100)
    with lease.Lease(aws_of(cloud), lock) as held:
        for _ in range(20):
            held.check()
        assert held._beating.is_alive()
    cloud.clear_faults()
    found = lease.look(aws_of(cloud), PLACE)
    assert found is not None
    assert found.lock.id == lock["id"]
    assert found.age_seconds < 60, "it was renewed"


def test_a_lock_is_encrypted_as_the_bucket_is(cloud: Cloud) -> None:
    make_bucket(cloud)
    assert take(cloud)["encryption"] == {"ServerSideEncryption": "AES256"}
    [put] = [entry for entry in cloud.writes() if entry["operation"] == "PutObject"]
    assert put["params"]["ServerSideEncryption"] == "AES256"


@pytest.mark.parametrize("seed", range(3))
def test_a_first_run_on_slow_ground_makes_one_of_each(cloud: Cloud, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Objects that show late, another change that is under way, a role that is not known yet: all at once."""
    # The half minute that AWS is given to show what was made is long enough for several looks on a busy machine.
    monkeypatch.setattr(runs, "CLOCK_SPEED", 2)
    cloud.configure(settle_polls=1)
    chance = {"probability": 0.2, "seed": seed}
    cloud.fault("stale", service="ec2", operation="Create*", reads=1)
    cloud.fault("refuse", service="logs", operation="PutRetentionPolicy", code="OperationAbortedException", **chance,
                message="A conflicting operation is currently in progress against this resource.")  # fmt: skip
    cloud.fault("refuse", service="iam", operation="PutRolePolicy", code="NoSuchEntity", status=404, **chance)
    cloud.fault("refuse", service="ec2", operation="CreateFlowLogs", code="InvalidParameter", count=1,
                message="Unable to assume given IAM role")  # fmt: skip
    run(cloud, "ec2_vpc_network", NETWORK)
    cloud.clear_faults()
    found = objects(cloud, REGION)
    assert (found["vpcs"], found["subnets"], found["nats"], found["roles"], found["flow logs"]) == (1, 6, 1, 1, 1)
    assert not run(cloud, "ec2_vpc_network", NETWORK, check=True)["changed"]


def test_an_adopted_vpc_brings_its_internet_gateway_and_is_not_cut_off_unasked(cloud: Cloud) -> None:
    cloud.configure(settle_polls=0)
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    of_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
    main = ec2.describe_route_tables(Filters=of_vpc)["RouteTables"][0]["RouteTableId"]
    ec2.create_route(RouteTableId=main, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    given = {"cidr_block": "10.20.0.0/16", "zones": ["eu-west-1a"], "tiers": {"public": {"internet": "gateway"}},
             "vpc_id": vpc, "adopt": True}  # fmt: skip
    locked = {**given, "default_route_table_locked": True, "default_security_group_locked": True}
    before = len(cloud.journal())
    with pytest.raises(Refused, match=r"default_route_table_locked.*0\.0\.0\.0/0[\s\S]*default_security_group_locked"):
        run(cloud, "ec2_vpc_network", locked)
    assert not cloud.writes(before)
    done = four_steps(cloud, "ec2_vpc_network", given)
    assert done["resource"]["internet_gateway"]["id"] == gateway
    assert len(ec2.describe_internet_gateways()["InternetGateways"]) == 1


def test_a_route_to_a_transit_gateway_waits_for_its_attachment(cloud: Cloud) -> None:
    cloud.configure(settle_polls=0)
    ec2 = cloud.client("ec2")
    transit = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    tier = {"internet": "none", "routes": {"10.9.0.0/16": transit}}
    given = {"cidr_block": "10.20.0.0/16", "zones": ["eu-west-1a"], "tiers": {"app": tier}}
    first = four_steps(cloud, "ec2_vpc_network", given)
    assert "route that waits" in told(first)
    vpc, subnets = first["resource"]["vpc_id"], first["resource"]["subnets"]
    ids = [subnet["id"] for subnet in subnets.values()]
    ec2.create_transit_gateway_vpc_attachment(TransitGatewayId=transit, VpcId=vpc, SubnetIds=ids)
    repaired(cloud, "ec2_vpc_network", given, "create_route")
    assert "route that waits" not in told(run(cloud, "ec2_vpc_network", given, check=True))


@pytest.mark.parametrize("code", ["InvalidAction", "UnauthorizedOperation"])
def test_a_destroy_asks_in_vain_for_what_was_never_laid(network: Cloud, code: str) -> None:
    for operation in ("DescribeVpcEncryptionControls", "DescribeVpcBlockPublicAccessExclusions"):
        network.fault("refuse", service="ec2", operation=operation, code=code, status=403)
    run(network, "ec2_vpc_network", {"state": "absent"})
    network.clear_faults()
    assert objects(network)["vpcs"] == 0


class Forgetful(Aws):
    """AWS as a cloud that drops the tags of what it makes."""

    def write(self, service: str, operation: str, params: Any, *rest: Any) -> dict[str, Any]:
        made = {name: value for name, value in params.items() if name != "Tags"}
        if "CreateBucketConfiguration" in made:
            made["CreateBucketConfiguration"] = {"LocationConstraint": REGION}
        return super().write(service, operation, made if operation.startswith("create_") else params, *rest)


@pytest.mark.parametrize(("module", "given"), [("kinesis_data_stream", STREAM), ("s3_state_bucket", BUCKET)])
def test_what_was_made_without_our_tags_is_an_error_of_the_run_that_made_it(
    cloud: Cloud, module: str, given: dict[str, Any]
) -> None:
    cloud.configure(settle_polls=0)
    with pytest.raises(Failure, match="ownership tags"):
        run(cloud, module, given, aws=aws_of(cloud, Forgetful))


def test_a_rotation_takes_each_step_once(cloud: Cloud) -> None:
    cloud.configure(settle_polls=0)
    for generation in (1, 2):
        before = len(cloud.journal())
        one_plan(cloud, {**SMALL, "redis_auth_token_generation": generation}, roles=("vpc", "redis"))
    steps = [entry["params"].get("AuthTokenUpdateStrategy") for entry in cloud.writes(before)
             if entry["operation"] == "ModifyReplicationGroup"]  # fmt: skip
    assert steps == ["ROTATE", "SET"]
