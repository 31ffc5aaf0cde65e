# SPDX-License-Identifier: Apache-2.0
"""What moto spends time and memory on without need.

moto remembers every object it ever made, for a dashboard that is not served here: after a thousand resets that is
gigabytes. It finds the tags of one object by matching patterns with the ids of all, and asks each class for its methods
with each call.
"""

from __future__ import annotations

import functools
from typing import Any

from moto.core import responses
from moto.core.common_models import BaseModel
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, get_prefix


def _new(cls: type, *_: Any, **__: Any) -> Any:
    """The object, which nobody else remembers."""
    return object.__new__(cls)


def _get_tags(self: Any) -> list[dict[str, str]]:
    """The tags of one object, as DescribeTags would list them."""
    tags = self.ec2_backend.tags.get(self.id)
    if not tags:
        return []
    kind = EC2_PREFIX_TO_RESOURCE.get(get_prefix(self.id), "")
    return [{"resource_id": self.id, "key": key, "value": value, "resource_type": kind} for key, value in tags.items()]


def install() -> None:
    """Take moto's shorter way."""
    # It looks through all methods of a service's class with each call, a fifth of what a call costs.
    responses.method_names_from_class = functools.cache(responses.method_names_from_class)
    BaseModel.__new__ = _new  # type: ignore[method-assign]
    TaggedEC2Resource.get_tags = _get_tags  # type: ignore[method-assign]
