# SPDX-License-Identifier: Apache-2.0
"""Runs of one component against an embedded cloud, and the comparison of plans with what the cloud was asked."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import boto3
from ansible.module_utils.aws.client import Aws
from ansible.module_utils.reconcile import engine
from ansible.module_utils.reconcile.component import Component
from ansible.module_utils.reconcile.errors import AwsFailure, LostAnswer, Refused
from ansible.module_utils.reconcile.plan import HIDDEN, KNOWN_AFTER_APPLY
from ansible.module_utils.reconcile.walk import Terms

from localcloud.process import CREDENTIALS, REGION, Cloud
from tests.support import figures
from tests.support.components import component, options


def connection(cloud: Cloud, region: str = REGION) -> dict[str, Any]:
    """botocore's arguments for a client of this cloud."""
    return {"region_name": region, "endpoint_url": cloud.endpoint, **CREDENTIALS}


def aws_of(cloud: Cloud, kind: type[Aws] = Aws, region: str = REGION) -> Aws:
    """The core's view of a cloud; pauses are short, since the embedded cloud settles by polls, not by the clock."""
    aws = kind(connection(cloud, region), None, lambda seconds: time.sleep(min(seconds, 0.01)))
    # Clients know nothing of a run, and making them takes longer than most runs.
    aws._clients = _CLIENTS.setdefault((cloud.endpoint, region), {})
    return aws


_CLIENTS: dict[tuple[str, str], dict[Any, Any]] = {}


class Believing(Aws):
    """AWS for runs that are to lose no answer: a run would go on by itself, and nobody would see that the embedded
    cloud answers otherwise than AWS."""

    def write(self, *arguments: Any) -> dict[str, Any]:
        try:
            return super().write(*arguments)
        except LostAnswer as lost:
            raise AwsFailure(f"an answer was not believed: {lost}") from lost


# Seconds of the core's clock in one of the wall's: what it gives AWS half a minute for, it gives the embedded cloud
# a moment.
CLOCK_SPEED = 100


def run(
    cloud: Cloud,
    module: str,
    given: Mapping[str, Any],
    *,
    check: bool = False,
    aws: Aws | None = None,
    variant: Component | None = None,
    region: str = REGION,
) -> dict[str, Any]:
    """The module's result; ``variant`` stands in for the module's own component."""
    checked = options(module, dict(given))
    wait = checked["wait"]
    terms = Terms(check, wait, 60 * CLOCK_SPEED, 0.01, time.sleep, lambda: time.monotonic() * CLOCK_SPEED)
    return engine.reconcile(variant or component(module), aws or aws_of(cloud, region=region), checked, terms)


def api_name(service: str, operation: str) -> str:
    """AWS's name of a boto3 method."""
    return _api_names(service)[operation]


@functools.cache
def _api_names(service: str) -> Mapping[str, str]:
    """By boto3's methods; making a client for each takes longer than most tests."""
    names: Mapping[str, str] = boto3.client(service, region_name=REGION, **CREDENTIALS).meta.method_to_api_mapping
    return names


def fits(planned: Any, made: Any) -> bool:
    """Whether a value in a plan is the one that was sent; what the plan could not know or show fits anything."""
    if planned in (KNOWN_AFTER_APPLY, HIDDEN, [KNOWN_AFTER_APPLY]):
        return True
    if isinstance(planned, Mapping) and isinstance(made, Mapping):
        return planned.keys() == made.keys() and all(fits(planned[key], made[key]) for key in planned)
    if isinstance(planned, list) and isinstance(made, list):
        return len(planned) == len(made) and all(fits(p, m) for p, m in zip(planned, made, strict=True))
    return str(planned) == str(made)


def beside_plans(params: Mapping[str, Any] | None) -> bool:
    """Whether a call is on a lock or on the record of a run, which are no part of any plan."""
    key = str((params or {}).get("Key", ""))
    return key.endswith(".tflock") or ".history/" in key


def but_locks(entries: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Entries of the journal without those that are no part of any plan."""
    return [entry for entry in entries if not beside_plans(entry["params"])]


# What botocore adds to a call by itself.
ADDED = {"ClientToken"}


def unmatched(planned: Iterable[Mapping[str, Any]], writes: Iterable[Mapping[str, Any]]) -> tuple[list[str], list[str]]:
    """Planned calls that were not made, and writes that were not planned; both empty when plan and deed agree."""
    left = list(writes)
    missing = []
    # What the plan knew least of comes last: it fits entries that are another call's.
    for call in sorted(planned, key=lambda call: str(call["params"]).count(KNOWN_AFTER_APPLY)):
        found = next((entry for entry in left if same_call(call, entry)), None)
        if found is None:
            missing.append(f"{call['service']}:{call['operation']} {call['params']}")
        else:
            left.remove(found)
    return missing, [f"{entry['service']}:{entry['operation']} {entry['params']}" for entry in left]


def same_call(call: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    """Whether a planned call and an entry of the journal are the same."""
    if api_name(call["service"], call["operation"]) != entry["operation"]:
        return False
    made = {key: value for key, value in entry["params"].items() if key not in ADDED or key in call["params"]}
    # A setting without content is an empty body, of which the journal can show nothing.
    return fits(*({key: value for key, value in params.items() if value != {}} for params in (call["params"], made)))


def four_steps(cloud: Cloud, module: str, given: Mapping[str, Any], region: str = REGION) -> dict[str, Any]:
    """Check, run, check, run; the result of the first run.  Fails where one of them is not what it must be."""
    figures.count("plans held against the deed")
    before = len(cloud.journal())
    plan = run(cloud, module, given, check=True, region=region)
    assert not cloud.writes(before), "check mode wrote"
    before = len(cloud.journal())
    first = run(cloud, module, given, aws=aws_of(cloud, Believing, region), region=region)
    writes = cloud.writes(before)
    # A call that was refused counts as made, since AWS may say that it is so already; what was refused and then sent
    # again, since something stayed behind for a while, is not one call more.
    missing, _ = unmatched(plan["calls"], writes)
    _, extra = unmatched(plan["calls"], [entry for entry in writes if not entry["error"]])
    assert (missing, extra) == ([], []), f"plan and deed differ: not made {missing}, not planned {extra}"
    assert first["calls"] == plan["calls"] or _same_but_ids(plan["calls"], first["calls"])
    again = run(cloud, module, given, check=True, region=region)
    assert not again["changed"], again["calls"]
    before = len(cloud.journal())
    second = run(cloud, module, given, region=region)
    assert not second["changed"]
    assert not cloud.writes(before), "the second run wrote"
    return first


def _same_but_ids(planned: Sequence[Mapping[str, Any]], made: Sequence[Mapping[str, Any]]) -> bool:
    return [call["operation"] for call in planned] == [call["operation"] for call in made]


def taken(cloud: Cloud, module: str, given: Mapping[str, Any], region: str = REGION) -> bool:
    """Whether a declaration is taken, with all four steps; what is refused is so in both modes and writes nothing."""
    figures.count("random pairs")
    before = len(cloud.journal())
    refused = _refusal(cloud, module, given, True, region)
    if not refused:
        four_steps(cloud, module, given, region)
        return True
    assert _refusal(cloud, module, given, False, region) == refused
    assert not cloud.writes(before), "a refused declaration wrote"
    return False


def _refusal(cloud: Cloud, module: str, given: Mapping[str, Any], check: bool, region: str) -> str:
    try:
        run(cloud, module, given, check=check, region=region)
    except Refused as refused:
        return str(refused)
    return ""
