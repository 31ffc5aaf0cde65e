# SPDX-License-Identifier: Apache-2.0
"""The comparison of a plan with what the cloud was asked is itself strict."""

from __future__ import annotations

from tests.support.runs import same_call

WANTED = {"Bucket": "states", "VersioningConfiguration": {"Status": "Enabled"}}


def test_calls_of_s3_are_compared_with_their_bodies() -> None:
    call = {"service": "s3", "operation": "put_bucket_versioning", "params": WANTED}
    suspended = {"Bucket": "states", "VersioningConfiguration": {"Status": "Suspended"}}
    assert same_call(call, {"operation": "PutBucketVersioning", "params": WANTED})
    assert not same_call(call, {"operation": "PutBucketVersioning", "params": suspended})
