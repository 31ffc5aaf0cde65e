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
PREFIX = "streambed"
FLEET = "fleet"
APPROVAL = "approval"
FAILURES = f"{PREFIX}-failures"
# What AWX shows by name under summary_fields, and by id among the fields.
NAMED = ("organization", "project", "inventory", "execution_environment")
# What a launch may choose, of all that AWX can let it choose. What is declared is in git: a launch that overrides it
# would be drift for ever, or another job than the one that was approved.
ASKED = ("limit", "tags")
QUESTIONS = ("credential", "diff_mode", "execution_environment", "forks", "instance_groups", "inventory",
             "job_slice_count", "job_type", "labels", "limit", "scm_branch", "skip_tags", "tags", "timeout",
             "variables", "verbosity")  # fmt: skip
QUESTIONS_OF_WORKFLOWS = ("inventory", "labels", "limit", "scm_branch", "skip_tags", "tags", "variables")


def name_of(environment: str, verb: str) -> str:
    """What a verb or a workflow of an environment is called in AWX."""
    return f"{PREFIX}-{environment}-{verb}"


def job_templates(objects: Objects) -> list[Thing]:
    """The arguments of awx.awx.job_template for every verb of every environment, and for the fleet."""
    return [*_of_environments(objects), _of_fleet(objects)]


def _of_environments(objects: Objects) -> Iterator[Thing]:
    for environment, settings in objects["environments"].items():
        for verb, action in objects["verbs"].items():
            yield {
                **_common(objects, action["playbook"], action["job_type"]),
                "name": name_of(environment, verb),
                "description": f"{verb} of the environment {environment}",
                "inventory": f"{PREFIX}-{environment}",
                "credentials": credentials(environment),
                "diff_mode": action.get("diff_mode", False),
                "extra_vars": _variables(environment, action),
                "ask_scm_branch_on_launch": settings["branch_on_launch"] and not action.get("approved_only", False),
                "job_slice_count": 1,
                "survey_enabled": "question" in action,
                "survey_spec": survey(action.get("question"), environment),
                "notification_templates_error": [FAILURES] if verb in objects["alarming_verbs"] else [],
            }


def _variables(environment: str, action: Mapping[str, Any]) -> Thing:
    """What a template says beside the inventory.

    A job that changes AWS lets no class of change through without approval: launched by a schedule, a webhook or a
    hand, it changes nothing. A check writes nothing, so its answer may stand here.
    """
    if action.get("approved_only"):
        return {"environment_allowed_changes": []}
    return {"confirm": environment} if action["playbook"].endswith("/destroy.yml") else {}


def _of_fleet(objects: Objects) -> Thing:
    fleet = objects[FLEET]
    return {
        **_common(objects, fleet["playbook"], "check"),
        "name": f"{PREFIX}-{FLEET}",
        "description": "drift of every environment, in slices",
        "inventory": f"{PREFIX}-{FLEET}",
        "credentials": credentials(FLEET),
        "diff_mode": True,
        "extra_vars": {},
        "ask_scm_branch_on_launch": False,
        "job_slice_count": fleet["slices"],
        "survey_enabled": False,
        "survey_spec": {},
        "notification_templates_error": [FAILURES],
    }


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


def credentials(environment: str) -> list[str]:
    """Names of the two credentials of an environment: AWS's own type, and ours for region and endpoint."""
    return [f"aws-{PREFIX}-{environment}", f"{PREFIX}-{environment}"]


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
            "name": name_of(environment, name),
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
            "notification_templates_error": [FAILURES],
            "notification_templates_approvals": [FAILURES],
        }
        for environment in objects["environments"]
        for name, workflow in objects["workflows"].items()
    ]


def nodes(objects: Objects) -> list[Thing]:
    """Every step of every workflow: its workflow, its template (none for an approval) and the steps after it."""
    return [
        {
            "workflow": name_of(environment, name),
            "identifier": step,
            "template": None if step == APPROVAL else name_of(environment, step),
            "approval": _approval(environment, workflow["steps"], settings) if step == APPROVAL else None,
            "then": [after for before, after in pairwise(workflow["steps"]) if before == step],
        }
        for environment, settings in objects["environments"].items()
        for name, workflow in objects["workflows"].items()
        for step in workflow["steps"]
    ]


