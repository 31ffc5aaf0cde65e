# SPDX-License-Identifier: Apache-2.0
"""What stands in AWX beside what is declared, and could get past an approval: named, with the call that removes it.

What a declared object itself has otherwise is awx.awx's to put back; here it is only said.  Pure: ``readings`` and
``details`` say what to ask the API, ``strays`` compares the answers with ``awx_declared``.

Source: shapes of AWX 24.6's API v2; of role assignments ansible_base/rbac/api/serializers.py of django-ansible-base.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

DOCUMENTATION = """
name: awx_strays
short_description: Finds what defeats an approval in AWX
"""

Thing = dict[str, Any]
Held = Mapping[str, Any]
TEMPLATES = ("job_templates", "workflow_job_templates")
LINKS = ("success", "failure", "always")
# What a node or a schedule may hand to what it starts; none of ours does.
PROMPTS = ("diff_mode", "execution_environment", "forks", "inventory", "job_slice_count", "job_tags", "job_type",
           "limit", "scm_branch", "skip_tags", "timeout", "verbosity")  # fmt: skip
# What AWX calls the kinds on which roles are held, and the word for them.
MODELS = {
    "jobtemplate": ("job_templates", "job template"),
    "workflowjobtemplate": ("workflow_job_templates", "workflow"),
    "project": ("projects", "project"),
    "inventory": ("inventories", "inventory"),
    "credential": ("credentials", "credential"),
    "organization": ("organizations", "organization"),
}
WORDS = dict(MODELS.values())
# Permissions that start and change nothing, beside those to view.
HARMLESS = ("audit_organization", "member_organization")
STAGES = {"job_templates": ("started", "success", "error"),
          "workflow_job_templates": ("started", "success", "error", "approvals")}  # fmt: skip


def readings(declared: Held) -> dict[str, Thing]:
    """Name -> path and query of everything that is compared: what is in our organization, and who borrows from it."""
    organization, prefix = declared["organization"], declared["prefix"]
    [image] = declared["plain"]["execution_environments"]

    def ours(*within: str) -> dict[str, str]:
        """What is in the organization and bears our name, by itself or by what it belongs to."""
        path = "".join(f"{each}__" for each in within)
        return {f"{path}organization__name": organization, f"{path}name__startswith": prefix}

    lists = {
        "me": ("me", {}),
        "organizations": ("organizations", {"name": organization}),
        "job_templates": ("job_templates", ours()),
        "workflow_job_templates": ("workflow_job_templates", ours()),
        "nodes": ("workflow_job_template_nodes", ours("workflow_job_template")),
        "schedules": ("schedules", ours("unified_job_template")),
        "projects": ("projects", {"organization__name": organization, "name__in": ",".join(declared["projects"])}),
        "execution_environments": ("execution_environments", {"name": image["name"]}),
        "inventories": ("inventories", ours()),
        "inventory_sources": ("inventory_sources", ours("inventory")),
        "hosts": ("hosts", ours("inventory")),
        "credentials": ("credentials", {"organization__name": organization, "name__contains": prefix}),
        "borrowers": ("job_templates", {"credentials__name__contains": prefix}),
        "role_definitions": ("role_definitions", {}),
        "role_team_assignments": ("role_team_assignments", {}),
        "role_user_assignments": ("role_user_assignments", {}),
    }
    return {key: {"path": path, "query": {**query, "page_size": 200}} for key, (path, query) in lists.items()}


def details(held: Held) -> list[str]:
    """Paths of what is read of each template apart: its survey where it asks one, and who is told of what."""
    found: list[str] = []
    for kind in TEMPLATES:
        for each in held[kind]:
            found += [f"{kind}/{each['id']}/survey_spec"] if each["survey_enabled"] else []
            found += [f"{kind}/{each['id']}/notification_templates_{stage}" for stage in STAGES[kind]]
    return found


def strays(held: Held, declared: Held) -> list[Thing]:
    """A sentence for each thing that is not as declared, with ``method``, ``path`` and ``body`` of what removes it.

    ``method`` is empty where awx.awx's modules put it back. What is removed with another thing is not named again.
    """
    gone = list(_undeclared(held, declared))
    paths = {each["path"] for each in gone}
    left = {kind: [each for each in held[kind] if f"{kind}/{each['id']}/" not in paths] for kind in TEMPLATES}
    kept = {**held, **left}
    return [
        *_schedules(held, declared),
        *gone,
        *_workflows(kept, declared),
        *_surveys(kept, declared),
        *_notifications(kept, declared),
        *_roles(kept, declared),
        *_sources(held, declared),
        *_borrowers(held, declared),
    ]


def _said(what: str, field: str, found: str, wanted: str = "nothing") -> str:
    return f"{what}: {field}: found {found}, wanted {wanted}"


def _change(sentence: str, method: str = "", path: str = "", body: Thing | None = None) -> Thing:
    return {"sentence": sentence, "method": method, "path": path, "body": body or {}}


def _part(path: str, number: int) -> tuple[str, str, Thing]:
    """The call that takes one thing off a list of another."""
    return "POST", path, {"id": number, "disassociate": True}


def _ours(each: Held, declared: Held) -> bool:
    return bool((each["summary_fields"].get("organization") or {}).get("name") == declared["organization"])


# Whole objects


def _undeclared(held: Held, declared: Held) -> Iterator[Thing]:
    """Templates, workflows, inventories and credentials under our name that are declared no longer, or never were."""
    for kind in ("workflow_job_templates", "job_templates", "inventories", "credentials"):
        for each in held[kind]:
            name = each["name"]
            bears = name.startswith((declared["prefix"], f"aws-{declared['prefix']}"))
            if bears and name not in declared[kind] and name not in declared["allowed"]["templates"]:
                yield _change(_said(f"{WORDS[kind]} {name}", "declared", "it in AWX", "it in awx/objects.yml"),
                              "DELETE", f"{kind}/{each['id']}/")  # fmt: skip


def _sources(held: Held, declared: Held) -> Iterator[Thing]:
    """Hosts and sources that a hand added to our inventories: git is where environments come from."""
    for each in held["inventory_sources"]:
        inventory = each["summary_fields"]["inventory"]["name"]
        if inventory in declared["inventories"] and each["name"] != inventory:
            yield _change(_said(f"inventory {inventory}", "sources", each["name"], inventory),
                          "DELETE", f"inventory_sources/{each['id']}/")  # fmt: skip
    for each in held["hosts"]:
        inventory = each["summary_fields"]["inventory"]["name"]
        if inventory in declared["inventories"] and not each["has_inventory_sources"]:
            found = f"{each['name']}, made by hand"
            yield _change(_said(f"inventory {inventory}", "hosts", found, "those of its source"),
                          "DELETE", f"hosts/{each['id']}/")  # fmt: skip


def _borrowers(held: Held, declared: Held) -> Iterator[Thing]:
    """Templates of others that use our credentials: they reach AWS without anybody's approval."""
    ours = {each["id"]: each["name"] for each in held["credentials"] if each["name"] in declared["credentials"]}
    for each in held["borrowers"]:
        if each["name"] in declared["job_templates"] or each["name"] in declared["allowed"]["templates"]:
            continue
        if each["name"].startswith(declared["prefix"]) and _ours(each, declared):
            continue  # removed as a whole
        for credential in each["summary_fields"]["credentials"]:
            if credential["id"] in ours:
                sentence = _said(f"job template {each['name']}", "credentials", f"our {credential['name']}")
                yield _change(sentence, *_part(f"job_templates/{each['id']}/credentials/", credential["id"]))


