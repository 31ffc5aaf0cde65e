# SPDX-License-Identifier: Apache-2.0
"""What a run of an environment is asked to do, out of the module's options.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..reconcile import identity
from ..reconcile.errors import Refusal, Refused, did_you_mean
from ..reconcile.planning import Declaration
from . import backend_settings, gates, misplaced
from .components import (
    COMPONENTS,
    Instance,
    declared,
    instances,
    namesakes,
    options_of,
    unknown_variables,
    wrong_values,
)
from .keys import role_of
from .lock import Place

# The longest that a single call to AWS takes, until its answer counts as lost, is 70 s.
SHORTEST_LEASE_SECONDS = 90
# Each record is a read of its own.
MOST_RECORDS = 1000
# Options of the run that stand for themselves; all others are variables behind a prefix.
PLAIN = ("stack_name", "environment_suffix", "account_id", "region")
OWN_PREFIX = "environment_"
ACCOUNT = re.compile(r"\d{12}\Z")


@dataclass(frozen=True)
class Request:
    """One run: the module's options, the declarations that may change, the ``others``, and what can be refused without
    a look.

    ``secrets`` are values that no output may show.
    """

    options: Mapping[str, Any]
    declarations: tuple[Declaration, ...]
    others: tuple[Declaration, ...]
    refusals: tuple[Refusal, ...]
    secrets: frozenset[str]

    @property
    def identity(self) -> identity.Identity:
        return identity.identity_of(self.options)

    @property
    def about(self) -> dict[str, Any]:
        """What names the environment in documents and digests."""
        return {name: self.options[name] for name in ("stack_name", "environment_suffix", "account_id", "region")}

    @property
    def place(self) -> Place | None:
        """Where the lock lies; ``None`` where nothing says which bucket."""
        options = self.options
        bucket = options["lock_bucket"] or ((options["components"] or {}).get("state_bucket") or {}).get("name")
        if not bucket and options["account_id"]:
            bucket = self.identity.state_bucket(options["account_id"])
        stack = options["terraform_stack"] or options["stack_name"]
        return Place(bucket, backend_settings.state_key(options["environment_suffix"], stack)) if bucket else None


def of(options: Mapping[str, Any]) -> Request:
    """The request that the module's options make."""
    ours = identity.identity_of(options)
    found = [each.written(spelled(options)) for each in _own_refusals(options)]
    declarations, secrets, known = [], set(), []
    place = None if found else Request(options, (), (), (), frozenset()).place
    common = {name: options.get(name) for name in ("stack_name", "environment_suffix", "account_id", "poll_seconds")}
    for role, given in (options["components"] or {}).items():
        if role not in COMPONENTS:
            found.append(Refusal("environment", ours.name, "environment_components", role + did_you_mean(
                role, COMPONENTS), list(COMPONENTS), "correct environment_components"))  # fmt: skip
            continue
        found += unknown_variables(role, options["variables"] or (), ours)
        for one in instances(role, given or {}, ours):
            found += one.refusals
            if one.refusals:
                continue
            known.append(one)
            declaration, wrong, hidden = declared(one, common)
            found += wrong_values(one, wrong, ours)
            secrets |= hidden
            if not wrong:
                declarations.append(_placed(declaration, options, place))
    # What another refusal would quote may be the secret.
    found = _misplaced(options, known, secrets) or found
    found += [] if found else [*_unlockable(options, declarations), *namesakes(declarations)]
    only = [*COMPONENTS] if options["only"] is None else options["only"]
    changing = tuple(each for each in declarations if role_of(each.key) in only)
    others = tuple(each for each in declarations if role_of(each.key) not in only)
    return Request(options, changing, others, tuple(found), frozenset(secrets))


def spelled(options: Iterable[str]) -> dict[str, str]:
    """Option of the run -> its variable."""
    return {name: f"{OWN_PREFIX}{name}" for name in options if name not in PLAIN}


