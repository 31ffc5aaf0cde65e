# SPDX-License-Identifier: Apache-2.0
"""One cloud for all tests here, emptied before each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from localcloud.process import Cloud
from tests.localcloud.network import Network
from tests.support import figures


@pytest.fixture(scope="session")
def server() -> Iterator[Cloud]:
    """The running cloud."""
    with Cloud() as cloud:
        yield cloud
        figures.struck(cloud)


@pytest.fixture
def cloud(server: Cloud) -> Cloud:
    """The cloud, empty, with its default settings."""
    server.reset()
    return server


@pytest.fixture
def network(cloud: Cloud) -> Network:
    """A VPC with a subnet in each of three zones, and a cache subnet group `net` over them."""
    return Network(cloud)
