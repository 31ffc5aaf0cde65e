# SPDX-License-Identifier: Apache-2.0
"""Members of the two teams, with their own tokens and nothing but their roles: what AWX lets them do, and that a
release that was denied changes nothing, whatever they try."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.awx.controller import Controller, Thing
from tests.awx.keeping import kept, reduced
from tests.awx.rights import ways_past
from tests.awx.serving import application

PROD = reduced("prod")
OPERATOR, APPROVER = "olga", "axel"
Request = tuple[str, str, Any]
Asking = Callable[[Controller], Request]


def send(controller: Controller, who: str, request: Request) -> Any:
    """AWX's answer to a member, or to the keeper of everything."""
    method, path, body = request
    token = controller.token if who == "keeper" else f"member-{who}"
    return application(controller).test_client().open(f"/api/v2/{path}", method=method, json=body,
                                                      headers={"Authorization": f"Bearer {token}"})  # fmt: skip


def of(kind: str, thing: str, part: str = "", method: str = "POST", **body: Any) -> Asking:
    """A request about a thing by its name."""

    def asking(controller: Controller) -> Request:
        return method, f"{kind}/{controller.named(kind, thing)['id']}/{part}", body

    return asking


def job(verb: str, part: str = "", method: str = "POST", **body: Any) -> Asking:
    return of("job_templates", f"streambed-prod-{verb}", part, method, **body)


def workflow(launched: str, part: str = "", method: str = "POST", **body: Any) -> Asking:
    return of("workflow_job_templates", f"streambed-prod-{launched}", part, method, **body)


def node(step: str, name: str = "release") -> Callable[[Controller], Thing]:
    def found(controller: Controller) -> Thing:
        at = controller.named("workflow_job_templates", f"streambed-prod-{name}")["id"]
        nodes = controller.things["workflow_job_template_nodes"].values()
        return next(each for each in nodes if (each["workflow_job_template"], each["identifier"]) == (at, step))

    return found


def link(kind: str, before: str, after: str) -> Asking:
    def asking(controller: Controller) -> Request:
        path = f"workflow_job_template_nodes/{node(before)(controller)['id']}/{kind}_nodes/"
        return "POST", path, {"id": node(after)(controller)["id"]}

    return asking


def at_node(method: str, step: str, template: str = "") -> Asking:
    def asking(controller: Controller) -> Request:
        path = f"workflow_job_template_nodes/{node(step)(controller)['id']}/"
        given = {"unified_job_template": controller.named("job_templates", template)["id"]} if template else None
        return method, path, given

    return asking


def new(kind: str, references: dict[str, tuple[str, str]], **fields: Any) -> Asking:
    """One more thing; references are given by kind and name."""

    def asking(controller: Controller) -> Request:
        found = {field: controller.named(*at)["id"] for field, at in references.items()}
        return "POST", f"{kind}/", {**fields, **found}

    return asking


def takes(who: str, role: str, kind: str, name: str) -> Asking:
    """A role for oneself."""

    def asking(controller: Controller) -> Request:
        given = {"role_definition": controller.named("role_definitions", role)["id"],
                 "user": controller.named("users", who)["id"],
                 "object_id": str(controller.named(kind, name)["id"])}  # fmt: skip
        return "POST", "role_user_assignments/", given

    return asking


def old_role(controller: Controller) -> Request:
    """The same by the path that AWX had before."""
    return "POST", "roles/1/users/", {"id": controller.named("users", OPERATOR)["id"]}


def again(controller: Controller) -> Request:
    """A job of apply that an approved release left, once more."""
    template = controller.named("job_templates", "streambed-prod-apply")["id"]
    made = controller.create("jobs", {"name": "streambed-prod-apply", "unified_job_template": template})
    return "POST", f"jobs/{made['id']}/relaunch/", None


def decided(controller: Controller) -> Request:
    """The release that was denied, approved after all."""
    [approval] = controller.things["workflow_approvals"]
    return "POST", f"workflow_approvals/{approval}/approve/", None


