# SPDX-License-Identifier: Apache-2.0
"""What awx/objects.yml means, spelled out for awx.awx's modules, and how what AWX holds differs from it.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import yaml

DOCUMENTATION = """
name: awx_objects
short_description: Filters of playbooks/awx.yml
"""

Objects = Mapping[str, Any]
Thing = dict[str, Any]
DRIFT, FLEETS, APPROVAL = "drift", "fleets", "approval"
# What AWX shows by name under summary_fields, and by id among the fields.
NAMED = ("organization", "project", "inventory", "execution_environment", "webhook_credential")
# What a launch may choose, of all that AWX can let it choose. What is declared is in git: a launch that overrides it
# would be drift for ever, or another job than the one that was approved.
ASKED = ("tags",)
QUESTIONS = ("credential", "diff_mode", "execution_environment", "forks", "instance_groups", "inventory",
             "job_slice_count", "job_type", "labels", "limit", "scm_branch", "skip_tags", "tags", "timeout",
             "variables", "verbosity")  # fmt: skip
QUESTIONS_OF_WORKFLOWS = ("inventory", "labels", "limit", "scm_branch", "skip_tags", "tags", "variables")
# What AWX posts of a failure, by its own expressions. A workflow has no inventory, and a sync no artifacts; a job says
# object and attribute in its artifacts.
ALERT = """\
{% set inventory = ((job.summary_fields | default({})).inventory | default({})).name | default('') %}
{% set words = job.name | replace('PREFIX-', '', 1) %}
{% set environment = inventory | replace('PREFIX-', '', 1) if inventory else words.rpartition('-')[0] %}
{% set verb = 'sync' if (job.type | default('')).endswith('_update') else words[environment | length + 1:] %}
{% set artifacts = job.artifacts | default({}) %}
{"environment": {{ environment | tojson }}, "verb": {{ verb | tojson }}, "job": {{ job.name | tojson }},
"status": {{ job.status | tojson }}, "explanation": {{ job.job_explanation | default('') | tojson }},
"url": {{ url | tojson }}, "failure": {{ artifacts.streambed_failure | default({}) | tojson }},
"drift": {{ artifacts.streambed_drift | default({}) | tojson }}}
"""


def name_of(objects: Objects, environment: str, verb: str) -> str:
    """What a verb or a workflow of an environment is called in AWX."""
    return f"{inventory_of(objects, environment)}-{verb}"


def inventory_of(objects: Objects, environment: str) -> str:
    """What an environment's inventory, and its source, are called in AWX."""
    return f"{objects['prefix']}-{environment}"


def failures(objects: Objects) -> str:
    """The name of the notification of failures."""
    return f"{objects['prefix']}-failures"


def alert(objects: Objects) -> str:
    """The body of the notification of failures, in AWX's own expressions."""
    return ALERT.replace("PREFIX", objects["prefix"])


def kept(objects: Objects) -> Thing:
    """What has an inventory and credentials in AWX: environments, and fleets of them; the settings by name."""
    return {**objects["environments"], **objects[FLEETS]}


def job_templates(objects: Objects) -> list[Thing]:
    """The arguments of awx.awx.job_template for every verb of every environment, and for the drift of every fleet."""
    return [*(_template(objects, environment, verb) for environment in objects["environments"]
              for verb in objects["verbs"]),
            *(_of_fleet(objects, fleet) for fleet in objects[FLEETS])]  # fmt: skip


def _template(objects: Objects, environment: str, verb: str) -> Thing:
    action, settings = objects["verbs"][verb], kept(objects)[environment]
    return {
        **_common(objects, action["playbook"], action["job_type"]),
        "name": name_of(objects, environment, verb),
        "description": f"{verb} of the environment {environment}",
        "inventory": inventory_of(objects, environment),
        "credentials": credentials(objects, environment),
        "diff_mode": action.get("diff_mode", False),
        "extra_vars": _variables(environment, action),
        "ask_scm_branch_on_launch": settings.get("branch_on_launch", False) and not action.get("approved_only", False),
        "job_slice_count": 1,
        "survey_enabled": "question" in action,
        "survey_spec": survey(action.get("question"), environment),
        "notification_templates_error": [failures(objects)] if verb in objects["alarming_verbs"] else [],
    }


def _of_fleet(objects: Objects, fleet: str) -> Thing:
    """Drift of many environments in one job: in slices, of those hosts that a launch may choose."""
    return {
        **_template(objects, fleet, DRIFT),
        "description": f"{DRIFT} of every environment of {fleet}, in slices",
        "job_slice_count": objects[FLEETS][fleet]["slices"],
        "ask_limit_on_launch": True,
    }


def _variables(environment: str, action: Mapping[str, Any]) -> Thing:
    """What a template says beside the inventory.

    A job that changes AWS lets no class of change through without approval: launched by a schedule, a webhook or a
    hand, it changes nothing. A check writes nothing, so its answer may stand here.
    """
    if action.get("approved_only"):
        return {"environment_allowed_changes": []}
    return {"confirm": environment} if action["playbook"].endswith("/destroy.yml") else {}