def _approval(environment: str, steps: list[str], settings: Mapping[str, Any]) -> Thing:
    """What an approver reads. AWX keeps one text for all launches, so it says where the plan of this one is."""
    before, after = next((steps[at - 1], steps[at + 1]) for at, step in enumerate(steps) if step == APPROVAL)
    job = name_of(environment, before)
    return {
        "name": f"{after} {environment} as planned",
        "description": f"What will change: the output of {job} in this workflow, and its artifacts streambed_plan "
        "(totals by class of change) and approved_plan (digest, revision, calls). "
        f"{after} makes that plan at that revision, or nothing.",
        "timeout": settings["approval_minutes"] * 60,
    }


def schedules(objects: Objects) -> list[Thing]:
    """The drift schedule of every environment."""
    names = {name: name_of(name, "drift") for name in objects["environments"]}
    return [{"name": names[environment], "template": names[environment], "rrule": settings["drift"]}
            for environment, settings in objects["environments"].items()]  # fmt: skip


def grants(objects: Objects) -> list[Thing]:
    """Who may do what: a team, a role, and the job templates and workflows on which it holds it."""
    return [{"team": team, "role": role, "job_templates": [*_named(objects, words, "verbs"),
                                                            *([f"{PREFIX}-{FLEET}"] if FLEET in words else [])],
             "workflows": list(_named(objects, words, "workflows"))}
            for team, roles in objects["teams"].items() for role, words in roles.items()]  # fmt: skip


def _named(objects: Objects, words: list[str], kind: str) -> Iterator[str]:
    return (name_of(environment, word) for environment in objects["environments"] for word in words
            if word in objects[kind])  # fmt: skip


def declared(objects: Objects) -> Thing:
    """All that awx_strays compares with what AWX holds."""
    kept = [*objects["environments"], FLEET]
    return {
        "organization": objects["organization"],
        "job_templates": {each["name"]: each for each in job_templates(objects)},
        "workflow_job_templates": {each["name"]: each for each in workflows(objects)},
        "nodes": nodes(objects),
        "schedules": schedules(objects),
        "grants": grants(objects),
        "projects": [objects["project"]["name"]],
        "inventories": [f"{PREFIX}-{name}" for name in kept],
        "credentials": [name for each in kept for name in credentials(each)],
        "plain": plain(objects),
        "allowed": objects["allowed_additions"],
    }


def plain(objects: Objects) -> dict[str, list[Thing]]:
    """What decides which code runs where and when, by kind, as the API has it."""
    project, image = objects["project"], objects["execution_environment"]
    kept = [*objects["environments"], FLEET]
    return {
        "projects": [{"name": project["name"], "scm_type": "git", "scm_url": project["scm_url"],
                      "scm_branch": project["scm_branch"], "scm_clean": True, "scm_update_on_launch": True}],
        "execution_environments": [{"name": image["name"], "image": image["image"], "pull": image["pull"]}],
        "inventory_sources": [{"name": f"{PREFIX}-{each}", "source": "scm", "update_on_launch": True, "overwrite": True,
                               "overwrite_vars": True} for each in kept],
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
    """A sentence for each environment without an inventory, and for each inventory without an environment."""
    kept, left_out = set(objects["environments"]), set(objects["left_out"])
    missing = [f"awx/objects.yml: environments: found {name}, wanted a folder inventories/{name}. "
               "Next: add the inventory, or remove the entry" for name in sorted(kept - set(inventories))]  # fmt: skip
    unknown = [f"inventories/{name}: found no entry in awx/objects.yml, wanted one under environments. "
               "Next: add it, or name it under left_out"
               for name in sorted(set(inventories) - kept - left_out)]  # fmt: skip
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
            "awx_credentials": credentials,
            "awx_declared": declared,
            "awx_deviations": deviations,
            "awx_grants": grants,
            "awx_job_templates": job_templates,
            "awx_nodes": nodes,
            "awx_schedules": schedules,
            "awx_unmatched": unmatched,
            "awx_workflows": workflows,
        }
