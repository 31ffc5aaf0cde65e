# SPDX-License-Identifier: Apache-2.0
"""`make environment`: one row beside another environment's variables, with addresses that nobody uses."""

from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path

import pytest
import yaml

from tools import environment

DEFAULT = "10.20.0.0/16"


@pytest.fixture
def inventories(tmp_path: Path) -> Path:
    for name, text in {"dev": "", "prod": "vpc_cidr_block: 10.40.0.0/16\n"}.items():
        folder = tmp_path / name / "group_vars" / "all"
        folder.mkdir(parents=True)
        (folder / "environment.yml").write_text(f"stack_name: sensors\nenvironment_suffix: {name}\n{text}")
        (tmp_path / name / "hosts.yml").write_text(f"all: {{hosts: {{{name}: }}}}\n")
    return tmp_path


def test_a_new_environment_is_a_row_with_a_name_and_a_free_block(inventories: Path) -> None:
    folder = environment.write("preview-42", "dev", inventories, DEFAULT)
    rows = yaml.safe_load((folder / "hosts.yml").read_text())["all"]["hosts"]
    assert list(rows) == ["preview-42"]
    assert rows["preview-42"]["environment_suffix"] == "preview-42"
    assert rows["preview-42"]["vpc_cidr_block"] == "10.41.0.0/16"
    assert environment.shared(folder) == environment.shared(inventories / "dev")
    assert IPv4Network("10.41.0.0/16") in set(environment.blocks(inventories, DEFAULT))
    assert environment.write("preview-43", "preview-42", inventories, DEFAULT).is_dir()


@pytest.mark.parametrize(("used", "length", "wanted"), [
    (["10.20.0.0/16"], 16, "10.21.0.0/16"),
    (["10.20.0.0/20"], 16, "10.21.0.0/16"),
    (["10.255.0.0/16"], 16, "10.0.0.0/16"),
    (["10.255.0.0/16", "10.0.0.0/15"], 16, "10.2.0.0/16"),
    (["192.168.0.0/16"], 24, "10.0.1.0/24"),
])  # fmt: skip
def test_a_block_overlaps_none_that_is_in_use(used: list[str], length: int, wanted: str) -> None:
    blocks = [IPv4Network(each) for each in used]
    found = environment.free(blocks, length)
    assert str(found) == wanted
    assert not any(found.overlaps(each) for each in blocks)


@pytest.mark.parametrize(("name", "source", "wanted"), [
    ("", "dev", "NAME: found nothing, wanted small letters"),
    ("Preview_1", "dev", "NAME: found Preview_1"),
    ("../dev", "dev", "NAME: found ../dev"),
    ("prod", "dev", "NAME: found prod, which inventories/ has already"),
    ("preview", "", "FROM: found nothing, wanted one of dev, prod"),
    ("preview", "deV", "FROM: found deV, wanted one of dev, prod"),
])  # fmt: skip
def test_a_name_that_cannot_be_meant_is_refused(inventories: Path, name: str, source: str, wanted: str) -> None:
    assert wanted in environment.refusal(name, source, inventories)
