# SPDX-License-Identifier: Apache-2.0
"""Writes the inventory of a new environment that is as another one, but for its name and its addresses.

    python tools/environment.py NAME FROM

It is one row; all else is that of FROM, also what is changed there later. The VPC's block is one of the same size that
no inventory of this repository uses.
"""

from __future__ import annotations

import ipaddress
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
INVENTORIES = ROOT / "inventories"
BLOCK = "vpc_cidr_block"
# Where new blocks are looked for.  Source: RFC 1918, section 3.
PRIVATE = ipaddress.IPv4Network("10.0.0.0/8")
# The longest name with which all names of an environment stay within AWS's limits is the modules' to judge.
NAME = re.compile(r"[a-z][a-z0-9-]*\Z")
ROW = """---
# As inventories/{source}, but for what stands here.
all:
  hosts:
    {name}: {{environment_suffix: {name}, vpc_cidr_block: {block}, ansible_connection: local,
{indent}ansible_python_interpreter: "{{{{ ansible_playbook_python }}}}"}}
"""


def read(path: Path) -> dict[str, Any]:
    """A YAML file's mapping; empty where there is none."""
    return (yaml.safe_load(path.read_text(encoding="utf-8")) or {}) if path.is_file() else {}


def shared(inventory: Path) -> dict[str, Any]:
    """What an inventory says for all of its hosts."""
    found: dict[str, Any] = {}
    for path in sorted((inventory / "group_vars" / "all").glob("*.yml")):
        found |= read(path)
    return found


def blocks(inventories: Path, default: str) -> Iterator[ipaddress.IPv4Network]:
    """The VPC blocks of all environments."""
    for hosts in sorted(inventories.glob("*/hosts.yml")):
        common = shared(hosts.parent)
        for row in (read(hosts).get("all", {}).get("hosts") or {}).values():
            yield ipaddress.IPv4Network(str((row or {}).get(BLOCK) or common.get(BLOCK) or default))


def free(used: list[ipaddress.IPv4Network], length: int) -> ipaddress.IPv4Network:
    """The first block of a length that overlaps none of those in use, behind them if there is room."""
    mine = [each for each in used if each.subnet_of(PRIVATE)]
    candidates = list(PRIVATE.subnets(new_prefix=length))
    last = max((each.broadcast_address for each in mine), default=PRIVATE.network_address)
    ordered = sorted(candidates, key=lambda each: each.network_address <= last)
    return next(each for each in ordered if not any(each.overlaps(other) for other in used))


def refusal(name: str, source: str, inventories: Path) -> str:
    """Why no environment of this name can be written, or an empty text."""
    known = sorted(path.parent.name for path in inventories.glob("*/hosts.yml"))
    if not NAME.match(name):
        return f"NAME: found {name or 'nothing'}, wanted small letters, digits and hyphens. Next: NAME=preview-42"
    if (inventories / name).exists():
        return f"NAME: found {name}, which inventories/ has already, wanted a new one. Next: choose another"
    if source not in known:
        return f"FROM: found {source or 'nothing'}, wanted one of {', '.join(known)}. Next: correct FROM"
    return ""


def write(name: str, source: str, inventories: Path, default: str) -> Path:
    """The new inventory's folder."""
    own = ipaddress.IPv4Network(str(shared(inventories / source).get(BLOCK) or default))
    block = free(list(blocks(inventories, default)), own.prefixlen)
    folder = inventories / name
    folder.mkdir()
    (folder / "group_vars").symlink_to(Path("..") / source / "group_vars")
    row = ROW.format(name=name, source=source, block=block, indent=" " * (len(name) + 7))
    (folder / "hosts.yml").write_text(row, encoding="utf-8")
    return folder


def main(arguments: Mapping[int, str]) -> int:
    """0, or 1 with one sentence."""
    name, source = arguments.get(1, ""), arguments.get(2, "")
    found = refusal(name, source, INVENTORIES)
    if found:
        print(found, file=sys.stderr)
        return 1
    defaults: Mapping[str, Any] = read(ROOT / "roles" / "vpc" / "defaults" / "main.yml")
    folder = write(name, source, INVENTORIES, str(defaults[BLOCK]))
    print(f"{folder.relative_to(ROOT)}/hosts.yml is written. Next: make plan ENV={name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(dict(enumerate(sys.argv))))
