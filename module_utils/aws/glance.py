# SPDX-License-Identifier: Apache-2.0
"""AWS at a glance: the reads that tell whether anything is to be done, and none that only a change would need.

Tags come from the Resource Groups Tagging API, which lists them for all objects in one answer. It may be late by
seconds or minutes, so a glance is believed only where it finds nothing to do; otherwise everything is read anew.
Source: Resource Groups Tagging API reference, GetResources.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .client import Aws

Tags = dict[str, str]

# Reads of one object's tags: the parameter that names it, and the key under which the answer has them.
TAG_READS = {
    ("elasticache", "list_tags_for_resource"): ("ResourceName", "TagList"),
    ("kinesis", "list_tags_for_resource"): ("ResourceARN", "Tags"),
    ("dynamodb", "list_tags_of_resource"): ("ResourceArn", "Tags"),
    ("cloudwatch", "list_tags_for_resource"): ("ResourceARN", "Tags"),
    ("logs", "list_tags_for_resource"): ("resourceArn", "tags"),
    ("s3", "get_bucket_tagging"): ("Bucket", "TagSet"),
    # Of this one the list says only that the bucket is there.
    ("s3", "head_bucket"): ("Bucket", ""),
}
CALLER = ("sts", "get_caller_identity")
# Found by our tags; what a NAT gateway holds, it shows itself.
ADDRESSES = ("ec2", "describe_addresses")
ACCOUNT = re.compile(r"arn:[^:]*:[^:]*:[^:]*:(\d{12}):")


class Glance:
    """AWS for one look of one component, as far as observing it goes.

    ``tags`` is what the tagging API lists, by ARN; ``left_out`` are the keys of reads that are not made, whose answers
    are ``None``.
    """

    def __init__(self, aws: Aws, tags: Mapping[str, Tags], left_out: frozenset[str] = frozenset()) -> None:
        self._aws, self._tags, self._left_out = aws, tags, left_out

    @property
    def region(self) -> str | None:
        return self._aws.region

    def read(self, service: str, operation: str, absent: tuple[str, ...] = (), **params: Any) -> Any:
        """As in Aws."""
        return self.read_many({"": (service, operation, params, absent)})[""]

    def read_many(self, requests: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
        """As in Aws; what the tagging API answers is not asked for again."""
        found = {key: None if key in self._left_out else answer(request, self._tags, self.region)
                 for key, request in requests.items()}  # fmt: skip
        # A bucket that the tags list may be gone: a glance waits for nothing, the look that follows does.
        rest = {key: with_code(requests[key], "NoSuchBucket") for key, known in found.items()
                if known is None and key not in self._left_out}  # fmt: skip
        return {**found, **(self._aws.read_many(rest) if rest else {})}


def with_code(request: tuple[Any, ...], code: str) -> tuple[Any, ...]:
    """The request, with one more code that says that there is nothing."""
    service, operation, params, *absent = request
    return (service, operation, params, (*(absent[0] if absent else ()), code))


def answer(request: tuple[Any, ...], tags: Mapping[str, Tags], region: str | None) -> dict[str, Any] | None:
    """What the service itself would answer; ``None`` for what the list does not say.

    What is listed is in the caller's account and in the region that was asked.
    """
    asked, params = request[:2], request[2]
    if asked == CALLER:
        account = account_of(tags)
        return {"Account": account} if account else None
    if asked == ADDRESSES:
        return {"Addresses": list(_addresses(tags))} if "Filters" in params else None
    if asked not in TAG_READS:
        return None
    name, key = TAG_READS[asked]
    wanted = str(params[name])
    found = tags.get(wanted) if wanted.startswith("arn:") else _of_bucket(wanted, tags)
    if found is None or not key:
        return None if found is None else {"BucketRegion": region}
    return {key: dict(found) if request[0] == "logs" else _pairs(found)}


def _addresses(tags: Mapping[str, Tags]) -> Iterator[dict[str, Any]]:
    for arn, each in tags.items():
        if ":elastic-ip/" in arn:
            yield {"AllocationId": arn.rpartition("/")[2], "Tags": _pairs(each)}


def _pairs(tags: Tags) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _of_bucket(name: str, tags: Mapping[str, Tags]) -> Tags | None:
    return next((each for arn, each in tags.items() if arn.endswith(f":s3:::{name}")), None)


def account_of(arns: Mapping[str, Any]) -> str:
    """The account whose objects these are; the tagging API lists those of the caller's own."""
    return next((found.group(1) for arn in arns if (found := ACCOUNT.match(arn))), "")
