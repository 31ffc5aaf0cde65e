# SPDX-License-Identifier: Apache-2.0
"""What defeats an approval in AWX is found and removed: attempts by hand, by AWX's rules of who may what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.awx.controller import Controller, Thing
from tests.awx.keeping import DECLARING, OBJECTS, carry_out, held, kept, reduced, strays
from tests.awx.rights import may, ways_past

PROD = reduced("prod")
OPERATORS, APPROVERS = PROD["teams"]


def node(controller: Controller, workflow: str, identifier: str) -> Thing:
    number = controller.named("workflow_job_templates", f"streambed-prod-{workflow}")["id"]
    return next(
        each
        for each in controller.things["workflow_job_template_nodes"].values()
        if (each["workflow_job_template"], each["identifier"]) == (number, identifier)
    )


def link(kind: str, before: str, after: str, workflow: str = "release") -> Callable[[Controller], None]:
    def attempt(controller: Controller) -> None:
        path = f"{node(controller, workflow, before)['url']}{kind}_nodes/"
        controller.links.setdefault(path, []).append(node(controller, workflow, after)["id"])

    return attempt


def unlink(before: str, after: str) -> Callable[[Controller], None]:
    """Without a way to it, a node is a start of its workflow."""

    def attempt(controller: Controller) -> None:
        controller.links[f"{node(controller, 'release', before)['url']}success_nodes/"].remove(
            node(controller, "release", after)["id"]
        )

    return attempt


def role(actor: str, who: str, word: str, kind: str, name: str) -> Callable[[Controller], None]:
    def attempt(controller: Controller) -> None:
        holder = controller.named(f"{actor}s", who)["id"]
        controller.assign(actor, holder, (kind, controller.named(kind, name)["id"], word))

    return attempt


def edit(kind: str, name: str, **fields: Any) -> Callable[[Controller], None]:
    return lambda controller: controller.change(controller.named(kind, name), fields)


def more(kind: str, **fields: Any) -> Callable[[Controller], None]:
    """One more thing; a reference is given by name."""

    def attempt(controller: Controller) -> None:
        for field, of in (
            ("unified_job_template", "job_templates"),
            ("inventory", "inventories"),
            ("workflow_job_template", "workflow_job_templates"),
            ("organization", "organizations"),
        ):
            if field in fields:
                fields[field] = controller.named(of, fields[field])["id"]
        controller.create(kind, fields)

    return attempt


def copied(controller: Controller) -> None:
    """What AWX's button Copy makes: another template with the credentials of the first."""
    made = controller.create("job_templates", {"name": "prod apply (copy)", "playbook": "playbooks/site.yml"})
    controller.links[f"{made['url']}credentials/"] = [controller.named("credentials", "aws-streambed-prod")["id"]]


def custom_role(controller: Controller) -> None:
    made = controller.create(
        "role_definitions",
        {
            "name": "Runner",
            "content_type": "awx.jobtemplate",
            "permissions": ["awx.view_jobtemplate", "awx.execute_jobtemplate"],
        },
    )
    template = controller.named("job_templates", "streambed-prod-apply")["id"]
    controller.create(
        "role_team_assignments",
        {
            "role_definition": made["id"],
            "content_type": "awx.jobtemplate",
            "team": controller.named("teams", OPERATORS)["id"],
            "object_id": str(template),
        },
    )


def replaced_approval(controller: Controller) -> None:
    template = controller.named("job_templates", "streambed-prod-preflight")["id"]
    controller.change(node(controller, "release", "approval"), {"unified_job_template": template})


def second_apply(controller: Controller) -> None:
    workflow = controller.named("workflow_job_templates", "streambed-prod-release")["id"]
    template = controller.named("job_templates", "streambed-prod-apply")["id"]
    controller.create(
        "workflow_job_template_nodes",
        {"identifier": "quick", "workflow_job_template": workflow, "unified_job_template": template},
    )


