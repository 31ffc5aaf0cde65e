"""Carries on everything that is still in the making, side by side, and says every few seconds how far it is."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

from ansible.plugins.loader import action_loader
from ansible.utils.display import Display

display = Display()
in_process = action_loader.get("in_process", class_only=True)


class Progress:
    """The newest word on everything that is being waited for; told by many threads, read by one."""

    def __init__(self) -> None:
        self._words: dict[str, str] = {}
        self._lock = threading.Lock()

    def tell(self, noun: str, state: str, elapsed_seconds: float, event: str) -> None:
        minutes, seconds = divmod(int(elapsed_seconds), 60)
        with self._lock:
            self._words[noun] = f"{noun}: {state} {minutes}m{seconds:02d}s{f' ({event})' if event else ''}"

    def line(self) -> str:
        with self._lock:
            return " | ".join(self._words.values())


class ActionModule(in_process):
    module = "settle"

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = {"changed": False, "settled": {}}
        unsettled = [each["settling"] for each in self._task.args["results"] if each.get("settling")]
        if self._task.check_mode or not unsettled:
            return result
        obstacle = self.obstacle(task_vars or {})
        if obstacle:
            display.vvv(f"settle runs its modules as separate processes: {obstacle}")
            outcomes = [self.as_process(each, task_vars) for each in unsettled]
        else:
            self.take_environment()
            outcomes = self.side_by_side(unsettled, task_vars)
        result["settled"] = dict(zip((each["module"] for each in unsettled), outcomes, strict=True))
        result["changed"] = any(outcome.get("changed") for outcome in outcomes)
        failures = [outcome["msg"] for outcome in outcomes if outcome.get("failed")]
        if failures:  # what went well is in AWS, not in the way of the message
            return {"changed": result["changed"], "failed": True, "msg": "\n".join(failures)}
        return result

    def as_process(self, settling: dict[str, Any], task_vars: Any) -> dict[str, Any]:
        arguments = {**settling["options"], "wait": True}
        return self._execute_module(module_name=settling["module"], module_args=arguments, task_vars=task_vars)

    def side_by_side(self, unsettled: list[dict[str, Any]], task_vars: Any) -> list[dict[str, Any]]:
        """The outcome of each; all of them run to their end, whatever becomes of the others."""
        progress = Progress()
        runs = [self.prepared(each, task_vars, progress) for each in unsettled]
        every = float(self._task.args.get("progress_seconds") or 15)
        with ThreadPoolExecutor(len(runs)) as pool:
            futures = [pool.submit(run) for run in runs]
            started = time.monotonic()
            while wait(futures, timeout=every).not_done:
                display.display(f"settling {time.monotonic() - started:.0f} s: {progress.line()}")
            return [future.result() for future in futures]

    def prepared(self, settling: dict[str, Any], task_vars: Any, progress: Progress) -> Any:
        """A function that carries one declaration on; its arguments are read here, one after the other."""
        from ansible.module_utils.reconcile import engine

        component = self.load_module(settling["module"]).COMPONENT
        self.set_arguments(settling["module"], {**settling["options"], "wait": True}, task_vars)
        module = engine.open_module(component)
        aws, terms = engine.connect(module), engine.terms_of(module, progress.tell)

        def run() -> dict[str, Any]:
            try:
                return engine.reconcile(component, aws, module.params, terms)
            except Exception as error:
                return {"failed": True, "msg": engine.failure_of(error)}

        return run
