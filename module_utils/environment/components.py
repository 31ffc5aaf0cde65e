# SPDX-License-Identifier: Apache-2.0
"""The components of an environment by the role that declares each, and their options as people wrote them.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ..ec2_vpc_network.component import COMPONENT as NETWORK
from ..elasticache_replication_group.component import COMPONENT as REPLICATION_GROUP
from ..kinesis_data_stream.component import COMPONENT as STREAM
from ..reconcile.component import Component
from ..reconcile.entry import COMMON_OPTIONS
from ..reconcile.errors import Refusal, did_you_mean
from ..reconcile.identity import NAME, Identity
from ..reconcile.planning import Declaration
from ..reconcile.values import Wrong, wrong
from ..s3_state_bucket.component import COMPONENT as STATE_BUCKET
from .keys import SEVERAL, key

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
    several = {SEVERAL[role]: {"type": "dict"}} if role in SEVERAL else {}
    return {**COMMON_OPTIONS, **COMPONENTS[role].options, **several}


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


@dataclass(frozen=True)
class Instance:
    """One object that a role declares: the key of its declaration, its options as given, and option -> variable.

    ``refusals`` are for what is no option at all.
    """

    role: str
    key: str
    given: Mapping[str, Any]
    variables: Mapping[str, str]
    refusals: tuple[Refusal, ...] = ()


def gathered(
    role: str, variables: Mapping[str, Any], valued: Callable[[dict[str, Any], Mapping[str, Any]], dict[str, Any]]
) -> dict[str, Any]:
    """What variables say, by option of a role.  One of several is as if the role's variables said what it says, so that
    defaults follow from its choices.

    ``valued(given, variables)`` is what the expressions in ``given`` stand for among the variables.
    """
    names, several = variable_names(role), SEVERAL.get(role, "")

    def said(stated: Mapping[str, Any]) -> dict[str, Any]:
        return valued({option: stated[name] for name, option in names.items() if name in stated}, stated)

    def one(own: Mapping[str, Any]) -> dict[str, Any]:
        return {**own, **said({**variables, f"{role}_{several}": None,
                               **{f"{role}_{option}": value for option, value in own.items()}})}  # fmt: skip

    options = said(variables)
    if isinstance(options.get(several), Mapping):
        options[several] = {name: one(own) if isinstance(own, Mapping) else one({}) if own is None else own
                            for name, own in options[several].items()}  # fmt: skip
    return options


def instances(role: str, given: Mapping[str, Any], identity: Identity) -> Iterator[Instance]:
    """What a role declares: one object, or several by name, each with the role's options but for those of its own.

    One of several is called ``<stack>-<suffix>-<name>`` where it does not say otherwise.
    """
    several, variables = SEVERAL.get(role, ""), spelled(role)
    named = given.get(several)
    if named is None:
        yield Instance(role, role, given, variables)
        return
    variable, shared = variables[several], {name: value for name, value in given.items() if name != several}
    for name, own in named.items() if isinstance(named, Mapping) else (("", named),):
        refusals = tuple(_misfits(role, variable, name, own, identity))
        if refusals:
            yield Instance(role, key(role, str(name)), {}, variables, refusals)
            continue
        stated = {**shared, **{option: value for option, value in (own or {}).items() if option != several}}
        stated["name"] = stated.get("name") or identity.named(name)
        told = {option: f"{variable}.{name}.{option}" for option in stated
                if option in variables and stated[option] != shared.get(option)}  # fmt: skip
        yield Instance(role, key(role, name), stated, {**variables, **told})


def _misfits(role: str, variable: str, name: Any, own: Any, identity: Identity) -> Iterator[Refusal]:
    """Refusals for one of several that has no name, or is no mapping of options."""
    noun, known = COMPONENTS[role].noun, [each for each in variable_names(role).values() if each != SEVERAL[role]]
    if not name and own is not None and not isinstance(own, Mapping):
        yield Refusal(noun, identity.name, variable, "a list" if isinstance(own, (list, tuple)) else own,
                      "a mapping of names to options", f"correct {variable}")  # fmt: skip
    elif not NAME.match(str(name)):
        yield Refusal(noun, identity.name, variable, repr(name), "names of lower-case letters, digits and single "
                      "hyphens, a letter first", f"correct {variable}")  # fmt: skip
    elif own is not None and not isinstance(own, Mapping):
        yield Refusal(noun, identity.named(str(name)), f"{variable}.{name}", own, "a mapping of options",
                      f"correct {variable}")  # fmt: skip
    else:
        for option in own or ():
            if option not in known and option != SEVERAL[role]:
                yield Refusal(noun, identity.named(str(name)), f"{variable}.{name}", option + did_you_mean(
                    option, known), f"an option of {COMPONENTS[role].module}",
                    f"correct it; `ansible-doc {COMPONENTS[role].module}` lists every option")  # fmt: skip


def declared(one: Instance, common: Mapping[str, Any]) -> tuple[Declaration, list[Wrong], set[str]]:
    """The declaration of one object, what is wrong with its values, and the values that no output may show.

    ``None`` is no opinion. ``common`` is what the environment says for all of its components.
    """
    spec = options_of(one.role)
    stated = {name: value for name, value in one.given.items() if value is not None}
    stated |= {name: value for name, value in common.items() if name in spec and value is not None}
    checked = ArgumentSpecValidator(spec).validate(stated)
    secrets = set(getattr(checked, "_no_log_values", ()))
    found = list(wrong(spec, stated)) or [("options", each, "what the module takes") for each in checked.error_messages]
    declaration = Declaration(one.key, COMPONENTS[one.role], checked.validated_parameters, one.variables)
    return declaration, found, secrets


def wrong_values(one: Instance, found: Iterable[Wrong], identity: Identity) -> list[Refusal]:
    """Refusals for values of the wrong type or choice, at any depth."""
    component = COMPONENTS[one.role]
    step, name = f"; `ansible-doc {component.module}` explains it", identity.name
    name = str(one.given["name"]) if one.key != one.role else name
    refusals = [Refusal(component.noun, name, where, value, wanted, f"correct {where.split()[0]}{step}")
                for where, value, wanted in found]  # fmt: skip
    return [each.written(one.variables) for each in refusals]


def namesakes(declarations: Iterable[Declaration]) -> Iterator[Refusal]:
    """Refusals for declarations of one kind that would be one object."""
    known: dict[tuple[str, str], Declaration] = {}
    for each in declarations:
        if each.name and each.key != known.setdefault((each.component.module, each.name), each).key:
            other = known[each.component.module, each.name].key
            yield Refusal(each.component.noun, each.name, "name", f"the name of {other} as well",
                          "a name for each", "correct name").written(each.variables)  # fmt: skip
