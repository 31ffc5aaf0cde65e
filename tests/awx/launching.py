# SPDX-License-Identifier: Apache-2.0
"""What a launch starts in AWX, as far as it matters here: which answers it takes, how many jobs, what waits for whom.

No job runs: what would is written down, and an approval waits to be decided.
Source: ``_accept_or_ignore_job_kwargs`` and ``get_effective_slice_ct`` of AWX 24.6; a real one answered so.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, jsonify, request

from tests.awx.controller import Controller, Refused, Thing

# What a launch may say -> the question that its template must ask for it.
ASKED = {"limit": "limit", "job_tags": "tags", "skip_tags": "skip_tags", "scm_branch": "scm_branch",
         "job_type": "job_type", "inventory": "inventory", "credentials": "credential", "diff_mode": "diff_mode",
         "verbosity": "verbosity"}  # fmt: skip


def launching(app: Flask, controller: Controller) -> None:
    """Launches, relaunches and approvals."""

    @app.post("/api/v2/job_templates/<int:number>/launch/")
    def launch_job(number: int) -> Any:
        template = controller.things["job_templates"][number]
        taken, ignored = answers(controller, template, request.get_json(silent=True) or {})
        given = {"name": template["name"], "unified_job_template": number, "extra_vars": taken}
        jobs = [controller.create("jobs", given) for _ in range(slices(controller, template))]
        return jsonify(id=jobs[0]["id"], jobs=len(jobs), ignored_fields=ignored), 201

    @app.post("/api/v2/workflow_job_templates/<int:number>/launch/")
    def launch_workflow(number: int) -> Any:
        template = controller.things["workflow_job_templates"][number]
        taken, ignored = answers(controller, template, request.get_json(silent=True) or {})
        made = controller.create("workflow_jobs", {"name": template["name"], "unified_job_template": number,
                                                   "extra_vars": taken})  # fmt: skip
        controller.create("workflow_approvals", {"name": "approval", "workflow_job": made["id"]})
        return jsonify(id=made["id"], ignored_fields=ignored), 201

    @app.post("/api/v2/jobs/<int:number>/relaunch/")
    def relaunch(number: int) -> Any:
        before = controller.things["jobs"][number]
        given = {key: before[key] for key in ("name", "unified_job_template", "extra_vars")}
        return jsonify(id=controller.create("jobs", given)["id"]), 201

    @app.post("/api/v2/workflow_approvals/<int:number>/<decision>/")
    def decide(number: int, decision: str) -> Any:
        approval = controller.things["workflow_approvals"][number]
        if approval["status"] != "pending":
            raise Refused({"error": "This workflow step has already been approved or denied."})
        approval["status"] = {"approve": "successful", "deny": "failed"}[decision]
        return "", 204


def slices(controller: Controller, template: Thing) -> int:
    """How many jobs a launch starts: as many slices as are wanted and hosts are known, and one in any case."""
    hosts = [each for each in controller.things["hosts"].values() if each["inventory"] == template["inventory"]]
    return max(1, min(template["job_slice_count"], len(hosts)))


def answers(controller: Controller, template: Thing, given: Thing) -> tuple[Thing, Thing]:
    """The variables that a launch takes, and all that it ignores.  Raises Refused for an answer that is no choice."""
    asked = controller.surveys.get(f"{template['url']}survey_spec/", {}).get("spec", [])
    questions = {question["variable"]: question for question in asked if template["survey_enabled"]}
    variables = dict(given.get("extra_vars") or {})
    for name, question in questions.items():
        if question["required"] and name not in variables:
            raise Refused({"variables_needed_to_start": [f"'{name}' value missing"]})
        if name in variables and question["choices"] and variables[name] not in question["choices"]:
            raise Refused({"variables_needed_to_start": [f"Value {variables[name]} for '{name}' expected to be one of "
                                                         f"{question['choices']}."]})  # fmt: skip
    taken = {name: value for name, value in variables.items()
             if name in questions or template["ask_variables_on_launch"]}  # fmt: skip
    ignored: Thing = {name: value for name, value in given.items()
                      if name in ASKED and not template.get(f"ask_{ASKED[name]}_on_launch")}  # fmt: skip
    left = {name: value for name, value in variables.items() if name not in taken}
    return taken, {**ignored, **({"extra_vars": left} if left else {})}
