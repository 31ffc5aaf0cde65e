# Copyright: Streambed contributors. Apache License 2.0 or GNU General Public License v3.0+, as you choose.
# SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
"""Says at the end of a run what became of each environment, and what each component created, changed and deleted."""

from __future__ import annotations

DOCUMENTATION = r"""
name: run_summary
type: aggregate
short_description: A summary of what Streambed's modules did
description:
  - Prints one headline for each environment and one table at the end of a run. Nothing depends on it.
requirements:
  - enable in configuration
"""

import time
from collections import Counter
from typing import Any

from ansible.plugins.callback import CallbackBase

COLUMNS = ("create", "change", "replace", "delete")
# Every class of a change that is neither of the others is a change of what exists.
COLUMN_OF = {"create": "create", "replace": "replace", "delete": "delete"}
FAILED = "FAILED"


class Environment:
    """What became of one host: its headline, and the rows of its components."""

    def __init__(self) -> None:
        self.headline = ""
        self.reason = ""
        self.rows: dict[str, tuple[str, ...]] = {}
        self.calls = Counter[str]()

    def take(self, result: dict[str, Any]) -> None:
        self.headline = result.get("headline") or self.headline
        self.calls.update(result.get("aws_calls") or {})
        for name, component in (result.get("components") or {}).items():
            counts = Counter(COLUMN_OF.get(call["change"], "change") for call in component["calls"])
            self.rows[name] = (name, *(str(counts[column]) for column in COLUMNS))

    def fail(self, message: str) -> None:
        self.headline = self.headline if self.headline in ("REFUSED", "DRIFTED", "BROKEN") else FAILED
        self.reason = (str(message).splitlines() or [""])[0]


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "run_summary"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._environments: dict[str, Environment] = {}
        self._begun = time.monotonic()

    def _of(self, result: Any) -> Environment:
        return self._environments.setdefault(result.host.get_name(), Environment())

    def v2_runner_on_ok(self, result: Any) -> None:
        if result.result.get("headline") and not result.result.get("_ansible_no_log"):
            self._of(result).take(result.result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        if not ignore_errors:
            self._of(result).take(result.result)
            self._of(result).fail(result.result.get("msg") or "")

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._of(result).fail(result.result.get("msg") or "unreachable")

    def v2_playbook_on_stats(self, stats: Any) -> None:
        if not any(each.headline for each in self._environments.values()):
            return
        for name, each in self._environments.items():
            reason = f" ({each.reason})" if each.reason else ""
            self._display.banner(f"STREAMBED {name}: {each.headline}{reason}"[:200])
            self._table(each)
        self._display.display(f"whole run: {time.monotonic() - self._begun:.1f} s")

    def _table(self, environment: Environment) -> None:
        if environment.rows:
            rows = [("component", *COLUMNS), *environment.rows.values()]
            widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
            for row in rows:
                cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
                self._display.display("  ".join(cells).rstrip())
        calls = environment.calls
        self._display.display(f"AWS calls: {calls['reads']} reads, {calls['writes']} writes")
