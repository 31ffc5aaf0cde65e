# SPDX-License-Identifier: Apache-2.0
"""Whether the state bucket takes, gives and lists a state, over TLS only, and whether the lock can be had."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..aws.codes import DENIED, code_of
from ..environment import lease
from ..environment.lock import Place, summary
from ..environment.preflight import OK, STOP, WARNING, Check
from . import traces

if TYPE_CHECKING:
    from ..aws.client import Aws

BODY = b'{"version": 4, "serial": 0, "lineage": "streambed-verify"}'
KEEPS, ENCRYPTED_ONLY = "a state is written, read and listed", "refused without TLS"


def checks(aws: Aws, place: Place, retention: bool) -> Iterator[Check]:
    """One line each for a state, for plain HTTP and for the lock.  ``retention``: whether objects cannot be deleted."""
    key = f"{place.state_key.rpartition('/')[0]}/{traces.fresh()}.tfstate"
    if retention:
        yield Check("state", "not written: Object Lock would keep it", KEEPS, WARNING, "write one yourself")
    else:
        yield state(aws, place.bucket, key)
    yield plain(aws, place.bucket)
    yield lock(aws, place)


def state(aws: Aws, bucket: str, key: str) -> Check:
    """An object written as Terraform writes a state, read, listed, and taken away with its version."""
    what, step = "state", "look at the bucket's policy, its key, and who may use it"
    about: dict[str, Any] = {"Bucket": bucket, "Key": key}
    told, written = "", None
    try:
        written = traces.write(aws, "s3", "put_object", **about, Body=BODY, **lease.encryption_of(aws, bucket))
        got = aws.read("s3", "get_object", ("NoSuchKey",), **about)
        listed = aws.read("s3", "list_objects_v2", Bucket=bucket, Prefix=key) or {}
        told = "" if got and got["Body"] == BODY else "what is read is not what was written"
        told = told or ("" if any(each["Key"] == key for each in listed.get("Contents", ())) else "it is not listed")
    except traces.ERRORS as error:
        told = traces.told(error)
    try:
        if written is not None:
            version = {"VersionId": written["VersionId"]} if "VersionId" in written else {}
            traces.write(aws, "s3", "delete_object", **about, **version)
    except traces.ERRORS as error:
        told, step = told or traces.told(error), f"delete {key} by hand"
    return Check(what, told, KEEPS, STOP, step) if told else Check(what, KEEPS, KEEPS, OK)


def plain(aws: Aws, bucket: str) -> Check:
    """A request over plain HTTP, which the bucket's policy has to refuse."""
    what = "state over plain HTTP"
    if aws.endpoint_of("s3").startswith("http://"):
        return Check(what, "not asked: the endpoint itself is plain HTTP", ENCRYPTED_ONLY, WARNING, "ask AWS itself")
    try:
        aws.without_tls().read("s3", "list_objects_v2", Bucket=bucket, MaxKeys=1)
    except traces.ERRORS as error:
        refused = hasattr(error, "response") and code_of(error) in DENIED
        return Check(what, "refused" if refused else traces.told(error), ENCRYPTED_ONLY, OK if refused else WARNING,
                     "" if refused else "see why it could not be asked")  # fmt: skip
    return Check(what, "answered", ENCRYPTED_ONLY, STOP, "set state_bucket_tls_only and run site.yml")


def lock(aws: Aws, place: Place) -> Check:
    """The environment's lock taken and freed, and its versions with it."""
    what, wanted = "lock", "taken and freed"
    try:
        held = lease.take(aws, place, "verify", "", lease_seconds=120)
        if not held:
            return Check(what, "no bucket to hold it", wanted, STOP, "run site.yml")
        before = lease.look(aws, place, lease.LOOKS)
        other = lease.free(aws, place, held["id"])
        if before is None or other is not None:
            return Check(what, "gone or another's between taking and freeing", wanted, STOP, "see who else runs")
        clear(aws, place, before.etag)
    except lease.Held as error:
        who = summary(error.found.lock)
        return Check(what, f"held by {who['who']} since {who['since']}", wanted, WARNING, "wait for that run")
    except traces.ERRORS as error:
        return Check(what, traces.told(error), wanted, STOP, "look at the bucket's policy and who may write to it")
    return Check(what, wanted, wanted, OK)


def clear(aws: Aws, place: Place, etag: str) -> None:
    """Takes away the version that the lock was, and the delete marker that freeing it made."""
    found = aws.read("s3", "list_object_versions", Bucket=place.bucket, Prefix=place.key) or {}
    for each in ours(found, place.key, etag):
        traces.write(aws, "s3", "delete_object", Bucket=place.bucket, Key=place.key, VersionId=each)


def ours(found: Mapping[str, Any], key: str, etag: str) -> list[str]:
    """The ids of the version with this ETag and of the oldest delete marker that is younger, the version first.

    In a bucket without versions there is nothing left.
    """
    version = next((each for each in found.get("Versions") or () if each["Key"] == key and each["ETag"] == etag), None)
    if version is None:
        return []
    markers = [each for each in found.get("DeleteMarkers") or ()
               if each["Key"] == key and each["LastModified"] >= version["LastModified"]]  # fmt: skip
    youngest_first = sorted(markers, key=lambda each: (each["LastModified"], not each["IsLatest"]), reverse=True)
    return [version["VersionId"], *(each["VersionId"] for each in youngest_first[-1:])]
