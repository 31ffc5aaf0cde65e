# SPDX-License-Identifier: Apache-2.0
"""One embedded cloud for each process that runs tests, empty at the start of each test.

It is a process of its own, which playbooks and connections reach; in modules marked ``inside`` it is within the process
of the tests, which costs half as much.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from localcloud.inside import Inside
from localcloud.process import Cloud
from tests.support import figures


@pytest.fixture(scope="session")
def shared_cloud() -> Iterator[Cloud]:
    with Cloud(settle_polls=1) as cloud:
        yield cloud
        figures.struck(cloud)


@pytest.fixture(scope="session")
def inside_cloud() -> Iterator[Cloud]:
    with Inside(settle_polls=1) as cloud:
        yield cloud
        figures.struck(cloud)


@pytest.fixture
def cloud(request: pytest.FixtureRequest) -> Cloud:
    inside = request.node.get_closest_marker("inside")
    found: Cloud = request.getfixturevalue("inside_cloud" if inside else "shared_cloud")
    found.reset()
    return found


@pytest.fixture
def instant_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore's own pauses between attempts take no time."""
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda seconds: None))
