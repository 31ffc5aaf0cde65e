# SPDX-License-Identifier: Apache-2.0
"""What a verification writes, and takes away again: records, one object, the lock.  Nothing else in here writes."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..aws.client import explain
from ..aws.sdk import BotoCoreError, ClientError
from ..reconcile.errors import Failure, LostAnswer

if TYPE_CHECKING:
    from ..aws.client import Aws

# What a probe may end with, each of which is told and ends nothing else.
ERRORS = (ClientError, BotoCoreError, Failure, LostAnswer)
# What everything that is written begins with, so that whoever meets it knows.
NAME = "streambed-verify"


def write(aws: Aws, service: str, operation: str, **params: Any) -> dict[str, Any]:
    """The answer to one write.  Raises one of ERRORS."""
    return aws.write(service, operation, params, {}, {})


def fresh() -> str:
    """A name that nobody else has."""
    return f"{NAME}-{uuid.uuid4()}"


def told(error: Exception) -> str:
    """An error in words, without the next step, which the line of the table has."""
    return explain(error).partition(" Next: ")[0]


def within(seconds: float, pause: Callable[[], None], done: Callable[[], Any]) -> Any:
    """What ``done`` returns once that is something, or ``None`` when the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        found = done()
        if found or time.monotonic() >= deadline:
            return found or None
        pause()
