# SPDX-License-Identifier: Apache-2.0
"""What awx/objects.yml says holds together, and is what awx.awx's modules take."""

from __future__ import annotations

import functools
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import yaml
from ansible.module_utils.environment import account, lease, named, orphans
from ansible.plugins.loader import action_loader
from dateutil.rrule import rrulestr

from tests.support.components import MODULES, ROOT, component

OBJECTS = yaml.safe_load((ROOT / "awx" / "objects.yml").read_text())
PLAY = yaml.safe_load((ROOT / "playbooks" / "awx.yml").read_text().replace("!unsafe", ""))[0]
KEPT = [(module, task[module]) for task in PLAY["tasks"] for module in task if module.startswith("awx.awx.")]


def filters() -> ModuleType:
    path = ROOT / "playbooks" / "filter_plugins" / "awx_objects.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


FILTERS = filters()
TEMPLATES = {template["name"]: template for template in FILTERS.job_templates(OBJECTS)}
INVENTORIES = sorted(path.name for path in (ROOT / "inventories").iterdir())


@functools.cache
def documented() -> dict[str, Any]:
    """Options by module, as ansible-doc tells them."""
    names = sorted({module for module, _ in KEPT})
    command = [Path(sys.executable).with_name("ansible-doc"), "-j", *names]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {name: found[name]["doc"]["options"] for name in names}


@pytest.mark.parametrize(("module", "arguments"), KEPT, ids=[module for module, _ in KEPT])
def test_every_task_says_what_its_module_knows(module: str, arguments: dict[str, Any]) -> None:
    options = documented()[module]
    assert arguments.keys() <= options.keys()
    assert {name for name, option in options.items() if option.get("required")} <= arguments.keys()
    for name, value in arguments.items():
        if options[name].get("choices") and "{{" not in str(value):
            assert value in options[name]["choices"], name


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_says_what_the_module_knows(name: str) -> None:
    options = documented()["awx.awx.job_template"]
    given = next(arguments for module, arguments in KEPT if module == "awx.awx.job_template")
    assert TEMPLATES[name].keys() == given.keys()
    types = {"bool": bool, "int": int, "list": list, "dict": dict, "str": str}
    for option, value in TEMPLATES[name].items():
        assert type(value) is types[options[option]["type"]], option
        assert value in options[option].get("choices", [value]), option


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_template_takes_free_variables_and_every_playbook_exists(name: str) -> None:
    template = TEMPLATES[name]
    assert template["ask_variables_on_launch"] is False
    assert template["allow_simultaneous"] is False
    assert (ROOT / template["playbook"]).is_file()


def test_every_environment_has_all_actions_and_an_inventory() -> None:
    verbs = {"preflight", "rehearse", "plan", "apply", "verify", "outputs", "drift", "unlock", "destroy"}
    assert set(OBJECTS["verbs"]) == verbs
    # Every playbook that serves one environment is a verb.
    served = {action["playbook"] for action in OBJECTS["verbs"].values()}
    assert served == {f"playbooks/{path.name}" for path in (ROOT / "playbooks").glob("*.yml")} - {"playbooks/awx.yml"}
    for environment in OBJECTS["environments"]:
        assert {f"streambed-{environment}-{verb}" for verb in verbs} <= TEMPLATES.keys()
    assert FILTERS.unmatched(OBJECTS, INVENTORIES) == []


def test_only_what_a_person_launches_asks_and_nothing_declared() -> None:
    for environment in OBJECTS["environments"]:
        assert TEMPLATES[f"streambed-{environment}-drift"]["survey_spec"] == {}
        assert TEMPLATES[f"streambed-{environment}-plan"]["survey_spec"] == {}
        assert TEMPLATES[f"streambed-{environment}-destroy"]["survey_spec"]["spec"][0]["required"]
        # The workflow launches apply without answers.
        assert not any(each["required"] for each in TEMPLATES[f"streambed-{environment}-apply"]["survey_spec"]["spec"])
    asked = {action["question"]["variable"] for action in OBJECTS["verbs"].values() if "question" in action}
    defaults = (ROOT / "roles").glob("*/defaults/main.yml")
    declared = {key for path in defaults for key in yaml.safe_load(path.read_text())}
    assert asked & declared == set()
    # What is asked for is an input of the environment.
    inputs = (ROOT / "roles" / "environment" / "defaults" / "main.yml").read_text()
    assert [name for name in sorted(asked) if f"{{{{ {name} |" in inputs] == ["confirm", "lock_id"]


