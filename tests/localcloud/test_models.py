# SPDX-License-Identifier: Apache-2.0
"""Every request is held against its model, and refused in the service's own words."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.core.utils import get_service_model

from localcloud.models import check, filters
from localcloud.models.constraints import compiled, violations
from localcloud.models.known import NARROWER, WIDER, WORDS
from localcloud.process import Cloud
from tests.localcloud.bad_requests import OPERATIONS, Bad, bad_requests
from tests.localcloud.network import refused

BAD = bad_requests()
#: Service -> the codes under which it refuses what its model forbids.
CODES = {
    "ec2": {"MissingParameter", "InvalidParameterValue"},
    "elasticache": {"InvalidParameterValue", "MalformedInput"},
    "s3": {"MalformedXML", "InvalidArgument", "InvalidRequest", "InvalidStorageClass", "InvalidTag"},
    "logs": {"InvalidParameterException", "SerializationException", "MalformedInput"},
    "resourcegroupstaggingapi": {"InvalidParameterException", "SerializationException", "MalformedInput"},
    "iam": {"ValidationError", "MalformedInput"},
    "sts": {"ValidationError", "MalformedInput"},
    "cloudwatch": {"ValidationError", "MalformedInput"},
}
JSON_CODES = {"ValidationException", "SerializationException"}


@pytest.fixture
def careless(server: Cloud) -> Any:
    """Clients that send what they are given."""
    config = Config(parameter_validation=False, retries={"total_max_attempts": 1})
    made: dict[str, Any] = {}

    def client(service: str) -> Any:
        if service not in made:
            made[service] = server.client(service, config=config)
        return made[service]

    return client


def test_there_are_enough_bad_requests_of_each_kind() -> None:
    assert len(BAD) >= 200
    kinds = {service: {bad.kind for bad in BAD if bad.service == service} for service in OPERATIONS}
    assert all({"required", "type"} <= found for found in kinds.values()), kinds
    assert set().union(*kinds.values()) == {"required", "type", "enum", "pattern", "length", "range"}


@pytest.mark.parametrize("service", list(OPERATIONS))
def test_bad_requests_are_refused_in_the_words_of_the_service(careless: Any, server: Cloud, service: str) -> None:
    server.reset()
    for bad in [bad for bad in BAD if bad.service == service]:
        with pytest.raises(ClientError) as caught:
            getattr(careless(service), bad.method)(**bad.params)
        error = caught.value.response
        assert error["ResponseMetadata"]["HTTPStatusCode"] == 400, (str(bad), error)
        assert error["Error"]["Code"] in CODES.get(service, JSON_CODES), (str(bad), error)


@pytest.mark.parametrize("bad", BAD, ids=str)
def test_a_bad_request_breaks_its_model_in_the_way_that_was_meant(bad: Bad) -> None:
    model = get_service_model(bad.service).operation_model(bad.operation)
    if bad.service != "s3":
        assert bad.kind in {each.kind for each in violations(model.input_shape, bad.params)}


@pytest.mark.parametrize(
    ("service", "operation", "params", "code", "text"),
    [
        ("ec2", "describe_vpcs", {"MaxResults": 3}, "InvalidParameterValue",
         "Value ( 3 ) for parameter maxResults is invalid. Expecting a value greater than 5."),
        ("ec2", "create_subnet", {"CidrBlock": "10.0.0.0/24"}, "MissingParameter",
         "The request must contain the parameter vpcId"),
        ("ec2", "describe_vpcs", {"Filters": [{"Name": "colour", "Values": ["red"]}]}, "InvalidParameterValue",
         "The filter 'colour' is invalid"),
        ("ec2", "describe_egress_only_internet_gateways", {"Filters": [{"Name": "vpc-id", "Values": ["v"]}]},
         "InvalidParameterValue", "The filter 'vpc-id' is invalid"),
        ("kinesis", "create_stream", {"StreamName": "demo", "ShardCount": 0}, "ValidationException",
         "1 validation error detected: Value '0' at 'shardCount' failed to satisfy constraint: Member must have value "
         "greater than or equal to 1"),
        ("kinesis", "create_stream", {"StreamName": "demo", "ShardCount": "2"}, "SerializationException",
         "STRING_VALUE can not be converted to an Integer"),
        ("iam", "create_role", {"RoleName": "r" * 65, "AssumeRolePolicyDocument": "{}"}, "ValidationError",
         "Member must have length less than or equal to 64"),
        ("elasticache", "create_user", {"UserName": "demo", "Engine": "redis", "AccessString": "on"},
         "InvalidParameterValue", "The parameter UserId must be provided and must not be null."),
        ("logs", "put_retention_policy", {"logGroupName": "demo", "retentionInDays": 31}, "InvalidParameterException",
         "Member must satisfy enum value set: [1, 3, 5, 7, 14"),
        ("ec2", "create_tags", {"Resources": ["vpc-1"], "Tags": [{"Key": "aws:demo", "Value": ""}]},
         "InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use"),
        ("ec2", "create_tags", {"Resources": ["vpc-1"], "Tags": [{"Key": "k" * 129, "Value": ""}]},
         "InvalidParameterValue", "maximum length of 128 characters"),
        ("ec2", "create_security_group", {"GroupName": "sg-demo", "Description": "d", "VpcId": "vpc-1"},
         "InvalidParameterValue", "sg-*"),
        ("ec2", "create_security_group", {"GroupName": "demo", "Description": "a < b", "VpcId": "vpc-1"},
         "InvalidParameterValue", "Valid descriptions"),
    ],
)  # fmt: skip
def test_the_words(careless: Any, service: str, operation: str, params: Any, code: str, text: str) -> None:
    with refused(code, text):
        getattr(careless(service), operation)(**params)


@pytest.mark.parametrize(("acl", "taken"), [("log-delivery-write", True), ("private", True), ("porridge", False)])
def test_what_aws_takes_beside_the_model_is_taken_and_nothing_else(acl: str, taken: bool) -> None:
    model = get_service_model("s3").operation_model("PutBucketAcl")
    assert (check.refusal("s3", model, {"Bucket": "demo-bucket", "ACL": acl}) is None) == taken


def test_a_secret_is_not_in_the_words(careless: Any) -> None:
    with pytest.raises(ClientError) as caught:
        careless("secretsmanager").create_secret(Name="demo", SecretString={"token": "hush-hush"})
    assert "hush" not in str(caught.value)


def test_every_pattern_of_our_services_can_be_checked() -> None:
    for service in OPERATIONS:
        shapes = get_service_model(service)._service_description["shapes"].values()
        assert all(compiled(shape["pattern"]) for shape in shapes if "pattern" in shape), service


def test_the_filters_of_our_lists_are_known() -> None:
    model = get_service_model("ec2")
    shown = {
        name: filters.names_of(model.operation_model(f"Describe{name}").input_shape.members["Filters"].documentation)
        for name in ("Vpcs", "Subnets", "RouteTables", "NetworkAcls", "SecurityGroups", "Addresses", "DhcpOptions")
    }
    assert all("tag" in names and len(names) > 3 for names in shown.values()), shown


@pytest.mark.parametrize(("name", "taken"), [("cidr", True), ("cidr-block", True), ("cidr-blok", False)])
def test_a_filter_that_aws_takes_and_does_not_document_is_taken(server: Cloud, name: str, taken: bool) -> None:
    ec2 = server.client("ec2")
    filters = [{"Name": name, "Values": ["10.99.0.0/16"]}]
    if taken:
        assert ec2.describe_vpcs(Filters=filters)["Vpcs"] == []
    else:
        with pytest.raises(ClientError, match="cidr-blok"):
            ec2.describe_vpcs(Filters=filters)


def test_every_rule_beside_the_models_says_where_it_is_from() -> None:
    assert all(rule.source for rule in (*WIDER, *NARROWER, *WORDS))
