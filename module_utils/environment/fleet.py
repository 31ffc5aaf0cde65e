# SPDX-License-Identifier: Apache-2.0
"""What the workers of one run share, each of which has one environment: reads that answer for all, and AWS's rates.

They meet in a folder of the run: a file for each answer, one for each bucket of tokens, under a lock of the system's.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from ..aws.client import RETRY_SECONDS, Aws

# What these say holds for a whole account and region, and does not change while a run lasts.
SHARED = frozenset({
    ("ec2", "describe_availability_zones"), ("elasticache", "describe_cache_engine_versions"),
    ("kinesis", "describe_account_settings"), ("kinesis", "describe_limits"),
    ("service-quotas", "get_service_quota"), ("sts", "get_caller_identity"),
})  # fmt: skip
# Requests at once, and per second after that, for each operation of an account and region.
# Source: EC2 developer guide, "Request throttling", request token bucket sizes and refill rates.
EC2_READS, EC2_WRITES = (100.0, 20.0), (50.0, 5.0)
# Source: Kinesis API reference, "has a limit of … transactions per second per account", by operation.
KINESIS = {
    "describe_limits": 1.0, "create_stream": 5.0, "delete_stream": 5.0, "register_stream_consumer": 5.0,
    "describe_account_settings": 5.0, "update_stream_warm_throughput": 5.0,
    "add_tags_to_stream": 5.0, "remove_tags_from_stream": 5.0, "list_tags_for_stream": 5.0,
    "describe_stream_summary": 20.0, "update_shard_count": 10.0,
}  # fmt: skip


def rate(service: str, operation: str) -> tuple[float, float] | None:
    """Tokens in the bucket and tokens back per second; ``None`` where AWS states none."""
    if service == "ec2":
        return EC2_READS if operation.startswith("describe_") else EC2_WRITES
    per_second = KINESIS.get(operation) if service == "kinesis" else None
    return (per_second, per_second) if per_second else None


class FleetAws(Aws):
    """AWS for one worker of a run; ``folder`` is where the workers meet."""

    def __init__(
        self,
        connection: Mapping[str, Any],
        profile: str | None,
        pause: Callable[[float], None],
        folder: str,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        super().__init__(connection, profile, pause, retry_seconds)
        self._folder = Path(folder)
        self._folder.mkdir(parents=True, exist_ok=True)

    def read(
        self, service: str, operation: str, absent: tuple[str, ...] = (), outage_seconds: float = 0.0, **params: Any
    ) -> dict[str, Any] | None:
        """As in Aws; what answers for a whole account is asked once in a run, and kept without its metadata."""
        if (service, operation) not in SHARED:
            return super().read(service, operation, absent, outage_seconds, **params)
        with self._alone("answer", service, operation, params) as file:
            text = file.read()
            if text:
                return dict(json.loads(text))
            answer = super().read(service, operation, absent, outage_seconds, **params)
            kept = answer and {key: value for key, value in answer.items() if key != "ResponseMetadata"}
            file.write(json.dumps(kept, default=str))
            return kept

    def turn(self, service: str, operation: str) -> None:
        """Waits until the account's rate for this operation has room for one more request."""
        buckets = rate(service, operation)
        if buckets is None:
            return
        most, per_second = buckets
        with self._alone("bucket", service, operation, {}) as file:
            tokens, stamp = json.loads(file.read() or f"[{most}, {time.time()}]")
            now = time.time()
            tokens = min(most, tokens + max(0.0, now - stamp) * per_second) - 1.0
            file.seek(0)
            file.truncate()
            file.write(json.dumps([tokens, now]))
        if tokens < 0:  # somebody else's turn comes first
            self.pause(-tokens / per_second)

    @contextmanager
    def _alone(self, kind: str, service: str, operation: str, params: Mapping[str, Any]) -> Iterator[IO[str]]:
        """The file that belongs to a request of this account and region, for this worker alone."""
        facts = [kind, self.whose(), self.region, self.endpoint, service, operation, params]
        name = hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()[:32]
        with (self._folder / name).open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            yield file
