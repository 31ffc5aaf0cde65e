# SPDX-License-Identifier: Apache-2.0
"""localcloud beside answers that others recorded from AWS: the fields that are shown, the errors and their words.

The recordings lie outside; STREAMBED_RECORDINGS names their folder: `<service>/<operation>/<name>.json` with `response`
or `error` (Code, Message, Status).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.process import Cloud
from tests.localcloud.recorded.answers import RECIPES
from tests.localcloud.recorded.compare import missing
from tests.localcloud.recorded.errors import PROVOCATIONS
from tests.localcloud.recorded.explained import ERRORS, SHAPES
from tests.localcloud.recorded.world import World

FOLDER = os.environ.get("STREAMBED_RECORDINGS", "")
ROOM = {
    "vpcs_per_region": 50,
    "elastic_ips_per_region": 50,
    "egress_only_internet_gateways_per_region": 50,
    "nat_gateways_per_zone": 50,
}
#: How many are equal or explained, at least: all that the folder holds. These only rise.
SHAPES_FLOOR = 164
ERRORS_FLOOR = 59

pytestmark = pytest.mark.skipif(not FOLDER, reason="STREAMBED_RECORDINGS does not name the folder of the recordings")


def recordings(part: str) -> dict[str, Any]:
    """Name -> recording, of those that have this part."""
    found = {
        str(path.relative_to(FOLDER).with_suffix("")): json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(Path(FOLDER).glob("*/*/*.json"))
    }
    return {name: each for name, each in found.items() if part in each}


@pytest.fixture
def world(cloud: Cloud) -> Iterator[World]:
    """An empty account with room for everything."""
    cloud.configure(quotas=ROOM)
    yield World(cloud)
    cloud.clear_faults()


def test_answers_show_the_fields_that_aws_shows(world: World) -> None:
    asked: dict[tuple[str, str], Any] = {}
    wrong: dict[str, Any] = {}
    for name, recording in recordings("response").items():
        service, operation, _ = name.split("/")
        if (service, operation) not in asked:
            asked[service, operation] = RECIPES[service, operation](world)
        absent = missing(recording["response"], asked[service, operation])
        unexplained = {path for path in absent if not any(re.fullmatch(e, path) for e in SHAPES.get(name, ()))}
        if unexplained:
            wrong[name] = sorted(unexplained)
    assert len(recordings("response")) - len(wrong) >= SHAPES_FLOOR, wrong


def test_errors_are_those_of_aws(world: World) -> None:
    wrong: dict[str, Any] = {}
    for name, recording in recordings("error").items():
        if name in ERRORS:
            continue
        got = _refusal(PROVOCATIONS[name], world)
        world.cloud.configure(quotas=ROOM, settle_polls=0)
        world.cloud.clear_faults()
        if got[:2] != (recording["error"]["Code"], recording["error"]["Status"]):
            wrong[name] = got
    assert len(recordings("error")) - len(wrong) >= ERRORS_FLOOR, wrong


def _refusal(provoke: Any, world: World) -> tuple[str, int, str]:
    try:
        provoke(world)
    except ClientError as error:
        answer = error.response
        return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Message"]
    return "accepted", 200, ""


def test_what_is_explained_is_recorded() -> None:
    assert set(SHAPES) <= set(recordings("response"))
    assert set(ERRORS) <= set(recordings("error"))