APPLY, RELEASE = ("job_templates", "streambed-prod-apply"), ("workflow_job_templates", "streambed-prod-release")
NIGHTLY = {"name": "nightly", "rrule": "DTSTART"}
# Who tries what, and AWX's answer. 201 is what AWX allows: the rest of the test shows that it is no way past.
ATTEMPTS: dict[str, tuple[str, Asking, int]] = {
    "launches apply": (OPERATOR, job("apply", "launch/"), 403),
    "launches destroy": (OPERATOR, job("destroy", "launch/"), 403),
    "launches a removal": (OPERATOR, workflow("removal", "launch/", extra_vars={"confirm": "prod"}), 403),
    "launches apply once more": (OPERATOR, again, 403),
    "approves": (OPERATOR, decided, 403),
    "lets apply take variables": (OPERATOR, job("apply", method="PATCH", ask_variables_on_launch=True), 403),
    "makes an apply of plan": (OPERATOR, job("plan", method="PATCH", playbook="playbooks/site.yml"), 403),
    "lets a schedule call apply": (OPERATOR, job("apply", method="PATCH", host_config_key="key"), 403),
    "lets a push call apply": (OPERATOR, job("apply", method="PATCH", webhook_service="github"), 403),
    "lets a release take variables": (OPERATOR, workflow("release", method="PATCH", ask_variables_on_launch=True), 403),
    "asks for the approved plan": (OPERATOR, workflow("release", "survey_spec/", spec=[{"variable": "approved_plan"}]),
                                   403),
    "links plan to apply": (OPERATOR, link("always", "plan", "apply"), 403),
    "links a denial to apply": (OPERATOR, link("failure", "approval", "apply"), 403),
    "removes the approval": (OPERATOR, at_node("DELETE", "approval"), 403),
    "puts a job for the approval": (OPERATOR, at_node("PATCH", "approval", "streambed-prod-preflight"), 403),
    "adds an apply": (OPERATOR, new("workflow_job_template_nodes", {"workflow_job_template": RELEASE,
                                                                    "unified_job_template": APPLY}), 403),
    "schedules apply": (OPERATOR, new("schedules", {"unified_job_template": APPLY}, **NIGHTLY), 403),
    "schedules a release": (OPERATOR, new("schedules", {"unified_job_template": RELEASE}, **NIGHTLY), 201),
    "schedules a release with a plan": (OPERATOR, new("schedules", {"unified_job_template": RELEASE}, **NIGHTLY,
                                                      extra_data={"approved_plan": "digest"}), 400),
    "launches a release with a plan": (OPERATOR, workflow("release", "launch/", extra_vars={"approved_plan": "digest"}),
                                       201),
    "launches plan as a run": (OPERATOR, job("plan", "launch/", job_type="run"), 201),
    "copies apply": (OPERATOR, job("apply", "copy/", name="mine"), 403),
    "makes a template": (OPERATOR, new("job_templates", {"project": ("projects", "streambed")}, name="mine"), 403),
    "takes our credential": (OPERATOR, job("plan", "credentials/", id=1), 403),
    "reads our credential": (OPERATOR, of("credentials", "aws-streambed-prod", method="GET"), 403),
    "takes execute on apply": (OPERATOR, takes(OPERATOR, "JobTemplate Execute", *APPLY), 403),
    "takes approval": (OPERATOR, takes(OPERATOR, "WorkflowJobTemplate Approve", *RELEASE), 403),
    "takes a role as of old": (OPERATOR, old_role, 403),
    "moves the project": (OPERATOR, of("projects", "streambed", method="PATCH", scm_branch="mine"), 403),
    "adds a host": (OPERATOR, new("hosts", {"inventory": ("inventories", "streambed-prod")}, name="mine"), 403),
    "an approver launches a release": (APPROVER, workflow("release", "launch/"), 403),
    "an approver launches apply": (APPROVER, job("apply", "launch/"), 403),
    "an approver launches destroy": (APPROVER, job("destroy", "launch/"), 403),
    "an approver links plan to apply": (APPROVER, link("success", "plan", "apply"), 403),
    "an approver schedules a release": (APPROVER, new("schedules", {"unified_job_template": RELEASE}, **NIGHTLY), 403),
    "an approver takes execute": (APPROVER, takes(APPROVER, "JobTemplate Execute", *APPLY), 403),
    "an approver decides once more": (APPROVER, decided, 400),
}  # fmt: skip


def denied(controller: Controller) -> None:
    """A release that its operator launched, and its approver denied."""
    assert send(controller, OPERATOR, workflow("release", "launch/")(controller)).status_code == 201
    [approval] = controller.things["workflow_approvals"]
    assert send(controller, APPROVER, ("POST", f"workflow_approvals/{approval}/deny/", None)).status_code == 204


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_a_denied_release_never_applies(attempt: str) -> None:
    who, asking, status = ATTEMPTS[attempt]
    controller = kept(PROD)
    denied(controller)
    before = ways_past(controller)
    request = asking(controller)
    jobs = len(controller.things["jobs"])
    answer = send(controller, who, request)
    assert answer.status_code == status, answer.json
    assert before == ways_past(controller) == []
    # What was launched all the same took nothing of what it was handed, and waits for an approval of its own.
    made = list(controller.things["jobs"].values())[jobs:]
    assert [each["name"] for each in made if each["name"].endswith(("-apply", "-destroy"))] == []
    if status == 201 and "launch" in request[1]:
        assert answer.json["ignored_fields"]
        assert all(each["extra_vars"] == {} for each in [*made, *controller.things["workflow_jobs"].values()])


