# SPDX-License-Identifier: Apache-2.0
"""Whole environments in process: variables as an inventory states them, conducted on an embedded cloud."""

from __future__ import annotations

import copy
import functools
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import yaml
from ansible.module_utils.aws.client import Aws
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.environment import request
from ansible.module_utils.environment.components import COMPONENTS, gathered
from ansible.module_utils.environment.conduct import conduct
from ansible.module_utils.environment.entry import OPTIONS
from ansible.module_utils.reconcile.walk import Terms, silent
from jinja2.nativetypes import NativeEnvironment

from localcloud.process import REGION, Cloud
from localcloud.settings import ACCOUNT
from tests.support import figures
from tests.support.components import IDENTITY, ROOT
from tests.support.runs import CLOCK_SPEED, Believing, aws_of, but_locks, unmatched

ROLES = tuple(COMPONENTS)


class Remembering(Aws):
    """An account in which nothing changes: what was read of it once is not asked for again, and a write is a fault."""

    def __init__(self, *arguments: Any, answers: dict[Any, Any]) -> None:
        super().__init__(*arguments)
        self._answers = answers

    def read(self, service: str, operation: str, absent: tuple[str, ...] = (), *rest: Any, **params: Any) -> Any:
        """As in Aws."""
        key = (self.region, service, operation, absent, json.dumps(params, sort_keys=True, default=str))
        if key not in self._answers:
            self._answers[key] = super().read(service, operation, absent, *rest, **params)
        return copy.deepcopy(self._answers[key])

    def write(self, service: str, operation: str, *_: Any) -> Any:
        """As in Aws, for runs that must not come so far."""
        raise AssertionError(f"{service} {operation} would be made")


@functools.cache
def defaults(role: str) -> dict[str, Any]:
    """The role's own defaults, by variable, as they are written."""
    return yaml.safe_load((ROOT / "roles" / role / "defaults" / "main.yml").read_text())


def inventory(name: str) -> dict[str, Any]:
    """What an inventory declares of the components."""
    file = ROOT / "inventories" / name / "group_vars" / "all" / "environment.yml"
    prefixes = tuple(f"{role}_" for role in ROLES)
    return {key: value for key, value in yaml.safe_load(file.read_text()).items() if key.startswith(prefixes)}


def resolved(value: Any, variables: Mapping[str, Any]) -> Any:
    """A value with what its expressions stand for, as Ansible makes it: defaults follow from choices."""
    if isinstance(value, Mapping):
        return {key: resolved(each, variables) for key, each in value.items()}
    if isinstance(value, list):
        return [resolved(each, variables) for each in value]
    if isinstance(value, str) and "{{" in value:
        return NativeEnvironment().from_string(value).render({name: resolved(variables[name], variables)
                                                              for name in variables if name in value})  # fmt: skip
    return value


def components(variables: Mapping[str, Any], roles: tuple[str, ...] = ROLES) -> dict[str, dict[str, Any]]:
    """Options by role, as the action plugin gathers them."""
    found = {}
    for role in roles:
        # As in the terms: a minute of the machine, however many it is on the clock of the run.
        stated = {**defaults(role), f"{role}_wait_timeout": 60 * CLOCK_SPEED, **variables}
        given = gathered(role, stated, resolved)
        found[role] = {option: value for option, value in given.items() if value is not None}
    return found


def requested(
    variables: Mapping[str, Any], verb: str = "apply", roles: tuple[str, ...] = ROLES, **options: Any
) -> request.Request:
    """What a run is asked to do by variables as an inventory states them."""
    own = {name: value for name, value in variables.items() if not name.startswith(tuple(f"{role}_" for role in ROLES))}
    given = {**IDENTITY, "account_id": ACCOUNT, "region": REGION, "verb": verb, "lock_wait_seconds": 60 * CLOCK_SPEED,
             "variables": [name for name in variables if name not in own],
             "components": components(variables, roles), **own, **options}  # fmt: skip
    if verb == "destroy":
        given.setdefault("confirm", given["environment_suffix"])
    checked = ArgumentSpecValidator(OPTIONS).validate(given)
    if checked.error_messages:
        raise ValueError(checked.error_messages)
    return request.of(checked.validated_parameters)


def conducted(
    cloud: Cloud,
    variables: Mapping[str, Any],
    *,
    check: bool = False,
    aws: Aws | None = None,
    say: Callable[[str], None] = silent,
    **options: Any,
) -> dict[str, Any]:
    """The result of one run of an environment.  Raises what ends it."""
    terms = Terms(check, True, 60 * CLOCK_SPEED, 0.01, lambda seconds: time.sleep(min(seconds, 0.05)),
                  lambda: time.monotonic() * CLOCK_SPEED, say)  # fmt: skip
    return conduct(aws or aws_of(cloud), requested(variables, **options), terms)


def one_plan(cloud: Cloud, variables: Mapping[str, Any], **options: Any) -> dict[str, Any]:
    """Check, run, check, run: the plan is the deed, call by call, and nothing is left.  The plan's document."""
    figures.count("plans held against the deed")
    before = len(cloud.journal())
    plan = conducted(cloud, variables, check=True, **options)["plan"]
    assert not cloud.writes(before), "check mode wrote"
    before = len(cloud.journal())
    conducted(cloud, variables, **{"aws": aws_of(cloud, Believing), **options})
    writes = but_locks(cloud.writes(before))
    missing, _ = unmatched(plan["order"], writes)
    _, extra = unmatched(plan["order"], [entry for entry in writes if not entry["error"]])
    assert (missing, extra) == ([], []), f"plan and deed differ: not made {missing}, not planned {extra}"
    settled(cloud, variables, **options)
    return plan


def settled(cloud: Cloud, variables: Mapping[str, Any], **options: Any) -> None:
    """Fails unless everything is as declared: neither a plan from a full look nor a run, which glances, has anything
    to do."""
    left = conducted(cloud, variables, check=True, **{**options, "whole": False})
    assert not left["changed"], [call["why"] for call in left["plan"]["order"]]
    before = len(cloud.journal())
    again = conducted(cloud, variables, **options)
    assert not again["changed"]
    assert not cloud.writes(before), "the second run wrote"


def operations(plan: Mapping[str, Any]) -> list[str]:
    """The operations of a plan in their order."""
    return [call["operation"] for call in plan["order"]]
