# SPDX-License-Identifier: Apache-2.0
"""What an account would say to a plan, asked without changing anything.  Reads only.

Every EC2 call of the plan that is complete is sent with DryRun; what else a run does is simulated by its IAM action.
What the account does not let us ask is a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..aws.client import explain
from ..aws.codes import code_of
from ..aws.sdk import BotoCoreError, ClientError
from ..reconcile.errors import Failure, shown
from ..reconcile.plan import Call, refs, resolve
from ..reconcile.planning import Declaration, Plan
from . import account, changers, lease, named, orphans, preflight
from .preflight import OK, STOP, WARNING, Check

if TYPE_CHECKING:
    from ..aws.client import Aws

# What a run asks and locks by itself, whatever is declared.
OWN = (account.PERMISSIONS | changers.PERMISSIONS | lease.PERMISSIONS | named.PERMISSIONS
       | orphans.PERMISSIONS)  # fmt: skip
# Source: EC2 API reference, DryRun: what the answer is called when the caller may.
WOULD_WORK = ("DryRunOperation",)
# Source: IAM user guide, "Policy simulator": the ARN of a role stands for its sessions.
SESSION = re.compile(r"arn:(?P<partition>[\w-]+):sts::(?P<account>\d+):assumed-role/(?P<role>[^/]+)/")
SIMULATED_ON = "on any resource; a policy that allows ours alone is not seen here"


def checks(aws: Aws, plan: Plan, declarations: Sequence[Declaration]) -> Iterator[Check]:
    """One line for each thing asked, the refusals of the plan among them."""
    for refusal in plan.refusals:
        yield Check(f"{refusal.thing} {refusal.field}", shown(refusal.found), shown(refusal.wanted), STOP,
                    refusal.next_step)  # fmt: skip
    for failure in plan.failures:
        yield Check("reads", failure, "an answer to every read", STOP, "allow it, or mend what keeps it from answering")
    if not plan.failures:
        yield Check("reads", f"{aws.counts['reads']} answered", "an answer to every read", OK)
    yield from dry_runs(aws, plan.calls)
    yield permissions(aws, declarations)
    for declaration in declarations:
        yield from node_type(aws, declaration.options.get("cache_node_type"))
    for key in sorted({key for each in declarations for _unused, key in named.keys(each.options)}):
        yield key_check(aws, key)


def dry_runs(aws: Aws, calls: Sequence[Call]) -> Iterator[Check]:
    """What EC2 would answer to the calls that name nothing which is yet to be made; those that it would take are one
    line."""
    asked = [call for call in calls if call.service == "ec2" and not refs(call.params)
             and aws.takes("ec2", call.operation, "DryRun")]  # fmt: skip
    taken = 0
    for call in asked:
        try:
            aws.read("ec2", call.operation, WOULD_WORK, **resolve(call.params, {}), DryRun=True)
            taken += 1
        except (ClientError, BotoCoreError, Failure) as error:
            yield Check(f"DryRun {call.operation}", explain(error), "taken", STOP, f"mend it: {call.why} needs it")
    if asked:
        yield Check("DryRun", f"{taken} of {len(asked)} calls taken", f"{len(asked)} taken", OK if taken else STOP)


def actions(declarations: Sequence[Declaration]) -> list[str]:
    """The IAM actions that a run of these declarations may use, with its lock and its own looks."""
    return sorted(OWN.union(*(each.component.permissions for each in declarations)))


def permissions(aws: Aws, declarations: Sequence[Declaration]) -> Check:
    """What IAM simulates for the caller."""
    wanted = actions(declarations)
    title, allowed = "permissions", f"{len(wanted)} actions allowed"
    try:
        caller = (aws.read("sts", "get_caller_identity") or {}).get("Arn", "")
        answer = aws.read("iam", "simulate_principal_policy", PolicySourceArn=source_of(caller), ActionNames=wanted)
    except (ClientError, BotoCoreError, Failure) as error:
        return Check(title, "not asked: " + _words(error), allowed, WARNING,
                     "allow iam:SimulatePrincipalPolicy, or compare the policy with docs/awx.md")  # fmt: skip
    return verdict(wanted, (answer or {}).get("EvaluationResults", ()))


def verdict(wanted: Sequence[str], results: Iterable[Mapping[str, Any]]) -> Check:
    """One line of what was simulated; what is denied in so many words stops a run, what is not allowed may be so."""
    found = {each["EvalActionName"]: each["EvalDecision"] for each in results}
    denied = sorted(name for name in wanted if found.get(name) == "explicitDeny")
    missing = sorted(name for name in wanted if found.get(name, "implicitDeny") == "implicitDeny")
    allowed = f"{len(wanted)} actions allowed"
    if denied:
        return Check("permissions", f"denied: {', '.join(denied)}", allowed, STOP, "take these from what is denied")
    if missing:
        return Check("permissions", f"not allowed: {', '.join(missing)}", allowed, WARNING,
                     f"allow these; simulated {SIMULATED_ON}")  # fmt: skip
    return Check("permissions", allowed, allowed, OK)


def source_of(caller: str) -> str:
    """Whose policies are simulated: a role's for its sessions, else the caller's own."""
    session = SESSION.match(caller)
    return "arn:{partition}:iam::{account}:role/{role}".format(**session.groupdict()) if session else caller


def node_type(aws: Aws, wanted: str | None) -> Iterator[Check]:
    """Whether the region offers a node type."""
    if not wanted:
        return
    try:
        offered = named.is_offered(aws, wanted)
    except (ClientError, BotoCoreError, Failure) as error:
        yield Check("node type", "not asked: " + _words(error), wanted, WARNING,
                    "allow elasticache:DescribeReservedCacheNodesOfferings, or look it up")  # fmt: skip
        return
    yield type_check(wanted, offered)


def type_check(wanted: str, offered: bool) -> Check:
    """What it says of a node type whether nodes of it can be reserved."""
    if offered:
        return Check("node type", "offered", wanted, OK)
    return Check("node type", "none to be reserved", wanted, WARNING, "look whether the region has this type")


def key_check(aws: Aws, key: str) -> Check:
    """Whether a key is there and enabled."""
    try:
        found = named.key_of(aws, key)
    except (ClientError, BotoCoreError, Failure) as error:
        return Check("KMS key", "not asked: " + _words(error), key, WARNING, "allow kms:DescribeKey")
    state = found["KeyState"] if found else "none"
    return preflight.same(f"KMS key {key}", state, "Enabled", "name a key that can be used, or enable it")


def _words(error: Exception) -> str:
    return code_of(error) if isinstance(error, ClientError) else explain(error)
