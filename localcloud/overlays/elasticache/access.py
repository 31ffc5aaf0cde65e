# SPDX-License-Identifier: Apache-2.0
"""Access strings as ElastiCache returns them, which is not as they were given.

Source: aws-controllers-k8s/community#677: the answer has a form of its own; ElastiCache user guide, "Role-Based Access
Control", "Specifying permissions using an access string".
"""

from __future__ import annotations

import re

_FLAGS = ("on", "off")
#: Words that stand for others.
_LONG = {"allkeys": "~*", "allchannels": "&*", "allcommands": "+@all", "nocommands": "-@all"}
#: Source: Redis documentation, "ACL", command categories.
_CATEGORIES = {
    "admin", "all", "bitmap", "blocking", "bloom", "connection", "cuckoo", "dangerous", "fast", "generic", "geo",
    "hash", "hyperloglog", "json", "keyspace", "list", "pubsub", "read", "scripting", "search", "set", "slow",
    "sortedset", "stream", "string", "timeseries", "transaction", "write",
}  # fmt: skip
_WORD = re.compile(r"on|off|resetkeys|resetchannels|(~|%(R|W|RW)~|&)\S+|[+-](@\w+|[\w.-]+(\|[\w.-]+)?)")
_SELECTOR = re.compile(r"\([^)]*\)|clearselectors")


def as_returned(given: str) -> str:
    """The flag, the keys and channels, and the commands, which begin with all or with none."""
    words = [_LONG.get(word, word) for word in given.split()]
    flag = next((word for word in reversed(words) if word in _FLAGS), "off")
    patterns = [word for word in words if word[0] in "~&%"]
    commands = [word for word in words if word[0] in "+-"]
    if not commands or commands[0] not in ("+@all", "-@all"):
        commands = ["-@all", *commands]
    return " ".join([flag, *patterns, *commands])


def holds_password(given: str) -> bool:
    """Whether it holds what an access string may not: passwords, and `reset`, which would take them away."""
    return any(word[0] in "><#!" or word in ("reset", "nopass", "resetpass") for word in given.split())


def unknown_word(given: str) -> str | None:
    """The first word that no access string has; None when there is none.  Raises NotImplementedError for selectors."""
    if _SELECTOR.search(given):
        raise NotImplementedError("selectors in access strings")
    for word in (_LONG.get(word, word) for word in given.split()):
        category = word[2:] if word[:2] in ("+@", "-@") else "all"
        if not _WORD.fullmatch(word) or category.lower() not in _CATEGORIES:
            return word
    return None
