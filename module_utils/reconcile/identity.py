# SPDX-License-Identifier: Apache-2.0
"""Every name and every ownership tag of an environment, derived once.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .errors import Refusal

# The narrowest name rules of the four components meet here: a replication group id takes 1-40 characters, starts with a
# letter, has no double and no trailing hyphen, and is stored in lower case.
# Source: CreateReplicationGroup API reference, ReplicationGroupId.
NAME_LENGTH = 40
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
# Source: "Tag your AWS resources", tag naming limits and requirements: 50 tags, and characters that all services take.
TAG_KEY_LENGTH, TAG_VALUE_LENGTH = 128, 256
TAGS, TAG_CHARACTERS = 50, "_.:/=+-@"
# Tags that an object of ours has beside the declared ones, at most: a name, two that say whose it is, and three that
# say what it is.
OWN_TAGS = 6
SUFFIX = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")


@dataclass(frozen=True)
class Identity:
    """One environment of one stack: how its objects are called and recognised."""

    stack_name: str
    environment_suffix: str

    @property
    def name(self) -> str:
        """``<stack>-<suffix>``, the name of each component's main object."""
        return f"{self.stack_name}-{self.environment_suffix}"

    @property
    def ownership(self) -> dict[str, str]:
        """The tags that say an object is ours."""
        return {"streambed:stack": self.stack_name, "streambed:environment": self.environment_suffix}

    def named(self, *parts: str) -> str:
        """A name for something that belongs to the environment: ``sensors-dev-app``."""
        return "-".join((self.name, *parts))

    def state_bucket(self, account_id: str) -> str:
        """The state bucket's name; bucket names are unique among all accounts, so the account is part of it."""
        return self.named("state", account_id)

    def owns(self, tags: Mapping[str, str]) -> bool:
        """Whether an object with these tags is ours."""
        return self.ownership.items() <= tags.items()

    def tags(self, extra: Mapping[str, str] | None, name: str | None = None) -> dict[str, str]:
        """The tags an object of ours carries: the caller's, its Name where AWS shows one, and the ownership tags."""
        return {**({"Name": name} if name else {}), **(extra or {}), **self.ownership}


def identity_of(options: Mapping[str, Any]) -> Identity:
    """The identity that a module's options state."""
    return Identity(options["stack_name"], options["environment_suffix"])


def refusals(options: Mapping[str, Any]) -> Iterator[Refusal]:
    """What is wrong with ``stack_name`` and ``environment_suffix``."""
    identity = identity_of(options)
    rules = (("stack_name", NAME, "a letter first"), ("environment_suffix", SUFFIX, "a letter or digit first"))
    for field, pattern, first in rules:
        if not pattern.match(options[field]):
            wanted = f"lower-case letters, digits and single hyphens, {first}"
            yield Refusal("environment", identity.name, field, repr(options[field]), wanted, f"correct {field}")
    if len(identity.name) > NAME_LENGTH:
        wanted = f"at most {NAME_LENGTH} characters in <stack_name>-<environment_suffix>"
        yield Refusal("environment", identity.name, "stack_name", len(identity.name), wanted, "shorten one of them")
    yield from _tag_refusals(identity, options.get("tags") or {})


def _tag_refusals(identity: Identity, tags: Mapping[str, Any]) -> Iterator[Refusal]:
    """Tags that are not the caller's to give, or that AWS would not take."""
    for key, value in tags.items():
        if key.startswith("aws:") or key in identity.ownership:
            yield Refusal("environment", identity.name, "tags", key, "a tag of your own", f"remove {key} from tags")
        for field, found, wanted, step in tag_problems(key, value):
            yield Refusal("environment", identity.name, f"tags {field}", found, wanted, step)
    if len(tags) > TAGS - OWN_TAGS:
        yield Refusal("environment", identity.name, "tags", f"{len(tags)} tags", f"at most {TAGS - OWN_TAGS}, beside "
                      "those that say whose an object is", "remove some of tags")  # fmt: skip


def tag_problems(key: str, value: Any) -> Iterator[tuple[str, Any, str, str]]:
    """What AWS would not take of one tag: key, found, wanted, next step."""
    if value is None or isinstance(value, (Mapping, list)):
        yield (key, None if value is None else "a mapping" if isinstance(value, Mapping) else "a list", "a text",
               f"give {key} a value, or remove it")  # fmt: skip
    elif not 1 <= len(key) <= TAG_KEY_LENGTH or len(str(value)) > TAG_VALUE_LENGTH:
        shown_key = key if 1 <= len(key) <= TAG_KEY_LENGTH else f"'{key[:20]}'"
        wanted = f"1 to {TAG_KEY_LENGTH} characters in a key, at most {TAG_VALUE_LENGTH} in a value"
        yield shown_key, f"{len(key)} and {len(str(value))} characters", wanted, "shorten it"
    else:
        strange = [each for each in f"{key}{value}" if not (each.isalnum() or each.isspace() or each in TAG_CHARACTERS)]
        if strange:
            yield (key, "".join(dict.fromkeys(strange)), f"letters, digits, spaces and {TAG_CHARACTERS}",
                   f"correct {key}")  # fmt: skip
