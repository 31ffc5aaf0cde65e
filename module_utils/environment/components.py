# SPDX-License-Identifier: Apache-2.0
"""The components of an environment by the role that declares each, and their options as people wrote them.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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

# An option, and what is wrong with its value.
Wrong = tuple[str, str]


def options_of(role: str) -> dict[str, Any]:
    """The argument spec of everything that a role's variables can say."""
    return {**COMMON_OPTIONS, **COMPONENTS[role].options}


def variable_names(role: str) -> dict[str, str]:
    """Variable -> option of one role."""
    return {f"{role}_{name}": name for name in options_of(role) if name not in OF_THE_ENVIRONMENT}


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
    """The declaration of one role, what is wrong with which option, and the values that no output may show.

    ``None`` is no opinion. ``common`` is what the environment says for all of its components.
    """
    spec = options_of(role)
    stated = {name: value for name, value in given.items() if value is not None}
    stated |= {name: value for name, value in common.items() if name in spec and value is not None}
    checked = ArgumentSpecValidator(spec).validate(stated)
    secrets = set(getattr(checked, "_no_log_values", ()))
    wrong = _wrong(spec, stated, checked.error_messages)
    return Declaration(role, COMPONENTS[role], checked.validated_parameters), wrong, secrets


def _wrong(spec: Mapping[str, Any], stated: Mapping[str, Any], messages: Sequence[str]) -> list[Wrong]:
    """Each message with its option, which Ansible does not tell: every option is looked at alone; ``*`` is several."""
    if not messages:
        return []
    alone = {name: ArgumentSpecValidator({name: spec[name]}) for name in stated if name in spec}
    single = [(name, message) for name, validator in alone.items()
              for message in validator.validate({name: stated[name]}).error_messages]  # fmt: skip
    told = {message for _, message in single}
    return [*single, *(("*", message) for message in messages if message not in told)]


def wrong_values(role: str, wrong: Iterable[Wrong], identity: Identity) -> list[Refusal]:
    """Refusals for values of the wrong type or choice, in Ansible's own words."""
    return [Refusal("environment", identity.name, f"{role}_{name}", message, "a value as the option's type says",
                    f"correct the variable; `ansible-doc {COMPONENTS[role].module}` lists every option")
            for name, message in wrong]  # fmt: skip
