# SPDX-License-Identifier: Apache-2.0
"""What playbooks/awx.yml does, without Ansible: declared objects in the stand-in, its answers read, strays carried out.

That the playbook does the same is a test of its own (test_playbook.py): it ends with no stray.
"""

from __future__ import annotations

import json
from typing import Any

import yaml

from tests.awx.controller import Controller, Thing
from tests.awx.serving import application
from tests.support.components import ROOT, plugin

OBJECTS = yaml.safe_load((ROOT / "awx" / "objects.yml").read_text())


DECLARING, STRAYS = (plugin(f"playbooks/filter_plugins/{name}.py") for name in ("awx_objects", "awx_strays"))


def reduced(*environments: str) -> dict[str, Any]:
    """The shipped objects with fewer environments."""
    kept = {name: OBJECTS["environments"][name] for name in environments}
    left_out = [*OBJECTS["left_out"], *(set(OBJECTS["environments"]) - set(kept))]
    return {**OBJECTS, "environments": kept, "left_out": left_out}


# A person of each team, by the end of its name.
PEOPLE = {"operators": "olga", "approvers": "axel"}


def kept(objects: dict[str, Any], controller: Controller | None = None) -> Controller:
    """A stand-in that holds what is declared, and beside it what belongs to others."""
    controller = controller or Controller()
    declared = DECLARING.declared(objects)
    make = controller.create
    organization = make("organizations", {"name": declared["organization"]})["id"]
    project = make("projects", {**declared["plain"]["projects"][0], "organization": organization})["id"]
    image = make("execution_environments", declared["plain"]["execution_environments"][0])["id"]
    for kind in ("inventories", "credentials"):
        for name in declared[kind]:
            made = make(kind, {"name": name, "organization": organization})
            if kind == "inventories":
                [source] = (each for each in declared["plain"]["inventory_sources"] if each["name"] == name)
                make("inventory_sources", {**source, "inventory": made["id"]})
    told = {"name": DECLARING.failures(objects), "messages": {"error": {"body": DECLARING.alert(objects)}}}
    alarm = make("notification_templates", {**told, "organization": organization})["id"]
    label = make("labels", {"name": "streambed", "organization": organization})["id"]
    for kind in ("job_templates", "workflow_job_templates"):
        for each in declared[kind].values():
            _template(controller, kind, each, {"organization": organization, "project": project, "alarm": alarm,
                                               "execution_environment": image, "label": label})  # fmt: skip
    _workflows(controller, declared)
    for each in declared["schedules"]:
        template = controller.named("job_templates", each["template"])["id"]
        make("schedules", {"name": each["name"], "unified_job_template": template, "rrule": each["rrule"]})
    _teams(controller, declared, organization)
    return controller


def _template(controller: Controller, kind: str, each: Thing, ids: dict[str, int]) -> None:
    given = {**each, "organization": ids["organization"], "extra_vars": json.dumps(each["extra_vars"])}
    if kind == "job_templates":
        given |= {"project": ids["project"], "execution_environment": ids["execution_environment"],
                  "inventory": controller.named("inventories", each["inventory"])["id"]}  # fmt: skip
    apart = ("credentials", "labels", "instance_groups", "survey_spec", "notification_templates_error",
             "notification_templates_approvals")  # fmt: skip
    made = controller.create(kind, {key: value for key, value in given.items() if key not in apart})
    controller.links[f"{made['url']}labels/"] = [ids["label"]]
    controller.links[f"{made['url']}credentials/"] = [controller.named("credentials", name)["id"]
                                                      for name in each.get("credentials", [])]  # fmt: skip
    if each["survey_spec"]:
        controller.surveys[f"{made['url']}survey_spec/"] = each["survey_spec"]
    for field in apart[-2:]:
        controller.links[f"{made['url']}{field}/"] = [ids["alarm"] for _ in each.get(field, [])]


def _workflows(controller: Controller, declared: Thing) -> None:
    made = {}
    for each in declared["nodes"]:
        template = (controller.named("job_templates", each["template"]) if each["template"] else
                    controller.create("workflow_approval_templates", each["approval"]))  # fmt: skip
        workflow = controller.named("workflow_job_templates", each["workflow"])["id"]
        given = {"identifier": each["identifier"], "workflow_job_template": workflow,
                 "unified_job_template": template["id"]}  # fmt: skip
        made[each["workflow"], each["identifier"]] = controller.create("workflow_job_template_nodes", given)
    for each in declared["nodes"]:
        node = made[each["workflow"], each["identifier"]]
        then = [made[each["workflow"], after]["id"] for after in each["then"]]
        controller.links[f"{node['url']}success_nodes/"] = then


def _teams(controller: Controller, declared: Thing, organization: int) -> None:
    for each in declared["grants"]:
        teams = [team for team in controller.things["teams"].values() if team["name"] == each["team"]]
        team = teams[0] if teams else controller.create("teams", {"name": each["team"], "organization": organization})
        for kind, field in (("job_templates", "job_templates"), ("workflow_job_templates", "workflows")):
            for name in each[field]:
                controller.assign("team", team["id"], (kind, controller.named(kind, name)["id"], each["role"]))
        person = PEOPLE[each["team"].rpartition("-")[2]]
        controller.members.setdefault(user(controller, person), set()).add(team["id"])
    for name in ("ann", "bob"):
        user(controller, name)


def user(controller: Controller, name: str) -> int:
    """The number of a user, who is made where there is none."""
    there = [each["id"] for each in controller.things["users"].values() if each["username"] == name]
    return there[0] if there else int(controller.create("users", {"name": name, "username": name})["id"])


def held(controller: Controller, declared: Thing) -> Thing:
    """All that the API answers, as the playbook reads it."""
    client = application(controller).test_client()

    def read(path: str, query: dict[str, Any]) -> list[Thing]:
        answer = client.get(f"/api/v2/{path}/", query_string=query, headers={"Authorization": "Bearer good-token"})
        assert answer.status_code == 200, (path, answer.json)
        return answer.json.get("results", [answer.json])

    found: Thing = {key: read(each["path"], each["query"]) for key, each in STRAYS.readings(declared).items()}
    return {**found, "details": {path: read(path, {}) for path in STRAYS.details(found)}}


def strays(controller: Controller, objects: dict[str, Any]) -> list[Thing]:
    declared = DECLARING.declared(objects)
    return STRAYS.strays(held(controller, declared), declared)


def carry_out(controller: Controller, changes: list[Thing]) -> None:
    """What the playbook's one loop does."""
    client = application(controller).test_client()
    for each in changes:
        if each["method"]:
            answer = client.open(f"/api/v2/{each['path']}", method=each["method"], json=each["body"],
                                 headers={"Authorization": "Bearer good-token"})  # fmt: skip
            assert answer.status_code in (200, 204), (each, answer.json)