def _misplaced(options: Mapping[str, Any], known: Iterable[Instance], secrets: Iterable[str]) -> list[Refusal]:
    """Refusals for secrets that stand where they would be shown."""
    own = {name: value for name, value in options.items() if name not in ("components", "variables")}
    name = identity.identity_of(options).name
    found = misplaced.refusals("environment", name, misplaced.texts({}, own), secrets, spelled(options))
    for one in known:
        places, noun = misplaced.texts(options_of(one.role), one.given), COMPONENTS[one.role].noun
        found += misplaced.refusals(noun, name, places, secrets, one.variables)
    return found


def _unlockable(options: Mapping[str, Any], declarations: Sequence[Declaration]) -> list[Refusal]:
    """Refusals for backend settings that lock nothing, which are written when everything else is done."""
    ours, version, both = identity.identity_of(options).name, options["terraform_version"], options["both_locks"]
    if not options["outputs"] or options["verb"] == "destroy":
        return []
    return [refusal for each in declarations if "lock_table" in each.options and not each.removes
            for refusal in backend_settings.unlockable(ours, version, each.options["lock_table"], both)]  # fmt: skip


def _placed(declaration: Declaration, options: Mapping[str, Any], place: Place | None) -> Declaration:
    """The declaration as this verb means it: removed by a destroy, and with the place of the lock."""
    given = {**declaration.options, "wait": True}
    if place and options["lock"] and "lock_state_key" in given:
        given["lock_state_key"] = place.state_key if options["lock_bucket"] is None else None
    if options["verb"] == "destroy":
        given["state"] = "absent"
    return replace(declaration, options=given)


def _own_refusals(options: Mapping[str, Any]) -> Iterator[Refusal]:
    ours = identity.identity_of(options)
    yield from identity.refusals({**options, "tags": None})
    if options["region"] == "":
        yield Refusal("environment", ours.name, "region", None, "a region of AWS, such as eu-west-1", "set region")
    if options["account_id"] is not None and not ACCOUNT.match(options["account_id"]):
        yield Refusal("environment", ours.name, "account_id", options["account_id"], "12 digits",
                      "correct account_id, and quote it in YAML")  # fmt: skip
    yield from gates.unknown_classes(options["allowed_changes"], ours.name)
    if options["lock"] and options["lock_lease_seconds"] < SHORTEST_LEASE_SECONDS:
        yield Refusal("environment lock", ours.name, "lock_lease_seconds", options["lock_lease_seconds"],
                      f"{SHORTEST_LEASE_SECONDS} or more, as long as a call to AWS may take", "raise it")  # fmt: skip
    if not 1 <= options["history_records"] <= MOST_RECORDS:
        yield Refusal("environment", ours.name, "history_records", options["history_records"], f"1 to {MOST_RECORDS}",
                      "correct it")  # fmt: skip
    if options["retry_seconds"] < 0:
        yield Refusal("environment", ours.name, "retry_seconds", options["retry_seconds"],
                      "0 or more; 0 sends nothing again", "correct it")  # fmt: skip
    confirm = options["confirm"] or ""
    if options["verb"] == "adopt" and confirm not in ("", options["environment_suffix"]):
        yield Refusal("environment", ours.name, "confirm", confirm, options["environment_suffix"],
                      f"to adopt all of it, run again with -e confirm={options['environment_suffix']}")  # fmt: skip
    if options["verb"] == "destroy" and confirm != options["environment_suffix"]:
        yield Refusal("environment", ours.name, "confirm", confirm or None, options["environment_suffix"],
                      f"to remove all of it, run again with -e confirm={options['environment_suffix']}")  # fmt: skip
    try:
        backend_settings.parsed(options["terraform_version"], ours.name)
        if options["terraform_stack"]:
            backend_settings.state_key(ours.environment_suffix or "-", options["terraform_stack"])
    except Refused as refused:
        yield from refused.refusals
