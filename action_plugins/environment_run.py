# SPDX-License-Identifier: Apache-2.0
"""Gathers the options of an environment's components from the variables of their roles, and runs the module in here.

A role's variables are its name, an underscore and the option; what is not a variable of the role is refused.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from types import SimpleNamespace
from typing import Any

from ansible import constants
from ansible.plugins.loader import action_loader
from ansible.utils.display import Display

display = Display()
in_process = action_loader.get("in_process", class_only=True)
# Only now: in_process makes ansible.module_utils.* resolvable in the controller.
from ansible.module_utils.environment import gates, live  # noqa: E402
from ansible.module_utils.environment.waiting import Picture  # noqa: E402

OUTPUTS = "outputs"
# Characters of a failure that an alert shows; the job's output has all of it.
FAILURE_LENGTH = 4000
# The main process has the terminal; workers reach it through its display, by the names of what that can do.
SHOW = "streambed_show"
screen = live.Screen() if live.wanted(sys.stdout, os.environ, constants.ANSIBLE_NOCOLOR) else None
if screen:
    setattr(display, SHOW, screen.show)


def say(lines: str) -> None:
    """Prints what a run does while it does it.

    A worker hands its lines to the main process. That is said in so many words, since others (AWX's own callback) put
    themselves around ``display`` and would print from in here.
    """
    queue = getattr(display, "_final_q", None)
    if queue is None:
        display.display(lines)
    else:
        queue.send_display("display", lines)


def shower() -> Callable[[Picture], None] | None:
    """What draws pictures of what is waited for; nothing where nobody can, and they are said instead."""
    queue = getattr(display, "_final_q", None)
    if queue is None or screen is None or screen.pid != os.getppid():
        return None
    return lambda picture: queue.send_display(SHOW, picture)


class ActionModule(in_process):
    module = "environment_run"
    services = ("ec2", "elasticache", "kinesis", "s3", "iam", "logs", "sts", "dynamodb", "resourcegroupstaggingapi")

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        variables = task_vars or {}
        arguments = self._task.args
        if "roles" in arguments:
            roles = arguments.pop("roles")
            arguments.update({**self.own_options(variables), **arguments})
            arguments["components"] = {role: self.options_of(role, variables) for role in roles}
            prefixes = tuple(f"{role}_" for role in roles)
            arguments["variables"] = sorted(name for name in variables if name.startswith(prefixes))
            arguments.update(self.chosen(roles, variables, arguments))
        if not self.obstacle(variables):
            arguments.setdefault("run_folder", os.path.join(constants.DEFAULT_LOCAL_TMP, "streambed"))
        result = super().run(tmp, task_vars)
        if self.obstacle(variables) and result.get("lines"):
            say("\n".join(result["lines"]))
        stats = {"data": self.handed_on(result), "per_host": False, "aggregate": True}
        return {**self.flattened(result, arguments.get("components") or {}), "ansible_stats": stats}

    def call(self, module: Any, name: str, arguments: dict[str, Any], task_vars: Any) -> dict[str, Any]:
        """The module's ``main`` says what it does while it does it, and shows what it waits for."""
        main = SimpleNamespace(main=lambda: module.main(say, shower()))
        return super().call(main, name, arguments, task_vars)

    @staticmethod
    def chosen(roles: list[str], variables: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
        """What the run's tags choose: the components that may change, and whether outputs are written.

        The tag ``outputs`` alone changes nothing.
        """
        tags, skipped = set(variables.get("ansible_run_tags") or ["all"]), set(variables.get("ansible_skip_tags") or ())
        everything = "all" in tags or not tags & {*roles, OUTPUTS}
        only = [role for role in roles if (everything or role in tags) and role not in skipped]
        wanted = (everything or OUTPUTS in tags) and OUTPUTS not in skipped
        if not only and wanted and arguments.get("verb", "apply") == "apply":
            return {"verb": OUTPUTS}
        return {"only": only, **({} if wanted else {"outputs": False})}

    def handed_on(self, result: Mapping[str, Any]) -> dict[str, Any]:
        """What AWX makes extra variables of in the next nodes of a workflow, and tells in alerts, by environment.

        ``approved_plan`` is an input of the node that applies: it makes the plan that was shown, or none.
        """
        environment = self._task.args.get("environment_suffix")
        data = {f"streambed_{name}": {environment: result[name]} for name in ("drift", OUTPUTS) if name in result}
        if result.get("failed"):
            data["streambed_failure"] = {environment: str(result.get("msg", ""))[:FAILURE_LENGTH]}
        if (
            "digest" in result
            and self._task.check_mode
            and self._task.args.get("verb", "apply") in ("apply", "destroy")
        ):
            found, revision = result["plan"], self._task.args.get("revision", "")
            totals = {role: len(part["calls"]) for role, part in found["components"].items()}
            told = {key: found[key] for key in ("digest", "calls", "classes")} | {"components": totals}
            told["monthly"] = {key: found["costs"][key] for key in ("currency", "before", "after", "increase")}
            approved = gates.handed_on(found, revision)
            data |= {"streambed_plan": {environment: told}, "approved_plan": {environment: approved}}
        return data

    def own_options(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The options of the run itself: identity, account and region by their names, all others behind a prefix."""
        names = {option: option for option in self.loaded.OPTIONS} | self.loaded.spelled(self.loaded.OPTIONS)
        given = {option: variables[name] for option, name in names.items() if name in variables}
        return {option: value for option, value in self._templar.template(given).items() if value is not None}

    def options_of(self, role: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The role's variables by option, with what their expressions stand for; null is no opinion.

        A role that declares no component is the module's to refuse.
        """
        if role not in self.loaded.COMPONENTS:
            return {}
        given = self.loaded.gathered(role, variables, self.valued)
        return {option: value for option, value in given.items() if value is not None}

    def valued(self, given: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        """What expressions stand for among these variables."""
        templar = self._templar.copy_with_new_env(available_variables=variables)
        return dict(templar.template(given))

    @staticmethod
    def flattened(result: dict[str, Any], roles: Iterable[str]) -> dict[str, Any]:
        """The result of a role alone is also that of its one component."""
        components, only = result.get("components") or {}, list(roles)
        return {**components[only[0]], **result} if len(only) == 1 and only[0] in components else result
