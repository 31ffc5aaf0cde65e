# SPDX-License-Identifier: Apache-2.0
"""The components of an environment by the role that declares each, and their options as people wrote them.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ..ec2_vpc_network.component import COMPONENT as NETWORK
from ..elasticache_replication_group.component import COMPONENT as REPLICATION_GROUP
from ..kinesis_data_stream.component import COMPONENT as STREAM
from ..reconcile.component import Component
from ..reconcile.entry import COMMON_OPTIONS
from ..reconcile.errors import Refusal, did_you_mean
from ..reconcile.identity import Identity
from ..reconcile.planning import Declaration
from ..reconcile.values import Wrong, wrong
from ..s3_state_bucket.component import COMPONENT as STATE_BUCKET

# A fifth component is one line here; its role's variables are the role's name, an underscore, and the option.
COMPONENTS: dict[str, Component] = {
    "vpc": NETWORK,
    "redis": REPLICATION_GROUP,
    "kinesis": STREAM,
    "state_bucket": STATE_BUCKET,
}
# What the environment says for all of its components, so that no role repeats it.
OF_THE_ENVIRONMENT = ("stack_name", "environment_suffix", "account_id", "poll_seconds", "lock_state_key", "wait")


def options_of(role: str) -> dict[str, Any]:
    """The argument spec of everything that a role's variables can say."""
    return {**COMMON_OPTIONS, **COMPONENTS[role].options}


def variable_names(role: str) -> dict[str, str]:
    """Variable -> option of one role."""
    return {f"{role}_{name}": name for name in options_of(role) if name not in OF_THE_ENVIRONMENT}


def spelled(role: str) -> dict[str, str]:
    """Option -> variable of one role."""
    return {option: variable for variable, option in variable_names(role).items()}


def unknown_variables(role: str, variables: Iterable[str], identity: Identity) -> list[Refusal]:
    """Refusals for variables that bear a role's prefix and mean nothing: a misspelt one would change nothing, silently.

    A role's registered result may bear it too.
    """
    known = variable_names(role)
    strange = [name for name in variables if name.startswith(f"{role}_") and name not in known]
    return [
        Refusal("variable", name, f"role {role}", name + did_you_mean(name, known), f"a variable of role {role}",
                f"correct it, or choose a name that does not begin with {role}_; "
                f"`ansible-doc {COMPONENTS[role].module}` lists every option")
        for name in sorted(strange) if name != f"{role}_result"
    ]  # fmt: skip


def declared(
    role: str, given: Mapping[str, Any], common: Mapping[str, Any]
) -> tuple[Declaration, list[Wrong], set[str]]:
    """The declaration of one role, what is wrong with its values, and the values that no output may show.

    ``None`` is no opinion. ``common`` is what the environment says for all of its components.
    """
    spec = options_of(role)
    stated = {name: value for name, value in given.items() if value is not None}
    stated |= {name: value for name, value in common.items() if name in spec and value is not None}
    checked = ArgumentSpecValidator(spec).validate(stated)
    secrets = set(getattr(checked, "_no_log_values", ()))
    found = list(wrong(spec, stated)) or [("options", each, "what the module takes") for each in checked.error_messages]
    return Declaration(role, COMPONENTS[role], checked.validated_parameters, spelled(role)), found, secrets


def wrong_values(role: str, found: Iterable[Wrong], identity: Identity) -> list[Refusal]:
    """Refusals for values of the wrong type or choice, at any depth."""
    noun, step = COMPONENTS[role].noun, f"; `ansible-doc {COMPONENTS[role].module}` explains it"
    refusals = [Refusal(noun, identity.name, where, value, wanted, f"correct {where.split()[0]}{step}")
                for where, value, wanted in found]  # fmt: skip
    return [each.written(spelled(role)) for each in refusals]
