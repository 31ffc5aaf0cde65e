# SPDX-License-Identifier: Apache-2.0
"""What awx/objects.yml means, spelled out for awx.awx's modules, and how what AWX holds differs from it.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

DOCUMENTATION = """
name: awx_objects
short_description: Filters of playbooks/awx.yml
"""

Objects = Mapping[str, Any]
PREFIX = "streambed"
# AWX kills a job after so many seconds; the longest thing that site.yml waits for is a replication group.
TIMEOUT_SECONDS = 7200
# What AWX shows by name under summary_fields, and by id among the fields.
NAMED = ("organization", "project", "inventory", "execution_environment")


def job_templates(objects: Objects) -> list[dict[str, Any]]:
    """The arguments of awx.awx.job_template for every verb of every environment, and for the fleet."""
    return [*_of_environments(objects), _of_fleet(objects)]


def _of_environments(objects: Objects) -> Iterator[dict[str, Any]]:
    for environment, settings in objects["environments"].items():
        for verb, action in objects["verbs"].items():
            yield {
                **_common(objects, action["playbook"], action["job_type"]),
                "name": f"{PREFIX}-{environment}-{verb}",
                "inventory": f"{PREFIX}-{environment}",
                "credentials": credentials(environment),
                "diff_mode": action.get("diff_mode", False),
                "ask_scm_branch_on_launch": settings["branch_on_launch"],
                "job_slice_count": 1,
                "survey_enabled": "question" in action,
                "survey_spec": survey(action.get("question")),
                "notification_templates_error": [f"{PREFIX}-failures"] if verb in objects["alarming_verbs"] else [],
            }


def _of_fleet(objects: Objects) -> dict[str, Any]:
    fleet = objects["fleet"]
    return {
        **_common(objects, fleet["playbook"], "check"),
        "name": f"{PREFIX}-fleet",
        "inventory": f"{PREFIX}-fleet",
        "credentials": [f"aws-{PREFIX}-fleet"],
        "diff_mode": True,
        "ask_scm_branch_on_launch": False,
        "job_slice_count": fleet["slices"],
        "survey_enabled": False,
        "survey_spec": {},
        "notification_templates_error": [f"{PREFIX}-failures"],
    }


def _common(objects: Objects, playbook: str, job_type: str) -> dict[str, Any]:
    return {
        "organization": objects["organization"],
        "project": objects["project"]["name"],
        "playbook": playbook,
        "job_type": job_type,
        "execution_environment": objects["execution_environment"]["name"],
        "timeout": TIMEOUT_SECONDS,
        "ask_limit_on_launch": True,
        "ask_tags_on_launch": True,
        # What is declared is in git: a launch that overrides it would be drift for ever.
        "ask_variables_on_launch": False,
        "ask_job_type_on_launch": False,
        "ask_diff_mode_on_launch": False,
        # Two runs of one template wait for each other; the environment's own lock does the rest.
        "allow_simultaneous": False,
    }


def credentials(environment: str) -> list[str]:
    """Names of the two credentials of an environment: AWS's own type, and ours for region and endpoint."""
    return [f"aws-{PREFIX}-{environment}", f"{PREFIX}-{environment}"]


def survey(question: Mapping[str, Any] | None) -> dict[str, Any]:
    """A survey of one question in AWX's form; empty without one."""
    if not question:
        return {}
    entry = {
        "question_name": question["text"],
        "question_description": "",
        "variable": question["variable"],
        "type": "text",
        "required": question["required"],
        "default": "",
        "min": 0,
        "max": 200,
        "choices": "",
    }
    return {"name": "", "description": "", "spec": [entry]}


def differences(found: Mapping[str, Any] | None, declared: Mapping[str, Any]) -> list[str]:
    """What a job template in AWX has otherwise than declared, a sentence each; a survey is left to the module."""
    if found is None:
        return [f"{declared['name']}: found nothing"]
    names = {key: value.get("name") for key, value in found["summary_fields"].items() if key in NAMED}
    now = {**found, **names, "credentials": sorted(each["name"] for each in found["summary_fields"]["credentials"])}
    wanted = {**declared, "credentials": sorted(declared["credentials"])}
    return [f"{declared['name']}: {key}: found {now[key]}, wanted {value}"
            for key, value in wanted.items() if key in now and now[key] != value]  # fmt: skip


def unmatched(objects: Objects, inventories: list[str]) -> list[str]:
    """A sentence for each environment without an inventory, and for each inventory without an environment."""
    kept, left_out = set(objects["environments"]), set(objects["left_out"])
    missing = [f"awx/objects.yml: environments: found {name}, wanted a folder inventories/{name}. "
               "Next: add the inventory, or remove the entry" for name in sorted(kept - set(inventories))]  # fmt: skip
    unknown = [f"inventories/{name}: found no entry in awx/objects.yml, wanted one under environments. "
               "Next: add it, or name it under left_out"
               for name in sorted(set(inventories) - kept - left_out)]  # fmt: skip
    return missing + unknown


class FilterModule:
    """The filters by name."""

    def filters(self) -> dict[str, Any]:
        return {
            "awx_job_templates": job_templates,
            "awx_credentials": credentials,
            "awx_differences": differences,
            "awx_unmatched": unmatched,
        }
