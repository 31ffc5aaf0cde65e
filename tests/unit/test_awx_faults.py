# SPDX-License-Identifier: Apache-2.0
"""What a real AWX showed, fault by fault, and the tests that hold it mended; each was seen failing without its mend."""

from __future__ import annotations

import re

import pytest

from tests.support.components import ROOT

MEMBERS, STRAYS, OBJECTS = (f"unit/test_awx_{name}.py" for name in ("members", "strays", "objects"))
PLAYBOOK, IMAGE, JOBS = "awx/test_playbook.py", "awx/test_execution_environment.py", "integration/test_awx_jobs.py"
FAULTS: dict[str, tuple[tuple[str, str], ...]] = {
    "1: approvers cannot read the plan, nor operators the apply of their release": (
        (MEMBERS, "test_who_reads_a_job_and_its_output"),
    ),
    "2: what is approved is not what is applied": (
        (JOBS, "test_what_is_approved_is_what_is_applied_or_nothing"),
        (OBJECTS, "test_what_changes_aws_stands_behind_an_approval"),
    ),
    "3: edits by hand that defeat an approval go unnoticed": (
        (STRAYS, "test_an_attempt_to_get_past_the_approval_is_named_and_taken_away"),
        (PLAYBOOK, "test_what_is_kept_is_kept_once_and_what_hands_did_is_named_and_put_back"),
        (MEMBERS, "test_a_denied_release_never_applies"),
    ),
    "4: the fleet has no credential for the endpoint": (
        (OBJECTS, "test_every_template_has_the_credential_for_region_and_endpoint"),
    ),
    "5: no private repository or registry, and a first sync that fails says nothing": (
        (PLAYBOOK, "test_a_first_run_that_stops_says_at_which_update_and_goes_on_when_run_again"),
    ),
    "6: an environment that is removed leaves its templates and an enabled schedule": (
        (STRAYS, "test_an_environment_that_is_declared_no_longer_goes_and_is_named_first"),
    ),
    "7: a run that waits for the lock does not say for whom": (
        (JOBS, "test_a_job_that_waits_and_one_that_unlocks_say_who_holds_the_lock"),
    ),
    "8: lines of progress are warned of": ((JOBS, "test_plan_apply_and_drift_as_jobs"),),
    "9: the whole plan is in a file of a container that is gone": (
        (JOBS, "test_what_is_approved_is_what_is_applied_or_nothing"),
        (JOBS, "test_plan_apply_and_drift_as_jobs"),
        ("unit/test_gates.py", "test_a_plan_too_long_to_be_handed_on_is_cut_at_a_call_and_says_so"),
    ),
    "10: the first launch of a fleet is one job": (
        (PLAYBOOK, "test_what_is_kept_is_kept_once_and_what_hands_did_is_named_and_put_back"),
        (MEMBERS, "test_a_fleet_is_sliced_by_the_hosts_that_were_found"),
    ),
    "11: unlock wants nonsense typed": (
        (MEMBERS, "test_unlock_is_launched_without_an_answer"),
        (JOBS, "test_a_job_that_waits_and_one_that_unlocks_say_who_holds_the_lock"),
    ),
    "12: address, user and certificate settings": (
        (OBJECTS, "test_an_address_has_a_scheme_and_no_slash"),
        (PLAYBOOK, "test_a_user_and_a_password_are_as_good_as_a_token_and_leave_none_behind"),
        (PLAYBOOK, "test_a_user_whom_awx_refuses_hears_of_the_user"),
        (PLAYBOOK, "test_a_first_run_that_stops_says_at_which_update_and_goes_on_when_run_again"),
    ),
    "13: alerts name no object, some have none, and a mistyped name alarms": (
        (OBJECTS, "test_an_alert_names_object_and_attribute"),
        (OBJECTS, "test_an_alert_names_environment_and_verb"),
        (OBJECTS, "test_plans_workflows_and_syncs_alarm_as_well"),
        (MEMBERS, "test_a_mistyped_name_starts_no_job_that_could_fail"),
        (JOBS, "test_plan_apply_and_drift_as_jobs"),
    ),
    "14: what the builder leaves, destroy without approval, an access key's id in events": (
        (IMAGE, "test_what_the_builder_leaves_is_not_of_the_repository"),
        (OBJECTS, "test_what_changes_aws_stands_behind_an_approval"),
        (JOBS, "test_plan_apply_and_drift_as_jobs"),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_has_tests_that_hold_it(fault: str) -> None:
    for file, name in FAULTS[fault]:
        assert re.search(rf"^def {name}\(", (ROOT / "tests" / file).read_text(), re.MULTILINE), (file, name)


def test_all_fourteen_are_here() -> None:
    assert [int(fault.partition(":")[0]) for fault in FAULTS] == list(range(1, 15))
