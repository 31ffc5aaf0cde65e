# SPDX-License-Identifier: Apache-2.0
"""playbooks/awx.yml against a stand-in of AWX's API: it keeps what it says, once, and refuses in sentences."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.awx.controller import Controller
from tests.awx.keeping import DECLARING, OBJECTS, reduced, strays
from tests.awx.rights import ways_past
from tests.awx.serving import PASSWORD, serving
from tests.support.components import ROOT


def keep(address: str, *words: str, token: str = "good-token", **variables: Any) -> subprocess.CompletedProcess[str]:
    """A finished run of the playbook; what is spelled in capitals is a variable of the process."""
    binaries = Path(sys.executable).parent
    process = {name: variables.pop(name) for name in list(variables) if name.isupper()}
    environment = {**os.environ, **process, "CONTROLLER_HOST": address, "CONTROLLER_OAUTH_TOKEN": token,
                   "ANSIBLE_NOCOLOR": "1",
                   "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"}  # fmt: skip
    command = [binaries / "ansible-playbook", "playbooks/awx.yml", "-e", json.dumps(variables), *words]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def changed(done: subprocess.CompletedProcess[str]) -> int:
    assert done.returncode == 0, done.stdout + done.stderr
    return int(re.search(r"changed=(\d+)", done.stdout).group(1))


def sentence(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    return " ".join(done.stdout.split())


# What a team has in AWX before: its repository and registry are not everybody's.
THEIRS = {"git-key": "Source Control", "signers": "GPG Public Key", "registry": "Container Registry",
          "git-token": "GitHub Personal Access Token"}  # fmt: skip


def as_a_team_has_it(**given: Any) -> Controller:
    """An AWX in which nothing is Streambed's yet."""
    controller = Controller(**given)
    types = {each["name"]: each["id"] for each in controller.things["credential_types"].values()}
    for name, kind in THEIRS.items():
        controller.create("credentials", {"name": name, "credential_type": types[kind]})
    controller.create("instance_groups", {"name": "near"})
    return controller


def fewer() -> dict[str, Any]:
    """The shipped objects with fewer environments and verbs: awx.awx takes a process for every object.

    What a team states of its own is stated: of repository, registry, instances, pushes and certificates.
    """
    shipped = reduced("prod")
    prod = {**shipped["environments"]["prod"], "webhook_service": "github", "webhook_credential": "git-token"}
    kept = ("plan", "apply", "verify", "drift")
    return {
        **shipped,
        "verbs": {verb: shipped["verbs"][verb] for verb in kept},
        "workflows": {"release": shipped["workflows"]["release"]},
        "environments": {"prod": prod},
        "project": {**shipped["project"], "scm_credential": "git-key", "signature_credential": "signers"},
        "execution_environment": {
            **shipped["execution_environment"],
            "registry_credential": "registry",
            "pull": "always",
        },
        "jobs": {**shipped["jobs"], "instance_groups": ["near"], "forks": 7},
        "failure_url_verify": False,
    }


def by_hands(controller: Controller) -> None:
    """A member of operators gets past the approval in three ways, and changes what awx.awx's modules keep."""
    nodes = {each["identifier"]: each for each in controller.things["workflow_job_template_nodes"].values()}
    controller.links[f"{nodes['plan']['url']}always_nodes/"] = [nodes["apply"]["id"]]
    apply = controller.named("job_templates", "streambed-prod-apply")
    controller.assign(
        "team", controller.named("teams", "streambed-operators")["id"], ("job_templates", apply["id"], "execute")
    )
    controller.create("schedules", {"name": "nightly", "unified_job_template": apply["id"], "rrule": "DTSTART"})
    apply["ask_variables_on_launch"] = True
    workflow = controller.named("workflow_job_templates", "streambed-prod-release")
    workflow["survey_enabled"] = True
    controller.surveys[f"{workflow['url']}survey_spec/"] = {"spec": [{"variable": "approved_plan", "required": False}]}


