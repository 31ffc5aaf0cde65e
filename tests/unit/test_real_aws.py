# SPDX-License-Identifier: Apache-2.0
"""What AWS answers that the embedded cloud does not, on tables; docs/real-aws.md names the rows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import jmespath
import pytest
from ansible.module_utils import policies
from ansible.module_utils.aws import client as aws
from ansible.module_utils.ec2_vpc_network import endpoints, flow_logs, gateways, groups, owned, strangers
from ansible.module_utils.elasticache_replication_group import names, users
from ansible.module_utils.environment.lock import LONGEST_ENTRY, parsed
from ansible.module_utils.reconcile import identity
from ansible.module_utils.s3_state_bucket import observe as bucket
from ansible.module_utils.s3_state_bucket import settings
from botocore import exceptions as boto

from tests.support.components import component, options

OURS = {"streambed:stack": "sensors", "streambed:environment": "test"}


def tagged(**more: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in {**OURS, **more}.items()]


@pytest.mark.parametrize("newest_first", [True, False])
def test_the_newest_event_is_shown_wherever_it_stands(newest_first: bool) -> None:
    events = [{"SourceIdentifier": "sensors", "Date": datetime(2026, 11, 26, hour, tzinfo=UTC), "Message": str(hour)}
              for hour in (9, 10, 11)]  # fmt: skip
    answer = {"Events": events[::-1] if newest_first else events}
    assert jmespath.search(names.events("sensors").path, answer) == "11"
    assert jmespath.search(names.events("sensors").path, {"Events": []}) is None


GROUP = {"stack_name": "sensors", "environment_suffix": "test"}
USER = {"UserId": "sensors-test-app", "UserName": "app", "Status": "modifying", "AccessString": "on ~* +@all",
        "Authentication": {"Type": "password"}, "ARN": "arn:user"}  # fmt: skip


def cache(**given: Any) -> dict[str, Any]:
    app = {"user_name": "app", "access_string": "on ~* +@all", "authentication_type": "password",
           "password_secret_arns": ["arn:aws:secretsmanager:x"]}  # fmt: skip
    return options("elasticache_replication_group", {"transit_encryption_enabled": True, "users": [app], **given})


def test_tags_of_a_busy_user_are_out_of_reach_and_nobody_elses() -> None:
    first = {"users": {"Users": [USER]}, "user_group": None}
    assert users.tag_looks(cache(), first)["tags of user sensors-test-app"][3:] == (("UserNotFound",),)
    found, refusals = users.satellites(cache(), first, {"tags of user sensors-test-app": None})
    assert refusals == ()
    wanted = users.wanted(cache(), {"password_versions": {"sensors-test-app": "1"}, "passwords": {}, "engine": "redis"},
                          found)  # fmt: skip
    assert users.compared_users(wanted["users"]) == users.compared_users(found["users"]), (
        "no opinion until it is at rest"
    )


def test_tags_of_a_user_at_rest_are_read_again() -> None:
    first = {"users": {"Users": [{**USER, "Status": "active"}]}, "user_group": None}
    assert len(users.tag_looks(cache(), first)["tags of user sensors-test-app"]) == 3
    assert aws.is_unknown("UserNotFound")


@pytest.mark.parametrize(("route", "by_aws"), [
    ({"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}, True),
    ({"DestinationPrefixListId": "pl-1", "GatewayId": "vpce-1"}, True),
    ({"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "vgw-1", "Origin": "EnableVgwRoutePropagation"}, True),
    ({"DestinationCidrBlock": "10.9.0.0/16", "NetworkInterfaceId": "eni-1", "Origin": "Advertisement"}, True),
    ({"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "Origin": "CreateRoute"}, False),
])  # fmt: skip
def test_what_aws_put_into_a_table_is_not_hand_made(route: dict[str, str], by_aws: bool) -> None:
    assert strangers.by_aws(route) is by_aws


def refusal(code: str, message: str) -> boto.ClientError:
    return boto.ClientError({"Error": {"Code": code, "Message": message}}, "Call")


@pytest.mark.parametrize(("message", "seconds"), [
    ("You do not have permission to access the specified resource.", 120),
    ("AWS was not able to validate the provided access credentials", 0),
])  # fmt: skip
def test_patience_is_for_words(message: str, seconds: float) -> None:
    patience = {"AuthFailure:do not have permission to access the specified resource": 120.0}
    assert aws._worth(refusal("AuthFailure", message), patience, "ReleaseAddress") == seconds


# What AWS says of what was made or switched on a moment ago, in its own words.  Source: the rows in docs/real-aws.md.
NOT_YET = [
    ("s3_state_bucket", "InvalidRequest", "Versioning must be 'Enabled' on the bucket to apply a replication"),
    ("s3_state_bucket", "InvalidBucketState", "Versioning must be 'Enabled' on the bucket to apply a Object Lock"),
    ("s3_state_bucket", "MalformedPolicy", "Invalid principal in policy"),
    ("s3_state_bucket", "KMS.NotFoundException", "Invalid keyId"),
    ("s3_state_bucket", "OperationAborted", "A conflicting conditional operation is currently in progress"),
    ("elasticache_replication_group", "InvalidRequestException",
     "You can't create this secret because a secret with this name is already scheduled for deletion."),
    ("elasticache_replication_group", "InvalidRequestException",
     "You can't perform this operation on the secret because it was deleted."),
    ("elasticache_replication_group", "ServiceLinkedRoleNotFoundFault", "not found"),
    ("ec2_vpc_network", "NoSuchEntity", "The role with name sensors-test-flow-logs cannot be found."),
    ("ec2_vpc_network", "DeleteConflict", "Cannot delete entity, must delete policies first."),
    ("ec2_vpc_network", "InvalidParameter", "Unable to assume given IAM role. Please make sure that it exists"),
    ("ec2_vpc_network", "InvalidParameter", "there is already a conflicting DNS domain for x in the VPC"),
    ("ec2_vpc_network", "ConcurrentModification", "try again"),
    ("ec2_vpc_network", "OperationAbortedException", "A conflicting operation is currently in progress"),
    ("ec2_vpc_network", "ResourceNotFoundException", "The specified log group does not exist."),
    ("ec2_vpc_network", "OperationInProgress", "Service is currently ASSOCIATING the following EIPs: [eipalloc-1]."),
    ("kinesis_data_stream", "ResourceNotFoundException", "Stream x under account 123456789012 not found."),
    ("kinesis_data_stream", "ResourceInUseException", "Stream x is not ACTIVE"),
]  # fmt: skip
# Words of the same codes that no time mends.
NEVER = [
    ("s3_state_bucket", "MalformedPolicy", "Policy has invalid resource"),
    ("s3_state_bucket", "InvalidRequest", "The specified bucket has another owner"),
    ("elasticache_replication_group", "InvalidRequestException", "You can't specify both"),
    ("ec2_vpc_network", "InvalidParameter", "does not support the availability zone of the subnet"),
]


@pytest.mark.parametrize(("module", "code", "message"), NOT_YET)
def test_what_is_not_yet_so_is_waited_for(module: str, code: str, message: str) -> None:
    assert aws._worth(refusal(code, message), component(module).patience, "Put") >= 60


@pytest.mark.parametrize(("module", "code", "message"), NEVER)
def test_what_will_never_be_so_is_told_at_once(module: str, code: str, message: str) -> None:
    assert aws._worth(refusal(code, message), component(module).patience, "Put") == 0


def test_a_flow_log_that_delivers_nothing_is_told() -> None:
    log = {"FlowLogId": "fl-1", "Tags": tagged(**{"streambed:part": "flow-log"}), "DeliverLogsStatus": "FAILED",
           "DeliverLogsErrorMessage": "Access error"}  # fmt: skip
    ours = owned.Owned(options("ec2_vpc_network", {}))
    fine = {**log, "FlowLogId": "fl-2", "Tags": tagged(**{"streambed:part": "flow-log/audit"}),
            "DeliverLogsStatus": "SUCCESS"}  # fmt: skip
    assert list(flow_logs.undelivered(ours, {"flow_logs": {"FlowLogs": [log, fine]}})) == [("fl-1", "Access error")]


@pytest.mark.parametrize(("region", "world"), [
    ("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("us-iso-east-1", "aws-iso"),
    ("us-isob-east-1", "aws-iso-b"), ("eusc-de-east-1", "aws-eusc"),
])  # fmt: skip
def test_worlds_are_botocores(region: str, world: str) -> None:
    assert policies.world(region)[0] == world


def test_a_service_in_china_is_called_either_way() -> None:
    assert endpoints.service_names("cn-north-1", "sts") == [
        "com.amazonaws.cn-north-1.sts",
        "cn.com.amazonaws.cn-north-1.sts",
    ]
    details = [{"ServiceName": "cn.com.amazonaws.cn-north-1.sts", "ServiceType": [{"ServiceType": "Interface"}],
                "AvailabilityZones": ["cn-north-1a"]}]  # fmt: skip
    offers = endpoints.services("cn-north-1", {"endpoint_services": {"ServiceDetails": details}})
    given = options("ec2_vpc_network", {"interface_endpoints": ["sts"], "interface_endpoint_tier": "app"})
    found = endpoints.names_of(given, {"region": "cn-north-1", "endpoint_services": offers})
    assert found == {"sts": "cn.com.amazonaws.cn-north-1.sts"}


def test_the_primary_address_of_a_nat_gateway_is_its_address() -> None:
    addresses = [{"AllocationId": "eipalloc-2", "IsPrimary": False}, {"AllocationId": "eipalloc-1", "IsPrimary": True}]
    seen = gateways._observed_gateway({"NatGatewayId": "nat-1", "SubnetId": "s", "NatGatewayAddresses": addresses}, {})
    assert seen["allocation_id"] == "eipalloc-1"


def test_an_endpoint_that_moves_within_its_zones_leaves_first() -> None:
    before = {"id": "vpce-1", "subnets": ["app/a", "app/b"], "security_groups": [], "private_dns": True, "policy": None}
    after = {**before, "subnets": ["cache/a", "cache/b"]}
    subnets = {key: {"id": f"subnet-{key}"} for key in (*before["subnets"], *after["subnets"])}
    first, second = endpoints._modify_interface({"subnets": subnets}, before, after, "kms")
    assert first.params["RemoveSubnetIds"] == ["subnet-app/a", "subnet-app/b"]
    assert "AddSubnetIds" not in first.params
    assert second.params["AddSubnetIds"] == ["subnet-cache/a", "subnet-cache/b"]
    assert "RemoveSubnetIds" not in second.params


def test_protocols_by_number_are_the_words() -> None:
    by_word = groups.declared([{"protocol": "tcp", "port": 443, "cidr_block": "10.0.0.0/8"}])
    assert groups.declared([{"protocol": "6", "port": 443, "cidr_block": "10.0.0.0/8"}]) == by_word


@pytest.mark.parametrize(("tags", "words"), [
    ({"team": None}, "tags team: found nothing"), ({"team": "x" * 257}, "257 characters"), ({"x" * 129: "1"}, "129"),
])  # fmt: skip
def test_tags_that_aws_would_not_take(tags: dict[str, Any], words: str) -> None:
    found = list(identity.refusals({**GROUP, "tags": tags}))
    assert words in str(found[0])


def test_grants_of_an_acl_stand_in_the_way_of_ownership() -> None:
    owner = {"ID": "me"}
    everybody = {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"}
    acl = {"Owner": owner, "Grants": [{"Grantee": {**owner, "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"},
                                      {"Grantee": everybody, "Permission": "READ"}]}  # fmt: skip
    assert settings.grantees(acl) == [everybody["URI"]]
    given = {"object_ownership": "BucketOwnerEnforced"}
    resource = {"name": "sensors", "object_ownership": "ObjectWriter"}
    assert "put-bucket-acl" in str(bucket.granted(given, resource, settings.grantees(acl))[0])
    assert bucket.granted(given, {**resource, "object_ownership": "BucketOwnerEnforced"}, ["x"]) == ()


@pytest.mark.parametrize("body", [b"hello", b"[" * 100_000, b'{"Who": "' + b"x" * 1_000_000 + b'"}'])
def test_what_is_no_lock_can_be_named_and_freed(body: bytes) -> None:
    lock = parsed(body, '"5d41"')
    assert lock.id == "5d41"
    assert len(lock.who) <= LONGEST_ENTRY


@pytest.mark.parametrize(("module", "action"), [
    # Source: "Privately access AWS services", private DNS; "At-rest encryption in ElastiCache", customer managed keys.
    ("ec2_vpc_network", "route53:AssociateVPCWithHostedZone"),
    ("elasticache_replication_group", "kms:CreateGrant"),
])  # fmt: skip
def test_actions_that_no_operation_of_ours_is_named_after_are_asked_for(module: str, action: str) -> None:
    assert action in component(module).permissions


@pytest.mark.parametrize(("region", "words"), [
    ("eu-central-1", "found eu-central-1"), ("us-east-1", "found us-east-1"), ("eu-west-1", ""),
])  # fmt: skip
def test_a_bucket_in_another_region_is_refused_wherever_that_is(region: str, words: str) -> None:
    given = options("s3_state_bucket", {"account_id": "123456789012"})
    ours = {"streambed:stack": given["stack_name"], "streambed:environment": given["environment_suffix"]}
    refused = bucket.foreign_bucket(given, {"name": "b", "region": region, "tags": ours}, "eu-west-1")
    assert words in " ".join(map(str, refused))
    assert bool(refused) == bool(words)
