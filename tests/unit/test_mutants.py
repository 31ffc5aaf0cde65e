# SPDX-License-Identifier: Apache-2.0
"""Every folder of ours that is mutated has tests that are about it, and there is none that is not."""

from __future__ import annotations

from tools import mutants


def test_every_folder_has_its_judges() -> None:
    folders = {path.parent for path in (mutants.ROOT / "module_utils").glob("*/*.py")}
    assert {str(path.relative_to(mutants.ROOT)) for path in folders} <= mutants.JUDGES.keys()
    for tests in mutants.JUDGES.values():
        for each in tests:
            assert (mutants.ROOT / "tests" / each).exists(), each