NAMED = (
    "streambed-prod-apply: ask_variables_on_launch: found True, wanted False",
    "streambed-prod-release: survey_enabled: found True, wanted False",
    "workflow streambed-prod-release: survey: found questions approved_plan, wanted no survey",
    "workflow streambed-prod-release, node plan: always link: found one to apply, wanted none to it",
    "job template streambed-prod-apply: roles: found JobTemplate Execute of team streambed-operators, wanted none",
    "schedule nightly of streambed-prod-apply: declared: found it in AWX, wanted it in awx/objects.yml",
)


def test_what_is_kept_is_kept_once_and_what_hands_did_is_named_and_put_back(tmp_path: Path) -> None:
    controller, declared, file = as_a_team_has_it(), fewer(), tmp_path / "objects.yml"
    file.write_text(yaml.safe_dump(declared, sort_keys=False))
    given: dict[str, Any] = {"objects_file": str(file)}
    secret = "Canary/Wagtail+Bullfinch=2026"
    given["aws_inputs"] = {"prod": {"username": "AKIPROD", "password": secret}}
    with serving(controller) as address:
        first = keep(f"{address}/", "-vvv", **given)
        assert changed(first) > 15
        assert secret not in first.stdout
        assert controller.token not in first.stdout
        assert ways_past(controller) == []
        assert strays(controller, declared) == []

        by_hands(controller)
        assert ways_past(controller)
        written = len(controller.writes)
        look = keep(address, "--check", **given)
        assert changed(look) > 0
        assert [said for said in NAMED if said not in " ".join(look.stdout.split())] == []
        assert controller.writes[written:] == []

        assert changed(keep(address, **given)) > 0
        assert ways_past(controller) == []
        assert strays(controller, declared) == []
        written = len(controller.writes)
        last = keep(address, **given)
        assert changed(last) == 0, last.stdout
        assert controller.writes[written:] == []
    kept_as_declared(controller, secret)


def kept_as_declared(controller: Controller, secret: str) -> None:
    assert controller.named("credentials", "aws-streambed-prod")["inputs"]["password"] == secret
    (kept,) = (each for each in controller.things["credential_types"].values() if each["name"] == "Streambed")
    assert kept["injectors"]["env"]["AWS_ENDPOINT_URL"] == "{{ endpoint_url }}"
    told = controller.named("notification_templates", "streambed-failures")["messages"]["error"]["body"]
    assert told.strip() == DECLARING.alert(OBJECTS).strip()
    hosts = [
        controller.things["inventories"][each["inventory"]]["name"] for each in controller.things["hosts"].values()
    ]
    assert "streambed-fleet" in hosts, "a launch before the first sync is not sliced"
    release = controller.named("workflow_job_templates", "streambed-prod-release")
    assert release["webhook_service"] == "github"
    assert called(controller, "credentials", release["webhook_credential"]) == "git-token"
    apply = controller.named("job_templates", "streambed-prod-apply")
    assert (apply["forks"], apply["timeout"], apply["webhook_service"]) == (7, 7200, "")
    assert apply["description"] == "apply of the environment prod"
    for part, name in (("instance_groups", "near"), ("labels", "streambed")):
        assert [called(controller, part, each) for each in controller.links[f"{apply['url']}{part}/"]] == [name]
    theirs_is_used(controller)


def test_a_first_run_that_stops_says_at_which_update_and_goes_on_when_run_again(tmp_path: Path) -> None:
    """Behind a certificate for which nobody vouches."""
    controller, file = as_a_team_has_it(sync="failed"), tmp_path / "objects.yml"
    file.write_text(yaml.safe_dump(fewer(), sort_keys=False))
    organization = controller.create("organizations", {"name": "Streambed"})["id"]
    # What is taken away goes by another way than what is kept; it looks at the same settings.
    controller.create("workflow_job_templates", {"name": "streambed-old", "organization": organization})
    given = {"objects_file": str(file), "CONTROLLER_VERIFY_SSL": "false"}
    with serving(controller, tls=True) as address:
        said = sentence(keep(address, objects_file=str(file)))
        assert "no AWX that answers" in said
        assert controller.writes == []

        said = sentence(keep(address, **given))
        project = controller.named("projects", "streambed")
        assert f"AWX project streambed: update: found project update {project['id']} failed, wanted a succ" in said
        assert f"/#/jobs/project/{project['id']}/output" in said
        assert not controller.things["workflow_job_templates"]
        assert not controller.things["inventories"]

        controller.sync, controller.source_sync = "successful", "failed"
        said = sentence(keep(address, **given))
        source = controller.named("inventory_sources", "streambed-fleet")["id"]
        assert f"AWX inventory streambed-fleet: sync: found inventory update {source} failed, wanted a succ" in said
        assert f"/#/jobs/inventory/{source}/output" in said
        assert not controller.things["job_templates"]
    theirs_is_used(controller)


