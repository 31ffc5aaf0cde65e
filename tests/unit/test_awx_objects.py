# SPDX-License-Identifier: Apache-2.0
"""What awx/objects.yml says holds together, and is what awx.awx's modules take."""

from __future__ import annotations

import functools
import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from ansible.module_utils.environment import account, changers, lease, named, orphans
from ansible.plugins.loader import action_loader
from dateutil.rrule import rrulestr
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from tests.awx.keeping import DECLARING as FILTERS
from tests.awx.keeping import OBJECTS
from tests.support.components import MODULES, ROOT, component


def loaded(name: str) -> list[dict[str, Any]]:
    return yaml.safe_load((ROOT / "playbooks" / name).read_text().replace("!unsafe", ""))


def flat(tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Tasks with those in their blocks."""
    return [one for task in tasks for one in [task, *flat(task.get("block", []))]]


KEPT = [(module, task[module]) for task in flat(loaded("awx/keep.yml")) for module in task
        if module.startswith("awx.awx.")]  # fmt: skip
TEMPLATES = {template["name"]: template for template in FILTERS.job_templates(OBJECTS)}
# What keeps AWX itself, and what asks no account.
BESIDE = {"playbooks/awx.yml", "playbooks/permissions.yml"}
INVENTORIES = sorted(path.name for path in (ROOT / "inventories").iterdir())


WORKFLOWS = {workflow["name"]: workflow for workflow in FILTERS.workflows(OBJECTS)}


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


@pytest.mark.parametrize("name", [*TEMPLATES, *WORKFLOWS])
def test_every_template_says_what_the_module_knows(name: str) -> None:
    module = "awx.awx.job_template" if name in TEMPLATES else "awx.awx.workflow_job_template"
    options = documented()[module]
    given = next(arguments for each, arguments in KEPT if each == module)
    declared = TEMPLATES.get(name) or WORKFLOWS[name]
    assert declared.keys() == given.keys()
    types = {"bool": bool, "int": int, "list": list, "dict": dict, "str": str}
    for option, value in declared.items():
        assert type(value) is types[options[option]["type"]], option
        assert value in options[option].get("choices", [value]), option


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_template_takes_free_variables_and_every_playbook_exists(name: str) -> None:
    template = TEMPLATES[name]
    assert template["ask_variables_on_launch"] is False
    assert template["allow_simultaneous"] is False
    assert (ROOT / template["playbook"]).is_file()


def test_every_environment_has_all_actions_and_an_inventory() -> None:
    verbs = {
        "preflight",
        "rehearse",
        "plan",
        "apply",
        "verify",
        "outputs",
        "report",
        "drift",
        "history",
        "unlock",
        "destroy-plan",
        "destroy",
    }
    assert set(OBJECTS["verbs"]) == verbs
    # Every playbook that asks an account about one environment is a verb, but for the adoption, before which it is none
    # of AWX's.
    served = {action["playbook"] for action in OBJECTS["verbs"].values()}
    others = {*BESIDE, "playbooks/adopt.yml"}
    assert served == {f"playbooks/{path.name}" for path in (ROOT / "playbooks").glob("*.yml")} - others
    for environment in OBJECTS["environments"]:
        assert {f"streambed-{environment}-{verb}" for verb in verbs} <= TEMPLATES.keys()
    assert FILTERS.unmatched(OBJECTS, INVENTORIES) == []


def test_only_what_a_person_launches_asks_and_nothing_declared() -> None:
    for environment in OBJECTS["environments"]:
        assert TEMPLATES[f"streambed-{environment}-drift"]["survey_spec"] == {}
        assert TEMPLATES[f"streambed-{environment}-plan"]["survey_spec"] == {}
        # A workflow launches its steps without answers, or with its own.
        for verb in ("apply", "destroy"):
            [question] = TEMPLATES[f"streambed-{environment}-{verb}"]["survey_spec"]["spec"]
            assert not question["required"]
        [question] = WORKFLOWS[f"streambed-{environment}-removal"]["survey_spec"]["spec"]
        assert (question["variable"], question["required"], question["choices"]) == ("confirm", True, [environment])
    asked = {action["question"]["variable"] for action in OBJECTS["verbs"].values() if "question" in action}
    defaults = (ROOT / "roles").glob("*/defaults/main.yml")
    declared = {key for path in defaults for key in yaml.safe_load(path.read_text())}
    assert asked & declared == set()
    # What is asked for is an input of the environment.
    inputs = (ROOT / "roles" / "environment" / "defaults" / "main.yml").read_text()
    assert [name for name in sorted(asked) if f"{{{{ {name} |" in inputs] == [
        "change_reference",
        "confirm",
        "lock_id",
    ]


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


@pytest.mark.parametrize(("variable", "said"), [
    ("awx.example.com", "https://awx.example.com"),
    ("http://awx.example.com:8052/", "http://awx.example.com:8052"),
    ("https://awx.example.com", "https://awx.example.com"),
    ("  awx.example.com//", "https://awx.example.com"),
    ("", ""),
])  # fmt: skip
def test_an_address_has_a_scheme_and_no_slash(variable: str, said: str) -> None:
    assert FILTERS.address(variable) == said


@pytest.mark.parametrize("environment", OBJECTS["environments"])
def test_what_changes_aws_stands_behind_an_approval(environment: str) -> None:
    for verb in ("apply", "destroy"):
        assert TEMPLATES[f"streambed-{environment}-{verb}"]["extra_vars"] == {"environment_allowed_changes": []}
        assert TEMPLATES[f"streambed-{environment}-{verb}"]["ask_scm_branch_on_launch"] is False
    nodes = {(each["workflow"], each["identifier"]): each for each in FILTERS.nodes(OBJECTS)}
    release, removal = f"streambed-{environment}-release", f"streambed-{environment}-removal"
    assert nodes[release, "plan"]["then"] == nodes[removal, "destroy-plan"]["then"] == ["approval"]
    assert nodes[release, "approval"]["then"] == ["apply"]
    assert nodes[release, "apply"]["then"] == ["verify"]
    assert nodes[removal, "approval"]["then"] == ["destroy"]
    assert f"streambed-{environment}-plan" in nodes[release, "approval"]["approval"]["description"]
    assert f"streambed-{environment}-destroy-plan" in nodes[removal, "approval"]["approval"]["description"]


def alert(job: dict[str, Any]) -> dict[str, Any]:
    """What AWX makes of the declared body: it lets no expression reach a field that it does not have."""
    [body] = [arguments["messages"]["error"]["body"] for module, arguments in KEPT
              if module == "awx.awx.notification_template"]  # fmt: skip
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
    return json.loads(environment.from_string(body).render(job=job, url="https://awx.example.com/#/jobs/7"))


def test_an_alert_names_environment_verb_object_and_attribute() -> None:
    drift = {"dev": {"differences": [{"component": "kinesis", "object": "sensors-dev", "attribute": "shard_count"}]}}
    job = {"name": "streambed-dev-drift", "status": "failed", "job_explanation": ""}
    parts = {"artifacts": {"streambed_drift": drift}, "summary_fields": {"inventory": {"name": "streambed-dev"}}}
    told = alert({**job, **parts})
    assert (told["environment"], told["verb"], told["drift"]) == ("dev", "drift", drift)
    workflow = {"name": "streambed-dev-release", "status": "failed", "job_explanation": "No error handling path"}
    assert alert(workflow)["verb"] == "streambed-dev-release"
    assert alert({"name": "streambed", "status": "failed", "summary_fields": {}, "artifacts": {}})["drift"] == {}


def test_plans_workflows_and_syncs_alarm_as_well() -> None:
    for environment in OBJECTS["environments"]:
        for verb in ("plan", "apply", "drift", "destroy-plan", "destroy"):
            assert TEMPLATES[f"streambed-{environment}-{verb}"]["notification_templates_error"]
        assert TEMPLATES[f"streambed-{environment}-unlock"]["notification_templates_error"] == []
    assert all(each["notification_templates_error"] for each in WORKFLOWS.values())
    told = [module for module, arguments in KEPT if "streambed-failures" in (arguments.get(
        "notification_templates_error") or [])]  # fmt: skip
    assert told == ["awx.awx.project", "awx.awx.inventory_source"]


def handed_on(result: dict[str, Any], check_mode: bool, **arguments: str) -> dict[str, Any]:
    """What AWX gets of a result."""
    task = SimpleNamespace(args={"environment_suffix": "dev", **arguments}, check_mode=check_mode)
    return action_loader.get("environment_run", class_only=True).handed_on(SimpleNamespace(_task=task), result)


def test_what_is_handed_on_has_no_inputs_name() -> None:
    """But for the approval: it is there to be the next node's input."""
    call = {"operation": "create_vpc", "on": "network", "params": {}, "why": "make it"}
    plan = {
        "digest": "d1",
        "calls": 1,
        "classes": {"create": 1},
        "components": {"vpc": {"calls": [{}]}},
        "order": [call],
    }
    monthly = {"currency": "USD", "before": "1.00", "after": "3.00", "increase": "2.00"}
    plan["costs"] = {**monthly, "components": {}}
    result = {"digest": "d1", "plan": plan, "drift": {}, "outputs": {"region": "eu-west-1"}}
    told = {"digest": "d1", "calls": 1, "classes": {"create": 1}, "components": {"vpc": 1}, "monthly": monthly}
    approved = {"digest": "d1", "revision": "r1", "order": [call], "left_off": 0}
    assert handed_on(result, check_mode=True, revision="r1") == {
        "streambed_plan": {"dev": told}, "approved_plan": {"dev": approved},
        "streambed_drift": {"dev": {}}, "streambed_outputs": {"dev": {"region": "eu-west-1"}},
    }  # fmt: skip
    assert handed_on({"digest": "d1", "plan": plan}, check_mode=False) == {}
    assert handed_on({"digest": "d1", "plan": plan}, check_mode=True, verb="drift") == {}
    files = [path for folder in ("inventories", "roles", "playbooks", "library") for path in (ROOT / folder).rglob("*")]
    texts = {path: path.read_text() for path in files if path.suffix in (".yml", ".py", ".j2")}
    using = {path.relative_to(ROOT).parts[:2] for path, text in texts.items() if "streambed_p" in text
             or "streambed_drift" in text or "streambed_outputs" in text}  # fmt: skip
    # What AWX is told about them: in the text of an approval, and of an alert.
    assert using == {("playbooks", "awx"), ("playbooks", "filter_plugins")}
    assert "{{ approved_plan |" in texts[ROOT / "roles" / "environment" / "defaults" / "main.yml"]


@pytest.mark.parametrize(("hand", "said"), [
    ({}, []),
    ({"job_type": "run"}, ["job_type: found run, wanted check"]),
    ({"timeout": 0}, ["timeout: found 0, wanted 7200"]),
    ({"limit": "prod"}, ["limit: found prod, wanted nothing"]),
    ({"job_tags": "vpc"}, ["job_tags: found vpc, wanted nothing"]),
    ({"skip_tags": "redis"}, ["skip_tags: found redis, wanted nothing"]),
    ({"forks": 50}, ["forks: found 50, wanted 0"]),
    ({"verbosity": 4}, ["verbosity: found 4, wanted 0"]),
    ({"host_config_key": "k"}, ["host_config_key: found k, wanted nothing"]),
    ({"webhook_service": "github"}, ["webhook_service: found github, wanted nothing"]),
    ({"ask_job_type_on_launch": True}, ["ask_job_type_on_launch: found True, wanted False"]),
    ({"ask_credential_on_launch": True}, ["ask_credential_on_launch: found True, wanted False"]),
    ({"extra_vars": '{"purge_orphans": true}'}, ["extra_vars: found {'purge_orphans': True}, wanted {}"]),
])  # fmt: skip
def test_what_a_hand_changed_is_named(hand: dict[str, Any], said: list[str]) -> None:
    declared = TEMPLATES["streambed-dev-plan"]
    names: dict[str, Any] = {key: {"name": declared[key]} for key in FILTERS.NAMED}
    names["credentials"] = [{"name": name} for name in reversed(declared["credentials"])]
    names["labels"] = {"results": [{"name": name} for name in declared["labels"]]}
    found = {**declared, **{key: 1 for key in FILTERS.NAMED}, "extra_vars": "", **hand, "summary_fields": names}
    for apart in ("survey_spec", "notification_templates_error", "credentials", "labels", "instance_groups"):
        del found[apart]
    assert FILTERS.differences(found, declared) == [f"streambed-dev-plan: {each}" for each in said]
    assert FILTERS.differences(None, declared) == ["streambed-dev-plan: found nothing"]


def test_the_page_lists_the_permissions_that_the_code_needs() -> None:
    needed = {action for module in MODULES for action in component(module).permissions}
    needed |= account.PERMISSIONS | changers.PERMISSIONS | lease.PERMISSIONS | named.PERMISSIONS | orphans.PERMISSIONS
    listed = (ROOT / "docs" / "awx.md").read_text().partition("```text permissions\n")[2].partition("```")[0].split()
    assert listed == sorted(needed)
