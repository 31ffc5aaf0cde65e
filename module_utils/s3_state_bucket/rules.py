# SPDX-License-Identifier: Apache-2.0
"""Declarations that S3 would refuse, or that would do nothing.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .. import forms
from ..reconcile.errors import Refusal
from . import extras, lifecycle, lock_table, policy
from .contents import NOUN
from .names import bucket_name, name_problem
from .settings import KEYED, KMS


def rules(options: Mapping[str, Any]) -> Iterator[Refusal]:
    """Every combination that cannot be carried out."""
    name = bucket_name(options)
    problem = name_problem(name)
    if problem:
        yield Refusal(NOUN, name, "name", name, problem, "correct name")
    if not policy.ACCOUNT.match(options["account_id"]):
        yield Refusal(NOUN, name, "account_id", options["account_id"], "12 digits",
                      "correct account_id, and quote it in YAML")  # fmt: skip
    yield from encryption(name, options)
    yield from expiry(name, options)
    yield from extras.rules(name, options)
    yield from lock_table.rules(name, options)
    yield from statements(name, options["policy_statements"] or ())


def encryption(name: str, options: Mapping[str, Any]) -> Iterator[Refusal]:
    """Keys are for KMS, and bucket keys for its one layer.  Source: S3 User Guide, "Using DSSE-KMS"."""
    algorithm, key = options["sse_algorithm"], options["kms_key_id"]
    if key and not forms.is_key(key):
        yield Refusal(NOUN, name, "kms_key_id", repr(key), forms.KEY_WORDS, "correct kms_key_id")
    for field, allowed in (("kms_key_id", KEYED), ("bucket_key_enabled", (KMS,))):
        if options[field] and algorithm not in allowed:
            yield Refusal(NOUN, name, field, options[field], f"sse_algorithm {' or '.join(allowed)} beside it",
                          f"set sse_algorithm to {allowed[0]}, or remove {field}")  # fmt: skip


def expiry(name: str, options: Mapping[str, Any]) -> Iterator[Refusal]:
    """Days and counts of the lifecycle rules."""
    kept = options["noncurrent_versions_kept"] or 0
    for field in lifecycle.FIELDS:
        if (options[field] or 0) < 0:
            yield Refusal(NOUN, name, field, options[field], "0 or more", f"correct {field}")
    if kept > lifecycle.MOST_KEPT:
        yield Refusal(NOUN, name, "noncurrent_versions_kept", kept, f"0 to {lifecycle.MOST_KEPT}",
                      "correct noncurrent_versions_kept")  # fmt: skip
    if kept and options["noncurrent_versions_days"] == 0:
        yield Refusal(NOUN, name, "noncurrent_versions_kept", kept, "noncurrent_versions_days beside it",
                      "set noncurrent_versions_days")  # fmt: skip


def statements(name: str, declared: Any) -> Iterator[Refusal]:
    """A statement is found again by its Sid."""
    sids = [statement.get("Sid") for statement in declared]
    if not all(sids) or len(set(sids)) < len(sids) or policy.TLS_SID in sids:
        yield Refusal(NOUN, name, "policy_statements", [sid or "no Sid" for sid in sids],
                      f"a Sid of its own in each, other than {policy.TLS_SID}", "correct the Sids")  # fmt: skip
