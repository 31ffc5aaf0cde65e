# SPDX-License-Identifier: Apache-2.0
"""Changing one method of a moto class, where moto offers no other way in."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


def wrap(owner: type, name: str, around: Callable[..., Any]) -> None:
    """From now on calls of `owner.name` go to `around(original, self, ...)`."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def method(self: Any, *args: Any, **options: Any) -> Any:
        return around(original, self, *args, **options)

    setattr(owner, name, method)
