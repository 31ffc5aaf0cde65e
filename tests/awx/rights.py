# SPDX-License-Identifier: Apache-2.0
"""What AWX lets happen: who may do what, and each way in which a job that changes AWS starts without an approval.

The rules are AWX's own as a real one showed them: a workflow starts its jobs whoever may launch them alone; whoever may
execute, change or use something may do so from outside; links are followed by how a job ended, and a denied approval
is a job that failed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from tests.awx.controller import MODELS, Controller, Thing
from tests.support.components import ROOT

OBJECTS = yaml.safe_load((ROOT / "awx" / "objects.yml").read_text())
PREFIX = "streambed-"
APPROVERS = next(team for team, roles in OBJECTS["teams"].items() if "approval" in roles)
CHANGING = ("-apply", "-destroy")
# Actions by which somebody who may not approve reaches a change of AWS, by the kind of thing.
REACHING = {
    "job_templates": ("execute", "change"),
    "workflow_job_templates": ("change",),
    "projects": ("change",),
    "inventories": ("change",),
    "credentials": ("use", "change"),
    "organizations": ("execute", "use", "change"),
}


def may(controller: Controller, actor: str, who: str, action: str, kind: str, name: str) -> bool:
    """Whether a team or a user holds a role that permits an action on a thing; without one AWX answers 403."""
    thing = controller.named(kind, name)
    return any(holder == who and action in actions and (at, number) == (kind, thing["id"])
               for holder, actions, at, number in _held(controller, actor))  # fmt: skip


def _held(controller: Controller, actor: str) -> Iterator[tuple[str, list[str], str, int]]:
    kinds = {model.lower(): kind for kind, model in MODELS.items()}
    for each in controller.things[f"role_{actor}_assignments"].values():
        definition = controller.things["role_definitions"][each["role_definition"]]
        who = controller.things[f"{actor}s"][each[actor]]["name"]
        actions = [permission.split(".")[1].split("_")[0] for permission in definition["permissions"]]
        yield who, actions, kinds[each["content_type"].removeprefix("awx.")], int(each["object_id"])


def ways_past(controller: Controller) -> list[str]:
    """Every way in which something changes AWS that nobody approved, in words."""
    return [*_by_links(controller), *_by_roles(controller), *_by_themselves(controller), *_by_others(controller)]


def _changing(controller: Controller) -> dict[int, Thing]:
    return {number: each for number, each in controller.things["job_templates"].items()
            if each["name"].startswith(PREFIX) and each["name"].endswith(CHANGING)}  # fmt: skip


def _by_links(controller: Controller) -> Iterator[str]:
    """Nodes that are reached from the start of a workflow though every approval is denied."""
    nodes = controller.things["workflow_job_template_nodes"]
    approvals = controller.things["workflow_approval_templates"]

    def after(node: Thing, *kinds: str) -> list[int]:
        return [number for kind in kinds for number in controller.links.get(f"{node['url']}{kind}_nodes/", [])]

    linked = {number for node in nodes.values() for number in after(node, "success", "failure", "always")}
    reached, waiting = set(), [number for number in nodes if number not in linked]
    while waiting:
        number = waiting.pop()
        if number not in reached:
            reached.add(number)
            denied = nodes[number]["unified_job_template"] in approvals
            kinds = ("failure", "always") if denied else ("success", "failure", "always")
            waiting += after(nodes[number], *kinds)
    for number in reached:
        template = _changing(controller).get(nodes[number]["unified_job_template"])
        if template:
            yield f"a denied launch reaches {template['name']}"


def _by_roles(controller: Controller) -> Iterator[str]:
    for actor in ("team", "user"):
        for who, actions, kind, number in _held(controller, actor):
            thing = controller.things[kind][number]
            reaching = set(actions) & set(REACHING[kind])
            if who != APPROVERS:
                reaching |= set(actions) & {"approve"}
            if kind == "job_templates" and number not in _changing(controller):
                reaching &= {"change"}
            if reaching:
                yield f"{actor} {who} may {', '.join(sorted(reaching))} {thing['name']}"


def _by_themselves(controller: Controller) -> Iterator[str]:
    templates = _changing(controller)
    for schedule in controller.things["schedules"].values():
        if schedule["unified_job_template"] in templates and schedule["enabled"]:
            yield f"schedule {schedule['name']} starts {templates[schedule['unified_job_template']]['name']}"
    for template in templates.values():
        for field in ("host_config_key", "webhook_service"):
            if template[field]:
                yield f"{field} starts {template['name']}"


def _by_others(controller: Controller) -> Iterator[str]:
    """Templates of others that use our credentials, hosts in our inventories that git does not know."""
    ours = {number for number, each in controller.things["credentials"].items() if PREFIX in each["name"]}
    for template in controller.things["job_templates"].values():
        if ours & set(controller.links.get(f"{template['url']}credentials/", [])) and not _known(template):
            yield f"{template['name']} uses our credentials"
    for host in controller.things["hosts"].values():
        if not host["has_inventory_sources"]:
            yield f"host {host['name']} was made by hand"
    for source in controller.things["inventory_sources"].values():
        if source["name"] != controller.things["inventories"][source["inventory"]]["name"]:
            yield f"source {source['name']} was made by hand"


def _known(template: Thing) -> bool:
    environments, fleets, verbs = ("|".join(OBJECTS[each]) for each in ("environments", "fleets", "verbs"))
    return bool(re.fullmatch(rf"{PREFIX}(({fleets})-drift|({environments})-({verbs}))", template["name"]))
