# SPDX-License-Identifier: Apache-2.0
"""settle -> look -> plan -> gate -> lock -> walk -> verify, for everything that an environment declares at once.

It conducts; ``walk.py`` makes the calls, ``lease.py`` keeps the lock, ``planning.py`` thinks. A component alone is an
environment of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from ..aws.client import Aws, explain
from ..aws.glance import Glance, Tags
from ..aws.sdk import BotoCoreError, ClientError
from . import planning
from .component import Component, Options, Seen
from .errors import AwsFailure, Failure, LostAnswer, Refused
from .plan import CREATE, Call, Wait, same_call
from .planning import Declaration, Look, Part, Plan, draw_up, parentless, refuse, unconverged
from .report import component_result, title
from .walk import Owner, Terms, Walked, apply, settle

# How often a lost answer is looked into before the run gives up, and how long AWS may take to show what was made.
LOST_ANSWERS = 5
SHOWN_WITHIN_SECONDS = 30.0
# How long AWS may go on showing what was before a change.
# Source: terraform-provider-aws, propagationTimeout of its services s3 and iam: two minutes.
CHANGE_SHOWN_WITHIN_SECONDS = 120.0
# How long a run that follows one that died looks for what it is about to create.
DOUBTED_SECONDS = 5.0

Gate = Callable[[Plan], None]


def open_gate(plan: Plan) -> None:
    """Lets every plan through that refuses nothing itself."""
    refuse(plan.refusals)
    for failure in plan.failures:
        raise AwsFailure(failure)


@dataclass(frozen=True)
class Outcome:
    """What became of one environment: the plan, and of a run the calls made and what was seen after them.

    ``after`` is the plan that would follow now; it has calls only where a run left waits, and with them the calls in
    ``left``, to a later one.
    """

    plan: Plan
    after: Plan
    made: tuple[Call, ...] = ()
    left: tuple[Call, ...] = ()
    check_mode: bool = False

    def result_of(self, key: str) -> dict[str, Any]:
        """What the module of one declaration returns."""
        made = None if self.check_mode else [call for call in self.made if call.owner == key]
        left = [call for call in self.left if call.owner == key]
        return component_result(self.plan.parts[key], self.after.parts[key], made, left)


def reconcile(component: Component, aws: Aws, options: Options, terms: Terms) -> dict[str, Any]:
    """The result of a component's module.  Raises Refused before any write, Failure when AWS does not do as asked."""
    declaration = Declaration(component.module, component, options)
    outcome = run([declaration], aws, terms)
    return {**outcome.result_of(declaration.key), "aws_calls": dict(aws.counts)}


def run(
    declarations: Sequence[Declaration], aws: Aws, terms: Terms, gate: Gate = open_gate, careful: bool = False
) -> Outcome:
    """The plan, and unless in check mode its deed.  ``gate`` raises when a plan must not be carried out.

    ``careful`` says that the run before died: what it made last may not show yet.
    """
    plan = (_doubted if careful else look_and_plan)(declarations, aws, terms)
    gate(plan)
    if terms.check_mode or not plan.calls:
        return Outcome(plan, plan, check_mode=terms.check_mode)
    return carry_out(declarations, aws, terms, plan)


def carry_out(declarations: Sequence[Declaration], aws: Aws, terms: Terms, plan: Plan) -> Outcome:
    """Makes the calls and looks again.  After a lost answer it looks, plans anew and goes on from what is there."""
    owners = owners_of(declarations, terms)
    made: list[Call] = []
    now = plan
    for _unused in range(LOST_ANSWERS):
        refuse(list(parentless(now)))
        walked = apply(owners, aws, terms, _waits(now), now.calls)
        made += walked.made
        if walked.failures:
            raise AwsFailure("\n".join(walked.failures))
        if walked.lost is None:
            after = _verified(declarations, aws, terms, walked)
            return Outcome(plan, after, tuple(made), tuple(walked.left))
        made.append(walked.lost)
        now = _shown(declarations, aws, terms, walked.lost)
        refuse(now.refusals)
    raise lost_too_often()


def lost_too_often() -> AwsFailure:
    """What ends a run that goes on after lost answers."""
    return AwsFailure(f"{LOST_ANSWERS} answers were lost. Next: check the network, run again")


def owners_of(declarations: Sequence[Declaration], terms: Terms) -> dict[str, Owner]:
    """Whom calls belong to, by key."""
    return {each.key: Owner(each.component, _wait_timeout(each, terms)) for each in declarations}


def _wait_timeout(declaration: Declaration, terms: Terms) -> float:
    """Seconds that each wait of a declaration may last."""
    return float(declaration.options.get("wait_timeout") or terms.wait_timeout)


def look_and_plan(declarations: Sequence[Declaration], aws: Aws, terms: Terms) -> Plan:
    """The plan from one look at everything, side by side.

    A run first lets AWS finish what it is in the middle of: all of it if it waits, else what takes seconds. A plan
    never waits.
    """
    plan = _from_one_look(declarations, aws)
    waits = [] if terms.check_mode else [
        (wait, _wait_timeout(part.declaration, terms))
        for part in plan.parts.values() for wait in part.waits if terms.wait or not wait.slow]  # fmt: skip
    if not waits or not plan.whole:
        return plan
    settle(waits, aws, terms)
    return _from_one_look(declarations, aws)


def _from_one_look(declarations: Sequence[Declaration], aws: Aws) -> Plan:
    """The plan, with what only the plan of the others makes worth a read."""
    looks = look(declarations, aws)
    plan = draw_up(declarations, looks)
    asked = False
    for part in plan.parts.values():
        component, requests = part.declaration.component, _further(part)
        first = looks[part.declaration.key].seen
        if requests and first:
            looks[part.declaration.key] = Look(component.learned(first, aws.read_many(requests)))
            asked = True
    return draw_up(declarations, looks) if asked else plan