def called(controller: Controller, kind: str, number: int | None) -> str:
    return str(controller.things[kind][number or 0]["name"])


def theirs_is_used(controller: Controller) -> None:
    project, image = (controller.named(*at) for at in (("projects", "streambed"),
                                                       ("execution_environments", "streambed-ee")))  # fmt: skip
    assert called(controller, "credentials", project["credential"]) == "git-key"
    assert called(controller, "credentials", project["signature_validation_credential"]) == "signers"
    assert (called(controller, "credentials", image["credential"]), image["pull"]) == ("registry", "always")
    told = controller.named("notification_templates", "streambed-failures")["notification_configuration"]
    assert told["disable_ssl_verification"] is True


def test_a_user_and_a_password_are_as_good_as_a_token_and_leave_none_behind() -> None:
    controller = Controller(galaxy=False)
    with serving(controller) as address:
        done = keep(address, token="", CONTROLLER_USERNAME="keeper", CONTROLLER_PASSWORD=PASSWORD)
    assert "galaxy_credentials: found 0 credentials" in sentence(done)
    assert PASSWORD not in done.stdout
    assert controller.things["tokens"] == {}
    assert "POST /api/v2/tokens/" in controller.writes


def test_a_user_whom_awx_refuses_hears_of_the_user() -> None:
    with serving(Controller()) as address:
        done = keep(address, token="", CONTROLLER_USERNAME="keeper", CONTROLLER_PASSWORD="another")
    assert "user: found one that AWX refuses" in sentence(done)


@pytest.mark.parametrize(("given", "token", "said"), [
    ({"version": "21.14.0"}, "good-token", "version: found 21.14.0, wanted 24.6.0 or newer. Next: upgrade AWX"),
    ({}, "bad-token", "token: found one that AWX refuses"),
    ({"galaxy": False}, "good-token", "galaxy_credentials: found 0 credentials of the name Ansible Galaxy"),
])  # fmt: skip
def test_an_awx_that_will_not_do_is_refused(given: dict[str, Any], token: str, said: str) -> None:
    controller = Controller(**given)
    with serving(controller) as address:
        assert said in sentence(keep(address, token=token))
    assert controller.writes == []


@pytest.mark.parametrize(("address", "said"), [
    ("http://127.0.0.1:9", "wanted 24.6.0 or newer. Next: correct CONTROLLER_HOST"),
    ("", "AWX (CONTROLLER_HOST is not set): version: found no AWX that answers"),
])  # fmt: skip
def test_an_address_without_awx_is_refused(address: str, said: str) -> None:
    assert said in sentence(keep(address))


def test_environments_and_inventories_must_match(tmp_path: Path) -> None:
    objects = yaml.safe_load((ROOT / "awx" / "objects.yml").read_text())
    objects["environments"]["porridge"] = objects["environments"].pop("dev")
    file = tmp_path / "objects.yml"
    file.write_text(yaml.safe_dump(objects))
    said = sentence(keep("http://127.0.0.1:9", objects_file=str(file)))
    assert "environments: found porridge, wanted a folder inventories/porridge. Next: add the inventory" in said
    assert (
        "inventories/dev: found no entry in awx/objects.yml, wanted one under environments or fleets. Next: add it"
        in said
    )
