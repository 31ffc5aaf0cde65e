# SPDX-License-Identifier: Apache-2.0
"""A stand-in of AWX's API: keeps what it is given, and answers as AWX 24 does as far as awx.awx's modules look.

It knows no jobs. What it refuses, AWX refuses: a wrong token, a reference to what does not exist, a filter on a field
that a kind lacks, a schedule of a template that asks a required question.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.serving import make_server

Thing = dict[str, Any]

# Kind -> the fields that AWX fills in itself where nothing was said.
KINDS: dict[str, Thing] = {
    "organizations": {"description": "", "default_environment": None},
    "teams": {"organization": None},
    "execution_environments": {"organization": None, "image": "", "pull": "", "credential": None},
    "credential_types": {"kind": "", "inputs": {}, "injectors": {}},
    "credentials": {"organization": None, "credential_type": None, "inputs": {}},
    "projects": {"organization": None, "scm_type": "", "scm_url": "", "scm_revision": "", "default_environment": None},
    "inventories": {"organization": None, "kind": "", "host_filter": None},
    "inventory_sources": {"inventory": None, "source_project": None, "source": "", "source_path": ""},
    "notification_templates": {"organization": None, "notification_type": "", "notification_configuration": {}},
    "job_templates": {"organization": None, "project": None, "inventory": None, "execution_environment": None,
                      "playbook": "", "job_type": "run", "ask_variables_on_launch": False, "survey_enabled": False},
    "workflow_job_templates": {"organization": None, "allow_simultaneous": False, "survey_enabled": False},
    "workflow_job_template_nodes": {"identifier": "", "workflow_job_template": None, "unified_job_template": None},
    "workflow_approval_templates": {"timeout": 0, "description": ""},
    "schedules": {"unified_job_template": None, "rrule": "", "enabled": True},
}  # fmt: skip
TEMPLATES = ("job_templates", "workflow_job_templates", "projects", "workflow_approval_templates")
# A field that holds an id -> the kinds that it may be of.
REFERENCES = {
    "organization": ("organizations",),
    "credential_type": ("credential_types",),
    "project": ("projects",),
    "source_project": ("projects",),
    "inventory": ("inventories",),
    "execution_environment": ("execution_environments",),
    "default_environment": ("execution_environments",),
    "workflow_job_template": ("workflow_job_templates",),
    "unified_job_template": TEMPLATES,
}
ROLES = {"job_templates": ("execute_role",), "workflow_job_templates": ("execute_role", "approval_role")}
SECRET_INPUTS = ("password", "security_token")


class Refused(Exception):
    """What AWX answers with 400."""


class Controller:
    """Everything that the stand-in was given, and the requests that it was given it with."""

    def __init__(self, version: str = "24.6.1", token: str = "good-token", galaxy: bool = True) -> None:
        self.version, self.token = version, token
        self.things: dict[str, dict[int, Thing]] = {kind: {} for kind in KINDS}
        self.links: dict[str, list[int]] = {}
        self.surveys: dict[int, Thing] = {}
        self.writes: list[str] = []
        self._ids = itertools.count(1)
        for name in ("Amazon Web Services", "Ansible Galaxy/Automation Hub API Token"):
            self.create("credential_types", {"name": name})
        if galaxy:
            self.create("credentials", {"name": "Ansible Galaxy", "credential_type": 2})

    def create(self, kind: str, given: Thing) -> Thing:
        self._check(given)
        if kind == "schedules":
            self._check_schedule(given)
        number = next(self._ids)
        self.things[kind][number] = {**KINDS[kind], **_clean(given), "id": number, "type": kind.removesuffix("s"),
                                     "url": f"/api/v2/{kind}/{number}/"}  # fmt: skip
        return self.things[kind][number]

    def change(self, thing: Thing, given: Thing) -> None:
        self._check(given)
        thing.update(_clean(given))

    def named(self, kind: str, name: str) -> Thing:
        return next(thing for thing in self.things[kind].values() if thing.get("name") == name)

    def _check(self, given: Thing) -> None:
        for field, kinds in REFERENCES.items():
            if given.get(field) and not any(given[field] in self.things[kind] for kind in kinds):
                raise Refused({field: [f'Invalid pk "{given[field]}" - object does not exist.']})

    def _check_schedule(self, given: Thing) -> None:
        template = given["unified_job_template"]
        asked = self.surveys.get(template, {}).get("spec", [])
        needed = [question["variable"] for question in asked if question["required"]]
        if needed and self.things["job_templates"][template]["survey_enabled"]:
            raise Refused({"variables_needed_to_start": [f"'{name}' value missing" for name in needed]})

    def find(self, kind: str, wanted: dict[str, str]) -> list[Thing]:
        kinds = TEMPLATES if kind == "unified_job_templates" else (kind,)
        return [thing for each in kinds for thing in self.things[each].values() if self._fits(thing, wanted)]

    def _fits(self, thing: Thing, wanted: dict[str, str]) -> bool:
        for key, value in wanted.items():
            field = key.partition("__")[0]
            if field not in thing and field not in REFERENCES:
                raise Refused({"detail": f"{field} is no field"})
            here = str(thing.get(field))
            if not (here.startswith(value) if key.endswith("__startswith") else here == value):
                return False
        return True

    def shown(self, kind: str, thing: Thing) -> Thing:
        """A thing as AWX answers with it: names of what it refers to, where its parts are, no secrets."""
        base = thing["url"]
        summary: Thing = {"object_roles": {role: {"id": thing["id"] * 10 + place}
                                           for place, role in enumerate(ROLES.get(kind, ()))}}  # fmt: skip
        for field, kinds in REFERENCES.items():
            for each in kinds:
                if thing.get(field) in self.things[each]:
                    summary[field] = {"id": thing[field], "name": self.things[each][thing[field]]["name"]}
        if kind == "job_templates":
            summary["credentials"] = [{"id": number, "name": self.things["credentials"][number]["name"]}
                                      for number in self.links.get(f"{base}credentials/", [])]  # fmt: skip
        related = {"survey_spec": f"{base}survey_spec/"}
        if thing.get("unified_job_template") in self.things["workflow_approval_templates"]:
            related["unified_job_template"] = f"/api/v2/workflow_approval_templates/{thing['unified_job_template']}/"
        if kind == "credentials":
            hidden = {key: "$encrypted$" for key in thing["inputs"] if key in SECRET_INPUTS}
            thing = {**thing, "inputs": {**thing["inputs"], **hidden}}
        return {**thing, "summary_fields": summary, "related": related}


def _clean(given: Thing) -> Thing:
    """AWX takes null for an empty text where it keeps texts."""
    return {key: "" if key == "kind" and value is None else value for key, value in given.items() if key != "type"}


def page(results: list[Any]) -> Response:
    return jsonify(count=len(results), next=None, previous=None, results=results)


def application(controller: Controller) -> Flask:
    """The stand-in as a web application."""
    app = Flask("controller")
    app.json.sort_keys = False

    @app.before_request
    def authenticate() -> Any:
        if request.method != "GET":
            controller.writes.append(f"{request.method} {request.path}")
        if request.path != "/api/v2/ping/" and request.headers.get("Authorization") != f"Bearer {controller.token}":
            return jsonify(detail="Authentication credentials were not provided."), 401
        return None

    @app.after_request
    def introduce(answer: Response) -> Response:
        answer.headers["X-API-Product-Name"] = "AWX"
        answer.headers["X-API-Product-Version"] = controller.version
        return answer

    @app.errorhandler(Refused)
    def refuse(refused: Refused) -> Any:
        return jsonify(refused.args[0]), 400

    _collections(app, controller)
    _parts(app, controller)
    return app


def _collections(app: Flask, controller: Controller) -> None:
    """Lists, and the things in them."""

    @app.get("/api/v2/ping/")
    def ping() -> Any:
        return jsonify(version=controller.version)

    @app.get("/api/v2/<kind>/")
    def look(kind: str) -> Any:
        if kind not in controller.things and kind != "unified_job_templates":
            return jsonify(detail="Not found."), 404
        wanted = {key: value for key, value in request.args.items() if key != "page_size"}
        return page([controller.shown(thing["type"] + "s" if kind == "unified_job_templates" else kind, thing)
                     for thing in controller.find(kind, wanted)])  # fmt: skip

    @app.post("/api/v2/<kind>/")
    def create(kind: str) -> Any:
        return jsonify(controller.shown(kind, controller.create(kind, request.get_json()))), 201

    @app.route("/api/v2/<kind>/<int:number>/", methods=["GET", "PATCH"])
    def one(kind: str, number: int) -> Any:
        if number not in controller.things.get(kind, {}):
            return jsonify(detail="Not found."), 404
        thing = controller.things[kind][number]
        if request.method == "PATCH":
            controller.change(thing, request.get_json())
        return jsonify(controller.shown(kind, thing))


def _parts(app: Flask, controller: Controller) -> None:
    """What hangs on a thing: surveys, approvals, associations."""

    @app.route("/api/v2/job_templates/<int:number>/survey_spec/", methods=["GET", "POST", "DELETE"])
    def survey(number: int) -> Any:
        if request.method == "POST":
            controller.surveys[number] = request.get_json()
        if request.method == "DELETE":
            controller.surveys.pop(number, None)
        return jsonify(controller.surveys.get(number, {}))

    @app.post("/api/v2/workflow_job_template_nodes/<int:number>/create_approval_template/")
    def approval(number: int) -> Any:
        made = controller.create("workflow_approval_templates", request.get_json())
        controller.things["workflow_job_template_nodes"][number]["unified_job_template"] = made["id"]
        return jsonify(controller.shown("workflow_approval_templates", made)), 201

    @app.get("/api/v2/<kind>/<int:number>/<part>/")
    def linked(kind: str, number: int, part: str) -> Any:
        return page([{"id": each} for each in controller.links.get(request.path, [])])

    @app.post("/api/v2/<kind>/<int:number>/<part>/")
    def link(kind: str, number: int, part: str) -> Any:
        if kind != "roles" and number not in controller.things.get(kind, {}):
            return jsonify(detail="Not found."), 404
        given, there = request.get_json(), controller.links.setdefault(request.path, [])
        if given.get("disassociate"):
            there.remove(given["id"])
        else:
            there.append(given["id"])
        return "", 204


@contextmanager
def serving(controller: Controller) -> Iterator[str]:
    """The stand-in's address while it answers, on a free port of loopback."""
    server = make_server("127.0.0.1", 0, application(controller), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
