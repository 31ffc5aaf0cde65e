# SPDX-License-Identifier: Apache-2.0
"""What a plan must pass before its first write: the classes of change that are let through, and the approval.  Pure."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..reconcile.errors import Refusal
from ..reconcile.plan import CHANGES, Call, Ref, Secret, described
from ..reconcile.planning import Plan

# Characters of a digest that are shown and compared: 64 bits, which nobody meets by chance or finds on purpose.
DIGEST_LENGTH = 16
# How many calls a refusal names one by one.
NAMED = 5
# Characters of JSON that a plan's calls may have where they are handed on, some 300 calls: AWX keeps them in its
# database and writes them into the next job's extra variables.
HANDED_ON_LENGTH = 100_000


@dataclass(frozen=True)
class Approval:
    """What was approved: a digest, and where a plan handed it on, the revision that it was made at and its calls.

    ``left_off`` is how many calls were too many to be handed on.
    """

    digest: str = ""
    revision: str = ""
    order: tuple[Mapping[str, Any], ...] = ()
    left_off: int = 0


def digest(calls: Iterable[Call], about: Mapping[str, Any]) -> str:
    """A plan's fingerprint: the same on every machine for the same calls on the same environment.

    ``about`` names the environment. Values that are known after apply count by name, secrets by there being one.
    """
    prints = [_print(call) for call in calls]
    text = json.dumps([dict(about), prints], sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]


def _print(call: Call) -> list[Any]:
    return [call.owner, call.service, call.operation, call.on, call.change, _stable(call.params)]


def is_the_rest(calls: Sequence[Call], of: Sequence[Call], made: Sequence[Call]) -> bool:
    """Whether ``calls`` are those of a plan without the ones that were made of it, in whatever order."""

    def prints(of_these: Sequence[Call]) -> Counter[str]:
        return Counter(json.dumps(_print(call), sort_keys=True, default=str) for call in of_these)

    return prints(calls) == prints(of) - prints(made)


def _stable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _stable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_stable(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((_stable(item) for item in value), key=str)
    if isinstance(value, Ref):
        return {"known after apply": value.name}
    return "a secret" if isinstance(value, Secret) else value


def approved_for(approved: Any, environment: str) -> Approval:
    """What was approved for an environment; AWX hands that on for each, a person gives just a digest."""
    found = approved.get(environment, "") if isinstance(approved, Mapping) else approved
    if isinstance(found, Mapping):
        return Approval(str(found.get("digest", "")), str(found.get("revision") or ""), tuple(found.get("order") or ()),
                        int(found.get("left_off") or 0))  # fmt: skip
    return Approval(str(found or "").strip())


def handed_on(found: Mapping[str, Any], revision: str) -> dict[str, Any]:
    """A plan as the next node of a workflow gets it, to make it or none: whole calls, as many as have room."""
    order: list[Mapping[str, Any]] = []
    room = HANDED_ON_LENGTH
    for call in found["order"]:
        room -= len(json.dumps(call, default=str))
        if room < 0:
            break
        order.append(call)
    left_off = len(found["order"]) - len(order)
    return {"digest": found["digest"], "revision": revision, "order": order, "left_off": left_off}


def allowed(words: Iterable[str] | None) -> set[str]:
    """The classes of change that need no approval; ``deferred`` is short for its class.  ``None`` is all of them."""
    stated = CHANGES if words is None else tuple(words)
    return {change for change in CHANGES for word in stated if change == word or change.startswith(f"{word} ")}


def unknown_classes(words: Iterable[str] | None, name: str) -> Iterator[Refusal]:
    """Words in ``allowed_changes`` that are no class of change."""
    for word in words or ():
        if not allowed([word]):
            yield Refusal("environment", name, "allowed_changes", word, CHANGES, "correct allowed_changes")


def unapproved(calls: Sequence[Call], let_through: set[str], name: str, found: str) -> list[Refusal]:
    """A refusal for each class of change that this environment lets through only with approval."""
    step = f"have the plan approved and run with -e approved_plan={found}, or change the declaration"
    refusals = []
    for change in CHANGES:
        held = [call.why for call in calls if call.change == change and change not in let_through]
        if held:
            more = f" and {len(held) - NAMED} more" if len(held) > NAMED else ""
            what = f"{len(held)} {change}: {'; '.join(held[:NAMED])}{more}"
            open_to = [each for each in CHANGES if each in let_through]
            refusals.append(Refusal("environment", name, "allowed_changes", what, open_to, step))
    return refusals


# The calls that set tags and change nothing else.
TAGGING = ("create_tags", "add_tags_to_resource", "tag_resource", "put_bucket_tagging")


def beside_tags(calls: Sequence[Call], name: str) -> list[Refusal]:
    """A refusal that names every object of which a plan would change more than tags."""
    beside = [f"{call.on}: {call.why}" for call in calls if call.operation not in TAGGING]
    if not beside:
        return []
    step = "declare these as they are, null where they shall stay; or adopt without them, and change them with site.yml"
    return [Refusal("environment", name, "adopt", f"{len(beside)} calls beside tags: {'; '.join(beside)}", "tags alone",
                    step)]  # fmt: skip


def disapproved(
    plan: Plan, approved: Approval, found: str, stored: Mapping[str, Any] | None, name: str
) -> list[Refusal]:
    """A refusal when the plan is not the one that was approved, with what differs where that one is known."""
    if not approved.digest or approved.digest == found or not plan.calls:
        return []
    told = f"{found} ({_differing(plan, approved, stored)})"
    return [Refusal("environment", name, "approved_plan", told, f"the approved {approved.digest}",
                    "look at the new plan with playbooks/plan.yml and have that one approved")]  # fmt: skip


def _differing(plan: Plan, approved: Approval, stored: Mapping[str, Any] | None) -> str:
    order: Sequence[Mapping[str, Any]] = approved.order
    if stored and stored.get("digest") == approved.digest:
        order = stored.get("order") or []
    elif approved.left_off:
        return f"of the approved plan {approved.left_off} calls were not handed on: see the output of its job"
    elif not order:
        return "the approved plan is not stored here"
    return "; ".join(differing(order, [described(call) for call in plan.calls]))


def outdated(approved: Approval, revision: str, name: str) -> list[Refusal]:
    """A refusal when the project has moved on since the approved plan was made.

    The same calls by other code are not what was approved.
    """
    if not approved.revision or approved.revision == revision:
        return []
    return [Refusal("environment", name, "revision", revision or None, f"{approved.revision}, at which it was planned",
                    "launch it again, so that this revision is planned and approved")]  # fmt: skip


def differing(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> list[str]:
    """What two plans do not share, in words: first what has come, then what has gone."""

    def keys(calls: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        return {json.dumps([call["operation"], call["on"], call["params"]], sort_keys=True, default=str): call["why"]
                for call in calls}  # fmt: skip

    old, new = keys(before), keys(after)
    come = [f"new: {why}" for key, why in new.items() if key not in old]
    gone = [f"no longer: {why}" for key, why in old.items() if key not in new]
    told = come + gone
    return [*told[:NAMED], *([f"{len(told) - NAMED} more"] if len(told) > NAMED else [])] or ["another order"]
