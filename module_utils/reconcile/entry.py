# SPDX-License-Identifier: Apache-2.0
"""What knows Ansible: arguments, check mode, and how a module ends."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NoReturn

from ansible.module_utils.basic import AnsibleModule, env_fallback
from ansible_collections.amazon.aws.plugins.module_utils.botocore import get_aws_connection_info
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ..aws.client import Aws
from .component import Component
from .engine import failure_of, reconcile
from .errors import Refusal, Refused, did_you_mean
from .values import wrong
from .walk import Terms, silent

COMMON_OPTIONS: dict[str, dict[str, Any]] = {
    "state": {"choices": ["present", "absent"], "default": "present"},
    "stack_name": {"required": True},
    "environment_suffix": {"required": True},
    "tags": {"type": "dict"},
    "purge_tags": {"type": "bool", "default": True},
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 3600},
    "poll_seconds": {"type": "float", "fallback": (env_fallback, ["STREAMBED_POLL_SECONDS"])},
}


class Module(AnsibleModule):  # type: ignore[misc]
    """An Ansible module that says which option was meant when it is given an unknown one, and which value is wrong.

    ``variables`` are the names under which people wrote the options, where those are others. The result repeats the
    arguments, as every module's does, but for the access key's id: that is no secret, and AWX would keep it in every
    event.
    """

    def __init__(self, *, variables: Mapping[str, str], **rest: Any) -> None:
        self._variables = variables
        super().__init__(**rest)

    def _return_formatted(self, kwargs: dict[str, Any]) -> None:
        told = {name: value for name, value in self.params.items() if name != "access_key"}
        kwargs.setdefault("invocation", {"module_args": told})
        super()._return_formatted(kwargs)

    def fail_json(self, msg: str, **rest: Any) -> NoReturn:  # type: ignore[misc]
        unknown = re.match(r"Unsupported parameters for \(\S+\) module: (.+?)\. Supported", msg)
        if unknown:
            known = set(self.argument_spec) | set(re.findall(r"\w+", msg.partition("include:")[2]))
            words = [word.strip() for word in unknown.group(1).split(",")]
            found = ", ".join(word + did_you_mean(word.rpartition(".")[2], known) for word in words)
            msg = f"{self._name}: unknown option {found}. Next: correct it; ansible-doc {self._name} lists every option"
        else:
            given = {name: value for name, value in self.params.items() if name in self.argument_spec}
            wrongs = [Refusal("module", self._name, where, value, wanted, f"correct {where.split()[0]}")
                      for where, value, wanted in wrong(self.argument_spec, given)]  # fmt: skip
            msg = str(Refused(each.written(self._variables) for each in wrongs)) or msg
        super().fail_json(msg=msg, **rest)


def open_module(options: Mapping[str, Any], variables: Mapping[str, str] | None = None) -> AnsibleAWSModule:
    """A module with these options; ends the run when the arguments do not fit them."""
    AnsibleAWSModule.default_settings["module_class"] = partial(Module, variables=variables or {})
    return AnsibleAWSModule(argument_spec=dict(options), supports_check_mode=True)


def connect(module: AnsibleAWSModule, make: Callable[..., Aws] = Aws) -> Aws:
    """AWS as the module's options, the environment and the credential chain say."""
    region, endpoint_url, keys = get_aws_connection_info(module)
    profile = keys.pop("profile_name", None)
    config = keys.pop("aws_config", None)
    connection = {"region_name": region, "endpoint_url": endpoint_url, **keys, **({"config": config} if config else {})}
    return make(connection, profile, time.sleep)


def terms_of(module: AnsibleAWSModule, say: Callable[[str], None] = silent) -> Terms:
    """The terms that the module's options and Ansible state."""
    options = module.params
    return Terms(module.check_mode, options["wait"], options["wait_timeout"], options["poll_seconds"],
                 time.sleep, time.monotonic, say)  # fmt: skip


def run(component: Component) -> None:
    """The whole of a component module's ``main``."""
    module = open_module({**COMMON_OPTIONS, **component.options})
    result = end_on_failure(module, lambda: reconcile(component, connect(module), module.params, terms_of(module)))
    if module.check_mode and result["waiting_for"]:
        module.warn(f"{component.noun}: AWS is busy with {', '.join(result['waiting_for'])}; planned all the same")
    module.exit_json(**result)


def end_on_failure(module: AnsibleAWSModule, act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What ``act`` returns; an error ends the module with a sentence.

    Every error: an uncaught one would print a traceback, and with it parameters, secrets among them.
    """
    result, failure = {}, ""
    try:
        result = act()
    except Exception as error:
        failure = failure_of(error)
    if failure:
        module.fail_json(msg=failure)
    return result