@pytest.mark.parametrize("environment", OBJECTS["environments"])
def test_every_schedule_is_a_valid_rrule_at_a_minute_of_its_own(environment: str) -> None:
    rule = OBJECTS["environments"][environment]["drift"]
    assert re.match(r"DTSTART;TZID=\S+:\d{8}T\d{6} RRULE:FREQ=", rule)
    minutes = [rrulestr(each["drift"].replace(" ", "\n"))[0].minute for each in OBJECTS["environments"].values()]
    assert len(set(minutes)) == len(minutes)


def test_the_fleet_has_every_environment_with_its_own_variables() -> None:
    folder = ROOT / OBJECTS["fleet"]["inventory"]
    hosts = yaml.safe_load((folder / "hosts.yml").read_text())["all"]["hosts"]
    assert list(hosts) == list(OBJECTS["environments"])
    for name in hosts:
        assert (folder / "host_vars" / name).resolve() == ROOT / "inventories" / name / "group_vars" / "all"


def handed_on(result: dict[str, Any], check_mode: bool, **arguments: str) -> dict[str, Any]:
    """What AWX gets of a result."""
    task = SimpleNamespace(args={"environment_suffix": "dev", **arguments}, check_mode=check_mode)
    return action_loader.get("environment_run", class_only=True).handed_on(SimpleNamespace(_task=task), result)


def test_what_is_handed_on_has_no_inputs_name() -> None:
    """But for the approval: it is there to be the next node's input."""
    plan = {"digest": "d1", "calls": 1, "classes": {"create": 1}, "components": {"vpc": {"calls": [{}]}}}
    result = {"digest": "d1", "plan": plan, "drift": {}, "outputs": {"region": "eu-west-1"}}
    told = {"digest": "d1", "calls": 1, "classes": {"create": 1}, "components": {"vpc": 1}}
    assert handed_on(result, check_mode=True) == {
        "streambed_plan": {"dev": told}, "approved_plan": {"dev": "d1"},
        "streambed_drift": {"dev": {}}, "streambed_outputs": {"dev": {"region": "eu-west-1"}},
    }  # fmt: skip
    assert handed_on({"digest": "d1", "plan": plan}, check_mode=False) == {}
    assert handed_on({"digest": "d1", "plan": plan}, check_mode=True, verb="drift") == {}
    files = [path for folder in ("inventories", "roles", "playbooks", "library") for path in (ROOT / folder).rglob("*")]
    texts = {path: path.read_text() for path in files if path.suffix in (".yml", ".py", ".j2")}
    using = {path.relative_to(ROOT).parts[:2] for path, text in texts.items() if "streambed_p" in text
             or "streambed_drift" in text or "streambed_outputs" in text}  # fmt: skip
    assert using == set()
    assert "{{ approved_plan |" in texts[ROOT / "roles" / "environment" / "defaults" / "main.yml"]


@pytest.mark.parametrize(("hand", "said"), [
    ({}, []),
    ({"job_type": "run"}, ["job_type: found run, wanted check"]),
    ({"timeout": 0}, ["timeout: found 0, wanted 7200"]),
])  # fmt: skip
def test_what_a_hand_changed_is_named(hand: dict[str, Any], said: list[str]) -> None:
    declared = TEMPLATES["streambed-dev-plan"]
    names = {key: {"name": declared[key]} for key in FILTERS.NAMED}
    names["credentials"] = [{"name": name} for name in reversed(declared["credentials"])]
    found = {**declared, **{key: 1 for key in FILTERS.NAMED}, **hand, "summary_fields": names}
    del found["survey_spec"], found["notification_templates_error"], found["credentials"]
    assert FILTERS.differences(found, declared) == [f"streambed-dev-plan: {each}" for each in said]
    assert FILTERS.differences(None, declared) == ["streambed-dev-plan: found nothing"]


def test_the_page_lists_the_permissions_that_the_code_needs() -> None:
    needed = {action for module in MODULES for action in component(module).permissions}
    needed |= account.PERMISSIONS | lease.PERMISSIONS | named.PERMISSIONS | orphans.PERMISSIONS
    listed = (ROOT / "docs" / "awx.md").read_text().partition("```text permissions\n")[2].partition("```")[0].split()
    assert listed == sorted(needed)