def _common(objects: Objects, playbook: str, job_type: str) -> Thing:
    jobs = objects["jobs"]
    return {
        "organization": objects["organization"],
        "project": objects["project"]["name"],
        "playbook": playbook,
        "job_type": job_type,
        "execution_environment": objects["execution_environment"]["name"],
        "timeout": jobs["timeout_seconds"],
        "forks": jobs["forks"],
        "labels": list(jobs["labels"]),
        "instance_groups": list(jobs["instance_groups"]),
        "limit": "",
        "job_tags": "",
        "skip_tags": "",
        "scm_branch": "",
        "verbosity": 0,
        # Ways to launch that ask nobody.
        "host_config_key": "",
        "webhook_service": "",
        **{f"ask_{word}_on_launch": word in ASKED for word in QUESTIONS},
        # Two runs of one template wait for each other; the environment's own lock does the rest.
        "allow_simultaneous": False,
    }


def credentials(objects: Objects, environment: str) -> list[str]:
    """Names of the two credentials of an environment or fleet: AWS's own type, and ours for region and endpoint."""
    return [f"aws-{inventory_of(objects, environment)}", inventory_of(objects, environment)]


def survey(question: Mapping[str, Any] | None, environment: str) -> Thing:
    """A survey of one question in AWX's form; empty without one.  ``choose`` makes the environment the only answer."""
    if not question:
        return {}
    choose = question.get("choose", False)
    entry = {
        "question_name": question["text"],
        "question_description": "",
        "variable": question["variable"],
        "type": "multiplechoice" if choose else "text",
        "required": question["required"],
        "default": "",
        "min": None if choose else 0,
        "max": None if choose else 200,
        "choices": [environment] if choose else "",
    }
    return {"name": "", "description": "", "spec": [entry]}


def workflows(objects: Objects) -> list[Thing]:
    """The arguments of awx.awx.workflow_job_template for every workflow of every environment."""
    return [
        {
            "name": name_of(objects, environment, name),
            "organization": objects["organization"],
            "description": f"{' → '.join(workflow['steps'])} of the environment {environment}",
            "labels": list(objects["jobs"]["labels"]),
            "extra_vars": {},
            "limit": "",
            "scm_branch": "",
            "job_tags": "",
            "skip_tags": "",
            **{f"ask_{word}_on_launch": False for word in QUESTIONS_OF_WORKFLOWS},
            "allow_simultaneous": False,
            "survey_enabled": "question" in workflow,
            "survey_spec": survey(workflow.get("question"), environment),
            **_webhook(workflow, settings),
            "notification_templates_error": [failures(objects)],
            "notification_templates_approvals": [failures(objects)],
        }
        for environment, settings in objects["environments"].items()
        for name, workflow in objects["workflows"].items()
    ]


def _webhook(workflow: Mapping[str, Any], settings: Mapping[str, Any]) -> Thing:
    """A push launches what waits for an approval, and nothing else."""
    given = settings if APPROVAL in workflow["steps"] and workflow.get("by_webhook") else {}
    return {key: given.get(key) or "" for key in ("webhook_service", "webhook_credential")}


def nodes(objects: Objects) -> list[Thing]:
    """Every step of every workflow: its workflow, its template (none for an approval) and the steps after it."""
    return [
        {
            "workflow": name_of(objects, environment, name),
            "identifier": step,
            "template": None if step == APPROVAL else name_of(objects, environment, step),
            "approval": _approval(objects, environment, workflow["steps"]) if step == APPROVAL else None,
            "then": [after for before, after in pairwise(workflow["steps"]) if before == step],
        }
        for environment in objects["environments"]
        for name, workflow in objects["workflows"].items()
        for step in workflow["steps"]
    ]


def _approval(objects: Objects, environment: str, steps: list[str]) -> Thing:
    """What an approver reads. AWX keeps one text for all launches, so it says where the plan of this one is."""
    before, after = next((steps[at - 1], steps[at + 1]) for at, step in enumerate(steps) if step == APPROVAL)
    job = name_of(objects, environment, before)
    return {
        "name": f"{after} {environment} as planned",
        "description": f"What will change: the output of {job} in this workflow, and its artifacts streambed_plan "
        "(totals by class of change) and approved_plan (digest, revision, calls). "
        f"{after} makes that plan at that revision, or nothing.",
        "timeout": objects["environments"][environment]["approval_minutes"] * 60,
    }


def schedules(objects: Objects) -> list[Thing]:
    """The drift schedule of every environment, and of every fleet that has one."""
    return [{"name": name_of(objects, name, DRIFT), "template": name_of(objects, name, DRIFT),
             "rrule": settings[DRIFT]} for name, settings in kept(objects).items() if settings.get(DRIFT)]  # fmt: skip


