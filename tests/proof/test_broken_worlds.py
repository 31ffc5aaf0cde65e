# SPDX-License-Identifier: Apache-2.0
"""What lies around a run is broken: the folder of its files, the files in it, the lock, the records, the stored plan.

Each ends in a sentence with a next step, or is passed over; nothing is lost, and the next run goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.reconcile.engine import failure_of

from localcloud.process import Cloud
from tests.proof import world
from tests.support import figures
from tests.support.runs import but_locks

pytestmark = pytest.mark.inside
GARBAGE = {"bytes that are no text": b"\xff\xfe\x00\x01", "half of it": b'{"plan": {"calls": [', "nothing": b"",
           "a list": b"[]", "a number": b"17", "a deep nest": b"[" * 60_000}  # fmt: skip
FILES = ("plan.json", "outputs.json", "timeline.json", "drift.json")


def said_by(run: Callable[[], Any]) -> str:
    """What a person reads of a run that has to end with an error."""
    with pytest.raises(Exception) as ended:  # noqa: PT011 - the module turns every error into a sentence
        run()
    said = failure_of(ended.value)
    assert "Traceback" not in said
    assert "Next: " in said
    assert "report this" not in said
    return said


def converged(cloud: Cloud, declared: dict[str, Any], **options: Any) -> None:
    """Everything is as declared, and a further run writes nothing."""
    world.run(cloud, declared, **options)
    before = len(cloud.journal())
    assert not world.run(cloud, declared, **options)["changed"]
    assert not cloud.writes(before)
    figures.count("broken surroundings")


def in_the_way(folder: Path) -> None:
    folder.write_text("a file, where the folder should be")


def without_room(folder: Path) -> None:
    folder.mkdir()
    for name in FILES:
        (folder / name).symlink_to(folder / "a disk that is gone" / name)


def a_folder_for_a_file(folder: Path) -> None:
    for name in FILES:
        (folder / name).mkdir(parents=True)


@pytest.mark.parametrize("broken", [in_the_way, without_room, a_folder_for_a_file])
def test_files_that_cannot_be_written_lose_no_change(
    cloud: Cloud, tmp_path: Path, broken: Callable[[Path], None]
) -> None:
    folder = tmp_path / "artifacts"
    broken(folder)
    said = said_by(lambda: world.run(cloud, world.BASE, artifacts_folder=str(folder)))
    assert str(folder) in said
    converged(cloud, world.BASE, artifacts_folder=str(tmp_path / "other"))


@pytest.mark.parametrize("form", GARBAGE)
@pytest.mark.parametrize("name", FILES)
def test_files_of_before_that_are_garbage_are_written_anew(cloud: Cloud, tmp_path: Path, name: str, form: str) -> None:
    (tmp_path / name).write_bytes(GARBAGE[form])
    for verb in ("apply", "drift"):
        world.run(cloud, world.BASE, check=True, verb=verb, artifacts_folder=str(tmp_path))
    converged(cloud, world.BASE, artifacts_folder=str(tmp_path))


@pytest.mark.parametrize("form", GARBAGE)
def test_an_approval_beside_a_stored_plan_that_is_garbage_says_what_is_left_to_compare(
    cloud: Cloud, tmp_path: Path, form: str
) -> None:
    world.run(cloud, world.BASE)
    (tmp_path / "plan.json").write_bytes(GARBAGE[form])
    before = len(cloud.journal())
    changed = {**world.BASE, "kinesis_retention_hours": 48}
    said = said_by(lambda: world.run(cloud, changed, artifacts_folder=str(tmp_path), approved_plan="0123456789abcdef"))
    assert "0123456789abcdef" in said
    assert not cloud.writes(before), "a plan that nobody approved was made"
    figures.count("broken surroundings")


@pytest.mark.parametrize("form", GARBAGE)
def test_a_lock_that_is_garbage_is_told_and_kept(cloud: Cloud, form: str) -> None:
    world.run(cloud, world.BASE)
    cloud.client("s3").put_object(Bucket=world.BUCKET, Key=world.LOCK_KEY, Body=GARBAGE[form])
    changed = {**world.BASE, "kinesis_retention_hours": 48}
    assert world.run(cloud, changed, check=True)["changed"], "a plan needs no lock"
    before = len(cloud.journal())
    said = said_by(lambda: world.run(cloud, changed, lock_wait_seconds=0))
    assert "wrote no LockInfo" in said
    assert not but_locks(cloud.writes(before)), "a run wrote under a lock that it cannot read"
    cloud.client("s3").delete_object(Bucket=world.BUCKET, Key=world.LOCK_KEY)
    converged(cloud, changed)


@pytest.mark.parametrize("form", GARBAGE)
def test_a_record_that_is_garbage_keeps_nobody_from_work(cloud: Cloud, form: str) -> None:
    world.run(cloud, world.BASE)
    s3 = cloud.client("s3")
    for each in s3.list_objects_v2(Bucket=world.BUCKET)["Contents"]:
        if "history" in each["Key"]:
            s3.put_object(Bucket=world.BUCKET, Key=each["Key"], Body=GARBAGE[form])
    world.run(cloud, world.BASE, verb="history")
    converged(cloud, {**world.BASE, "kinesis_retention_hours": 48})
