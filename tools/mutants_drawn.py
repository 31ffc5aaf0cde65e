# SPDX-License-Identifier: Apache-2.0
"""Draws some of cosmic-ray's mutants by a seed, and tells what became of them.

Run in cosmic-ray's own environment, in the tree that is mutated.

python mutants_drawn.py draw SESSION NUMBER SEED
python mutants_drawn.py tell SESSION FLOOR
"""

from __future__ import annotations

import random
import re
import sys
from pathlib import Path
from typing import Any

from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import WorkerOutcome, WorkResult

# Those whose mutants mean something: it takes the stars of arguments for powers and the bars of types for arithmetic,
# and whether == or is compares two small numbers is not seen from outside.
MEANT = re.compile(r"core/(?:AddNot|NumberReplacer|Replace(?:OrWithAnd|AndWithOr|TrueWithFalse|FalseWithTrue|"
                   r"BreakWithContinue|ContinueWithBreak|UnaryOperator_Delete_Not|UnaryOperator_USub_UAdd|"
                   r"BinaryOperator_(?:Add_Sub|Sub_Add|Mul_Div|Div_Mul|FloorDiv_Mul)|"
                   r"ComparisonOperator_(?:(?:Eq|NotEq|Lt|LtE|Gt|GtE)_(?:Eq|NotEq|Lt|LtE|Gt|GtE)|Is_IsNot|IsNot_Is|"
                   r"In_NotIn|NotIn_In))|ZeroIterationForLoop|ExceptionReplacer)")  # fmt: skip

# What no test is to see: how long a pause is, and guards against our own hands.
UNSEEN = re.compile(r"^\s*(?:[A-Z_]+_SECONDS(?::[^=]*)? = |@dataclass\()|daemon=")


def is_meant(mutation: Any) -> bool:
    """Whether a test could tell the mutant from the code."""
    line = Path(mutation.module_path).read_text(encoding="utf-8").splitlines()[mutation.start_pos[0] - 1]
    return bool(MEANT.fullmatch(mutation.operator_name)) and not UNSEEN.search(line)


def draw(session: WorkDB, number: int, seed: int) -> None:
    """All mutants but so many are skipped, each place of the code being as likely as any other."""
    places: dict[Any, list[str]] = {}
    everything = list(session.work_items)
    for item in everything:
        (mutation,) = item.mutations
        if is_meant(mutation):
            places.setdefault((str(mutation.module_path), mutation.start_pos), []).append(item.job_id)
    dice = random.Random(seed)
    chosen = {dice.choice(sorted(places[place])) for place in dice.sample(sorted(places), min(number, len(places)))}
    skipped = WorkResult(worker_outcome=WorkerOutcome.SKIPPED)
    session.set_multiple_results([item.job_id for item in everything if item.job_id not in chosen], skipped)
    print(f"mutants: {len(chosen)} drawn out of {len(places)} places")


def tell(session: WorkDB, floor: int) -> int:
    """Prints the mutants that survived and the share of the others; 1 when it is below the floor."""
    tried = [(item, result) for item, result in session.completed_work_items
             if result.worker_outcome != WorkerOutcome.SKIPPED and is_meant(item.mutations[0])]  # fmt: skip
    survivors = [(item, result) for item, result in tried if not result.is_killed]
    for _item, result in survivors:
        print(result.diff)
    percent = 100 * (len(tried) - len(survivors)) / len(tried) if tried else 0.0
    print(f"mutants: {len(tried) - len(survivors)} of {len(tried)} killed, {percent:.1f} %, wanted {floor} %")
    return int(percent < floor)


def main() -> int:
    verb, path, *numbers = sys.argv[1:]
    with use_db(path, WorkDB.Mode.open) as session:
        if verb == "draw":
            draw(session, *map(int, numbers))
            return 0
        return tell(session, *map(int, numbers))


if __name__ == "__main__":
    sys.exit(main())
