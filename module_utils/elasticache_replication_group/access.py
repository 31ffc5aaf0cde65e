# SPDX-License-Identifier: Apache-2.0
"""Access strings of users, in the form in which AWS returns them.  Pure."""

from __future__ import annotations

from typing import Any

FLAGS = ("on", "off")
ALIASES = {"allkeys": "~*", "allchannels": "&*", "allcommands": "+@all", "nocommands": "-@all"}
EVERY = ("+@all", "-@all")
# Passwords have options of their own, and so does their absence.
# Source: ElastiCache user guide, "Role-Based Access Control", "Specifying permissions using an access string".
FORBIDDEN = ("reset", "resetpass", "nopass")
PASSWORD_MARKS = "><#!"


def canonical(given: Any) -> Any:
    """The flag, then keys and channels, then commands, which begin with all or with none; without a flag it is off.

    Source: aws-controllers-k8s/community#677: AWS returns another form than it was given.
    """
    if not isinstance(given, str):
        return given
    words = [ALIASES.get(word, word) for word in given.split()]
    flag = next((word for word in reversed(words) if word in FLAGS), "off")
    commands = [word for word in words if word[0] in "+-"]
    if not commands or commands[0] not in EVERY:
        commands = ["-@all", *commands]
    others = [word for word in words if word not in FLAGS and word[0] not in "+-"]
    return " ".join([flag, *others, *commands])


def forbidden(given: str) -> list[str]:
    """Words that an access string may not hold; of a password only its mark."""
    words = given.split()
    marks = sorted({f"a password after {word[0]}" for word in words if word[0] in PASSWORD_MARKS})
    return [*marks, *(word for word in words if word in FORBIDDEN)]
