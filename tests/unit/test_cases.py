"""Tables: what is asked and what is there -> the calls.  The cases are data, one file per module in cases/."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.reconcile import engine, identity
from ansible.module_utils.reconcile.component import Seen
from ansible.module_utils.reconcile.errors import Refused
from ansible.module_utils.reconcile.plan import CHANGES, Ref, described, ordered

from tests.support.components import MODULES, component, options

CASES = Path(__file__).parent / "cases"


class Loader(yaml.SafeLoader):
    """YAML in which ``!ref name`` is a value that is known after apply only."""


Loader.add_constructor("!ref", lambda loader, node: Ref(loader.construct_scalar(node)))


def cases() -> list[Any]:
    found = []
    for name in MODULES:
        for case in yaml.load((CASES / f"{name}.yml").read_text(), Loader):  # noqa: S506  our own files
            found.append(pytest.param(name, case, id=f"{name}: {case['name']}"))
    return found


def planned(name: str, case: dict[str, Any]) -> list[dict[str, Any]]:
    """The plan of a case, or Refused."""
    given = options(name, case["options"])
    seen = Seen(**(case.get("seen") or {"resource": None}))
    engine.refuse([*identity.refusals(given), *component(name).rules(given)])
    _, calls = engine.plan(component(name), given, seen)
    assert calls == ordered(calls)
    assert all(call.change in CHANGES for call in calls)
    return [described(call) for call in calls]


@pytest.mark.parametrize(("name", "case"), cases())
def test_plan(name: str, case: dict[str, Any]) -> None:
    if "refused" in case:
        with pytest.raises(Refused) as refused:
            planned(name, case)
        for text in case["refused"]:
            assert text in str(refused.value)
        return
    calls = planned(name, case)
    wanted = case["calls"]
    shown = [{key: call[key] for key in each} for call, each in zip(calls, wanted, strict=False)]
    assert shown == wanted
    assert len(calls) == len(wanted), [call["operation"] for call in calls]