def grants(objects: Objects) -> list[Thing]:
    """Who may do what: a team, a role, and the job templates and workflows on which it holds it."""
    fleets = [name_of(objects, fleet, DRIFT) for fleet in objects[FLEETS]]
    return [{"team": team, "role": role, "job_templates": [*_named(objects, words, "verbs"),
                                                            *(fleets if FLEETS in words else [])],
             "workflows": list(_named(objects, words, "workflows"))}
            for team, roles in objects["teams"].items() for role, words in roles.items()]  # fmt: skip


def _named(objects: Objects, words: list[str], kind: str) -> Iterator[str]:
    return (name_of(objects, environment, word) for environment in objects["environments"] for word in words
            if word in objects[kind])  # fmt: skip


def declared(objects: Objects) -> Thing:
    """All that awx_strays compares with what AWX holds."""
    return {
        "organization": objects["organization"],
        "prefix": f"{objects['prefix']}-",
        "job_templates": {each["name"]: each for each in job_templates(objects)},
        "workflow_job_templates": {each["name"]: each for each in workflows(objects)},
        "nodes": nodes(objects),
        "schedules": schedules(objects),
        "grants": grants(objects),
        "projects": [objects["project"]["name"]],
        "inventories": [inventory_of(objects, each) for each in kept(objects)],
        "credentials": [name for each in kept(objects) for name in credentials(objects, each)],
        "plain": plain(objects),
        "allowed": objects["allowed_additions"],
    }


def plain(objects: Objects) -> dict[str, list[Thing]]:
    """What decides which code runs where and when, by kind, as the API has it."""
    project, image = objects["project"], objects["execution_environment"]
    return {
        "projects": [{"name": project["name"], "scm_type": "git", "scm_url": project["scm_url"],
                      "scm_branch": project["scm_branch"], "scm_clean": True, "scm_update_on_launch": True}],
        "execution_environments": [{"name": image["name"], "image": image["image"], "pull": image["pull"]}],
        "inventory_sources": [{"name": inventory_of(objects, each), "source": "scm", "update_on_launch": True,
                               "overwrite": True, "overwrite_vars": True} for each in kept(objects)],
        "schedules": [{"name": each["name"], "rrule": each["rrule"], "enabled": True} for each in schedules(objects)],
    }  # fmt: skip


def differences(found: Mapping[str, Any] | None, wanted: Mapping[str, Any]) -> list[str]:
    """What a template or workflow in AWX has otherwise than declared, a sentence each; surveys are read apart."""
    if found is None:
        return [f"{wanted['name']}: found nothing"]
    summary = found["summary_fields"]
    names = {key: value.get("name") for key, value in summary.items() if key in NAMED}
    now = {**found, **names, "extra_vars": yaml.safe_load(found.get("extra_vars") or "") or {}}
    then = dict(wanted)
    for part, listed in (("credentials", summary.get("credentials")),
                         ("labels", (summary.get("labels") or {}).get("results"))):  # fmt: skip
        if listed is not None and part in then:
            now[part], then[part] = sorted(each["name"] for each in listed), sorted(then[part])
    return [f"{wanted['name']}: {key}: found {_word(now[key])}, wanted {_word(value)}"
            for key, value in then.items() if key in now and (now[key] or None) != (value or None)]  # fmt: skip


def deviations(held: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """What declared objects have otherwise than declared, a sentence each."""
    templates = {kind: list(wanted[kind].values()) for kind in ("job_templates", "workflow_job_templates")}
    declared_ones = {**wanted["plain"], **templates}
    found = {(kind, each["name"]): each for kind in declared_ones for each in held[kind]}
    return [sentence for kind, things in declared_ones.items() for each in things
            for sentence in differences(found.get((kind, each["name"])), each)]  # fmt: skip


def _word(value: Any) -> Any:
    return "nothing" if value in ("", None) else value


def unmatched(objects: Objects, inventories: list[str]) -> list[str]:
    """A sentence for each environment or fleet without an inventory, and for each inventory that is neither."""
    missing = [f"awx/objects.yml: {kind}: found {name}, wanted a folder inventories/{name}. "
               "Next: add the inventory, or remove the entry" for kind in ("environments", FLEETS)
               for name in sorted(set(objects[kind]) - set(inventories))]  # fmt: skip
    unknown = [f"inventories/{name}: found no entry in awx/objects.yml, wanted one under environments or fleets. "
               "Next: add it, or name it under left_out"
               for name in sorted(set(inventories) - set(kept(objects)) - set(objects["left_out"]))]  # fmt: skip
    return missing + unknown


def address(host: str) -> str:
    """AWX's address from CONTROLLER_HOST: https unless it says otherwise, no slash at the end, empty without a host."""
    plain = host.strip().rstrip("/")
    return plain if not plain or "://" in plain else f"https://{plain}"


class FilterModule:
    """The filters by name."""

    def filters(self) -> dict[str, Any]:
        return {
            "awx_address": address,
            "awx_alert": alert,
            "awx_declared": declared,
            "awx_deviations": deviations,
            "awx_grants": grants,
            "awx_job_templates": job_templates,
            "awx_nodes": nodes,
            "awx_schedules": schedules,
            "awx_unmatched": unmatched,
            "awx_workflows": workflows,
        }
