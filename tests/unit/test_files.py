# SPDX-License-Identifier: Apache-2.0
"""What a run leaves in its folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.module_utils.environment import files
from ansible.module_utils.reconcile.errors import Failure


def test_only_what_differs_is_written(tmp_path: Path) -> None:
    folder = str(tmp_path / "new")
    assert files.write(folder, {"plan.json": files.as_json({"calls": 1}), "b": "x"}) == ["plan.json", "b"]
    assert files.write(folder, {"plan.json": files.as_json({"calls": 2}), "b": "x"}) == ["plan.json"]
    assert files.read_json(folder, "plan.json") == {"calls": 2}


def test_without_a_folder_nothing_is_written_or_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert files.write("", {"outputs.json": "{}"}) == []
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "plan.json").write_text('{"digest": "of somebody else"}')
    assert files.read_json("", "plan.json") is None


def test_what_cannot_be_read_is_nothing_and_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("no JSON")
    assert files.read_json(str(tmp_path), "plan.json") is None
    with pytest.raises(Failure, match=r"artifacts .*Next: make the folder writable"):
        files.write(str(tmp_path / "plan.json"), {"a": ""})
