"""Access strings as ElastiCache returns them, which is not as they were given.

Source: aws-controllers-k8s/community#677: the answer has a form of its own; ElastiCache user guide, "Role-Based Access
Control", "Specifying permissions using an access string".
"""

from __future__ import annotations

_FLAGS = ("on", "off")


def as_returned(given: str) -> str:
    """The flag, the keys and channels, and the commands, which begin with all or with none."""
    words = given.split()
    flag = next((word for word in reversed(words) if word in _FLAGS), "off")
    patterns = ["~*" if word == "allkeys" else word for word in words if word[0] in "~&%" or word == "allkeys"]
    commands = [word for word in words if word[0] in "+-"]
    if not commands or commands[0] not in ("+@all", "-@all"):
        commands = ["-@all", *commands]
    return " ".join([flag, *patterns, *commands])


def is_wrong(given: str) -> bool:
    """Whether it holds what an access string may not: passwords, and `reset`, which would take them away."""
    return any(word[0] in "><#!" or word in ("reset", "nopass", "resetpass") for word in given.split())
