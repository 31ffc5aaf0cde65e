# SPDX-License-Identifier: Apache-2.0
"""What a stream and its parts are called, and how they are waited for.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..reconcile.identity import identity_of
from ..reconcile.plan import IN_PLACE, Call, Wait

NOUN = "Kinesis data stream"
GONE = ("ResourceNotFoundException",)
# The read of what the account has agreed to, and where it stands in ``around``.
ACCOUNT = "account_settings"
STATUS = "StreamDescriptionSummary.StreamStatus"
# How long a stream takes for a change, and a consumer to come or go.
# Source: localcloud's durations; Kinesis developer guide, "Resharding a stream": seconds for a few shards.
STREAM_SECONDS = 20
CONSUMER_SECONDS = 20


def stream_name(options: Mapping[str, Any]) -> str:
    """The stream's name: the one stated, or the environment's."""
    return str(options["name"] or identity_of(options).name)


def on(name: str) -> str:
    """The stream in a plan."""
    return f"stream {name}"


def arn_ref(name: str) -> str:
    """What a stream's ARN is saved under: CreateStream answers nothing, and what names the stream by it waits."""
    return f"ARN of {on(name)}"


def settled(name: str) -> Wait:
    """The stream takes changes again; its ARN is known then."""
    return Wait(on(name), "kinesis", "describe_stream_summary", {"StreamName": name}, STATUS, done=("ACTIVE",),
                absent_codes=GONE, typical_seconds=STREAM_SECONDS,
                saves={arn_ref(name): "StreamDescriptionSummary.StreamARN"})  # fmt: skip


def gone(name: str) -> Wait:
    """The stream is deleted."""
    return Wait(on(name), "kinesis", "describe_stream_summary", {"StreamName": name}, STATUS, done=("absent",),
                absent_codes=GONE, typical_seconds=STREAM_SECONDS)  # fmt: skip


# Right after a change AWS may still show the stream as ACTIVE.  Source: terraform-provider-aws waits as long.
UPDATING_SHOWS_SECONDS = 10


def change(name: str, operation: str, params: Mapping[str, Any], why: str, kind: str = IN_PLACE) -> Call:
    """A call that keeps the stream busy until it is ACTIVE again."""
    wait = replace(settled(name), delay_seconds=UPDATING_SHOWS_SECONDS)
    return Call("kinesis", operation, params, on(name), why, kind, wait=wait)
