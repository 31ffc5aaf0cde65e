"""Says at the end of a run what each component created, changed and deleted, in what time, with how many AWS calls."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: run_summary
type: aggregate
short_description: A summary of what Streambed's modules did
description:
  - Prints one table at the end of a run. Nothing depends on it.
requirements:
  - enable in configuration
"""

COLUMNS = ("create", "change", "replace", "delete")
# Every class of a change that is neither of the others is a change of what exists.
COLUMN_OF = {"create": "create", "replace": "replace", "delete": "delete"}


class Component:
    """What one module did on one host: planned calls, made calls, AWS calls, seconds."""

    def __init__(self) -> None:
        self.planned: list[dict[str, Any]] = []
        self.made: list[dict[str, Any]] = []
        self.acted = False
        self.aws = Counter[str]()
        self.seconds = 0.0

    def add(self, result: dict[str, Any], check_mode: bool, seconds: float) -> None:
        if check_mode:
            self.planned = result["calls"]
        else:
            self.made += result["calls"]
            self.acted = True
        self.aws.update(result.get("aws_calls") or {})
        self.seconds += seconds

    def row(self, name: str) -> tuple[str, ...]:
        calls = self.made if self.acted else self.planned
        counts = Counter(COLUMN_OF.get(call["change"], "change") for call in calls)
        numbers = (str(counts[column]) for column in COLUMNS)
        aws = f"{self.aws['reads']} reads, {self.aws['writes']} writes"
        return name, *numbers, aws, f"{self.seconds:.1f} s"


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "run_summary"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._components: dict[str, Component] = {}
        self._started: dict[tuple[str, str], float] = {}
        self._begun = time.monotonic()

    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        self._started[host.get_name(), task._uuid] = time.monotonic()

    def v2_runner_on_ok(self, result: Any) -> None:
        seconds = time.monotonic() - self._started.get((result.host.get_name(), result.task._uuid), time.monotonic())
        found = result.result
        if found.get("_ansible_no_log"):
            return
        if "settled" in found:
            for module, outcome in found["settled"].items():
                self._add(module, outcome, False, seconds)
        elif "calls" in found and "aws_calls" in found:
            self._add(result.task.action, found, bool(result.task.check_mode), seconds)

    def _add(self, module: str, result: dict[str, Any], check_mode: bool, seconds: float) -> None:
        name = module.rpartition(".")[2]
        self._components.setdefault(name, Component()).add(result, check_mode, seconds)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        if not self._components:
            return
        found = self._components.values()
        word = "PLAN" if any(component.planned for component in found) else "NOTHING TO DO"
        if any(component.acted for component in found):
            word = "DONE"
        rows = [("component", *COLUMNS, "AWS calls", "time")]
        rows += [component.row(name) for name, component in self._components.items()]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        self._display.banner(f"STREAMBED: {word}")
        for row in rows:
            self._display.display(
                "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            )
        self._display.display(f"whole run: {time.monotonic() - self._begun:.1f} s")
