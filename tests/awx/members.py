# SPDX-License-Identifier: Apache-2.0
"""What AWX lets a user do by their roles and those of their teams; for anything else it answers 403.

Source: the rules by kind are those of ``awx/main/access.py`` of AWX 24.6: a change wants the admin role; nodes and
their links are the workflow's; a schedule wants execute on what it starts, and its maker may change it; a relaunch
wants execute; an approval wants the approval role; a template is made by who administers the organization's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.awx.controller import MODELS, Controller, Forbidden, Thing

# The last word of a path -> the action that a request to it wants.
WANTED = {"launch": "execute", "relaunch": "execute", "approve": "approve", "deny": "approve", "update": "update"}
WORKFLOWS = "workflow_job_templates"


def user_of(controller: Controller, header: str | None) -> Thing | None:
    """Whose token a request bears: ``member-<name>`` is a member's."""
    name = (header or "").removeprefix("Bearer member-")
    found = [each for each in controller.things["users"].values() if each["username"] == name]
    return found[0] if found and name != header else None


def held(controller: Controller, user: Thing) -> Iterator[tuple[str, int, set[str]]]:
    """Kind and number of each thing on which a user holds a role, themselves or by a team, with what it permits."""
    kinds = {model.lower(): kind for kind, model in MODELS.items()}
    teams = controller.members.get(user["id"], set())
    for actor, holders in (("user", {user["id"]}), ("team", teams)):
        for each in controller.things[f"role_{actor}_assignments"].values():
            if each[actor] in holders:
                definition = controller.things["role_definitions"][each["role_definition"]]
                actions = {permission.split(".")[1].split("_")[0] for permission in definition["permissions"]}
                yield kinds[each["content_type"].removeprefix("awx.")], int(each["object_id"]), actions


def permits(controller: Controller, user: Thing, action: str, kind: str, number: int) -> bool:
    """Whether a user may do something with a thing."""
    return any(action in actions for on, at, actions in held(controller, user) if (on, at) == (kind, number))


def check(controller: Controller, user: Thing, method: str, path: str, body: Any) -> None:
    """Raises Forbidden for a request that no role of the user permits."""
    kind, *rest = path.removeprefix("/api/v2/").strip("/").split("/")
    if kind in ("ping", "me") or (method == "GET" and not rest):
        return
    thing = controller.things.get(kind, {}).get(int(rest[0])) if rest else None
    word = rest[1] if len(rest) > 1 else ""
    if not _may(controller, user, (method, kind, word), thing, body or {}):
        raise Forbidden("You do not have permission to perform this action.")


def _may(controller: Controller, user: Thing, asked: tuple[str, str, str], thing: Thing | None, body: Thing) -> bool:
    method, kind, word = asked
    action = "view" if method == "GET" else WANTED.get(word, "change")
    if thing is None:
        return _may_make(controller, user, kind, body)
    if kind == "schedules" and method != "GET" and thing["created_by"] == user["id"]:
        action = "execute"
    on = _owner(controller, kind, thing)
    return on is not None and permits(controller, user, action, *on)


def _may_make(controller: Controller, user: Thing, kind: str, body: Thing) -> bool:
    if kind == "schedules":
        template = body.get("unified_job_template")
        return any(permits(controller, user, "execute", of, template) for of in ("job_templates", WORKFLOWS))
    if kind == "workflow_job_template_nodes":
        return permits(controller, user, "change", WORKFLOWS, body["workflow_job_template"])
    if kind in ("hosts", "inventory_sources"):
        return permits(controller, user, "change", "inventories", body["inventory"])
    if kind in ("role_team_assignments", "role_user_assignments"):
        definition = controller.things["role_definitions"][body["role_definition"]]
        models = {f"awx.{model.lower()}": of for of, model in MODELS.items()}
        return permits(controller, user, "change", models[definition["content_type"]], int(body["object_id"]))
    return any("change" in actions for on, _, actions in held(controller, user) if on == "organizations")


def _owner(controller: Controller, kind: str, thing: Thing) -> tuple[str, int] | None:
    """The thing whose roles decide about another."""
    if kind in MODELS:
        return kind, thing["id"]
    if kind == "workflow_job_template_nodes":
        return WORKFLOWS, thing["workflow_job_template"]
    if kind == "workflow_approvals":
        return WORKFLOWS, controller.things["workflow_jobs"][thing["workflow_job"]]["unified_job_template"]
    if kind in ("schedules", "jobs", "workflow_jobs"):
        template = thing["unified_job_template"]
        return (WORKFLOWS if template in controller.things[WORKFLOWS] else "job_templates"), template
    if kind in ("hosts", "inventory_sources"):
        return "inventories", thing["inventory"]
    return None


def sees(controller: Controller, user: Thing, kind: str, thing: Thing) -> bool:
    """Whether a list of AWX shows a thing to a user."""
    on = _owner(controller, kind, thing)
    return on is not None and permits(controller, user, "view", *on)
