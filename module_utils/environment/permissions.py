# SPDX-License-Identifier: Apache-2.0
"""The IAM policies that the verbs of one environment need, made out of what its components declare.  Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..reconcile.errors import Refusal, Refused
from ..reconcile.identity import Identity
from ..reconcile.planning import Declaration
from . import lease, lock, rehearsal
from .narrowing import Grant, Place, grants, is_read, names_in
from .request import Request

Document = dict[str, Any]
VERBS = ("plan", "apply", "destroy", "verify", "rehearse")
# Source: IAM user guide, "IAM and AWS STS quotas": managed policies, without white space.
LARGEST = 6144
# What a call that removes is called; the rest of a teardown is what it gives back or takes apart first.
REMOVES = re.compile(r":(Abort|Delete|Deregister|Detach|Disable|Disassociate|Release|Revoke)")
# Of a group that goes; AWS makes it in the name of the caller.
LAST_SNAPSHOT = frozenset({"elasticache:CreateSnapshot"})
# A lock table is protected against its deletion until this takes the protection off.
LIFTS_PROTECTION = frozenset({"dynamodb:UpdateTable"})
# Reading is not enough to know what the caller may do.
ASK = frozenset({"iam:SimulatePrincipalPolicy"})
# What a verification asks for beside the reads.
TRIES = frozenset({
    "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards", "kinesis:PutRecord",
    "secretsmanager:GetSecretValue",
})  # fmt: skip


def actions(verb: str, declarations: Sequence[Declaration]) -> list[str]:
    """The IAM actions of one verb.

    ``apply`` cannot remove what only a teardown does, unless a component is declared absent. ``destroy`` can make
    nothing. ``rehearse`` asks; what DryRun answers is up to the caller's other policies.
    """
    every = frozenset().union(*(each.component.permissions for each in declarations))
    look = {each for each in every | rehearsal.OWN if is_read(each)} | lease.READS
    parting = frozenset().union(*(each.component.parting for each in declarations if not each.removes))
    removing = {each for each in every if REMOVES.search(each)}
    added = {
        "plan": frozenset(),
        "apply": every - parting | lease.PERMISSIONS,
        "destroy": removing | lease.PERMISSIONS | LAST_SNAPSHOT | every & LIFTS_PROTECTION,
        "verify": TRIES | lease.PERMISSIONS,
        "rehearse": ASK,
    }
    return sorted(look | added[verb])


def place(identity: Identity, account_id: str, region: str, declarations: Sequence[Declaration]) -> Place:
    """What the policies are narrowed to."""
    arns: dict[str, tuple[str, ...]] = {}
    for each in declarations:
        for service, parts in each.component.arns(each.options).items():
            arns[service] = (*arns.get(service, ()), *parts)
    bare = Place(identity, account_id, region, arns, ())
    found = dict.fromkeys(bare.arn_of(name) for each in declarations for name in names_in(each.options))
    return replace(bare, named=tuple(found))


def of_lock(action: str, where: Place, locked: lock.Place | None) -> Iterator[Grant]:
    """What lock and records take of a bucket that is none of the environment's own; nothing where it is."""
    if not locked or locked.bucket in where.arns.get("s3", ()):
        return
    if action.startswith("s3:") and action in lease.PERMISSIONS:
        parts = (locked.bucket, f"{locked.bucket}/{locked.key}", f"{locked.bucket}/{locked.history}*")
        yield Grant("Lock", tuple(where.arn("s3", part) for part in parts))


def statements(wanted: Iterable[str], where: Place, locked: lock.Place | None) -> list[Document]:
    """One statement for each way of narrowing, with the actions that it fits."""
    by_grant: dict[str, tuple[Grant, list[str]]] = {}
    for action in wanted:
        for grant in (*grants(action, where), *of_lock(action, where, locked)):
            by_grant.setdefault(repr(grant), (grant, []))[1].append(action)
    return [_statement(grant, found) for grant, found in sorted(by_grant.values(), key=lambda each: each[0].sid)]


def _statement(grant: Grant, found: Sequence[str]) -> Document:
    condition = {"Condition": grant.condition} if grant.condition else {}
    return {"Sid": grant.sid, "Effect": "Allow", "Action": list(found), "Resource": list(grant.resources), **condition}


def size(document: Document) -> int:
    """How large IAM finds a policy: characters that are not white space."""
    return len(re.sub(r"\s", "", json.dumps(document)))


def documents(found: Sequence[Document]) -> list[Document]:
    """Policies of the statements, as few as their largest size allows; a statement that is too large is cut in two."""
    packed: list[list[Document]] = [[]]
    for statement in _cut(found):
        if packed[-1] and size(_policy([*packed[-1], statement])) > LARGEST:
            packed.append([])
        packed[-1].append(statement)
    return [_policy(each) for each in packed]


def _cut(found: Sequence[Document]) -> Iterator[Document]:
    for statement in found:
        half = len(statement["Action"]) // 2
        if size(_policy([statement])) <= LARGEST or not half:
            yield statement
        else:
            parts = (statement["Action"][:half], statement["Action"][half:])
            yield from _cut([{**statement, "Sid": f"{statement['Sid']}{number}", "Action": part}
                             for number, part in enumerate(parts)])  # fmt: skip


def _policy(found: Sequence[Document]) -> Document:
    return {"Version": "2012-10-17", "Statement": list(found)}


def policies(asked: Request) -> dict[str, Document]:
    """Every policy of an environment by its name: ``plan-1``, ``apply-1``, ``apply-2``.

    Raises Refused where the account or the region is not declared: without them nothing is narrow.
    """
    options, identity = asked.options, asked.identity
    missing = [each for each in ("account_id", "region") if not options[each]]
    if missing:
        raise Refused([Refusal("environment", identity.name, each, None, "a value, which the policies are narrowed to",
                               f"set {each}") for each in missing])  # fmt: skip
    where = place(identity, options["account_id"], options["region"], asked.declarations)
    found: dict[str, Document] = {}
    for verb in VERBS:
        parts = documents(statements(actions(verb, asked.declarations), where, asked.place))
        found |= {f"{verb}-{number}": document for number, document in enumerate(parts, 1)}
    return found


def lines(found: Mapping[str, Document]) -> list[str]:
    """One line for each policy: its name, how much it lets through, and how large it is."""
    return [f"{name}: {sum(len(each['Action']) for each in document['Statement'])} actions in "
            f"{len(document['Statement'])} statements, {size(document)} of {LARGEST} characters"
            for name, document in found.items()]  # fmt: skip