def glance(declarations: Sequence[Declaration], aws: Aws, tags: Mapping[str, Tags], tells: bool) -> Plan | None:
    """The plan where nothing is to be done and nothing speaks against that; ``None`` where it takes a look to say.

    ``tags`` is what the tagging API lists by ARN; ``tells`` says whether what others have put into ours is to be told.
    """

    def at_a_glance(component: Component) -> Any:
        return Glance(aws, tags, component.for_changes if tells else component.for_changes | component.to_tell)

    plan = draw_up(declarations, look(declarations, aws, at_a_glance))
    rest = any(part.waits or _further(part) for part in plan.parts.values())
    return plan if plan.whole and not (rest or plan.calls or plan.refusals) else None


def _further(part: Part) -> Mapping[str, tuple[Any, ...]]:
    """The reads that only the plan makes necessary; none where there is no plan."""
    seen = part.look.seen
    return part.declaration.component.further(part.declaration.options, seen) if seen and not part.left_out else {}


def look(
    declarations: Sequence[Declaration], aws: Aws, eyes: Callable[[Component], Any] | None = None
) -> dict[str, Look]:
    """What there is of each declaration; what speaks against one is kept beside the looks at the others.

    ``eyes`` is what a component reads with, where that is not ``aws`` itself.
    """
    offered = planning.offered(declarations)

    def one(declaration: Declaration) -> Look:
        refusals = planning.rules(declaration)
        if refusals:
            return Look(refusals=tuple(refusals))
        try:
            return Look(_observed(declaration, eyes(declaration.component) if eyes else aws, offered))
        except Refused as refused:
            return Look(refusals=refused.refusals)
        except (Failure, BotoCoreError, ClientError) as error:
            return Look(failure=failure_of(error))

    with ThreadPoolExecutor(max(1, len(declarations))) as pool:
        return dict(zip((each.key for each in declarations), pool.map(one, declarations), strict=True))


def _observed(declaration: Declaration, aws: Aws, offered: set[str]) -> Seen:
    """What the component sees, with what it leans on where nobody in this environment offers it."""
    component, options = declaration.component, declaration.options
    unoffered = {} if declaration.removes else {
        name: reader for name, reader in component.leans_on.items() if name not in offered}  # fmt: skip
    if not unoffered:
        return component.observe(aws, options)
    with ThreadPoolExecutor(1) as pool:
        seen = pool.submit(component.observe, aws, options)
        around = {name: reader(aws, options) for name, reader in unoffered.items()}
        found = seen.result()
    return replace(found, around={**found.around, **around})


def _waits(plan: Plan) -> tuple[Wait, ...]:
    return tuple(wait for part in plan.parts.values() for wait in part.waits)


def _shown(declarations: Sequence[Declaration], aws: Aws, terms: Terms, lost: Call) -> Plan:
    """The plan after a write without an answer, which was given time to show."""
    return _look_again(declarations, aws, terms, SHOWN_WITHIN_SECONDS,
                       lambda plan: not any(same_call(lost, call) for call in plan.calls))  # fmt: skip


def _doubted(declarations: Sequence[Declaration], aws: Aws, terms: Terms) -> Plan:
    """The plan when the run before died: it may have made what AWS does not show yet.

    What would be created must stay absent for a while, and what is to be gone must not show late.
    """
    removing = any(each.removes for each in declarations)
    return _look_again(declarations, aws, terms, DOUBTED_SECONDS,
                       lambda plan: not removing and not any(call.change == CREATE for call in plan.calls))  # fmt: skip


def _look_again(
    declarations: Sequence[Declaration], aws: Aws, terms: Terms, within_seconds: float, enough: Callable[[Plan], bool]
) -> Plan:
    """The plan as soon as it is ``enough``, or the time is up; an object is there before its tags are."""
    for last in _looks(terms, within_seconds):
        plan = look_and_plan(declarations, aws, terms)
        if last or (not plan.refusals and plan.whole and enough(plan)):
            return plan
    raise AssertionError("the last look returns")


def _looks(terms: Terms, within_seconds: float) -> Iterator[bool]:
    """Once for every look, with pauses between: whether it is the last one."""
    deadline = terms.clock() + within_seconds
    while terms.clock() < deadline:
        yield False
        terms.sleep(terms.poll_seconds or 2.0)
    yield True


def _verified(declarations: Sequence[Declaration], aws: Aws, terms: Terms, walked: Walked) -> Plan:
    """The plan once AWS shows everything that was asked.  Raises AwsFailure naming what still differs.

    A run that leaves waits to a later one looks once.
    """
    if walked.left or walked.waits:
        return _from_one_look(declarations, aws)
    plan = _look_again(declarations, aws, terms, CHANGE_SHOWN_WITHIN_SECONDS, lambda plan: not plan.calls)
    told = [f"{title(part)} was changed, but AWS does not show it: {rest}"
            for part in plan.parts.values() if (rest := unconverged(part))]  # fmt: skip
    if told:
        raise AwsFailure("\n".join(told) + ". Next: run again; if it stays, AWS or someone else keeps changing it back")
    return plan


def failure_of(error: Exception) -> str:
    """The message of a run that ended with an error; never a traceback, never a parameter."""
    if isinstance(error, (Refused, Failure, LostAnswer)):
        return str(error)
    if isinstance(error, (BotoCoreError, ClientError)):
        return explain(error)
    where = error.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    place = f" in {where.tb_frame.f_code.co_name}, line {where.tb_lineno}" if where else ""
    return f"{type(error).__name__}{place}. Next: report this; nothing is lost, running again continues"
