"""What moto spends time and memory on without need.

moto remembers every object it ever made, for a dashboard that is not served here: after a thousand resets that is
gigabytes. And it finds the tags of one object by matching patterns with the ids of all.
"""

from __future__ import annotations

from typing import Any

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
    BaseModel.__new__ = _new  # type: ignore[assignment,method-assign]
    TaggedEC2Resource.get_tags = _get_tags  # type: ignore[method-assign]
