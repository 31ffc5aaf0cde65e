# SPDX-License-Identifier: Apache-2.0
"""What declarations name and only AWS knows: keys of KMS, and node types that no list of ours has.  Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..aws.sdk import BotoCoreError, ClientError
from ..reconcile.errors import Failure, Refusal
from ..reconcile.planning import Declaration

if TYPE_CHECKING:
    from ..aws.client import Aws

PERMISSIONS = frozenset({"elasticache:DescribeReservedCacheNodesOfferings", "kms:DescribeKey"})

NODE_TYPE = "cache_node_type"
# Where a declaration names a key of KMS; AWS's own keys need no look.
KEY_OPTIONS = ("kms_key_id", "kms_key_arn", "lock_table_kms_key_id")
OF_AWS = "alias/aws/"
# Source: DescribeKey API reference, Errors: an ARN of another region or a text that is none is not found or not valid.
NO_KEY = ("NotFoundException", "InvalidArnException")
# Types that are offered almost everywhere, so that a question is left for what is new, or misspelt.
# Source: ElastiCache user guide, "Supported node types", current generation.
_LARGE = ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge")
_OF_2018 = ("large", "xlarge", "2xlarge", "4xlarge", "12xlarge", "24xlarge")
_BURSTING = ("micro", "small", "medium")
SIZES = {
    "t2": _BURSTING, "t3": _BURSTING, "t4g": _BURSTING,
    "m4": ("large", "xlarge", "2xlarge", "4xlarge", "10xlarge"), "m5": _OF_2018, "m6g": _LARGE, "m7g": _LARGE,
    "r4": ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "16xlarge"), "r5": _OF_2018, "r6g": _LARGE,
    "r6gd": _LARGE[1:], "r7g": _LARGE, "c7gn": _LARGE,
}  # fmt: skip


def refusals(aws: Aws, declarations: Sequence[Declaration]) -> Iterator[Refusal]:
    """Refusals for names behind which there is nothing; what AWS may not be asked is not refused."""
    for each in declarations:
        if not each.removes:
            for option, found, wanted in _nothing_behind(aws, each.options):
                yield Refusal(each.component.noun, each.name, option, found, wanted,
                              f"correct {option.split()[0]}").written(each.variables)  # fmt: skip


def _nothing_behind(aws: Aws, options: Mapping[str, Any]) -> Iterator[tuple[str, Any, str]]:
    for where, key in keys(options):
        if _asked(key_of, aws, key) is None:
            yield where, key, "a key of this account and region"
    wanted = options.get(NODE_TYPE)
    if wanted and not is_known(wanted) and _asked(is_offered, aws, wanted) is False:
        yield NODE_TYPE, wanted, "a node type that the region offers, such as cache.t4g.small"


def _asked(question: Any, aws: Aws, about: str) -> Any:
    """The answer; an empty text where there is none."""
    try:
        return question(aws, about)
    except (ClientError, BotoCoreError, Failure):
        return ""


def is_known(node_type: str) -> bool:
    """Whether a node type is in our list."""
    family, _unused, size = node_type.removeprefix("cache.").partition(".")
    return size in SIZES.get(family, ())


def is_offered(aws: Aws, node_type: str) -> bool:
    """Whether the region offers a node type; no API lists them, but what can be reserved is offered.

    Source: DescribeReservedCacheNodesOfferings API reference, CacheNodeType.
    """
    answer = aws.read("elasticache", "describe_reserved_cache_nodes_offerings", CacheNodeType=node_type) or {}
    return bool(answer.get("ReservedCacheNodesOfferings"))


def keys(options: Any, above: str = "") -> Iterator[tuple[str, str]]:
    """Every key of KMS that a declaration names, at any depth, with the place where it does."""
    for name, value in options.items() if isinstance(options, Mapping) else ():
        if isinstance(value, Mapping):
            yield from keys(value, f"{above}{name} ")
        elif isinstance(value, (list, tuple)):
            for each in value:
                yield from keys(each, f"{above}{name} ")
        elif name in KEY_OPTIONS and value and OF_AWS not in str(value):
            yield f"{above}{name}", str(value)


def key_of(aws: Aws, key: str) -> Any:
    """What KMS says about a key; ``None`` where there is none."""
    answer = aws.read("kms", "describe_key", NO_KEY, KeyId=key)
    return answer["KeyMetadata"] if answer else None
