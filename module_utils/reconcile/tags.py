# SPDX-License-Identifier: Apache-2.0
"""Tags: from AWS's list to a plain mapping and back, and whose an object is.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .errors import Refusal, shown
from .identity import identity_of
from .plan import Call

OWNED_BY_AWS = "aws:"


def ansible_tags(tags: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """``{key: value}`` without AWS's own tags, which nobody else can change."""
    found = {tag["Key"]: tag.get("Value", "") for tag in tags or ()}
    return {key: value for key, value in found.items() if not key.startswith(OWNED_BY_AWS)}


def boto3_tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """AWS's list of ``{"Key": …, "Value": …}``."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def tag_specifications(kind: str, tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """EC2's form for tags that are part of the call that creates the object."""
    return [{"ResourceType": kind, "Tags": boto3_tags(tags)}]


def new_tags(options: Mapping[str, Any], name: str | None = None) -> dict[str, str]:
    """The tags of an object that is about to be made."""
    return identity_of(options).tags({key: str(value) for key, value in (options["tags"] or {}).items()}, name)


def wanted_tags(options: Mapping[str, Any], observed: Mapping[str, str] | None, name: str | None = None) -> Any:
    """The tags an object should carry.

    Without a ``tags`` option, or without ``purge_tags``, tags that others set stay.
    """
    wanted = new_tags(options, name)
    purge = options["purge_tags"] and options["tags"] is not None
    return wanted if purge else {**(observed or {}), **wanted}


def tag_changes(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Tags to set and keys to remove."""
    to_set = {key: value for key, value in after.items() if before.get(key) != value}
    return to_set, sorted(set(before) - set(after))


def tag_calls(
    service: str,
    on: str,
    about: Mapping[str, Any],
    before: Mapping[str, str],
    after: Mapping[str, str],
    operations: tuple[str, str] = ("untag_resource", "tag_resource"),
    parameters: tuple[str, str] = ("TagKeys", "Tags"),
    form: Callable[[Mapping[str, str]], Any] = boto3_tags,
    of: str = "",
) -> list[Call]:
    """The calls that remove tags and set tags of one object, of each one at most.

    ``about`` names the object as the service does, ``form`` gives tags its shape; ``of`` ends the reasons of an object
    that is not the main one.
    """
    to_set, to_remove = tag_changes(before, after)
    (untag, tag), (keys, tags) = operations, parameters
    calls = []
    if to_remove:
        calls.append(Call(service, untag, {**about, keys: to_remove}, on, f"remove tags{of}"))
    if to_set:
        calls.append(Call(service, tag, {**about, tags: form(to_set)}, on, f"set tags{of}"))
    return calls


def foreign(options: Mapping[str, Any], thing: str, name: str, tags: Mapping[str, str]) -> tuple[Refusal, ...]:
    """A refusal when an object of our name is not ours; with ``adopt`` one that is nobody's becomes ours."""
    identity = identity_of(options)
    nobodys = options["state"] == "present" and not tags.keys() & identity.ownership.keys()
    if identity.owns(tags) or (nobodys and options.get("adopt")):
        return ()
    found = shown([f"{key}={value}" for key, value in sorted(tags.items()) if key in identity.ownership])
    wanted = shown([f"{key}={value}" for key, value in identity.ownership.items()])
    step = "choose another stack_name or name, or give the object these tags if it is yours to manage"
    if nobodys and options.get("adopt") is False:
        step = "choose another stack_name or name, or set adopt to true if it shall be this environment's"
    return (Refusal(thing, name, "ownership tags", found, wanted, step),)
