# SPDX-License-Identifier: Apache-2.0
"""The lock of an environment: the object with which Terraform's S3 backend locks that environment's state.  Pure.

Its text is Terraform's LockInfo, so Terraform shows our lock and we show Terraform's. A lock of ours is a lease: what
only we need (how long it holds unless renewed, and when it was) stands in ``Info``, which Terraform just prints.
Source: terraform internal/backend/remote-state/s3/client.go (Lock, Unlock), internal/states/statemgr/locker.go.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from ..reconcile.plan import Call
from ..state_keys import HISTORY, LOCK, STATE

# As much of each entry as anybody wants to read; whoever may write to the bucket writes what they like into a lock.
LONGEST_ENTRY = 200
# What our locks call their operation; Terraform's are OperationTypeApply and the like, and have no lease.
OPERATION = "Streambed "
STAMP = "%Y-%m-%dT%H:%M:%S.%fZ"


@dataclass(frozen=True)
class Place:
    """Where a lock lies."""

    bucket: str
    state_key: str

    @property
    def key(self) -> str:
        """The lock object's key."""
        return self.state_key + LOCK

    @property
    def history(self) -> str:
        """What the keys of the records of runs begin with: a folder beside the state, in which no state can lie."""
        return self.state_key.removesuffix(STATE) + HISTORY

    @property
    def path(self) -> str:
        """How Terraform writes the place of a state."""
        return f"{self.bucket}/{self.state_key}"

    @property
    def params(self) -> dict[str, Any]:
        """S3's arguments for the lock object."""
        return {"Bucket": self.bucket, "Key": self.key}

    def goes_with(self, call: Call) -> bool:
        """Whether a call removes the bucket, and the lock and the records with it."""
        return call.operation == "delete_bucket" and bool(call.params.get("Bucket") == self.bucket)


@dataclass(frozen=True)
class Lock:
    """Who holds an environment; the fields are LockInfo's, which writes them with a capital: ``KEYS``."""

    id: str
    operation: str
    info: str
    who: str
    version: str
    created: str
    path: str

    @property
    def is_ours(self) -> bool:
        """Whether a run of Streambed took it, whichever."""
        return self.operation.startswith(OPERATION) and self.lease_seconds > 0

    @property
    def lease_seconds(self) -> int:
        """How long it holds without being renewed; 0 for a lock that holds for ever."""
        found = re.search(r"\blease_seconds=(\d+)", self.info)
        return int(found.group(1)) if found else 0

    def body(self) -> bytes:
        """The text of the lock object."""
        return json.dumps({KEYS[name]: value for name, value in asdict(self).items()}).encode()


KEYS = {name: "ID" if name == "id" else name.capitalize() for name in Lock.__dataclass_fields__}


def new_lock(place: Place, lock_id: str, operation: str, who: str, run: str, lease_seconds: int, now: datetime) -> Lock:
    """A lock that this run is about to take.  ``run`` says where it can be looked up, such as an AWX job."""
    info = f"lease_seconds={lease_seconds} renewed={now.strftime(STAMP)}" + (f" run={run}" if run else "")
    return Lock(lock_id, OPERATION + operation, info, who, "streambed", now.strftime(STAMP), place.path)


def renewed(lock: Lock, now: datetime) -> Lock:
    """The same lock, renewed.

    Its text must differ from the one before: S3's ETag is made of the text, and whoever takes over an expired lock
    does so on the condition that the ETag is still the one that was read.
    """
    info = re.sub(r"\brenewed=\S+", f"renewed={now.strftime(STAMP)}", lock.info)
    return Lock(**{**asdict(lock), "info": info})


def parsed(body: bytes, etag: str = "") -> Lock:
    """The lock in an object's text; what is no LockInfo is a lock of somebody unknown, which is never taken over.

    A lock without an id is called by its object's ETag, so that it can be freed.
    """
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    found = found if isinstance(found, Mapping) else {"Who": "somebody who wrote no LockInfo"}
    entries = {name: str(found.get(key, ""))[:LONGEST_ENTRY] for name, key in KEYS.items()}
    return Lock(**{**entries, "id": entries["id"] or etag.strip('"')})


@dataclass(frozen=True)
class Found:
    """A lock as it lies in S3: its ETag, and its age in seconds by S3's own clock."""

    lock: Lock
    etag: str
    age_seconds: float

    @property
    def expired(self) -> bool:
        """Whether it is a lease that nobody has renewed in time."""
        return self.lock.is_ours and self.age_seconds > self.lock.lease_seconds

    @property
    def running(self) -> str:
        """The id of the lock of a run that is under way; empty for one that has died."""
        return "" if self.expired else self.lock.id

    def sentence(self) -> str:
        """Who holds the lock since when, and what the reader can do."""
        lock = self.lock
        run = re.search(r"\brun=(.+)", lock.info)
        who = f"{lock.who} ({run.group(1)})" if run else lock.who
        held = f"held by {who} since {lock.created or 'some time'} for {lock.operation or 'something'}"
        if lock.is_ours:
            left = max(0.0, lock.lease_seconds - self.age_seconds)
            step = f"wait for that run; if it has died, its lease ends in {left:.0f} s and the next run takes over"
        else:
            step = (f"wait; if that run has died, terraform force-unlock {lock.id}, "
                    f"or playbooks/unlock.yml with -e lock_id={lock.id}")  # fmt: skip
        return f"{held}, lock id {lock.id or '(none)'}. Next: {step}"


def summary(lock: Lock) -> dict[str, Any]:
    """The lock in a module's result."""
    return {"id": lock.id, "who": lock.who, "since": lock.created, "operation": lock.operation, "info": lock.info}
