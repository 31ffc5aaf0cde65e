# SPDX-License-Identifier: Apache-2.0
"""One run of an environment: look, plan, gate, lock, walk, verify, and what is written down of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from ..aws.client import Aws
from ..aws.glance import Glance
from ..reconcile import engine, walk
from ..reconcile.errors import AwsFailure, Failure, Refusal, Refused
from ..reconcile.offers import STATE_LOCK
from ..reconcile.plan import CREATE, Call, printable
from ..reconcile.planning import Declaration, Plan
from ..reconcile.walk import BEGUN, Event, Terms
from . import (
    account,
    changers,
    costs,
    document,
    files,
    gates,
    history,
    lease,
    locking,
    named,
    orphans,
    outputs,
    preflight,
    rehearsal,
    text,
)
from .history import Keeper
from .lock import summary
from .preflight import Check
from .record import Record
from .request import Request

Result = dict[str, Any]
PLAN_FILE, DRIFT_FILE, REPORT_FILE, HISTORY_FILE = "plan.json", "drift.json", "report.json", "history.json"
TIMELINE_FILE = "timeline.json"
DONE, NOTHING_TO_DO, PLANNED, AS_DECLARED, DRIFTED = "DONE", "NOTHING TO DO", "PLAN", "AS DECLARED", "DRIFTED"


def conduct(aws: Aws, request: Request, terms: Terms) -> Result:
    """The module's result.  Raises Refused before any write, Failure when AWS does not do as asked."""
    if request.refusals:
        raise Refused(request.refusals)
    run = Run(aws, request, terms)
    verbs = {"adopt": run.adopt, "apply": run.apply, "destroy": run.apply, "drift": run.drift, "history": run.history,
             "outputs": run.outputs, "permissions": run.permissions, "preflight": run.preflight,
             "rehearse": run.rehearse, "report": run.report, "unlock": run.unlock, "verify": run.verify}  # fmt: skip
    return verbs[request.options["verb"]]()


