# SPDX-License-Identifier: Apache-2.0
"""The rates at which AWS takes requests: token buckets, per operation, when the setting `rates` is on.

Source: EC2 developer guide, "Request throttling for the Amazon EC2 API": describing and mutating operations have
buckets of their own, those without filters and pages smaller ones; Kinesis API reference, each operation's limit per
account and second; ElastiCache and S3 state no numbers.
"""

from __future__ import annotations

import fnmatch
import time
from collections.abc import Callable
from dataclasses import dataclass

from localcloud.calls import Call
from localcloud.settings import settings


@dataclass(frozen=True)
class Rate:
    """How many requests may come at once, and how many more each second."""

    burst: float
    per_second: float


_UNFILTERED = Rate(50, 10)
#: (service, operation, rate); the first line that fits counts.
RATES: list[tuple[str, str, Rate]] = [
    ("ec2", "Describe*", Rate(100, 20)),
    ("ec2", "Get*", Rate(100, 20)),
    ("ec2", "*", Rate(50, 5)),
    ("kinesis", "DescribeLimits", Rate(1, 1)),
    ("kinesis", "DescribeStreamSummary", Rate(20, 20)),
    ("kinesis", "DescribeStream", Rate(10, 10)),
    ("kinesis", "UpdateShardCount", Rate(10, 10)),
    ("kinesis", "ListShards", Rate(1000, 1000)),
    ("kinesis", "*Record*", Rate(1000, 1000)),
    ("kinesis", "GetShardIterator", Rate(5, 5)),
    ("kinesis", "*", Rate(5, 5)),
    ("service-quotas", "*", Rate(10, 10)),
]


def rate_of(call: Call) -> Rate | None:
    """The rate of the call's operation; None where AWS states none."""
    for service, operation, rate in RATES:
        if call.service == service and fnmatch.fnmatchcase(call.operation, operation):
            whole = service == "ec2" and operation == "Describe*" and not _is_narrow(call)
            return _UNFILTERED if whole else rate
    return None


def _is_narrow(call: Call) -> bool:
    """Whether a Describe has a filter, names objects, or asks for a page."""
    return bool(set(call.params) - {"DryRun", "NextToken"})


class Rates:
    """The buckets of one cloud, by account-wide operation and region."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._buckets: dict[tuple[str, str, str], tuple[float, float]] = {}

    def reset(self) -> None:
        """Every bucket is full."""
        self._buckets.clear()

    def takes(self, call: Call) -> bool:
        """Whether the call comes within its rate; counts as one if so."""
        rate = rate_of(call) if settings.values["rates"] else None
        if rate is None:
            return True
        key, now = (call.service, call.operation, call.region), self._now()
        left, since = self._buckets.get(key, (rate.burst, now))
        left = min(rate.burst, left + (now - since) * rate.per_second)
        taken = left >= 1
        self._buckets[key] = (left - 1 if taken else left, now)
        return taken


#: The buckets of this process: one process is one cloud.
rates = Rates()
