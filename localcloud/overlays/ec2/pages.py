# SPDX-License-Identifier: Apache-2.0
"""Pages and client tokens of every EC2 operation that has them in its model.

Source: EC2 developer guide, "Paginate results" and "Ensuring idempotency"; "Error codes": InvalidPaginationToken,
InvalidParameterCombination, IdempotentParameterMismatch.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from localcloud.refusals import refuse

_TOKEN = "NextToken"


def list_member(shape: Any) -> str | None:
    """The one list of an answer that comes in pages; None where the answer has no pages."""
    if shape is None or _TOKEN not in shape.members:
        return None
    return next((name for name, member in shape.members.items() if member.type_name == "list"), None)


def check(given: dict[str, Any]) -> None:
    """Refuses what cannot be asked together: pages of objects that are named."""
    named = next((name for name, value in given.items() if isinstance(value, list) and name.endswith("Ids")), None)
    if named and given.get("MaxResults") is not None and given[named]:
        name = named[:1].lower() + named[1:]
        text = f"The parameter {name} cannot be used with the parameter maxResults"
        raise refuse("InvalidParameterCombination", text)


def page(items: list[Any], size: int | None, token: str | None) -> tuple[list[Any], str | None]:
    """The items of one page, and the token of the next; all items where no size was asked for."""
    start = _start(token)
    end = len(items) if size is None else start + size
    return items[start:end], _token(end) if end < len(items) else None


def _token(start: int) -> str:
    return base64.b64encode(json.dumps({"start": start}).encode()).decode()


def _start(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(json.loads(base64.b64decode(token))["start"])
    except (ValueError, KeyError, TypeError) as error:
        raise refuse("InvalidPaginationToken", "The specified pagination token is not valid.") from error