# What was done by hand, what is said of it, and whether it is taken away here; else a module of awx.awx puts it back.
ATTEMPTS: dict[str, tuple[Callable[[Controller], None], str]] = {
    "an always link past the approval": (link("always", "plan", "apply"), "node plan: always link: found one to apply"),
    "a success link past the approval": (
        link("success", "plan", "apply"),
        "node plan: success link: found one to apply",
    ),
    "a failure link past the approval": (
        link("failure", "plan", "apply"),
        "node plan: failure link: found one to apply",
    ),
    "a denial that goes on": (link("failure", "approval", "apply"), "node approval: failure link: found one to apply"),
    "a denial that goes on always": (link("always", "approval", "apply"), "node approval: always link: found one to"),
    "a destroy past its approval": (
        link("always", "destroy-plan", "destroy", "removal"),
        "always link: found one to des",
    ),
    "a second apply in the workflow": (
        second_apply,
        "node quick: template: found streambed-prod-apply, wanted no such",
    ),
    "another job for the approval": (
        replaced_approval,
        "node approval: template: found streambed-prod-preflight, wanted an",
    ),
    "execute on apply for operators": (
        role("team", OPERATORS, "execute", "job_templates", "streambed-prod-apply"),
        "streambed-prod-apply: roles: found JobTemplate Execute of team streambed-operators",
    ),
    "execute on destroy for approvers": (
        role("team", APPROVERS, "execute", "job_templates", "streambed-prod-destroy"),
        "streambed-prod-destroy: roles: found JobTemplate Execute of team",
    ),
    "execute on apply for a person": (
        role("user", "ann", "execute", "job_templates", "streambed-prod-apply"),
        "roles: found JobTemplate Execute of user ann",
    ),
    "admin of apply": (
        role("user", "bob", "admin", "job_templates", "streambed-prod-apply"),
        "JobTemplate Admin of user bob",
    ),
    "admin of plan": (
        role("team", OPERATORS, "admin", "job_templates", "streambed-prod-plan"),
        "streambed-prod-plan: roles",
    ),
    "admin of the workflow": (
        role("team", OPERATORS, "admin", "workflow_job_templates", "streambed-prod-release"),
        "workflow streambed-prod-release: roles: found WorkflowJobTemplate Admin of team",
    ),
    "operators who approve": (
        role("team", OPERATORS, "approval", "workflow_job_templates", "streambed-prod-release"),
        "workflow streambed-prod-release: roles: found WorkflowJobTemplate Approve of team streambed-operators",
    ),
    "a person who approves": (
        role("user", "ann", "approval", "workflow_job_templates", "streambed-prod-removal"),
        "streambed-prod-removal: roles: found WorkflowJobTemplate Approve of user ann",
    ),
    "a role of somebody's making": (
        custom_role,
        "streambed-prod-apply: roles: found Runner of team streambed-operators",
    ),
    "use of the AWS credential": (
        role("team", OPERATORS, "use", "credentials", "aws-streambed-prod"),
        "credential aws-streambed-prod: roles: found Credential Use of team streambed-operators",
    ),
    "admin of the project": (
        role("user", "ann", "admin", "projects", "streambed"),
        "project streambed: roles: found Project",
    ),
    "admin of the inventory": (
        role("user", "ann", "admin", "inventories", "streambed-prod"),
        "inventory streambed-prod: roles",
    ),
    "execute on everything": (
        role("team", OPERATORS, "execute", "organizations", "Streambed"),
        "organization Streambed: roles: found Organization Execute of team",
    ),
    "admin of the organization": (
        role("user", "bob", "admin", "organizations", "Streambed"),
        "Organization Admin of user bob",
    ),
    "a schedule of apply": (
        more("schedules", name="nightly", unified_job_template="streambed-prod-apply", rrule="DTSTART"),
        "schedule nightly of streambed-prod-apply: declared: found it in AWX",
    ),
    "a copy with our credentials": (
        copied,
        "job template prod apply (copy): credentials: found our aws-streambed-prod",
    ),
    "one more apply under our name": (
        more("job_templates", name="streambed-prod-now-apply", organization="Streambed", webhook_service="github"),
        "job template streambed-prod-now-apply: declared: found it in AWX",
    ),
    "a host made by hand": (
        more("hosts", name="other", inventory="streambed-prod"),
        "hosts: found other, made by hand",
    ),
    "a source of somebody": (more("inventory_sources", name="mine", inventory="streambed-prod"), "sources: found mine"),
}


def test_what_is_declared_has_no_stray_and_no_way_past() -> None:
    controller = kept(PROD)
    assert [each["sentence"] for each in strays(controller, PROD)] == []
    assert ways_past(controller) == []


@pytest.mark.parametrize("name", ATTEMPTS)
def test_an_attempt_to_get_past_the_approval_is_named_and_taken_away(name: str) -> None:
    attempt, said = ATTEMPTS[name]
    controller = kept(PROD)
    attempt(controller)
    assert ways_past(controller), "the attempt is none"
    found = strays(controller, PROD)
    assert any(said in each["sentence"] for each in found), found
    assert "Traceback" not in str(found)
    carry_out(controller, found)
    assert ways_past(controller) == []
    assert [each for each in strays(controller, PROD) if each["method"]] == [], "a second run finds none"


@pytest.mark.parametrize(
    ("attempt", "said"),
    [
        (unlink("plan", "approval"), "node plan: success link: found none to approval, wanted one"),
        (unlink("approval", "apply"), "node approval: success link: found none to apply, wanted one"),
    ],
)
def test_what_a_module_makes_is_said(attempt: Callable[[Controller], None], said: str) -> None:
    controller = kept(PROD)
    attempt(controller)
    [found] = strays(controller, PROD)
    assert said in found["sentence"]
    assert not found["method"]


