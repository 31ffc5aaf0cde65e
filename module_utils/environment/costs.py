# SPDX-License-Identifier: Apache-2.0
"""What an environment costs by the month, before its plan and after, from AWS's list prices.  Pure.

Only what costs by being there is reckoned: what is sent, asked and stored cannot be known from a declaration. What has
no price in the list, or no count, is unknown: it is ``None``, in no sum, and named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..reconcile.errors import Refusal
from ..reconcile.planning import Part, Plan
from ..reconcile.report import coming, present
from ..reconcile.usage import Use
from . import prices

Entry = dict[str, Any]
NOT_COUNTED = "traffic, requests, stored data, snapshots and customer managed keys"


def costs(plan: Plan, region: str) -> Entry:
    """The costs as ``plan.json`` holds them, in units of the currency with two decimals.

    ``before``, ``after`` and ``increase`` are of what is known; ``unknown`` names what is in no sum.
    """
    parts = {key: component_costs(part, region) for key, part in plan.parts.items()}
    lines = [line for part in parts.values() for line in part["lines"]]
    uncompared = [key for key, part in plan.parts.items() if not known(part)]
    unknown = [line["what"] for line in lines if None in (line["before"], line["after"])]
    return {
        "currency": prices.CURRENCY,
        "region": region,
        "as_of": prices.AS_OF,
        **sums(lines),
        "unknown": [*uncompared, *unknown],
        "components": parts,
        "assumed": list(dict.fromkeys(line["assumed"] for line in lines if line["assumed"])),
        "not_counted": NOT_COUNTED,
    }


def known(part: Part) -> bool:
    """Whether the states of a part before and after the plan are known."""
    return part.look.seen is not None and not part.refusals


def component_costs(part: Part, region: str) -> Entry:
    """``lines`` with ``before``, ``after`` and ``increase`` of one component; none where it could not be compared."""
    if not known(part):
        return {**sums([]), "lines": []}
    charges = part.declaration.component.charges
    lines = priced(charges(present(part)), charges(coming(part)), region)
    return {**sums(lines), "lines": lines}


def priced(before: Iterable[Use], after: Iterable[Use], region: str) -> list[Entry]:
    """A line for each item that is there before or after; what is neither is left out."""
    was, will = ({use.item: use for use in uses if use.count != 0} for uses in (before, after))
    return [line(was.get(item), will.get(item), region) for item in dict.fromkeys([*was, *will])]


def line(before: Use | None, after: Use | None, region: str) -> Entry:
    """One item: its counts, what a unit costs, and what that is in a month; what is unknown is ``None``."""
    use = after or before
    if use is None:
        raise ValueError("a line is of something")
    unit = prices.price(region, use.item)
    counts = [each.count if each else 0 for each in (before, after)]
    old, new = (monthly(count, unit, use.item) for count in counts)
    same = counts[0] == counts[1]
    increase = None if old is None or new is None else round(new - old, 2)
    return {
        "what": use.what,
        "unit_price": unit,
        "unit": "hour" if use.item.endswith("hour") else "month" if use.item.endswith("month") else "GB",
        "count_before": counts[0],
        "count_after": counts[1],
        "before": old,
        "after": new,
        "increase": 0.0 if same else increase,
        "assumed": use.assumed,
    }


def monthly(count: float | None, unit: float | None, item: str) -> float | None:
    """What so many cost in a month; none of something costs nothing, whatever its price."""
    if count == 0:
        return 0.0
    return None if count is None or unit is None else round(count * unit * prices.units_per_month(item), 2)


def sums(lines: Sequence[Mapping[str, Any]]) -> Entry:
    """The sums of what is known."""
    return {name: round(sum(line[name] for line in lines if line[name] is not None), 2)
            for name in ("before", "after", "increase")}  # fmt: skip


def _grows(line: Mapping[str, Any]) -> bool:
    """Whether there is more of something after the plan, as far as that is known."""
    before, after = line["count_before"], line["count_after"]
    return before is None or after is None or after > before


def too_dear(found: Mapping[str, Any], most: float | None, name: str, digest: str) -> list[Refusal]:
    """A refusal for a plan that adds more to a month's bill than the environment lets through without approval.

    What is added at an unknown price may be any price, so it is refused too.
    """
    if most is None:
        return []
    lines = [line for part in found["components"].values() for line in part["lines"]]
    added = [line["what"] for line in lines if line["increase"] is None and _grows(line)]
    step = f"have the plan approved and run with -e approved_plan={digest}, or raise max_monthly_increase"
    wanted = f"at most {most:.2f} {found['currency']} a month"
    refusals = []
    if found["increase"] > most:
        told = f"+{found['increase']:.2f} {found['currency']} a month"
        refusals.append(Refusal("environment", name, "max_monthly_increase", told, wanted, step))
    if added:
        told = f"an unknown price of {', '.join(added)}"
        refusals.append(Refusal("environment", name, "max_monthly_increase", told, wanted, step))
    return refusals
