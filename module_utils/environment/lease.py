# SPDX-License-Identifier: Apache-2.0
"""Taking, renewing, checking and freeing the lock of an environment; every write on the lock object is conditional.

S3 decides each race: a lock is created only where none is (If-None-Match), and renewed, taken over or freed only
while it is the one that was read (If-Match). Ages are the difference of two times of S3's own, so the clocks of
those who run do not matter.
"""

from __future__ import annotations

import contextlib
import getpass
import platform
import threading
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any

from ..aws.client import Aws
from ..aws.codes import DENIED, code_of
from ..aws.sdk import ClientError
from ..reconcile.errors import Failure, LostAnswer
from ..reconcile.plan import Call
from .lock import Found, Lock, Place, new_lock, parsed, renewed, summary
from .record import is_record

# Who looks at the lock and the records of runs. In a bucket with a key of KMS they are under that key as well.
# Source: S3 user guide, "Using SSE-KMS".
READS = frozenset({"kms:Decrypt", "s3:GetObject", "s3:ListBucket"})
# Who writes them.
PERMISSIONS = READS | {
    "kms:GenerateDataKey", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetEncryptionConfiguration",
    "s3:ListBucketVersions", "s3:PutObject",
}  # fmt: skip
# Two conditional writes at once: S3 asks the loser to send again.  Source: PutObject, ConditionalRequestConflict.
PATIENCE = {"ConditionalRequestConflict": 10.0}
# The lock has changed, or has gone, since it was read.
CHANGED = ("PreconditionFailed", "NoSuchKey")
# For a quarter of an hour after a bucket first got versioning S3 may answer NoSuchKey for what is there. Only
# a delete marker says that it is not; without one it takes several looks to be sure.
# Source: PutBucketVersioning API reference; S3 user guide, "Enabling versioning on buckets".
DELETED = "x-amz-delete-marker"
LOOKS = 8
LOOK_AGAIN_SECONDS = 1.5
# How often a lock that slips away between a read and a write is looked at again.
TRIES = 5
# A lease is renewed when a third of it has passed, so two renewals may fail.
RENEWALS_PER_LEASE = 3
# Source: DeleteObjects API reference, Delete: "up to 1,000 keys".
DELETED_AT_ONCE = 1000


class Held(Failure):
    """Another run holds the environment.  ``found`` is its lock."""

    def __init__(self, place: Place, found: Found) -> None:
        self.found = found
        super().__init__(f"environment lock {place.path}: {found.sentence()}")


class LockLost(Failure):
    """The lock is no longer this run's, so it makes no further write."""


def look(aws: Aws, place: Place, looks: int = 1) -> Found | None:
    """The lock as it lies there; ``None`` where the environment is free or has no bucket.

    With several ``looks`` one that finds nothing is believed when there is a delete marker, or when none finds more.
    """
    for left in reversed(range(looks)):
        try:
            answer = aws.read("s3", "get_object", ("NoSuchBucket",), **place.params)
        except ClientError as error:
            if code_of(error) != "NoSuchKey":
                raise
            if not left or _header(error.response, DELETED) == "true":
                return None
            aws.pause(LOOK_AGAIN_SECONDS)
        else:
            return _found(answer) if answer else None
    return None


def _found(answer: Mapping[str, Any]) -> Found:
    now = parsedate_to_datetime(_header(answer, "date"))
    age_seconds = (now - answer["LastModified"]).total_seconds()
    return Found(parsed(answer["Body"], answer["ETag"]), answer["ETag"], age_seconds)


def _header(answer: Mapping[str, Any], name: str) -> str:
    return str(answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get(name, ""))


def encryption_of(aws: Aws, bucket: str) -> dict[str, str]:
    """The arguments that encrypt an object as the bucket does, as Terraform's backend sends them with each state.

    A bucket policy may deny what comes without.  Empty for those who may not know, or where S3 has no say.
    """
    absent = ("ServerSideEncryptionConfigurationNotFoundError", *DENIED)
    answer = aws.read("s3", "get_bucket_encryption", absent, Bucket=bucket) or {}
    rules = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules") or [{}]
    default = rules[0].get("ApplyServerSideEncryptionByDefault", {})
    names = {"SSEAlgorithm": "ServerSideEncryption", "KMSMasterKeyID": "SSEKMSKeyId"}
    return {names[key]: str(value) for key, value in default.items() if key in names and value}


def take(
    aws: Aws, place: Place, operation: str, run: str, lease_seconds: int, bucket_is_new: bool = False
) -> dict[str, Any]:
    """The lock that this run now holds, as the component modules take it, with what it took over.

    Empty where there is no bucket to hold a lock. A bucket that was made a moment ago is not asked for: S3 may not show
    it yet, and what is sent to it is sent again until it is there. ``careful`` says that the run before died: what it
    made last may not show yet. Raises Held.
    """
    if not bucket_is_new and aws.read("s3", "head_bucket", ("404", "NoSuchBucket"), Bucket=place.bucket) is None:
        return {}
    who = f"{getpass.getuser()}@{platform.node()}"
    mine = new_lock(place, str(uuid.uuid4()), operation, who, run, lease_seconds, _now())
    encryption = encryption_of(aws, place.bucket)
    taken = {"bucket": place.bucket, "state_key": place.state_key, "id": mine.id, "who": who, "encryption": encryption}
    for _unused in range(TRIES):
        if _put(aws, place, mine, **encryption, IfNoneMatch="*"):
            return {**taken, "careful": False}
        found = look(aws, place)
        if found is None:
            continue
        if not found.expired:
            raise Held(place, found)
        if _put(aws, place, mine, **encryption, IfMatch=found.etag):
            return {**taken, "careful": True, "took_over": summary(found.lock)}
    raise Failure(f"environment lock {place.path}: others took and freed it {TRIES} times meanwhile. Next: run again")