def asks(kind: str, name: str) -> Callable[[Controller], None]:
    """A survey may ask what an artifact of the plan says."""

    def attempt(controller: Controller) -> None:
        thing = controller.named(kind, name)
        thing["survey_enabled"] = True
        controller.surveys[f"{thing['url']}survey_spec/"] = {"spec": [{"variable": "approved_plan", "required": False}]}

    return attempt


def hands_on(controller: Controller) -> None:
    controller.change(node(controller, "release", "apply"), {"extra_data": {"environment_allowed_changes": None}})


def tells(controller: Controller) -> None:
    told = controller.create("notification_templates", {"name": "elsewhere"})["id"]
    template = controller.named("job_templates", "streambed-prod-plan")
    controller.links[f"{template['url']}notification_templates_success/"] = [told]


def lost_role(controller: Controller) -> None:
    approvers = controller.named("teams", APPROVERS)["id"]
    workflow = controller.named("workflow_job_templates", "streambed-prod-release")["id"]
    [one] = [
        each
        for each in controller.things["role_team_assignments"].values()
        if (each["team"], each["object_id"]) == (approvers, str(workflow))
    ]
    controller.delete("role_team_assignments", one["id"])


@pytest.mark.parametrize(
    ("attempt", "said"),
    [
        (
            asks("workflow_job_templates", "streambed-prod-release"),
            "release: survey: found questions approved_plan, wanted no survey",
        ),
        (
            asks("job_templates", "streambed-prod-apply"),
            "survey: found questions approved_plan, wanted change_reference",
        ),
        (hands_on, "node apply: extra_data: found {'environment_allowed_changes': None}, wanted nothing"),
        (tells, "streambed-prod-plan: notification_templates_success: found elsewhere, wanted none"),
        (lost_role, "streambed-prod-release: roles: found no approval of team streambed-approvers, wanted it"),
        (
            edit("schedules", "streambed-prod-drift", limit="nothing"),
            "streambed-prod-drift: limit: found nothing, wanted",
        ),
        (
            edit("workflow_job_templates", "streambed-prod-release", webhook_service="gitlab"),
            "webhook_service: found gitlab",
        ),
        (
            more("schedules", name="mine", unified_job_template="streambed-fleet-drift", rrule="DTSTART"),
            "schedule mine of streambed-fleet-drift: declared: found it in AWX",
        ),
    ],
)
def test_what_else_a_hand_changed_is_named(attempt: Callable[[Controller], None], said: str) -> None:
    controller = kept(PROD)
    attempt(controller)
    found = strays(controller, PROD)
    assert [said in each["sentence"] for each in found] == [True], found
    carry_out(controller, found)
    assert [each for each in strays(controller, PROD) if each["method"]] == []


@pytest.mark.parametrize(("attempt", "said"), [
    (edit("projects", "streambed", scm_url="https://git.example.com/fork"), "streambed: scm_url: found https://git.example"),
    (edit("projects", "streambed", scm_branch="other"), "streambed: scm_branch: found other, wanted main"),
    (edit("execution_environments", "streambed-ee", image="evil:1"), "streambed-ee: image: found evil:1, wanted"),
    (edit("schedules", "streambed-prod-drift", enabled=False), "streambed-prod-drift: enabled: found False"),
    (edit("inventory_sources", "streambed-prod", overwrite_vars=False), "streambed-prod: overwrite_vars: found False"),
    (edit("job_templates", "streambed-prod-apply", extra_vars="---\nenvironment_allowed_changes:\n"),
     "streambed-prod-apply: extra_vars: found {'environment_allowed_changes': None}"),
])  # fmt: skip
def test_what_a_module_puts_back_is_named(attempt: Callable[[Controller], None], said: str) -> None:
    controller, declared = kept(PROD), DECLARING.declared(PROD)
    assert DECLARING.deviations(held(controller, declared), declared) == []
    attempt(controller)
    [found] = DECLARING.deviations(held(controller, declared), declared)
    assert said in found


def test_a_webhook_that_is_declared_stays_and_another_is_said() -> None:
    environment = {**PROD["environments"]["prod"], "webhook_service": "github"}
    pushed = {**PROD, "environments": {"prod": environment}}
    controller, declared = kept(pushed), DECLARING.declared(pushed)
    assert strays(controller, pushed) == []
    assert ways_past(controller) == []
    edit("workflow_job_templates", "streambed-prod-release", webhook_service="gitlab")(controller)
    assert strays(controller, pushed) == []
    [said] = DECLARING.deviations(held(controller, declared), declared)
    assert said == "streambed-prod-release: webhook_service: found gitlab, wanted github"


