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
        left_out = not value and "default(omit, true)" in str(given[option])
        assert left_out or value in options[option].get("choices", [value]), option


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
        # Who launches unlock to learn who holds the lock types nothing.
        [question] = TEMPLATES[f"streambed-{environment}-unlock"]["survey_spec"]["spec"]
        assert (question["variable"], question["required"]) == ("lock_id", False)
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


@pytest.mark.parametrize("fleet", OBJECTS["fleets"])
def test_a_fleet_is_many_environments_of_one_account_with_one_credential(fleet: str) -> None:
    folder = ROOT / "inventories" / fleet
    hosts = yaml.safe_load((folder / "hosts.yml").read_text())["all"]["hosts"]
    shared = yaml.safe_load((folder / "group_vars" / "all" / "environment.yml").read_text())
    assert shared["account_id"]
    assert not [name for name, row in hosts.items() if "account_id" in row]
    template = TEMPLATES[f"streambed-{fleet}-drift"]
    assert 1 < template["job_slice_count"] <= len(hosts)
    assert template["inventory"] == f"streambed-{fleet}"
    others = [each["credentials"] for each in TEMPLATES.values() if each["inventory"] != template["inventory"]]
    assert not set(template["credentials"]) & {name for names in others for name in names}


def test_each_fleet_has_credentials_and_a_schedule_of_its_own() -> None:
    """One account, one credential: a second account is a second fleet."""
    more = {"slices": 2, "drift": "DTSTART;TZID=UTC:20260101T005000 RRULE:FREQ=DAILY", "endpoint_url": None}
    objects = {**OBJECTS, "fleets": {**OBJECTS["fleets"], "fleet-two": more}}
    templates = {each["name"]: each for each in FILTERS.job_templates(objects)}
    one, two = templates["streambed-fleet-drift"], templates["streambed-fleet-two-drift"]
    assert not set(one["credentials"]) & set(two["credentials"])
    assert two["credentials"] == ["aws-streambed-fleet-two", "streambed-fleet-two"]
    assert (two["ask_limit_on_launch"], templates["streambed-dev-drift"]["ask_limit_on_launch"]) == (True, False)
    assert [each["name"] for each in FILTERS.schedules(objects)][-1] == "streambed-fleet-two-drift"
    granted = next(each for each in FILTERS.grants(objects) if each["role"] == "execute")
    assert {one["name"], two["name"]} <= set(granted["job_templates"])
    assert FILTERS.unmatched(objects, INVENTORIES)[0].startswith("awx/objects.yml: fleets: found fleet-two, wanted")


def test_every_template_has_the_credential_for_region_and_endpoint() -> None:
    """Where endpoint_url is set it reaches every job: fleets as well."""
    named = next(arguments for module, arguments in KEPT if arguments.get("credential_type") == "Streambed")
    assert "item.value.endpoint_url" in named["inputs"]["endpoint_url"]
    for name, template in TEMPLATES.items():
        assert len(template["credentials"]) == 2, name
        assert template["credentials"][1] == template["inventory"]


def test_a_push_launches_what_waits_for_an_approval_and_nothing_else() -> None:
    dev = {**OBJECTS["environments"]["dev"], "webhook_service": "github", "webhook_credential": "git-token"}
    objects = {**OBJECTS, "environments": {**OBJECTS["environments"], "dev": dev}}
    given = {each["name"]: (each["webhook_service"], each["webhook_credential"])
             for each in FILTERS.workflows(objects)}  # fmt: skip
    assert given.pop("streambed-dev-release") == ("github", "git-token")
    assert set(given.values()) == {("", "")}
    assert {each["webhook_service"] for each in FILTERS.job_templates(objects)} == {""}
    unguarded = {**objects, "workflows": {"release": {"steps": ["plan", "apply"], "by_webhook": True}}}
    assert {each["webhook_service"] for each in FILTERS.workflows(unguarded)} == {""}


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


def alert(objects: dict[str, Any] = OBJECTS, **job: Any) -> dict[str, Any]:
    """What AWX makes of the declared body: it lets no expression reach a field that it does not have."""
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
    job = {"status": "failed", "job_explanation": "", **job}
    told = environment.from_string(FILTERS.alert(objects)).render(job=job, url="https://awx.example.com/#/jobs/7")
    return json.loads(told)