# Workflows


def _workflows(held: Held, declared: Held) -> Iterator[Thing]:
    for workflow in held["workflow_job_templates"]:
        name = workflow["name"]
        if name not in declared["workflow_job_templates"]:
            continue
        wanted = {each["identifier"]: each for each in declared["nodes"] if each["workflow"] == name}
        nodes = [each for each in held["nodes"] if each["workflow_job_template"] == workflow["id"]]
        yield from _nodes(name, nodes, wanted)
        # The module knows no word for none.
        if workflow["webhook_service"] and not declared["workflow_job_templates"][name]["webhook_service"]:
            yield _change(_said(f"workflow {name}", "webhook_service", workflow["webhook_service"]),
                          "PATCH", f"workflow_job_templates/{workflow['id']}/", {"webhook_service": ""})  # fmt: skip


def _nodes(workflow: str, nodes: list[Thing], wanted: Mapping[str, Thing]) -> Iterator[Thing]:
    """What is wrong with the nodes of one workflow.

    A step of the wrong template goes, and so do the steps after it: without a node before it, a step starts by itself.
    """
    steps = list(wanted)
    wrong = {node["identifier"] for node in nodes if not _is_step(node, wanted)}
    after = {step for first in wrong & set(steps) for step in steps[steps.index(first) + 1 :]}
    lost = {node["id"] for node in nodes if node["identifier"] in wrong | after}
    names = {node["id"]: node["identifier"] for node in nodes}
    for node in nodes:
        what, path = f"workflow {workflow}, node {node['identifier']}", f"workflow_job_template_nodes/{node['id']}/"
        if node["identifier"] in wrong:
            found = _template(node).get("name", "none")
            yield _change(_said(what, "template", found, _right(node, wanted)), "DELETE", path)
        elif node["id"] in lost:
            yield _change(_said(what, "node before it", "another than declared", "it made anew"), "DELETE", path)
        else:
            yield from _links(what, node, names, wanted[node["identifier"]]["then"], lost)
            yield from _prompts(what, path, node)
    for identifier in sorted(wanted.keys() - {node["identifier"] for node in nodes}):
        yield _change(_said(f"workflow {workflow}", "nodes", f"no {identifier}", identifier))