class Run:
    """The state of one run; ``terms.say`` hears what it does."""

    def __init__(self, aws: Aws, request: Request, terms: Terms) -> None:
        self._aws, self._request, self._options = aws, request, request.options
        self._listener, self._events, self._begun = terms.tell, list[Event](), terms.clock()
        self._terms = replace(terms, tell=self._hear)
        self._declarations: Sequence[Declaration] = request.declarations
        self._checks: list[Check] = []
        self._rooms: dict[str, list[Check]] = {}
        self._orphans: list[dict[str, str]] = []
        self._named: tuple[Refusal, ...] = ()

    # The verbs

    def apply(self) -> Result:
        """Brings the environment to its declaration, or removes it; in check mode it shows how."""
        plan = self._look()
        found = self._document(plan)
        self._say(text.plan_lines(found) if self._terms.check_mode or plan.calls else [])
        self._warn()
        if self._terms.check_mode:
            self._write(self._plan_file, found)
            self._leftover(plan)
            self._gate_of_a_plan(plan)
            outcome = engine.Outcome(plan, plan, check_mode=True)
            return self._result(outcome, PLANNED if plan.calls else NOTHING_TO_DO, found)
        self._gate(plan)
        if not plan.calls and not self._follows_a_dead_run():
            return self._laid(engine.Outcome(plan, plan), NOTHING_TO_DO, found)
        try:
            outcome = self._changed(plan)
        finally:
            self._tell_times()
        return self._laid(outcome, DONE if outcome.made else NOTHING_TO_DO, found)

    def adopt(self) -> Result:
        """Writes ownership tags on what others built, and nothing else; without ``confirm`` it shows the plan of it."""
        if not self._options["confirm"]:
            self._terms = replace(self._terms, check_mode=True)
        return self.apply()

    def drift(self) -> Result:
        """Says how far the environment is from its declaration; fails when it is not as declared."""
        plan = self._look()
        found = self._document(plan)
        drift = {**document.drift(found), **changers.told(self._aws, plan.calls)}
        self._say(text.drift_lines(drift))
        self._leftover(plan)
        self._write(DRIFT_FILE, drift)
        outcome = engine.Outcome(plan, plan, check_mode=True)
        result = self._result(outcome, DRIFTED if drift["drifted"] else AS_DECLARED, found)
        result |= {"drift": drift, "changed": False}
        if drift["drifted"]:
            things = list(dict.fromkeys(entry["object"] for entry in drift["differences"]))
            told = f"found {drift['calls']} calls to make, wanted none: {', '.join(things)}"
            if drift["refused"]:
                told += f"; {len(drift['refused'])} refused, see above"
            result |= {"failed": True, "msg": f"environment {drift['environment']}: drift: {told}. "
                       "Next: run site.yml to put the declaration back, or change the declaration"}  # fmt: skip
        return result

    def outputs(self) -> Result:
        """Writes what other stacks need."""
        plan = self._look()
        self._gate(plan)
        outcome = engine.Outcome(plan, plan, check_mode=True)
        missing = [key for key, part in plan.parts.items() if part.look.seen is None or not part.look.seen.resource]
        if missing:
            raise Refused([Refusal("environment", self._request.identity.name, key, None, "the component laid",
                                   "run playbooks/site.yml") for key in missing])  # fmt: skip
        result = self._laid(outcome, NOTHING_TO_DO, self._document(plan))
        return {**result, "changed": False}

    def preflight(self) -> Result:
        """Compares the account with what the plan needs; one table."""
        plan = self._look()
        self._say(preflight.table([*self._checks, *self._room(plan)]))
        self._gate(plan, approval=False)
        outcome = engine.Outcome(plan, plan, check_mode=True)
        checks = [check.as_dict() for check in (*self._checks, *self._room(plan))]
        return {**self._result(outcome, "CHECKED", self._document(plan)), "changed": False, "checks": checks}

    def rehearse(self) -> Result:
        """Asks the account what it would say to the plan; one table, and a failure where it would refuse."""
        plan = self._full_look()
        room = [] if plan.refusals or plan.failures else self._room(plan)
        found = [*self._checks, *room, *rehearsal.checks(self._aws, plan, self._declarations)]
        self._say(preflight.table(found))
        outcome = engine.Outcome(plan, plan, check_mode=True)
        result = {**self._result(outcome, "REHEARSED", self._document(plan)), "changed": False}
        return self._judged(result, found, result["headline"], "the account would stop a run")

    def _judged(self, result: Result, found: Sequence[Check], headline: str, said: str) -> Result:
        """The result of a table: a failure, with this headline, that names the lines that say stop."""
        stops = [check.what for check in found if check.verdict == preflight.STOP]
        if stops:
            msg = f"environment {self._request.identity.name}: {said}: {', '.join(stops)}. Next: see the table above"
            result |= {"failed": True, "headline": headline, "msg": msg}
        return {**result, "checks": [check.as_dict() for check in found]}

    def verify(self) -> Result:
        """Tries out what is there; one table, and a failure where anything does not work."""
        # Not above: redis-py, which it brings along, is a hundred modules that no other verb uses.
        from ..verification import checks as verification

        plan = self._full_look()
        ca_file, tries = self._options["cache_ca_file"], not self._terms.check_mode
        found = [*self._checks, *verification.checks(self._aws, plan, self._request.place, ca_file, tries)]
        self._say(preflight.table(found))
        outcome = engine.Outcome(plan, plan, check_mode=True)
        result = {**self._result(outcome, "WORKS", self._document(plan)), "changed": False}
        return self._judged(result, found, "BROKEN", "does not work")

    def permissions(self) -> Result:
        """Writes the IAM policies that the other verbs need; asks AWS nothing."""
        # Not above, as for verify.
        from . import permissions

        found = permissions.policies(self._request)
        folder = self._options["artifacts_folder"]
        documents = {f"{name}.json": files.as_json(document) for name, document in found.items()}
        files.write(f"{folder}/permissions" if folder else "", documents)
        self._say(permissions.lines(found))
        return {"headline": "WRITTEN", "changed": False, "policies": found, "aws_calls": dict(self._aws.counts)}

    def report(self) -> Result:
        """What a page about the environment shows: a picture, the plan on it, the posture, costs and outputs."""
        # Not above, as for verify.
        from ..verification import checks as verification
        from . import report, timeline

        plan = self._full_look()
        found = self._document(plan)
        checks = [*self._checks, *verification.looked(self._aws, plan)]
        outcome = engine.Outcome(plan, plan, check_mode=True)
        result = {**self._result(outcome, "DRAWN", found), "changed": False}
        shown = {"outputs": self._gathered(outcome, result), "checks": [check.as_dict() for check in checks],
                 "timeline": timeline.page(files.read_json(self._options["artifacts_folder"], TIMELINE_FILE)),
                 "looked_at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"}  # fmt: skip
        page = report.report(plan, found, shown)
        self._write(REPORT_FILE, page)
        return {**result, "report": page}

    def unlock(self) -> Result:
        """Says who holds the lock, and frees the one with the given id."""
        place, name, wanted = self._request.place, self._request.identity.name, self._options["lock_id"]
        free = wanted and place and not self._terms.check_mode
        found = (lease.free(self._aws, place, wanted) if free else lease.look(self._aws, place)) if place else None
        if found is None:
            self._say([f"environment {name}: its lock is free"])
        elif wanted and found.lock.id != wanted:
            raise Refused([Refusal("environment", name, "lock_id", wanted, found.lock.id,
                                   f"its lock is {found.sentence()}")])  # fmt: skip
        else:
            self._say([f"environment {name}: locked, {found.sentence()}"])
        told = {"holder": summary(found.lock)} if found else {}
        return {"headline": "LOCKED" if found else "FREE", **told, "aws_calls": dict(self._aws.counts)}

    def history(self) -> Result:
        """Tells the newest runs that changed something, in their order."""
        place, name = self._request.place, self._request.identity.name
        found = history.read(self._aws, place, self._options["history_records"]) if place else None
        holder = lease.look(self._aws, place) if place and found else None
        self._say(history.lines(name, found, holder.running if holder else ""))
        records = [asdict(each) for each in found.records] if found else []
        self._write(HISTORY_FILE, {"environment": name, "history": records})
        return {"headline": "TOLD", "changed": False, "history": records, "aws_calls": dict(self._aws.counts)}

    # Looking and judging

    def _look(self) -> Plan:
        """The plan: from a glance where that finds nothing to do, else from a look at everything."""
        glances = self._options["verb"] == "apply" and self._whole and not self._options["purge_orphans"]
        return (self._glance() if glances else None) or self._full_look()

    @property
    def _whole(self) -> bool:
        """Whether this run looks at everything that the environment consists of."""
        return bool(self._options["whole"]) and not self._request.others

    def _glance(self) -> Plan | None:
        """The plan of an environment that is in order, with all that bears its tags accounted for; ``None`` where it is
        not."""
        tags = orphans.look(self._aws, self._request.identity)
        if not tags:
            return None
        with ThreadPoolExecutor(1) as pool:
            place = pool.submit(self._place_checks, Glance(self._aws, tags))
            plan = engine.glance(self._declarations, self._aws, tags, self._terms.check_mode)
            self._checks = place.result()
        if plan is None or orphans.unknown(tags, plan):
            return None
        self._refuse_stops(self._checks)
        return plan

    def _full_look(self) -> Plan:
        """The plan, with the account's checks and the orphans looked up beside it."""
        options = self._options
        with ThreadPoolExecutor(3) as pool:
            place = pool.submit(self._place_checks, self._aws)
            named_ = pool.submit(lambda: tuple(named.refusals(self._aws, self._declarations)))
            tagged = pool.submit(self._tagged)
            plan = engine.look_and_plan(self._declarations, self._aws, self._terms)
            self._checks = place.result()
            arns, self._named = tagged.result(), named_.result()
        self._refuse_stops(self._checks)
        lost = orphans.unknown(arns, plan)
        if not lost:
            return plan
        removals = orphans.declarations(lost, options, {each.key: each for each in self._declarations})
        wanted = engine.look_and_plan(removals, self._aws, replace(self._terms, check_mode=True))
        there = [each for each in removals if wanted.parts[each.key].look.seen and wanted.parts[each.key].calls]
        self._orphans = orphans.told(lost, there)
        if not options["purge_orphans"] or not there:
            return plan
        self._declarations = [*self._declarations, *there]
        return engine.look_and_plan(self._declarations, self._aws, self._terms)

    def _place_checks(self, aws: Any) -> list[Check]:
        return account.place_checks(aws, self._options["account_id"], self._options["region"])

    def _tagged(self) -> Mapping[str, Any]:
        """What bears our tags, where this run looks for it: in plans, and where it is to be removed."""
        asked = self._terms.check_mode or self._options["purge_orphans"]
        return orphans.look(self._aws, self._request.identity) if asked and self._whole else {}

    def _gate(self, plan: Plan, approval: bool = True) -> None:
        """Raises Refused with everything that speaks against the plan; nothing was written yet."""
        found = [*plan.refusals, *self._nameless(plan), *(self._unapproved(plan) if approval else ())]
        if self._options["verb"] == "adopt":
            found += gates.beside_tags(plan.calls, self._request.identity.name)
        if plan.failures:
            raise AwsFailure("\n".join([*map(str, found), *plan.failures]))
        if found:
            raise Refused(found)
        self._refuse_stops(self._room(plan))

    def _nameless(self, plan: Plan) -> list[Refusal]:
        """Names with nothing behind them, but for those of which a component has said so already."""
        said = {refusal.field for refusal in plan.refusals}
        return [each for each in self._named if each.field not in said]

    def _gate_of_the_rest(self, plan: Plan, made: Sequence[Call]) -> Callable[[Plan], None]:
        """What the second look of a first run must pass: of an approved plan nothing but the rest is left."""

        def gate(rest: Plan) -> None:
            if not self._approved.digest or not gates.is_the_rest(rest.calls, plan.calls, made):
                self._gate(rest, approval=bool(self._approved.digest))
            else:
                engine.open_gate(rest)

        return gate

    def _gate_of_a_plan(self, plan: Plan) -> None:
        """A plan is there to be approved: it is refused for everything but the missing approval."""
        self._gate(plan, approval=bool(self._approved.digest))

    @property
    def _approved(self) -> gates.Approval:
        return gates.approved_for(self._options["approved_plan"], self._options["environment_suffix"])

    def _digest(self, plan: Plan) -> str:
        return gates.digest(plan.calls, self._request.about)

    def _unapproved(self, plan: Plan) -> list[Refusal]:
        name, digest, approved = self._request.identity.name, self._digest(plan), self._approved
        if approved.digest:
            stored = files.read_json(self._options["artifacts_folder"], self._plan_file)
            outdated = gates.outdated(approved, self._options["revision"], name) if plan.calls else []
            return outdated + gates.disapproved(plan, approved, digest, stored, name)
        most = self._options["max_monthly_increase"]
        return [*gates.unapproved(plan.calls, gates.allowed(self._options["allowed_changes"]), name, digest),
                *costs.too_dear(self._costs(plan), most, name, digest)]  # fmt: skip

    def _room(self, plan: Plan) -> list[Check]:
        """Whether the account has room for what the plan creates; looked up once for each plan."""
        digest = self._digest(plan)
        if digest not in self._rooms:
            results = {key: engine.Outcome(plan, plan, check_mode=True).result_of(key) for key in plan.parts}
            self._rooms[digest] = list(account.quota_checks(self._aws, results)) if plan.calls else []
        return self._rooms[digest]

    def _refuse_stops(self, checks: Sequence[Check]) -> None:
        if any(check.verdict == preflight.STOP for check in checks):
            raise AwsFailure("preflight says stop; nothing was changed\n" + "\n".join(preflight.table(checks)))

    def _warn(self) -> None:
        checks = [check for room in self._rooms.values() for check in room]
        self._say([f"warning: {check.what}: {check.found}, wanted {check.wanted}; {check.next_step}"
                   for check in checks if check.verdict == preflight.WARNING])  # fmt: skip

    # Changing

    def _changed(self, plan: Plan) -> engine.Outcome:
        """The outcome of a run that has something to do, alone in its environment, with a record of it.

        Another run may have been at work between the look and the lock, so it looks again under the lock.
        """
        options, place = self._options, self._request.place if self._options["lock"] else None
        operation = options["lock_operation"] or ("destroy" if options["verb"] == "destroy" else "change")
        first = self._bucket_first(plan)
        wish = locking.Wish(operation, options["lock_run"], options["lock_lease_seconds"], options["lock_wait_seconds"],
                            bucket_is_new=first is not None)  # fmt: skip
        made = first or ()
        with locking.alone(self._aws, place, wish, self._terms) as alone, self._keeper(alone[1], made) as keeper:
            terms, held = alone
            passes = self._gate_of_the_rest(plan, made) if made else self._gate

            def gate(now: Plan) -> None:
                passes(now)
                keeper.begin(now.calls, self._digest(now))

            if made:
                keeper.begin(plan.calls, self._digest(plan))
            careful = bool(held.get("careful"))
            outcome = engine.run(self._declarations, self._aws, keeper.fenced(terms), gate, careful)
        return replace(outcome, plan=plan, made=(*made, *outcome.made))

    def _keeper(self, held: Mapping[str, Any], made: Sequence[Call]) -> Keeper:
        """Who keeps the record of this run."""
        options = self._options
        first = Record(verb=options["verb"], run=options["lock_run"], revision=options["revision"],
                       change_reference=options["change_reference"])  # fmt: skip
        return Keeper(self._aws, self._request.place, held, first, self._request.secrets, made, self._terms)

    def _bucket_first(self, plan: Plan) -> tuple[Call, ...] | None:
        """The calls that made the bucket that will hold the lock, which cannot be made under it; ``None`` where none
        was to be made.

        Its name is taken once, so two first runs do no harm, nor does asking again when an answer is lost. The bucket
        is there when this returns, made or found to be there already.
        """
        lock = plan.offers.get(STATE_LOCK)
        if lock is None or lock.exists or not self._options["lock"]:
            return None
        first = [call for call in plan.calls if call.on == lock.noun and call.change == CREATE]
        if not first:
            # It is removed, and gone already.
            return None
        owners = engine.owners_of(self._declarations, self._terms)
        lost: list[Call] = []
        for _unused in range(engine.LOST_ANSWERS):
            walked = walk.apply(owners, self._aws, self._terms, (), first)
            if walked.failures:
                raise AwsFailure("\n".join(walked.failures))
            if walked.lost is None:
                return tuple(walked.made or lost)
            lost = [walked.lost]
        raise engine.lost_too_often()

    # Telling

    def _hear(self, event: Event) -> None:
        self._events.append(event)
        self._listener(event)

    def _tell_times(self) -> None:
        """What took how long, of a run that made calls; that it cannot be written down fails no run."""
        # Not above, as for verify.
        from . import timeline

        if any(event.kind == BEGUN for event in self._events):
            found = timeline.timeline(self._events, self._begun, self._terms.clock())
            self._say(timeline.lines(found))
            about = {"environment": self._request.identity.name, "verb": self._options["verb"],
                     "ended_at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"}  # fmt: skip
            with suppress(Failure):
                self._write(TIMELINE_FILE, {**about, **found})

    def _laid(self, outcome: engine.Outcome, headline: str, found: Mapping[str, Any]) -> Result:
        """The result of a run, with outputs where it was asked for them."""
        result = self._result(outcome, headline, found)
        if self._options["outputs"] and self._options["verb"] != "destroy":
            gathered = self._gathered(outcome, result)
            written = files.write(self._options["artifacts_folder"], outputs.files(self._options, gathered))
            self._say(text.output_lines(gathered) if written or headline == DONE else [])
            result["outputs"] = gathered
        return result

    def _gathered(self, outcome: engine.Outcome, result: Result) -> dict[str, Any]:
        resources = {key: each["resource"] for key, each in result["components"].items()}
        resources |= {key: printable(each.seen.resource or {}) if each.seen else {}
                      for key, each in engine.look(self._request.others, self._aws).items()}  # fmt: skip
        pending = [key for key, part in outcome.after.parts.items() if part.calls or part.waits]
        return outputs.gather(self._options, resources, pending)

    def _result(self, outcome: engine.Outcome, headline: str, found: Mapping[str, Any]) -> Result:
        components = {key: outcome.result_of(key) for key in outcome.plan.parts}
        return {
            "changed": any(each["changed"] for each in components.values()),
            "headline": headline,
            "components": components,
            "digest": found["digest"],
            "plan": found,
            "aws_calls": dict(self._aws.counts),
        }

    @property
    def _plan_file(self) -> str:
        return "destroy.json" if self._options["verb"] == "destroy" else PLAN_FILE

    def _document(self, plan: Plan) -> dict[str, Any]:
        refusals: list[Any] = [*self._nameless(plan)]
        if not refusals and not plan.refusals and not plan.failures and plan.calls:
            refusals = [f"{check.what}: {check.found}, wanted {check.wanted}. Next: {check.next_step}"
                        for check in self._room(plan) if check.verdict == preflight.STOP]  # fmt: skip
        digest, reckoned = self._digest(plan), self._costs(plan)
        return document.document(plan, self._request.about, digest, refusals, self._orphans, reckoned)

    def _costs(self, plan: Plan) -> dict[str, Any]:
        return costs.costs(plan, self._options["region"] or self._aws.region)

    def _follows_a_dead_run(self) -> bool:
        """Whether what was just seen may lack what a dead run made last; that shows late, so one look is no proof."""
        return bool(self._options["lock"]) and locking.has_died(self._aws, self._request.place)

    def _leftover(self, plan: Plan) -> None:
        """Says what the last run did, who holds the lock, and whether the plan takes both away."""
        place = self._request.place if self._options["lock"] else None
        if place is not None:
            lock = lease.look(self._aws, place)
            _key, told = history.last_run(self._aws, place, lock.running if lock else "")
            self._say([*told, *history.parting(plan.calls, place)])
            self._say(list(filter(None, [locking.left_behind(lock)])))

    def _write(self, name: str, found: Mapping[str, Any]) -> None:
        files.write(self._options["artifacts_folder"], {name: files.as_json(found)})

    def _say(self, lines: Sequence[str]) -> None:
        if lines:
            self._terms.say("\n".join(lines))


def failure_result(error: Exception) -> Result:
    """The result of a run that ended with an error."""
    headline = "REFUSED" if isinstance(error, Refused) else "FAILED"
    return {"failed": True, "msg": engine.failure_of(error), "headline": headline}
