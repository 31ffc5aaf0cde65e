# SPDX-License-Identifier: Apache-2.0
"""The stand-in of AWX as a web application: API v2 as far as awx.awx's modules and playbooks/awx.yml look."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.serving import make_server

from tests.awx import members
from tests.awx.controller import Controller, Forbidden, Refused
from tests.awx.launching import launching

PASSWORD = "keeper-password"


def page(results: list[Any]) -> Response:
    return jsonify(count=len(results), next=None, previous=None, results=results)


def missing() -> Any:
    return jsonify(detail="Not found."), 404


def application(controller: Controller) -> Flask:
    """The stand-in as a web application."""
    app = Flask("controller")
    app.json.sort_keys = False
    basic = "Basic " + base64.b64encode(f"keeper:{PASSWORD}".encode()).decode()

    @app.before_request
    def authenticate() -> Any:
        if request.method != "GET":
            controller.writes.append(f"{request.method} {request.path}")
        good = {f"Bearer {controller.token}", *(f"Bearer token-{each}" for each in controller.things["tokens"])}
        # A user and a password are good for making a token, and here for nothing else: it is what awx.awx does.
        if request.path.startswith("/api/v2/tokens/"):
            good.add(basic)
        member = members.user_of(controller, request.headers.get("Authorization"))
        if member:
            members.check(controller, member, request.method, request.path, request.get_json(silent=True))
        elif request.path != "/api/v2/ping/" and request.headers.get("Authorization") not in good:
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

    @app.errorhandler(Forbidden)
    def forbid(forbidden: Forbidden) -> Any:
        return jsonify(detail=forbidden.args[0]), 403

    _collections(app, controller)
    _things(app, controller)
    _updates(app, controller)
    _roles(app, controller)
    launching(app, controller)
    _parts(app, controller)
    return app


def _collections(app: Flask, controller: Controller) -> None:
    """Lists."""

    @app.get("/api/v2/ping/")
    def ping() -> Any:
        return jsonify(version=controller.version)

    @app.get("/api/v2/me/")
    def me() -> Any:
        return page([controller.me])

    @app.get("/api/v2/<kind>/")
    def look(kind: str) -> Any:
        if kind not in controller.things and kind != "unified_job_templates":
            return missing()
        wanted = {key: value for key, value in request.args.items() if key != "page_size"}
        member = members.user_of(controller, request.headers.get("Authorization"))
        found = [(thing["url"].split("/")[3], thing) for thing in controller.find(kind, wanted)]
        return page([controller.shown(of, thing) for of, thing in found
                     if member is None or members.sees(controller, member, of, thing)])  # fmt: skip

    @app.post("/api/v2/<kind>/")
    def create(kind: str) -> Any:
        member = members.user_of(controller, request.headers.get("Authorization"))
        made = controller.create(kind, request.get_json())
        if kind == "schedules" and member:
            made["created_by"] = member["id"]
        answer = controller.shown(kind, made)
        if kind == "tokens":
            answer["token"] = f"token-{made['id']}"
        if kind == "projects" and made["scm_type"]:
            answer["summary_fields"]["current_update"] = {"id": made["id"], "status": "pending"}
        return jsonify(answer), 201


def _things(app: Flask, controller: Controller) -> None:
    """One thing, by its number."""

    @app.route("/api/v2/<kind>/<int:number>/", methods=["GET", "PATCH", "DELETE"])
    def one(kind: str, number: int) -> Any:
        if number not in controller.things.get(kind, {}):
            return missing()
        if request.method == "DELETE":
            controller.delete(kind, number)
            return "", 204
        thing = controller.things[kind][number]
        if request.method == "PATCH":
            controller.change(thing, request.get_json())
        return jsonify(controller.shown(kind, thing))


def _updates(app: Flask, controller: Controller) -> None:
    """Syncs: they end at once, as the stand-in was told they would."""

    def done(kind: str, number: int) -> Any:
        status = controller.sync if kind == "project_updates" else controller.source_sync
        return jsonify(id=number, url=f"/api/v2/{kind}/{number}/", status=status, failed=status != "successful",
                       finished="now", scm_revision="r2", event_processing_finished=True)  # fmt: skip

    @app.get("/api/v2/project_updates/<int:number>/")
    def project_update(number: int) -> Any:
        return done("project_updates", number)

    @app.get("/api/v2/inventory_updates/<int:number>/")
    def inventory_update(number: int) -> Any:
        return done("inventory_updates", number)

    @app.post("/api/v2/projects/<int:number>/update/")
    def sync_project(number: int) -> Any:
        controller.things["projects"][number]["status"] = controller.sync
        return done("project_updates", number), 202

    @app.post("/api/v2/inventory_sources/<int:number>/update/")
    def sync_source(number: int) -> Any:
        if controller.source_sync == "successful":
            controller.sync_source(controller.things["inventory_sources"][number])
        return done("inventory_updates", number), 202


def _roles(app: Flask, controller: Controller) -> None:
    """Roles as they were before assignments: AWX keeps both in step."""

    @app.route("/api/v2/roles/<int:number>/<actors>/", methods=["GET", "POST"])
    def holders(number: int, actors: str) -> Any:
        actor, role = actors.removesuffix("s"), controller.roles[number]
        there = controller.assigned(actor, role)
        if request.method == "GET":
            return page([{"id": each[actor]} for each in there])
        given = request.get_json()
        for each in there:
            if each[actor] == given["id"] and given.get("disassociate"):
                controller.delete(f"role_{actor}_assignments", each["id"])
        if not given.get("disassociate"):
            controller.assign(actor, given["id"], role)
        return "", 204


def _parts(app: Flask, controller: Controller) -> None:
    """What hangs on a thing: surveys, approvals, associations."""

    @app.route("/api/v2/<kind>/<int:number>/survey_spec/", methods=["GET", "POST", "DELETE"])
    def survey(kind: str, number: int) -> Any:
        if request.method == "POST":
            controller.surveys[request.path] = request.get_json()
        if request.method == "DELETE":
            controller.surveys.pop(request.path, None)
        return jsonify(controller.surveys.get(request.path, {}))

    @app.post("/api/v2/workflow_job_template_nodes/<int:number>/create_approval_template/")
    def approval(number: int) -> Any:
        made = controller.create("workflow_approval_templates", request.get_json())
        controller.things["workflow_job_template_nodes"][number]["unified_job_template"] = made["id"]
        return jsonify(controller.shown("workflow_approval_templates", made)), 201

    @app.get("/api/v2/<kind>/<int:number>/<part>/")
    def linked(kind: str, number: int, part: str) -> Any:
        of = "notification_templates" if part.startswith("notification_templates") else part
        named = controller.things.get(of, {})
        there = controller.links.get(request.path, [])
        return page([{"id": each, "name": named.get(each, {}).get("name")} for each in there])

    @app.post("/api/v2/<kind>/<int:number>/<part>/")
    def link(kind: str, number: int, part: str) -> Any:
        if number not in controller.things.get(kind, {}):
            return missing()
        given, there = request.get_json(), controller.links.setdefault(request.path, [])
        if given.get("disassociate"):
            there.remove(given["id"])
        else:
            there.append(given["id"])
        return "", 204


@contextmanager
def serving(controller: Controller, tls: bool = False) -> Iterator[str]:
    """The stand-in's address while it answers, on a free port of loopback; no authority vouches for its certificate."""
    certificate = "adhoc" if tls else None
    server = make_server("127.0.0.1", 0, application(controller), threaded=True, ssl_context=certificate)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
