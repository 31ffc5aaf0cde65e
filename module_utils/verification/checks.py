# SPDX-License-Identifier: Apache-2.0
"""Whether an environment works: every line of the table, component by component."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..environment import permissions
from ..environment.keys import of_role
from ..environment.lock import Place
from ..environment.preflight import OK, STOP, WARNING, Check
from ..reconcile.planning import Part, Plan
from . import bucket, cache, network, paths, posture, stream, traces

if TYPE_CHECKING:
    from ..aws.client import Aws

# What a verification asks of IAM beside the reads of a plan.
PERMISSIONS = permissions.TRIES


def checks(aws: Aws, plan: Plan, place: Place | None, ca_file: str | None, tries: bool) -> Iterator[Check]:
    """What is there tried out, and what is missing named; ``ca_file`` is the authority of the cache's certificate.

    Without ``tries`` nothing is written, and a line says what was left out.
    """
    untried = Check("streams, cache, bucket, lock", "not tried in check mode", "a try", WARNING, "run without --check")
    return looked(aws, plan, tried(aws, plan, resources(plan), place, ca_file) if tries else [untried])


def looked(aws: Aws, plan: Plan, tries: Iterable[Check] = ()) -> Iterator[Check]:
    """What reading alone tells; ``tries`` are made after the ways and before the posture."""
    seen = resources(plan)
    yield from there(plan, seen)
    yield from declared(plan)
    found, lines = ways(aws, plan, seen)
    yield from lines
    yield from tries
    yield from posture.checks(aws, found, seen)


def resources(plan: Plan) -> dict[str, Any]:
    """What there is of each component, where there is anything."""
    looks = {key: part.look.seen for key, part in plan.parts.items()}
    return {key: look.resource for key, look in looks.items() if look is not None and look.resource}


def tried(aws: Aws, plan: Plan, seen: Mapping[str, Any], place: Place | None, ca_file: str | None) -> Iterator[Check]:
    """Records on the streams, a key on each shard of the cache, a state and the lock in the bucket.

    All but the records are taken away again.
    """
    for each in of_role(seen, "kinesis").values():
        yield from stream.checks(aws, each["name"])
    for key, each in of_role(seen, "redis").items():
        yield from cache.checks(aws, plan.parts[key].declaration.options, each, ca_file)
    if "state_bucket" in seen and place:
        lock = seen["state_bucket"].get("object_lock") or {}
        yield from bucket.checks(aws, place, bool(lock.get("days") or lock.get("years")))


def there(plan: Plan, seen: Mapping[str, Any]) -> Iterator[Check]:
    """A line for each component that is not there, or could not be looked at."""
    for key, part in plan.parts.items():
        if key not in seen and not part.declaration.removes:
            why = part.left_out or "nothing"
            yield Check(part.declaration.component.noun, why, "the component laid", STOP, "run playbooks/site.yml")


def declared(plan: Plan) -> Iterator[Check]:
    """Whether all is as declared; what is not may be why something below does not work."""
    what, wanted = "as declared", "no call to make"
    differing = [f"{key}: {', '.join(differences(part))}" for key, part in plan.parts.items() if differences(part)]
    if differing or plan.refusals:
        told = [*differing, *(str(each) for each in plan.refusals)]
        yield Check(what, "; ".join(told), wanted, WARNING, "run playbooks/drift.yml for each difference")
    else:
        yield Check(what, wanted, wanted, OK)


def differences(part: Part) -> list[str]:
    """What of a component is not as declared, by name."""
    return list(part.differences) or [call.why for call in part.calls]


def ways(aws: Aws, plan: Plan, seen: Mapping[str, Any]) -> tuple[paths.Network | None, list[Check]]:
    """The network as EC2 describes it, and the ways through it."""
    if "vpc" not in seen:
        return None, []
    try:
        found = network.read(aws, seen["vpc"]["vpc_id"])
    except traces.ERRORS as error:
        return None, [network.unknown(traces.told(error))]
    caches = [part.declaration.options for part in of_role(plan.parts, "redis").values()]
    return found, list(network.checks(found, plan.parts["vpc"].declaration.options, caches))
