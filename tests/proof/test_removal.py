# SPDX-License-Identifier: Apache-2.0
"""An environment whose removal dies at any call goes in the next run, also when the bucket of its lock went first.

And what somebody else removes may go while a run looks at it.
"""

from __future__ import annotations

import itertools
import threading
from typing import Any

import pytest
from ansible.module_utils.aws.client import Aws

from localcloud.process import Cloud
from tests.proof import world
from tests.support.deaths import Killed, dying
from tests.support.platform import DAY_SECONDS, LEASE_SECONDS, later
from tests.support.runs import aws_of

pytestmark = pytest.mark.inside
DECLARED = {**world.BASE, "state_bucket_lock_table": True, "kinesis_consumers": ["app"]}


@pytest.mark.parametrize("after", [False, True], ids=["before it took effect", "after it took effect"])
def test_a_removal_that_died_is_finished_by_the_next_run(cloud: Cloud, after: bool) -> None:
    for at in itertools.count(1):
        cloud.reset()
        world.run(cloud, DECLARED)
        later(cloud, DAY_SECONDS)
        try:
            world.run(cloud, DECLARED, aws=dying(cloud, at, after), verb="destroy")
            break  # it had fewer calls than that
        except Killed:
            later(cloud, LEASE_SECONDS)
        world.run(cloud, DECLARED, verb="destroy")
        assert world.found(cloud) == world.wanted({}), f"died at call {at}"
    assert at > 5, "stream, bucket and table take more calls"


def deleting(cloud: Cloud) -> bool:
    """Whether the stream is on its way out."""
    kinesis = cloud.client("kinesis")
    try:
        summary = kinesis.describe_stream_summary(StreamName=world.STREAM)["StreamDescriptionSummary"]
    except kinesis.exceptions.ResourceNotFoundException:
        return False
    return bool(summary["StreamStatus"] == "DELETING")


class Watching(Aws):
    """AWS where a stream that is on its way out goes after its tags were read and before its consumers are."""

    cloud: Cloud
    tags_were_read: threading.Event

    def read(self, service: str, operation: str, *rest: Any, **params: Any) -> dict[str, Any] | None:
        if operation == "list_stream_consumers" and not self.tags_were_read.is_set():
            self.tags_were_read.wait(60)
            while deleting(self.cloud):
                pass  # each look brings it further
        answer = super().read(service, operation, *rest, **params)
        if operation == "list_tags_for_resource" and world.STREAM in str(params):
            self.tags_were_read.set()
        return answer


def test_a_stream_may_go_while_it_is_looked_at(cloud: Cloud) -> None:
    cloud.reset()
    world.run(cloud, DECLARED)
    cloud.client("kinesis").delete_stream(StreamName=world.STREAM, EnforceConsumerDeletion=True)
    aws = aws_of(cloud, Watching)
    aws.cloud, aws.tags_were_read = cloud, threading.Event()
    world.run(cloud, DECLARED, aws=aws)
    assert aws.tags_were_read.is_set()
    seen, wanted = world.found(cloud), world.wanted(DECLARED)
    assert {name: seen[name] for name in wanted} == wanted