def free(aws: Aws, place: Place, lock_id: str) -> Found | None:
    """Frees the lock with this id, whoever took it; returns the lock of another id that lies there instead."""
    for _unused in range(TRIES):
        found = look(aws, place, LOOKS)
        if found is None or found.lock.id != lock_id:
            return found
        with contextlib.suppress(LostAnswer):
            if _sent(aws, "delete_object", {**place.params, "IfMatch": found.etag}):
                return None
    raise Failure(f"environment lock {place.path}: it changed {TRIES} times while being freed. Next: run again")


def erase(aws: Aws, place: Place) -> None:
    """Takes the lock away, and the records of runs, with all of their versions, so that the bucket can go."""
    versions = [
        {"Key": each["Key"], "VersionId": each["VersionId"]}
        for prefix in (place.key, place.history)
        for listed in [aws.read("s3", "list_object_versions", ("NoSuchBucket",), Bucket=place.bucket, Prefix=prefix)]
        for kind in ("Versions", "DeleteMarkers")
        for each in (listed or {}).get(kind) or ()
        if each["Key"] == place.key or is_record(place, each["Key"])
    ]
    for start in range(0, len(versions), DELETED_AT_ONCE):
        batch = {"Objects": versions[start : start + DELETED_AT_ONCE], "Quiet": True}
        aws.write("s3", "delete_objects", {"Bucket": place.bucket, "Delete": batch}, PATIENCE, {})


def _put(aws: Aws, place: Place, lock: Lock, **terms: str) -> bool:
    """Whether the lock lies there now; a write without an answer is looked into.

    ``terms`` are the condition on which it may, and how it is encrypted.
    """
    params = {**place.params, "Body": lock.body(), "ContentType": "application/json", **terms}
    try:
        return _sent(aws, "put_object", params)
    except LostAnswer:
        found = look(aws, place, LOOKS)
        return found is not None and found.lock == lock


def _sent(aws: Aws, operation: str, params: Mapping[str, Any]) -> bool:
    """Whether the condition held."""
    try:
        aws.write("s3", operation, params, PATIENCE, {})
    except ClientError as error:
        if code_of(error) not in CHANGED:
            raise
        return False
    return True


def _now() -> datetime:
    return datetime.now(UTC)


class Lease:
    """This run's hold on the environment while a ``with`` lasts: renewed in the background, checked before a write.

    ``held`` is what ``take`` returned. Between two modules of a run nobody renews: those gaps are short, and a lease
    that ran out is renewed all the same unless another run took it over.
    """

    def __init__(self, aws: Aws, held: Mapping[str, Any]) -> None:
        self._aws = aws
        self._id = str(held["id"])
        self._place = Place(held["bucket"], held["state_key"])
        self._encryption = held.get("encryption") or {}
        self._ended = threading.Event()
        self._erased = False
        self._beating = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> Lease:
        self._beating.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        self._beating.join()

    def fence(self, call: Call) -> None:
        """Asked before each write: raises LockLost when the lock is not this run's any more.

        Before its own bucket goes, the lock goes, with the records; from then on there is nothing to check.
        """
        if self._erased:
            return
        self._mine()
        if self._place.goes_with(call):
            self._ended.set()
            self._beating.join()
            erase(self._aws, self._place)
            self._erased = True

    def check(self) -> None:
        """Raises LockLost when the lock is not this run's any more."""
        self._mine()

    def _mine(self) -> Found:
        found = look(self._aws, self._place, LOOKS)
        if found is None or found.lock.id != self._id:
            now = "freed by somebody" if found is None else found.sentence()
            raise LockLost(f"environment lock {self._place.path}: lost; it is {now.partition('. Next:')[0]}. "
                           "Next: see what that run does, then run again; nothing more was written")  # fmt: skip
        return found

    def _beat(self) -> None:
        """Renews the lock until the end; what goes wrong here is found by the next check."""
        pause_seconds = 0.0
        while not self._ended.wait(pause_seconds):
            try:
                pause_seconds = self._renew()
            except LockLost:
                return
            except Exception:
                pause_seconds = 1.0

    def _renew(self) -> float:
        """Renews the lock when it is due; returns the seconds until it is due again.  Raises LockLost."""
        found = self._mine()
        every = found.lock.lease_seconds / RENEWALS_PER_LEASE
        if found.age_seconds < every:
            return every - found.age_seconds
        again = renewed(found.lock, _now())
        # A lock that S3 does not show at this moment is looked for soon.
        return every if _put(self._aws, self._place, again, **self._encryption, IfMatch=found.etag) else 1.0