def _template(node: Held) -> Held:
    return node["summary_fields"].get("unified_job_template") or {}


def _right(node: Held, wanted: Mapping[str, Thing]) -> str:
    step = wanted.get(node["identifier"])
    return "no such node" if step is None else step["template"] or "an approval"


def _is_step(node: Held, wanted: Mapping[str, Thing]) -> bool:
    """Whether a node is the declared step of its name: of that template, or an approval."""
    step = wanted.get(node["identifier"])
    if step is None:
        return False
    if step["template"] is None:
        return bool(_template(node).get("unified_job_type") == "workflow_approval")
    return bool(_template(node).get("name") == step["template"])


def _links(what: str, node: Held, names: Mapping[int, str], then: list[str], lost: set[int]) -> Iterator[Thing]:
    right = {number for number in node["success_nodes"] if names[number] in then}
    for kind in LINKS:
        for number in node[f"{kind}_nodes"]:
            if number not in lost and not (kind == "success" and number in right):
                sentence = _said(what, f"{kind} link", f"one to {names[number]}", "none to it")
                yield _change(sentence, *_part(f"workflow_job_template_nodes/{node['id']}/{kind}_nodes/", number))
    for missing in sorted(set(then) - {names[number] for number in right}):
        yield _change(_said(what, "success link", f"none to {missing}", "one"))


def _prompts(what: str, path: str, thing: Held) -> Iterator[Thing]:
    """What a node or schedule hands on; a template that asks nothing ignores it until somebody lets it ask."""
    handed: Thing = {key: None for key in PROMPTS if thing.get(key) not in (None, "")}
    if thing.get("extra_data"):
        handed |= {"extra_data": {}}
    for key in handed:
        yield _change(_said(what, key, str(thing[key])), "PATCH", path, {key: handed[key]})


def _schedules(held: Held, declared: Held) -> Iterator[Thing]:
    """Schedules of what is ours that nobody declared; one of a template that goes is disabled first."""
    wanted = {(each["template"], each["name"]) for each in declared["schedules"]}
    for each in held["schedules"]:
        template = each["summary_fields"]["unified_job_template"]["name"]
        what = f"schedule {each['name']} of {template}"
        if any(template in declared[kind] for kind in TEMPLATES):
            if (template, each["name"]) in wanted:
                yield from _prompts(what, f"schedules/{each['id']}/", each)
            elif each["name"] not in declared["allowed"]["schedules"]:
                yield _change(_said(what, "declared", "it in AWX", "it in awx/objects.yml"),
                              "DELETE", f"schedules/{each['id']}/")  # fmt: skip
        elif each["enabled"] and template not in declared["allowed"]["templates"]:
            yield _change(_said(what, "enabled", "true", "false, as the template is declared nowhere"),
                          "PATCH", f"schedules/{each['id']}/", {"enabled": False})  # fmt: skip


