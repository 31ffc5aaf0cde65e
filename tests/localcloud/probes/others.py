# SPDX-License-Identifier: Apache-2.0
"""What plain moto gets wrong: S3, Service Quotas, and what is corrected inside moto's models."""

from __future__ import annotations

import json

from tests.localcloud.probes.kinesis import stream
from tests.localcloud.probes.registry import LOCATION, Client, accepted, network, still_wrong


@still_wrong("s3")
def tags_of_new_buckets_are_dropped(client: Client) -> bool:
    """CreateBucketConfiguration.Tags has no effect."""
    tags = [{"Key": "team", "Value": "a"}]
    client("s3").create_bucket(Bucket="states", CreateBucketConfiguration={**LOCATION, "Tags": tags})
    return not accepted(client("s3").get_bucket_tagging, Bucket="states")


@still_wrong("s3")
def new_buckets_are_open(client: Client) -> bool:
    """A new bucket has no public access block."""
    client("s3").create_bucket(Bucket="states", CreateBucketConfiguration=LOCATION)
    return not accepted(client("s3").get_public_access_block, Bucket="states")


@still_wrong("s3")
def any_word_is_a_bucket_name(client: Client) -> bool:
    """Names with two dots in a row are taken."""
    return accepted(client("s3").create_bucket, Bucket="our..states", CreateBucketConfiguration=LOCATION)


@still_wrong("s3")
def uploads_have_no_pages(client: Client) -> bool:
    """ListMultipartUploads shows more than was asked for."""
    s3 = client("s3")
    s3.create_bucket(Bucket="states", CreateBucketConfiguration=LOCATION)
    for key in "ab":
        s3.create_multipart_upload(Bucket="states", Key=key)
    return len(s3.list_multipart_uploads(Bucket="states", MaxUploads=1)["Uploads"]) == 2


@still_wrong("s3")
def tags_outlive_their_bucket(client: Client) -> bool:
    """A new bucket of the same name has the tags of the one before."""
    s3 = client("s3")
    s3.create_bucket(Bucket="states", CreateBucketConfiguration=LOCATION)
    s3.put_bucket_tagging(Bucket="states", Tagging={"TagSet": [{"Key": "team", "Value": "a"}]})
    s3.delete_bucket(Bucket="states")
    s3.create_bucket(Bucket="states", CreateBucketConfiguration=LOCATION)
    return accepted(s3.get_bucket_tagging, Bucket="states")


@still_wrong("s3")
def conditions_of_policies_are_not_read(client: Client) -> bool:
    """A policy against plain HTTP locks everybody out."""
    s3 = client("s3")
    s3.create_bucket(Bucket="states", CreateBucketConfiguration=LOCATION)
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": "arn:aws:s3:::states/*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.put_bucket_policy(Bucket="states", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    return not accepted(s3.put_object, Bucket="states", Key="k", Body=b"")


@still_wrong("s3")
def lifecycle_rules_forget_how_many_versions_stay(client: Client) -> bool:
    """NewerNoncurrentVersions is dropped."""
    s3 = client("s3")
    s3.create_bucket(Bucket="states", CreateBucketConfiguration=LOCATION)
    expiration = {"NoncurrentDays": 30, "NewerNoncurrentVersions": 5}
    rule = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""}, "NoncurrentVersionExpiration": expiration}
    s3.put_bucket_lifecycle_configuration(Bucket="states", LifecycleConfiguration={"Rules": [rule]})
    shown = s3.get_bucket_lifecycle_configuration(Bucket="states")["Rules"][0]["NoncurrentVersionExpiration"]
    return shown != expiration


@still_wrong("service-quotas", "get_service_quota", "list_aws_default_service_quotas")
def quotas_of_elasticache_are_unknown(client: Client) -> bool:
    """Only quotas of the VPC are there."""
    return not accepted(client("service-quotas").get_service_quota, ServiceCode="elasticache", QuotaCode="L-DFE45DF3")


@still_wrong("ec2")
def default_groups_let_nobody_in(client: Client) -> bool:
    """The default security group does not let its own members in."""
    ec2, vpc, _ = network(client)
    own = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    return ec2.describe_security_groups(Filters=own)["SecurityGroups"][0]["IpPermissions"] == []


@still_wrong("kinesis")
def records_go_to_closed_shards(client: Client) -> bool:
    """After a reshard records still go to the parents."""
    kinesis = stream(client, shards=1)
    kinesis.update_shard_count(StreamName="s", TargetShardCount=2, ScalingType="UNIFORM_SCALING")
    put = kinesis.put_record(StreamName="s", Data=b"x", PartitionKey="p")
    shards = kinesis.list_shards(StreamName="s")["Shards"]
    closed = {shard["ShardId"] for shard in shards if "EndingSequenceNumber" in shard["SequenceNumberRange"]}
    return put["ShardId"] in closed


@still_wrong("resourcegroupstaggingapi", "get_resources")
def streams_bear_no_tags_for_the_tagging_api(client: Client) -> bool:
    """Streams, endpoints and addresses are not found by their tags."""
    stream(client, shards=1).add_tags_to_stream(StreamName="s", Tags={"team": "a"})
    return not client("resourcegroupstaggingapi").get_resources()["ResourceTagMappingList"]
