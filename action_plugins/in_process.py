# SPDX-License-Identifier: Apache-2.0
"""Runs a Streambed module inside the controller's worker instead of in a Python of its own.

Starting Python and importing boto3 for each task is most of what an Ansible AWS run costs. The strategy loads an action
plugin in the main process, so what is imported here is imported once per run and inherited by every fork. The module's
own ``main`` runs, so both routes give the same result; only the way in (arguments) and out (result) differ.

Each module has an action plugin of its name that subclasses this one and says which AWS services it talks to.
"""

from __future__ import annotations

import gc
import importlib.util
import json
import os
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from ansible import module_utils
from ansible.errors import AnsibleActionFail
from ansible.module_utils import basic
from ansible.module_utils.common.json import Direction, get_module_encoder
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import module_loader, module_utils_loader
from ansible.utils.display import Display

# Ansible resolves ansible.module_utils.* to the configured folders only when it packs a module; this does the same
# for code that runs in the controller.
for folder in module_utils_loader._get_paths(subdirs=False):
    if os.path.isdir(folder) and folder not in module_utils.__path__:
        module_utils.__path__.append(folder)

from ansible.module_utils.aws.client import LOADER  # noqa: E402
from ansible.module_utils.aws.sdk import INSTALLED  # noqa: E402

display = Display()
PROFILE = "legacy"  # how Ansible encodes the arguments of a module that names no other profile
SETTING = "streambed_run_in_controller"
# What botocore reads from disk to make a client.
CLIENT_DATA = ("service-2", "paginators-1", "endpoint-rule-set-1")


class Ended(BaseException):
    """A module has returned its result; not an Exception, so that no module catches it."""


def take_result(self: basic.AnsibleModule, result: dict[str, Any]) -> None:
    """Stands in for the printing of the result; ansible.netcommon uses the same seam."""
    raise Ended(result)


class ActionModule(ActionBase):
    """The shared runner.  Subclasses state ``module`` and ``services``."""

    _supports_check_mode = True
    _supports_async = True
    module: str
    services: tuple[str, ...] = ()
    loaded: ModuleType

    def __init_subclass__(cls) -> None:
        """Imports the module and what its clients are made of, once, before the workers are forked."""
        # Nothing of this is garbage; looking for some on the way takes longer than the work.
        gc.disable()
        cls.loaded = cls.load_module(cls.module)
        if INSTALLED:
            cls.load_data()
        # What is there now stays to the end. Otherwise each worker's collector walks through all of it, and copies the
        # memory that it shares with the main process: a tenth of the CPU of a run without changes.
        gc.freeze()
        gc.enable()

    @classmethod
    def load_data(cls) -> None:
        """Reads what botocore's clients of the services are made of."""
        LOADER.load_data("endpoints")
        LOADER.load_data("partitions")
        for service in cls.services:
            for kind in CLIENT_DATA:
                LOADER.load_service_model(service, kind)

    @staticmethod
    def load_module(name: str) -> ModuleType:
        """The module's file from the library folder, imported."""
        path = module_loader.find_plugin(name)
        spec = importlib.util.spec_from_file_location(f"streambed_{name}", path) if path else None
        if spec is None or spec.loader is None:
            raise AnsibleActionFail(
                f"module {name}: found nothing in the library folder. Next: check `library` in ansible.cfg"
            )
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        obstacle = self.obstacle(task_vars or {})
        if obstacle:
            display.vvv(f"{self.module} runs as a separate process: {obstacle}")
            wrap_async = self._task.async_val and not self._connection.has_native_async
            return {**result, **self._execute_module(task_vars=task_vars, wrap_async=wrap_async)}
        self.take_environment()
        return {**result, **self.call(self.loaded, self._task.action, dict(self._task.args), task_vars)}

    def obstacle(self, task_vars: Mapping[str, Any]) -> str:
        """Why the task cannot run in here, or an empty string."""
        interpreter = self._templar.template(task_vars.get("ansible_python_interpreter") or sys.executable)
        reasons = {
            "no boto3 in the controller": not INSTALLED,
            f"the connection is {self._connection.transport}": self._connection.transport != "local",
            "become is on": self._connection.become is not None,
            "async is on": bool(self._task.async_val),
            f"its interpreter is {interpreter}": interpreter != sys.executable,
            f"{SETTING} is off": not boolean(self._templar.template(task_vars.get(SETTING, True))),
        }
        return next((reason for reason, holds in reasons.items() if holds), "")

    def take_environment(self) -> None:
        """Puts the task's ``environment:`` into this worker, which serves one task only."""
        environment: dict[str, Any] = {}
        self._compute_environment_string(environment)
        os.environ.update({name: str(value) for name, value in environment.items()})

    def set_arguments(self, name: str, arguments: dict[str, Any], task_vars: Any) -> None:
        """Hands the arguments over as a separate process gets them, through JSON; results come back as Ended."""
        self._update_module_args(name, arguments, task_vars)
        encoder = get_module_encoder(PROFILE, Direction.CONTROLLER_TO_MODULE)
        basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}, cls=encoder).encode()
        basic._ANSIBLE_PROFILE = PROFILE
        basic.AnsibleModule._record_module_result = take_result

    def call(self, module: ModuleType, name: str, arguments: dict[str, Any], task_vars: Any) -> dict[str, Any]:
        """The result of the module's ``main``."""
        self.set_arguments(name, arguments, task_vars)
        try:
            module.main()
        except Ended as ended:
            return ended.args[0]
        raise AnsibleActionFail(f"module {name} ended without a result. Next: report this")