def test_what_is_harmless_or_allowed_by_name_stays() -> None:
    controller = kept(PROD)
    role("user", "ann", "read", "job_templates", "streambed-prod-apply")(controller)
    role("user", "ann", "member", "organizations", "Streambed")(controller)
    role("user", "bob", "admin", "organizations", "Streambed")(controller)
    role("user", "keeper", "admin", "projects", "streambed")(controller)
    more("schedules", name="weekly", unified_job_template="streambed-prod-plan", rrule="DTSTART")(controller)
    copied(controller)
    allowed = {"administrators": ["bob"], "schedules": ["weekly"], "templates": ["prod apply (copy)"]}
    assert strays(controller, {**PROD, "allowed_additions": allowed}) == []
    assert len(strays(controller, PROD)) == 3


def test_what_others_have_in_awx_is_left_alone() -> None:
    controller = kept(PROD)
    theirs = controller.create("organizations", {"name": "Theirs"})["id"]
    controller.create("job_templates", {"name": "streambed-theirs", "organization": theirs})
    controller.create("job_templates", {"name": "deploy", "organization": theirs})
    role("user", "ann", "admin", "job_templates", "deploy")(controller)
    assert strays(controller, PROD) == []


def plants(objects: dict[str, Any]) -> dict[str, Any]:
    """What a second team keeps in an organization of its own."""
    return {
        **objects,
        "organization": "Plants",
        "prefix": "plants",
        "project": {**objects["project"], "name": "plants"},
        "execution_environment": {**objects["execution_environment"], "name": "plants-ee"},
        "teams": {f"plants-{team.rpartition('-')[2]}": roles for team, roles in objects["teams"].items()},
    }


def test_two_organizations_of_one_awx_leave_each_other_alone() -> None:
    theirs = plants(PROD)
    controller = kept(theirs, kept(PROD))
    for objects in (PROD, theirs):
        assert strays(controller, objects) == []
        declared = DECLARING.declared(objects)
        assert DECLARING.deviations(held(controller, declared), declared) == []
    link("always", "plan", "apply")(controller)
    role("team", "plants-operators", "execute", "job_templates", "streambed-prod-apply")(controller)
    assert strays(controller, theirs) == []
    assert len(strays(controller, PROD)) == 2
    # An organization whose names begin alike, and in which nothing is Streambed's.
    other = controller.create("organizations", {"name": "Other"})["id"]
    controller.create("job_templates", {"name": "plants-water", "organization": other})
    controller.create("inventories", {"name": "plants-all", "organization": other})
    assert strays(controller, theirs) == []


def test_an_environment_that_is_declared_no_longer_goes_and_is_named_first() -> None:
    two = reduced("dev", "prod")
    controller = kept(two)
    found = strays(controller, PROD)
    assert found[0]["sentence"] == (
        "schedule streambed-dev-drift of streambed-dev-drift: enabled: found true, wanted "
        "false, as the template is declared nowhere"
    )
    named = [each["sentence"].split(":")[0] for each in found if each["method"] == "DELETE"]
    assert "workflow streambed-dev-release" in named
    assert "job template streambed-dev-apply" in named
    assert {"inventory streambed-dev", "credential aws-streambed-dev", "credential streambed-dev"} <= set(named)
    carry_out(controller, found)
    assert strays(controller, PROD) == []
    left = [each["name"] for kind in ("job_templates", "schedules") for each in controller.things[kind].values()]
    assert not [name for name in left if "-dev" in name]


@pytest.mark.parametrize(
    ("team", "action", "kind", "name", "answer"),
    [
        (APPROVERS, "view", "job_templates", "plan", True),
        (APPROVERS, "view", "job_templates", "apply", True),
        (APPROVERS, "view", "job_templates", "destroy-plan", True),
        (APPROVERS, "approve", "workflow_job_templates", "release", True),
        (APPROVERS, "approve", "workflow_job_templates", "removal", True),
        (APPROVERS, "execute", "workflow_job_templates", "release", False),
        (APPROVERS, "execute", "job_templates", "apply", False),
        (OPERATORS, "execute", "workflow_job_templates", "release", True),
        (OPERATORS, "approve", "workflow_job_templates", "release", False),
        (OPERATORS, "execute", "workflow_job_templates", "removal", False),
        (OPERATORS, "view", "job_templates", "apply", True),
        (OPERATORS, "execute", "job_templates", "apply", False),
        (OPERATORS, "execute", "job_templates", "destroy", False),
        (OPERATORS, "execute", "job_templates", "unlock", True),
    ],
)
def test_who_may_do_what(team: str, action: str, kind: str, name: str, answer: bool) -> None:
    assert may(kept(PROD), "team", team, action, kind, f"streambed-prod-{name}") is answer


def test_all_environments_are_kept_alike() -> None:
    controller = kept(OBJECTS)
    assert strays(controller, OBJECTS) == []
    assert ways_past(controller) == []