def test_it_is_the_role_that_is_wanting() -> None:
    """The same requests are answered where a role permits them, so that the 403s above are no accident."""
    for attempt, (_, asking, status) in ATTEMPTS.items():
        controller = kept(PROD)
        denied(controller)
        answer = send(controller, "keeper", asking(controller))
        # roles/1 and copy are answered to nobody here.
        expected = (200, 201, 204, 400) if status == 403 else (status,)
        if attempt not in ("takes a role as of old", "copies apply", "takes our credential"):
            assert answer.status_code in expected, (attempt, answer.status_code, answer.json)


@pytest.mark.parametrize(("who", "verb", "status"), [
    (APPROVER, "plan", 200), (APPROVER, "apply", 200), (APPROVER, "destroy-plan", 200), (APPROVER, "verify", 200),
    (APPROVER, "unlock", 403), (OPERATOR, "apply", 200), (OPERATOR, "plan", 200), (OPERATOR, "destroy", 403),
    ("ann", "plan", 403),
])  # fmt: skip
def test_who_reads_a_job_and_its_output(who: str, verb: str, status: int) -> None:
    """An approver reads the plan, and an operator the apply of their release."""
    controller = kept(PROD)
    template = controller.named("job_templates", f"streambed-prod-{verb}")["id"]
    made = controller.create("jobs", {"name": f"streambed-prod-{verb}", "unified_job_template": template})
    for part in ("", "stdout/", "job_events/"):
        assert send(controller, who, ("GET", f"jobs/{made['id']}/{part}", None)).status_code == status
    seen = send(controller, who, ("GET", "jobs/", None)).json["results"]
    assert bool(seen) is (status == 200)


def test_a_mistyped_name_starts_no_job_that_could_fail() -> None:
    controller = kept(PROD)
    for name in ("prud", ""):
        answer = send(controller, "keeper", workflow("removal", "launch/", extra_vars={"confirm": name})(controller))
        assert answer.status_code == 400, answer.json
        assert "expected to be one of ['prod']" in str(answer.json)
    answer = send(controller, "keeper", job("destroy", "launch/", extra_vars={"confirm": "prud"})(controller))
    assert answer.status_code == 400
    assert not controller.things["jobs"]
    assert not controller.things["workflow_jobs"]
    # Nor is there a host to mistype: an environment's own templates ask for no limit.
    answer = send(controller, OPERATOR, job("plan", "launch/", limit="prud")(controller))
    assert answer.json["ignored_fields"] == {"limit": "prud"}


def test_unlock_is_launched_without_an_answer() -> None:
    answer = send(controller := kept(PROD), OPERATOR, job("unlock", "launch/")(controller))
    assert answer.status_code == 201, answer.json


def test_a_fleet_is_sliced_by_the_hosts_that_were_found() -> None:
    controller = kept(PROD)
    fleet = of("job_templates", "streambed-fleet-drift", "launch/")
    assert send(controller, OPERATOR, fleet(controller)).json["jobs"] == 1, "no host is known before the first sync"
    inventory = controller.named("inventories", "streambed-fleet")["id"]
    for name in ("plant-01", "plant-02", "plant-03"):
        controller.create("hosts", {"name": name, "inventory": inventory, "has_inventory_sources": True})
    answer = send(controller, OPERATOR, fleet(controller))
    assert (answer.json["jobs"], answer.json["ignored_fields"]) == (3, {})


def test_what_awx_manages_is_nobodys_to_change() -> None:
    controller = kept(PROD)
    galaxy = of("credentials", "Ansible Galaxy", method="PATCH", name="mine")
    for method in ("PATCH", "DELETE"):
        answer = send(controller, "keeper", (method, *galaxy(controller)[1:]))
        assert answer.status_code == 403
        assert "managed" in answer.json["detail"]


@pytest.mark.parametrize(("body", "said"), [
    ("{{ job.no_such_field }}", "Unable to render message 'error'"),
    ("plain words", "Unable to render message 'error'"),
    ('["a list"]', "should be a json dictionary"),
])  # fmt: skip
def test_a_notification_is_tried_out_before_it_is_kept(body: str, said: str) -> None:
    answer = send(Controller(), "keeper", ("POST", "notification_templates/", {"messages": {"error": {"body": body}}}))
    assert answer.status_code == 400
    assert said in str(answer.json)
