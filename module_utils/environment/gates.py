# SPDX-License-Identifier: Apache-2.0
"""What a plan must pass before its first write: the classes of change that are let through, and the approval.  Pure."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..reconcile.errors import Refusal
from ..reconcile.plan import CHANGES, Call, Ref, Secret, described
from ..reconcile.planning import Plan

# Characters of a digest that are shown and compared: 64 bits, which nobody meets by chance or finds on purpose.
DIGEST_LENGTH = 16
# How many calls a refusal names one by one.
NAMED = 5


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


def approved_for(approved: Any, environment: str) -> str:
    """The digest that was approved for an environment; AWX hands one on for each, a person gives just one."""
    found = approved.get(environment, "") if isinstance(approved, Mapping) else approved
    return str(found or "").strip()


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


def disapproved(plan: Plan, approved: str, found: str, stored: Mapping[str, Any] | None, name: str) -> list[Refusal]:
    """A refusal when the plan is not the one that was approved, with what differs where that one was stored."""
    if not approved or approved == found or not plan.calls:
        return []
    told = "the approved plan is not stored here"
    if stored and stored.get("digest") == approved:
        told = "; ".join(differing(stored.get("order") or [], [described(call) for call in plan.calls]))
    return [Refusal("environment", name, "approved_plan", f"{found} ({told})", f"the approved {approved}",
                    "look at the new plan with playbooks/plan.yml and have that one approved")]  # fmt: skip


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
