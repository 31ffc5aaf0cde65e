# SPDX-License-Identifier: Apache-2.0
"""The files that a run leaves for people and other stacks; none where no folder is named."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..reconcile.errors import Failure


def write(folder: str, files: Mapping[str, str]) -> list[str]:
    """The names of the files whose content differed.  Raises Failure when the folder cannot be written to."""
    place = Path(folder)
    written: list[str] = []
    if not folder:
        return written
    try:
        place.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            # In bytes: what lies there may be no text.
            file, content = place / name, text.encode()
            if not file.exists() or file.read_bytes() != content:
                file.write_bytes(content)
                written.append(name)
    except OSError as error:
        raise Failure(
            f"artifacts {folder}: {error.strerror}. Next: make the folder writable, or name another"
        ) from None
    return written


def as_json(document: Any) -> str:
    """A document as the files have it."""
    return json.dumps(document, indent=2, default=str) + "\n"


def read_json(folder: str, name: str) -> dict[str, Any] | None:
    """A file of an earlier run; ``None`` where there is none that can be read."""
    try:
        found = json.loads((Path(folder) / name).read_text()) if folder else None
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
