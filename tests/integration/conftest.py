# SPDX-License-Identifier: Apache-2.0
"""One embedded cloud for each process that runs tests, empty at the start of each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from localcloud.process import Cloud


@pytest.fixture(scope="session")
def shared_cloud() -> Iterator[Cloud]:
    with Cloud(settle_polls=1) as cloud:
        yield cloud


@pytest.fixture
def cloud(shared_cloud: Cloud) -> Cloud:
    shared_cloud.reset()
    return shared_cloud