DEV = {"inventory": {"name": "streambed-dev"}}


@pytest.mark.parametrize(("job", "environment", "verb"), [
    ({"name": "streambed-dev-plan", "type": "job", "summary_fields": DEV}, "dev", "plan"),
    ({"name": "streambed-dev-destroy-plan", "type": "job", "summary_fields": DEV}, "dev", "destroy-plan"),
    ({"name": "streambed-dev-release", "type": "workflow_job", "summary_fields": {}}, "dev", "release"),
    ({"name": "streambed-two-words-release", "type": "workflow_job"}, "two-words", "release"),
    ({"name": "streambed", "type": "project_update", "summary_fields": {}, "artifacts": {}}, "", "sync"),
    ({"name": "streambed-dev - streambed-dev", "type": "inventory_update", "summary_fields": DEV}, "dev", "sync"),
])  # fmt: skip
def test_an_alert_names_environment_and_verb(job: dict[str, Any], environment: str, verb: str) -> None:
    told = alert(**job)
    assert (told["environment"], told["verb"]) == (environment, verb)
    assert (told["failure"], told["drift"]) == ({}, {})


def test_an_alert_names_object_and_attribute() -> None:
    drift = {"dev": {"differences": [{"component": "kinesis", "object": "sensors-dev", "attribute": "shard_count"}]}}
    failure = {"dev": "Kinesis stream sensors-dev: shard_count: found 2"}
    artifacts = {"streambed_drift": drift, "streambed_failure": failure}
    told = alert(name="streambed-dev-drift", type="job", summary_fields=DEV, artifacts=artifacts)
    assert (told["drift"], told["failure"]) == (drift, failure)


def test_no_workflow_has_a_hyphen_in_its_name() -> None:
    """An alert of a workflow tells environment and workflow apart by the last one."""
    assert not [name for name in OBJECTS["workflows"] if "-" in name]


def test_plans_workflows_and_syncs_alarm_as_well() -> None:
    for environment in OBJECTS["environments"]:
        for verb in ("plan", "apply", "drift", "destroy-plan", "destroy"):
            assert TEMPLATES[f"streambed-{environment}-{verb}"]["notification_templates_error"]
        assert TEMPLATES[f"streambed-{environment}-unlock"]["notification_templates_error"] == []
    assert all(each["notification_templates_error"] for each in WORKFLOWS.values())
    told = [module for module, arguments in KEPT if "{{ awx.prefix }}-failures" in (arguments.get(
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
    failed = {"failed": True, "msg": "VPC network sensors-dev: cidr_block: found 10.0.0.0/8" + "…" * 9000}
    assert handed_on(failed, check_mode=False).keys() == {"streambed_failure"}
    assert len(handed_on(failed, check_mode=False)["streambed_failure"]["dev"]) == 4000
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
    assert using == {("playbooks", "filter_plugins")}
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
    names: dict[str, Any] = {key: {"name": declared[key]} for key in FILTERS.NAMED if key in declared}
    names["credentials"] = [{"name": name} for name in reversed(declared["credentials"])]
    names["labels"] = {"results": [{"name": name} for name in declared["labels"]]}
    found = {**declared, **{key: 1 for key in names}, "extra_vars": "", **hand, "summary_fields": names}
    for apart in ("survey_spec", "notification_templates_error", "credentials", "labels", "instance_groups"):
        del found[apart]
    assert FILTERS.differences(found, declared) == [f"streambed-dev-plan: {each}" for each in said]
    assert FILTERS.differences(None, declared) == ["streambed-dev-plan: found nothing"]


def test_the_page_lists_the_permissions_that_the_code_needs() -> None:
    needed = {action for module in MODULES for action in component(module).permissions}
    needed |= account.PERMISSIONS | changers.PERMISSIONS | lease.PERMISSIONS | named.PERMISSIONS | orphans.PERMISSIONS
    listed = (ROOT / "docs" / "awx.md").read_text().partition("```text permissions\n")[2].partition("```")[0].split()
    assert listed == sorted(needed)
