# SPDX-License-Identifier: Apache-2.0
"""What AWS keeps, refuses and shows first, service by service: the kinds of which moto knows little."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localcloud.process import REGION, Cloud
from tests.localcloud.network import refused

TABLE = {
    "TableName": "lock",
    "AttributeDefinitions": [{"AttributeName": "LockID", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "LockID", "KeyType": "HASH"}],
}
UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
WHO = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "vpc-flow-logs.amazonaws.com"}}


def test_tables_are_created_and_updated_for_a_while(cloud: Cloud) -> None:
    cloud.configure(settle_polls={"table": 1})
    dynamodb = cloud.client("dynamodb")

    def states() -> list[str]:
        return [dynamodb.describe_table(TableName="lock")["Table"]["TableStatus"] for _ in range(2)]

    made = dynamodb.create_table(**TABLE, BillingMode="PAY_PER_REQUEST")["TableDescription"]
    assert made["TableStatus"] == "CREATING"
    with refused("ResourceNotFoundException"):
        dynamodb.put_item(TableName="lock", Item={"LockID": {"S": "a"}})
    with refused("ResourceInUseException"):
        dynamodb.delete_table(TableName="lock")
    assert states() == ["CREATING", "ACTIVE"]
    encryption = {"Enabled": True, "SSEType": "KMS"}
    shown = dynamodb.update_table(TableName="lock", SSESpecification=encryption)["TableDescription"]
    assert (shown["TableStatus"], shown["SSEDescription"]["SSEType"]) == ("UPDATING", "KMS")
    assert ":key/" in shown["SSEDescription"]["KMSMasterKeyArn"]
    assert states() == ["UPDATING", "ACTIVE"]


def test_changes_of_a_table_change_something(cloud: Cloud) -> None:
    dynamodb = cloud.client("dynamodb")
    dynamodb.create_table(**TABLE, BillingMode="PAY_PER_REQUEST")
    with refused("ValidationException", "At least one of"):
        dynamodb.update_table(TableName="lock")
    with refused("ValidationException", "must both be specified"):
        dynamodb.update_table(TableName="lock", BillingMode="PROVISIONED")
    dynamodb.update_table(TableName="lock", BillingMode="PROVISIONED", ProvisionedThroughput=UNITS)
    with refused("ValidationException", "will not change"):
        dynamodb.update_table(TableName="lock", ProvisionedThroughput=UNITS)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"Principal": None}, "Missing required field Principal"),
        ({"Resource": "*"}, "Has prohibited field Resource"),
        ({"Action": "s3:GetObject"}, "only specify STS AssumeRole actions"),
        ({"Principal": {"Service": "nonsense"}}, 'Invalid principal in policy: "SERVICE":"nonsense"'),
        ({"Effect": "Maybe"}, "Syntax errors"),
    ],
)
def test_trust_policies_that_aws_does_not_take(cloud: Cloud, change: dict[str, Any], words: str) -> None:
    statement = {name: value for name, value in {**WHO, **change}.items() if value is not None}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    with refused("MalformedPolicyDocument", words):
        cloud.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=document)


def test_a_role_keeps_its_description(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": [WHO]})
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=document, Description="for flow logs")
    iam.update_role(RoleName="r", MaxSessionDuration=7200)
    role = iam.get_role(RoleName="r")["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("for flow logs", 7200)


def test_a_metric_filter_takes_the_place_of_its_namesake(cloud: Cloud) -> None:
    logs = cloud.client("logs")
    into = [{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}]
    own = {"logGroupName": "g", "filterName": "f", "metricTransformations": into}
    with refused("ResourceNotFoundException"):
        logs.put_metric_filter(**own, filterPattern="a")
    logs.create_log_group(logGroupName="g")
    for pattern in ("a", "b"):
        logs.put_metric_filter(**own, filterPattern=pattern)
    found = logs.describe_metric_filters(logGroupName="g")["metricFilters"]
    assert [each["filterPattern"] for each in found] == ["b"]
    assert logs.describe_log_groups()["logGroups"][0]["metricFilterCount"] == 1
    logs.delete_metric_filter(logGroupName="g", filterName="f")
    with refused("ResourceNotFoundException"):
        logs.delete_metric_filter(logGroupName="g", filterName="f")


def test_buckets_keep_who_pays_and_whether_events_go_to_the_bridge(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="states", CreateBucketConfiguration={"LocationConstraint": REGION})
    assert s3.get_bucket_request_payment(Bucket="states")["Payer"] == "BucketOwner"
    s3.put_bucket_request_payment(Bucket="states", RequestPaymentConfiguration={"Payer": "Requester"})
    assert s3.get_bucket_request_payment(Bucket="states")["Payer"] == "Requester"
    s3.put_bucket_notification_configuration(
        Bucket="states", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    shown = s3.get_bucket_notification_configuration(Bucket="states")
    assert {name: value for name, value in shown.items() if name != "ResponseMetadata"} == {
        "EventBridgeConfiguration": {}
    }


def test_a_new_alarm_has_seen_nothing_and_a_changed_one_keeps_its_state(cloud: Cloud) -> None:
    cloudwatch = cloud.client("cloudwatch")
    alarm = {"AlarmName": "a", "MetricName": "m", "Namespace": "n", "Period": 60, "EvaluationPeriods": 1,
             "Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold", "Statistic": "Sum"}  # fmt: skip

    def state() -> str:
        return str(cloudwatch.describe_alarms()["MetricAlarms"][0]["StateValue"])

    cloudwatch.put_metric_alarm(**alarm)
    assert state() == "INSUFFICIENT_DATA"
    cloudwatch.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="tried")
    cloudwatch.put_metric_alarm(**{**alarm, "Threshold": 2.0})
    assert state() == "ALARM"
    with refused("ResourceNotFound"):
        cloudwatch.delete_alarms(AlarmNames=["a", "b"])
    assert state() == "ALARM"


def test_quotas_come_in_pages(cloud: Cloud) -> None:
    quotas = cloud.client("service-quotas")
    pages = [quotas.list_service_quotas(ServiceCode="vpc", MaxResults=3)]
    while "NextToken" in pages[-1]:
        pages.append(quotas.list_service_quotas(ServiceCode="vpc", MaxResults=3, NextToken=pages[-1]["NextToken"]))
    codes = [each["QuotaCode"] for page in pages for each in page["Quotas"]]
    whole = quotas.list_service_quotas(ServiceCode="vpc")["Quotas"]
    assert codes == [each["QuotaCode"] for each in whole]
    assert {len(page["Quotas"]) for page in pages[:-1]} == {3}
    with refused("InvalidPaginationTokenException"):
        quotas.list_service_quotas(ServiceCode="vpc", NextToken="zzzz")
    assert {"vpc", "elasticache"} <= {each["ServiceCode"] for each in quotas.list_services()["Services"]}


def test_a_key_keeps_how_often_it_is_rotated(cloud: Cloud) -> None:
    kms = cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=100)
    shown = kms.get_key_rotation_status(KeyId=key)
    assert (shown["KeyRotationEnabled"], shown["RotationPeriodInDays"]) == (True, 100)


def test_networks_as_ec2_has_them(cloud: Cloud) -> None:
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]
    assert [each["DhcpOptionsId"] for each in ec2.describe_dhcp_options()["DhcpOptions"]] == [vpc["DhcpOptionsId"]]
    ec2.associate_dhcp_options(VpcId=vpc["VpcId"], DhcpOptionsId="default")
    assert ec2.describe_vpcs(VpcIds=[vpc["VpcId"]])["Vpcs"][0]["DhcpOptionsId"] == "default"
    own = {"VpcId": vpc["VpcId"], "CidrBlock": "10.0.0.0/24"}
    with refused("InvalidSubnet.Range"):
        ec2.create_subnet(**{**own, "CidrBlock": "10.0.0.0/29"})
    with refused("InvalidParameterValue", "eu-west-1a, eu-west-1b"):
        ec2.create_subnet(**own, AvailabilityZone="eu-west-1z")
    shown = ec2.describe_vpcs(VpcIds=[vpc["VpcId"]])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]
    with refused("InvalidSubnet.Range"):
        ec2.create_subnet(**own, Ipv6CidrBlock=shown.replace("/56", "/62"))
    made = ec2.create_subnet(**own, Ipv6CidrBlock=shown.replace("/56", "/60"))["Subnet"]
    association = made["Ipv6CidrBlockAssociationSet"][0]["AssociationId"]
    found = ec2.describe_subnets(
        Filters=[{"Name": "ipv6-cidr-block-association.association-id", "Values": [association]}]
    )["Subnets"]
    assert [each["SubnetId"] for each in found] == [made["SubnetId"]]


def test_a_prefix_list_keeps_its_name(cloud: Cloud) -> None:
    ec2 = cloud.client("ec2")
    made = ec2.create_managed_prefix_list(PrefixListName="p", MaxEntries=5, AddressFamily="IPv4")["PrefixList"]
    changed = ec2.modify_managed_prefix_list(
        PrefixListId=made["PrefixListId"], CurrentVersion=1, AddEntries=[{"Cidr": "10.1.0.0/16"}]
    )
    assert changed["PrefixList"]["PrefixListName"] == "p"


@pytest.mark.parametrize(
    ("given", "returned"),
    [
        ("on allkeys allchannels allcommands", "on ~* &* +@all"),
        ("on ~* +config|get", "on ~* -@all +config|get"),
        ("nonsense", None),
        ("off ~* +@nope", None),
    ],
)
def test_access_strings_have_a_syntax(cloud: Cloud, given: str, returned: str | None) -> None:
    cache = cloud.client("elasticache")
    user = {"UserId": "u", "UserName": "u", "Engine": "redis", "NoPasswordRequired": True}
    if returned:
        assert cache.create_user(**user, AccessString=given)["AccessString"] == returned
    else:
        with refused("InvalidParameterValue", "access string"):
            cache.create_user(**user, AccessString=given)