def _surveys(held: Held, declared: Held) -> Iterator[Thing]:
    """Questions that are not declared: an answer becomes a variable, and approved_plan is one."""
    for kind in TEMPLATES:
        for each in held[kind]:
            wanted = declared[kind].get(each["name"], {}).get("survey_spec", {}).get("spec", [])
            asked = held["details"].get(f"{kind}/{each['id']}/survey_spec", [{}])[0].get("spec", [])
            now, then = [question["variable"] for question in asked], [question["variable"] for question in wanted]
            if each["survey_enabled"] and now != then:
                yield _change(_said(f"{WORDS[kind]} {each['name']}", "survey", f"questions {', '.join(now) or 'none'}",
                                    ", ".join(then) or "no survey"))  # fmt: skip


def _notifications(held: Held, declared: Held) -> Iterator[Thing]:
    for kind in TEMPLATES:
        for each in (one for one in held[kind] if one["name"] in declared[kind]):
            for stage in STAGES[kind]:
                field = f"notification_templates_{stage}"
                wanted, path = declared[kind][each["name"]].get(field, []), f"{kind}/{each['id']}/{field}"
                for told in held["details"].get(path, []):
                    if told["name"] not in wanted:
                        what, right = f"{WORDS[kind]} {each['name']}", ", ".join(wanted) or "none"
                        sentence = _said(what, field, told["name"], right)
                        yield _change(sentence, *_part(f"{path}/", told["id"]))


# Roles


def _roles(held: Held, declared: Held) -> Iterator[Thing]:
    """Roles of teams and users on what is ours: those that do more than look are declared, or go."""
    names = {(model, str(each["id"])): (kind, each["name"]) for model, (kind, _) in MODELS.items()
             for each in held[kind] if kind == "organizations" or each["name"] in declared[kind]}  # fmt: skip
    harmless = {each["id"] for each in held["role_definitions"] if all(map(_only_looks, each["permissions"]))}
    missing = set(_granted(declared))
    for actor in ("team", "user"):
        for each in held[f"role_{actor}_assignments"]:
            model = (each["content_type"] or "").rpartition(".")[2]
            on = names.get((model, str(each["object_id"])))
            summary = each["summary_fields"]
            role, who = summary["role_definition"]["name"], summary[actor].get("name") or summary[actor].get("username")
            held_role = (who, _short(role), on) if actor == "team" else None
            missing.discard(held_role)
            if on is None or held_role in _granted(declared) or each["role_definition"] in harmless:
                continue
            if who not in declared["allowed"]["administrators"] and not _runs_this(held, actor, each):
                yield _change(_said(f"{WORDS[on[0]]} {on[1]}", "roles", f"{role} of {actor} {who}", "none"),
                              "DELETE", f"role_{actor}_assignments/{each['id']}/")  # fmt: skip
    there = set(names.values())
    for team, role, on in sorted(each for each in missing if each[2] in there):
        yield _change(_said(f"{WORDS[on[0]]} {on[1]}", "roles", f"no {role} of team {team}", "it"))


def _granted(declared: Held) -> set[tuple[str, str, tuple[str, str]]]:
    return {(each["team"], each["role"], (kind, name)) for each in declared["grants"]
            for kind, field in (("job_templates", "job_templates"), ("workflow_job_templates", "workflows"))
            for name in each[field]}  # fmt: skip


def _short(role: str) -> str:
    """``JobTemplate Execute`` and ``JobTemplate Read Compat`` in the words of awx.awx.role."""
    words = {"approve": "approval"}
    plain = role.removesuffix(" Compat").rpartition(" ")[2].lower()
    return words.get(plain, plain)


def _only_looks(permission: str) -> bool:
    codename = permission.rpartition(".")[2]
    return codename.startswith("view_") or codename in HARMLESS


def _runs_this(held: Held, actor: str, assignment: Held) -> bool:
    """Whoever runs the playbook keeps what they run it with."""
    return actor == "user" and assignment["user"] in [each["id"] for each in held["me"]]


class FilterModule:
    """The filters by name."""

    def filters(self) -> dict[str, Any]:
        return {"awx_details": details, "awx_readings": readings, "awx_strays": strays}
