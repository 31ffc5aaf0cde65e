# SPDX-License-Identifier: Apache-2.0
"""What the list of tags answers in place of a service, and what it does not."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.aws.glance import answer

TAGS = {"team": "telemetry"}
PAIRS = [{"Key": "team", "Value": "telemetry"}]
STREAM = "arn:aws:kinesis:eu-west-1:123456789012:stream/sensors"
LISTED = {
    STREAM: TAGS,
    "arn:aws:s3:::sensors-state": TAGS,
    "arn:aws:ec2:eu-west-1:123456789012:elastic-ip/eipalloc-1": TAGS,
}
GROUP = "arn:aws:logs:eu-west-1:123456789012:log-group:/flows"


@pytest.mark.parametrize(("request_", "listed", "wanted"), [
    (("kinesis", "list_tags_for_resource", {"ResourceARN": STREAM}), LISTED, {"Tags": PAIRS}),
    (("elasticache", "list_tags_for_resource", {"ResourceName": STREAM}), LISTED, {"TagList": PAIRS}),
    (("logs", "list_tags_for_resource", {"resourceArn": GROUP}), {GROUP: TAGS}, {"tags": TAGS}),
    (("s3", "get_bucket_tagging", {"Bucket": "sensors-state"}), LISTED, {"TagSet": PAIRS}),
    (("s3", "get_bucket_tagging", {"Bucket": "state"}), LISTED, None),
    (("s3", "head_bucket", {"Bucket": "sensors-state"}), LISTED, {"BucketRegion": "eu-west-1"}),
    (("s3", "head_bucket", {"Bucket": "of-another-account"}), LISTED, None),
    (("kinesis", "list_tags_for_resource", {"ResourceARN": f"{STREAM}-2"}), LISTED, None),
    (("sts", "get_caller_identity", {}), LISTED, {"Account": "123456789012"}),
    (("sts", "get_caller_identity", {}), {"arn:aws:s3:::sensors-state": TAGS}, None),
    (("ec2", "describe_addresses", {"Filters": []}), LISTED,
     {"Addresses": [{"AllocationId": "eipalloc-1", "Tags": PAIRS}]}),
    (("ec2", "describe_addresses", {"AllocationIds": ["eipalloc-1"]}), LISTED, None),
    (("ec2", "describe_vpcs", {}), LISTED, None),
])  # fmt: skip
def test_an_answer_is_the_services_own_or_none(request_: Any, listed: Any, wanted: Any) -> None:
    assert answer(request_, listed, "eu-west-1") == wanted
