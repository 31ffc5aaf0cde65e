# SPDX-License-Identifier: Apache-2.0
"""A stand-in of AWX: keeps what it is given, and refuses what AWX 24.6 refuses. ``serving`` gives it an address.

It runs no jobs. Each behaviour stands for a fact that a real AWX showed:
- a new project is synced at once, and its templates want a playbook that the sync found; a sync can fail;
- an inventory has no hosts before the first sync of its source, so that a sliced template starts one job;
- Amazon Web Services, Container Registry and the like are managed types, and the galaxy credential that AWX installs is
  managed: nobody changes or removes them; there may be none;
- a member of a team gets 403 for what no role of theirs permits (members.py), and a list has only what they may see;
- what is launched takes what its template asks and ignores the rest; a sliced template starts as many jobs as its
  inventory has hosts (launching.py);
- a denied approval is a node that failed: links of the kinds failure and always go on from it (rights.py);
- the body of a notification is tried out on a job of AWX's own making before it is kept;
- a role given through /roles/ or through the assignments is one and the same, and shows among the assignments;
- a template that asks a required question has no schedule; a survey that is off is kept and asks nothing.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

Thing = dict[str, Any]

ASKS = ("variables", "limit", "tags", "skip_tags", "inventory", "scm_branch", "labels")
ASKS_OF_JOBS = (*ASKS, "credential", "diff_mode", "execution_environment", "forks", "instance_groups",
                "job_slice_count", "job_type", "timeout", "verbosity")  # fmt: skip
LAUNCHED = {"extra_vars": "", "limit": "", "scm_branch": "", "job_tags": "", "skip_tags": "", "webhook_service": "",
            "allow_simultaneous": False, "survey_enabled": False, "description": "", "organization": None,
            "webhook_credential": None}  # fmt: skip
PROMPTED: Thing = {"extra_data": {}, "inventory": None, "limit": None, "scm_branch": None, "job_type": None,
                   "job_tags": None, "skip_tags": None, "diff_mode": None, "verbosity": None, "forks": None,
                   "execution_environment": None, "job_slice_count": None, "timeout": None}  # fmt: skip
# Kind -> the fields that AWX fills in itself where nothing was said.
KINDS: dict[str, Thing] = {
    "organizations": {"description": "", "default_environment": None},
    "teams": {"organization": None},
    "users": {"username": "", "is_superuser": False},
    "labels": {"organization": None},
    "instance_groups": {},
    "tokens": {"scope": "write", "description": ""},
    "execution_environments": {"organization": None, "image": "", "pull": "", "credential": None},
    "credential_types": {"kind": "", "inputs": {}, "injectors": {}, "managed": False},
    "credentials": {"organization": None, "credential_type": None, "inputs": {}, "description": "", "managed": False},
    "projects": {"organization": None, "scm_type": "", "scm_url": "", "scm_branch": "", "scm_revision": "",
                 "default_environment": None, "credential": None, "signature_validation_credential": None,
                 "timeout": 0, "description": "", "status": "never updated"},
    "inventories": {"organization": None, "kind": "", "host_filter": None},
    "inventory_sources": {"inventory": None, "source_project": None, "source": "", "source_path": ""},
    "hosts": {"inventory": None, "has_inventory_sources": False},
    "notification_templates": {"organization": None, "notification_type": "", "notification_configuration": {},
                               "messages": None},
    "job_templates": {**LAUNCHED, **{f"ask_{word}_on_launch": False for word in ASKS_OF_JOBS}, "project": None,
                      "inventory": None, "execution_environment": None, "playbook": "", "job_type": "run",
                      "host_config_key": "", "verbosity": 0, "forks": 0, "timeout": 0, "job_slice_count": 1},
    "workflow_job_templates": {**LAUNCHED, **{f"ask_{word}_on_launch": False for word in ASKS}, "inventory": None},
    "workflow_job_template_nodes": {**PROMPTED, "identifier": "", "workflow_job_template": None,
                                    "unified_job_template": None, "all_parents_must_converge": False},
    "workflow_approval_templates": {"timeout": 0, "description": ""},
    "schedules": {**PROMPTED, "unified_job_template": None, "rrule": "", "enabled": True, "created_by": None},
    "jobs": {"unified_job_template": None, "extra_vars": {}},
    "workflow_jobs": {"unified_job_template": None, "extra_vars": {}},
    "workflow_approvals": {"workflow_job": None, "status": "pending"},
    "role_definitions": {"permissions": [], "content_type": "", "managed": False},
    "role_team_assignments": {"role_definition": None, "team": None, "content_type": "", "object_id": ""},
    "role_user_assignments": {"role_definition": None, "user": None, "content_type": "", "object_id": ""},
}  # fmt: skip
TEMPLATES = {"job_templates": "job", "workflow_job_templates": "workflow_job", "projects": "project_update",
             "workflow_approval_templates": "workflow_approval", "inventory_sources": "inventory_update"}  # fmt: skip
# A field that holds an id -> the kinds that it may be of.
REFERENCES = {
    "organization": ("organizations",),
    "credential_type": ("credential_types",),
    "credential": ("credentials",),
    "signature_validation_credential": ("credentials",),
    "webhook_credential": ("credentials",),
    "project": ("projects",),
    "source_project": ("projects",),
    "inventory": ("inventories",),
    "execution_environment": ("execution_environments",),
    "default_environment": ("execution_environments",),
    "workflow_job_template": ("workflow_job_templates",),
    "unified_job_template": tuple(TEMPLATES),
    "role_definition": ("role_definitions",),
    "team": ("teams",),
    "user": ("users",),
}
LINKS = ("success_nodes", "failure_nodes", "always_nodes")
# Kind -> its model in AWX, and the roles on it with what they permit.
MODELS = {
    "job_templates": "JobTemplate",
    "workflow_job_templates": "WorkflowJobTemplate",
    "projects": "Project",
    "inventories": "Inventory",
    "credentials": "Credential",
    "organizations": "Organization",
}
ROLES: dict[str, dict[str, list[str]]] = {
    "job_templates": {"admin": ["view", "change", "delete", "execute"], "execute": ["view", "execute"],
                      "read": ["view"]},
    "workflow_job_templates": {"admin": ["view", "change", "delete", "execute", "approve"],
                               "execute": ["view", "execute"], "approval": ["view", "approve"], "read": ["view"]},
    "projects": {"admin": ["view", "change", "use", "update"], "use": ["view", "use"], "update": ["view", "update"],
                 "read": ["view"]},
    "inventories": {"admin": ["view", "change", "use", "adhoc"], "use": ["view", "use"], "adhoc": ["view", "adhoc"],
                    "read": ["view"]},
    "credentials": {"admin": ["view", "change", "use"], "use": ["view", "use"], "read": ["view"]},
    "organizations": {"admin": ["view", "change", "execute", "use", "approve"], "execute": ["view", "execute"],
                      "member": ["view", "member"], "auditor": ["view", "audit"], "read": ["view"]},
}  # fmt: skip
MANAGED_TYPES = ("Amazon Web Services", "Ansible Galaxy/Automation Hub API Token", "Source Control",
                 "Container Registry", "GPG Public Key", "GitHub Personal Access Token")  # fmt: skip
SECRET_INPUTS = ("password", "security_token")


class Refused(Exception):
    """What AWX answers with 400."""


class Forbidden(Exception):
    """What AWX answers with 403."""


class Controller:
    """Everything that the stand-in was given, and the requests that it was given it with."""

    def __init__(
        self, version: str = "24.6.1", token: str = "good-token", galaxy: bool = True, sync: str = "successful"
    ) -> None:
        # How a sync of a project ends, and one of an inventory.
        self.version, self.token, self.sync, self.source_sync = version, token, sync, "successful"
        self.things: dict[str, dict[int, Thing]] = {kind: {} for kind in KINDS}
        self.links: dict[str, list[int]] = {}
        self.surveys: dict[str, Thing] = {}
        self.roles: dict[int, tuple[str, int, str]] = {}
        self.writes: list[str] = []
        self._ids = itertools.count(1)
        for name in MANAGED_TYPES:
            self.create("credential_types", {"name": name, "managed": True})
        if galaxy:
            self.create("credentials", {"name": "Ansible Galaxy", "credential_type": 2, "managed": True})
        for kind, roles in ROLES.items():
            for role, actions in roles.items():
                self.create("role_definitions", _definition(kind, role, actions))
        self.me = self.create("users", {"name": "keeper", "username": "keeper", "is_superuser": True})
        # User -> the teams that they are in.
        self.members: dict[int, set[int]] = {}

    def create(self, kind: str, given: Thing) -> Thing:
        self._check(given)
        if kind == "notification_templates":
            check_messages(given.get("messages") or {})
        if kind == "schedules":
            self._check_schedule(given)
        if kind == "job_templates" and "project" in given:
            self._check_playbook(given)
        number = next(self._ids)
        thing = {**KINDS[kind], **_clean(given), "id": number, "type": kind.removesuffix("s"),
                 "url": f"/api/v2/{kind}/{number}/"}  # fmt: skip
        if kind == "projects" and thing["scm_type"]:
            thing["status"] = self.sync
        self.things[kind][number] = thing
        return thing

    def change(self, thing: Thing, given: Thing) -> None:
        self._check(given)
        if thing.get("managed"):
            raise Forbidden("Modifications not allowed for managed credentials")
        thing.update(_clean(given))

    def delete(self, kind: str, number: int) -> None:
        """AWX lets go of what leans on a thing: schedules, nodes and assignments go with it, links from it too."""
        if self.things[kind][number].get("managed"):
            raise Forbidden("Deletion not allowed for managed credentials")
        url = self.things[kind].pop(number)["url"]
        self.links = {path: ids for path, ids in self.links.items() if not path.startswith(url)}
        for path, ids in self.links.items():
            if kind == "workflow_job_template_nodes" and path.endswith(LINK_ENDS) and number in ids:
                ids.remove(number)
        for each in list(self.things["schedules"].values()):
            if kind in TEMPLATES and each["unified_job_template"] == number:
                self.delete("schedules", each["id"])
        for each in list(self.things["workflow_job_template_nodes"].values()):
            if kind == "workflow_job_templates" and each["workflow_job_template"] == number:
                self.delete("workflow_job_template_nodes", each["id"])
            elif kind in TEMPLATES and each["unified_job_template"] == number:
                each["unified_job_template"] = None

    def named(self, kind: str, name: str) -> Thing:
        return next(thing for thing in self.things[kind].values() if thing.get("name") == name)

    def assign(self, actor: str, who: int, role: tuple[str, int, str]) -> None:
        """What /roles/<id>/teams/ does: the assignment of the role definition that stands for an old role."""
        kind, number, word = role
        definition = self.named("role_definitions", definition_name(kind, word))
        given = {"role_definition": definition["id"], "content_type": definition["content_type"]}
        self.create(f"role_{actor}_assignments", {**given, actor: who, "object_id": str(number)})

    def assigned(self, actor: str, role: tuple[str, int, str]) -> list[Thing]:
        kind, number, word = role
        definition = self.named("role_definitions", definition_name(kind, word))
        return [each for each in self.things[f"role_{actor}_assignments"].values()
                if each["role_definition"] == definition["id"] and each["object_id"] == str(number)]  # fmt: skip

    def sync_source(self, source: Thing) -> None:
        """One host, the environment; nothing is known of an inventory before."""
        if not any(host["inventory"] == source["inventory"] for host in self.things["hosts"].values()):
            self.create("hosts", {"name": "found", "inventory": source["inventory"], "has_inventory_sources": True})

    def _check(self, given: Thing) -> None:
        for field, kinds in REFERENCES.items():
            if given.get(field) and not any(given[field] in self.things[kind] for kind in kinds):
                raise Refused({field: [f'Invalid pk "{given[field]}" - object does not exist.']})

    def _check_playbook(self, given: Thing) -> None:
        if self.things["projects"][given["project"]]["status"] != "successful":
            raise Refused({"playbook": ["Playbook not found for project."]})

    def _check_schedule(self, given: Thing) -> None:
        for kind in ("job_templates", "workflow_job_templates"):
            template = self.things[kind].get(given["unified_job_template"])
            asked = self.surveys.get(f"{template['url']}survey_spec/", {}).get("spec", []) if template else []
            needed = [question["variable"] for question in asked if question["required"]]
            if template and needed and template["survey_enabled"]:
                raise Refused({"variables_needed_to_start": [f"'{name}' value missing" for name in needed]})
            told = {question["variable"] for question in asked}
            unasked = sorted((given.get("extra_data") or {}).keys() - told)
            if template and unasked and not template["ask_variables_on_launch"]:
                raise Refused({"extra_data": [f"Variables {', '.join(unasked)} are not allowed on launch."]})

    def find(self, kind: str, wanted: dict[str, str]) -> list[Thing]:
        kinds = TEMPLATES if kind == "unified_job_templates" else (kind,)
        return [thing for each in kinds for thing in self.things[each].values()
                if all(self._fits(thing, *each) for each in wanted.items())]  # fmt: skip

    def _fits(self, thing: Thing, key: str, value: str) -> bool:
        """AWX's filters: a field, or a field of what it refers to, however far, and how it is compared."""
        field, *rest = key.split("__")
        if field == "credentials":
            linked = self.links.get(f"{thing['url']}credentials/", [])
            return any(self._fits(self.things["credentials"][each], "__".join(rest), value) for each in linked)
        if field not in thing and field not in REFERENCES:
            raise Refused({"detail": f"{field} is no field"})
        here = thing.get(field)
        if rest and rest[0] not in COMPARISONS:
            found = [self.things[kind][here] for kind in REFERENCES[field] if here in self.things[kind]]
            return bool(found) and self._fits(found[0], "__".join(rest), value)
        return bool(COMPARISONS[rest[0] if rest else "exact"](str(here), value))

    def shown(self, kind: str, thing: Thing) -> Thing:
        """A thing as AWX answers with it: names of what it refers to, where its parts are, no secrets."""
        base, summary = thing["url"], self._summary(kind, thing)
        related = {"survey_spec": f"{base}survey_spec/", "update": f"{base}update/"}
        if thing.get("unified_job_template") in self.things["workflow_approval_templates"]:
            related["unified_job_template"] = f"/api/v2/workflow_approval_templates/{thing['unified_job_template']}/"
        if kind == "credentials":
            hidden = {key: "$encrypted$" for key in thing["inputs"] if key in SECRET_INPUTS}
            thing = {**thing, "inputs": {**thing["inputs"], **hidden}}
        if kind == "workflow_job_template_nodes":
            thing = {**thing, **{link: self.links.get(f"{base}{link}/", []) for link in LINKS}}
        return {**thing, "summary_fields": summary, "related": related}

    def _summary(self, kind: str, thing: Thing) -> Thing:
        summary: Thing = {"object_roles": {}}
        for word in ROLES.get(kind, ()):
            self.roles[number := thing["id"] * 100 + list(ROLES[kind]).index(word)] = (kind, thing["id"], word)
            summary["object_roles"][f"{word}_role"] = {"id": number}
        for field, kinds in REFERENCES.items():
            for each in kinds:
                found = self.things[each].get(thing.get(field) or 0)
                if found:
                    summary[field] = {"id": found["id"], "name": found["name"], **_type(field, each)}
                    if field == "user":
                        summary[field]["username"] = found["username"]
        if kind == "job_templates":
            summary["credentials"] = self._linked(thing, "credentials")
        if kind.endswith("job_templates"):
            summary["labels"] = {"results": self._linked(thing, "labels")}
        if kind == "projects" and thing["status"] != "never updated":
            summary["last_update"] = {"id": thing["id"], "status": thing["status"]}
        return summary

    def _linked(self, thing: Thing, part: str) -> list[Thing]:
        return [{"id": number, "name": self.things[part][number]["name"]}
                for number in self.links.get(f"{thing['url']}{part}/", [])]  # fmt: skip


COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "exact": str.__eq__,
    "startswith": str.startswith,
    "contains": str.__contains__,
    "in": lambda here, words: here in words.split(","),
}


def check_messages(messages: Thing) -> None:
    """AWX renders each body on a job of its own making, where a field that no job has is an error.

    What a webhook posts must be a JSON object.
    """
    job = {"name": "Stub JobTemplate", "type": "job", "status": "running", "job_explanation": "", "artifacts": {},
           "description": "", "summary_fields": {"inventory": {"name": "Stub Inventory"}}}  # fmt: skip
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
    for stage, said in messages.items():
        try:
            body = json.loads(environment.from_string(said["body"]).render(job=job, url="https://awx/#/jobs/13"))
        except (TemplateError, ValueError) as error:
            raise Refused({"messages": [f"Unable to render message '{stage}': {error}"]}) from error
        if not isinstance(body, dict):
            raise Refused({"messages": [f"Webhook body for '{stage}' should be a json dictionary."]})


LINK_ENDS = tuple(f"/{link}/" for link in LINKS)


def definition_name(kind: str, role: str) -> str:
    """The role definition of an old role, as AWX names it."""
    words = {"read": "Read Compat", "approval": "Approve", "auditor": "Audit"}
    return f"{MODELS[kind]} {words.get(role, role.title())}"


def _definition(kind: str, role: str, actions: list[str]) -> Thing:
    model = MODELS[kind].lower()
    return {"name": definition_name(kind, role), "content_type": f"awx.{model}", "managed": True,
            "permissions": [f"awx.{action}_{model}" for action in actions]}  # fmt: skip


def _type(field: str, kind: str) -> Thing:
    return {"unified_job_type": TEMPLATES[kind]} if field == "unified_job_template" else {}


def _clean(given: Thing) -> Thing:
    """AWX takes null for an empty text where it keeps texts."""
    return {key: "" if key == "kind" and value is None else value for key, value in given.items() if key != "type"}
