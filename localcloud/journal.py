# SPDX-License-Identifier: Apache-2.0
"""The list of every call, in memory and as one JSON line each in a file."""

from __future__ import annotations

import datetime
import json
from collections import Counter
from pathlib import Path
from typing import Any

from localcloud.access import caller_of
from localcloud.calls import Call
from localcloud.refusals import Answer, error_code


class Journal:
    """The calls of this cloud, numbered from 1."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries: list[dict[str, Any]] = []
        #: How many calls each kind of fault struck since the start; a reset forgets none.
        self.struck: Counter[str] = Counter()
        self.reset()

    def reset(self) -> None:
        """The journal is empty, and so is its file."""
        self._entries.clear()
        self._path.write_text("", encoding="utf-8")

    def since(self, number: int) -> list[dict[str, Any]]:
        """The entries after entry `number`."""
        return self._entries[number:]

    def write(self, call: Call, answer: Answer, fault: dict[str, Any]) -> None:
        """Add one call, what came of it, and the fault that struck it, if any."""
        entry = {
            "n": len(self._entries) + 1,
            "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds"),
            "service": call.service,
            "operation": call.operation,
            "params": call.params,
            "status": answer.status,
            "error": error_code(answer),
            "write": call.write,
            "fault": fault or None,
            "region": call.region,
            "agent": call.agent,
            "user": caller_of(call).arn if call.write else None,
        }
        self._entries.append(entry)
        if fault:
            self.struck[fault["kind"]] += 1
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False, default=str) + "\n")
