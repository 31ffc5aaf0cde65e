# SPDX-License-Identifier: Apache-2.0
"""What a bucket holds when it is to be deleted: what stands in the way, and the calls that empty it.  Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..reconcile.errors import Refusal
from ..reconcile.plan import DELETE, Call
from ..state_keys import HISTORY, KEY_OF_RECORD, LOCK, STATE

NOUN = "S3 state bucket"
# Source: DeleteObjects API reference, Delete: "up to 1,000 keys".
BATCH = 1000


def _parsed(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def resource_count(text: str) -> int | None:
    """How many resources a Terraform state holds; ``None`` when the text is no readable state."""
    if not text.strip():
        return 0
    resources = _parsed(text).get("resources")
    return len(resources) if isinstance(resources, list) else None


def lock_refusal(noun: str, name: str, key: str, text: str) -> Refusal:
    """A refusal that says who holds a Terraform lock, and since when."""
    lock = _parsed(text)
    found = f"held by {lock.get('Who', 'someone')} since {lock.get('Created', 'an unknown time')} (ID {lock.get('ID')})"
    step = "wait for that run to end; if it died, release its lock with `terraform force-unlock`"
    return Refusal(noun, name, f"lock {key}", found, "no lock", step)


def without_ours(contents: Mapping[str, Any], state_key: str) -> dict[str, Any]:
    """The contents without the environment's own lock and records: whoever removes the bucket holds the lock, keeps a
    record meanwhile, and takes both away last."""
    lock, history = state_key + LOCK, state_key.removesuffix(STATE) + HISTORY

    def is_ours(key: str) -> bool:
        return key == lock or (key.startswith(history) and KEY_OF_RECORD.match(key) is not None)

    return {
        **contents,
        "objects": [each for each in contents["objects"] if not is_ours(each["Key"])],
        "locks": {key: text for key, text in contents["locks"].items() if key != lock},
    }


def refusals(name: str, contents: Mapping[str, Any], delete_history: bool) -> list[Refusal]:
    """What stands in the way of deleting the bucket.

    ``contents`` holds ``objects`` (every version and delete marker), ``uploads``, and the text of each current state
    and lock by key.
    """
    found = []
    for key, text in contents["states"].items():
        count = resource_count(text)
        if count != 0:
            what = "something that is no readable state" if count is None else f"{count} resource{'s' * (count != 1)}"
            found.append(Refusal(NOUN, name, f"state {key}", what, "a state without resources",
                                 "destroy what it manages first, or move the state to another backend"))  # fmt: skip
    found += [lock_refusal(NOUN, name, key, text) for key, text in contents["locks"].items()]
    # Earlier runs' locks, and the records of runs, are no states that anyone would miss.
    count = sum(not version["Key"].endswith(LOCK) and not KEY_OF_RECORD.match(version["Key"])
                for version in contents["objects"])  # fmt: skip
    if count and not delete_history:
        held_objects = f"false, and {count} object versions in the bucket"
        found.append(Refusal(NOUN, name, "delete_state_history", held_objects, "true, or an empty bucket",
                             "set delete_state_history: every old state is lost"))  # fmt: skip
    return found


def emptying(place: Mapping[str, str], on: str, contents: Mapping[str, Any]) -> list[Call]:
    """The calls that delete every version, delete marker and unfinished upload."""
    objects = contents["objects"]
    calls = []
    for start in range(0, len(objects), BATCH):
        batch = objects[start : start + BATCH]
        params = {**place, "Delete": {"Objects": batch, "Quiet": True}}
        calls.append(Call("s3", "delete_objects", params, on, f"delete {len(batch)} object versions", DELETE))
    for upload in contents["uploads"]:
        why = f"abort the upload of {upload['Key']}"
        calls.append(Call("s3", "abort_multipart_upload", {**place, **upload}, on, why, DELETE))
    return calls
