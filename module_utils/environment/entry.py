# SPDX-License-Identifier: Apache-2.0
"""What knows Ansible of the module ``environment_run``."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ansible.module_utils.basic import env_fallback
from ansible.module_utils.common.parameters import sanitize_keys

from ..aws.client import RETRY_SECONDS, Aws
from ..reconcile.entry import connect, open_module
from ..reconcile.walk import Terms
from . import request
from .conduct import conduct, failure_result
from .fleet import FleetAws
from .waiting import Picture, Waiting

OPTIONS: dict[str, dict[str, Any]] = {
    "verb": {
        "choices": [
            "adopt",
            "apply",
            "destroy",
            "drift",
            "history",
            "outputs",
            "permissions",
            "preflight",
            "rehearse",
            "report",
            "unlock",
            "verify",
        ],  # fmt: skip
        "default": "apply",
    },
    "stack_name": {"required": True},
    "environment_suffix": {"required": True},
    "account_id": {},
    "region": {"aliases": ["aws_region"]},
    "components": {"type": "dict", "required": True},
    "only": {"type": "list", "elements": "str"},
    "variables": {"type": "list", "elements": "str", "default": []},
    "allowed_changes": {"type": "list", "elements": "str"},
    "max_monthly_increase": {"type": "float"},
    "approved_plan": {"type": "raw"},
    "cache_ca_file": {"type": "path"},
    "revision": {"default": ""},
    "change_reference": {"default": ""},
    "history_records": {"type": "int", "default": 20},
    "confirm": {},
    "purge_orphans": {"type": "bool", "default": False},
    "whole": {"type": "bool", "default": True},
    "outputs": {"type": "bool", "default": True},
    "artifacts_folder": {"default": ""},
    "terraform_stack": {},
    "terraform_version": {"default": "1.11"},
    "both_locks": {"type": "bool", "default": False},
    "lock": {"type": "bool", "default": True},
    "lock_bucket": {},
    "lock_operation": {},
    "lock_run": {"default": ""},
    "lock_lease_seconds": {"type": "int", "default": 120},
    "lock_id": {},
    "lock_wait_seconds": {"type": "int", "default": 180},
    "retry_seconds": {"type": "int", "default": int(RETRY_SECONDS)},
    "poll_seconds": {"type": "float", "fallback": (env_fallback, ["STREAMBED_POLL_SECONDS"])},
    "run_folder": {"type": "path"},
    "progress_seconds": {"type": "float", "default": 15},
}
# A wait that no component's wait_timeout bounds.
WAIT_SECONDS = 3600
# How often a picture of what is waited for is drawn anew, for its times go on.
PICTURE_SECONDS = 1.0


def run(
    options: Mapping[str, Any],
    listener: Callable[[str], None] | None = None,
    show: Callable[[Picture], None] | None = None,
) -> None:
    """The whole of the module's ``main``; what a run says goes to ``listener`` at once, and into the result.

    ``show`` draws what is waited for, which is said where nobody draws it.
    """
    lines: list[str] = []
    module = open_module(options, request.spelled(options))

    def say(line: str) -> None:
        lines.append(line)
        if listener:
            listener(line)

    waiting = Waiting(module.params["environment_suffix"], say, module.params["progress_seconds"], show)
    tick_seconds = PICTURE_SECONDS if show else module.params["progress_seconds"]
    result = outcome(module, partial(Terms, say=say, tell=waiting.tell, tick_seconds=tick_seconds))
    waiting.end()
    result["lines"] = lines
    if not module._diff:
        for each in result.get("components", {}).values():
            each.pop("diff", None)
    else:
        result["diff"] = [each["diff"] for each in result.get("components", {}).values() if each["changed"]]
    # Ansible shows the arguments at -vvv, with secrets taken out of values and left in the keys of mappings.
    result["invocation"] = {"module_args": sanitize_keys(module.params, module.no_log_values)}
    (module.fail_json if result.get("failed") else module.exit_json)(**result)


def outcome(module: Any, make_terms: Callable[..., Terms]) -> dict[str, Any]:
    """The result, whatever happens; ``make_terms`` knows who listens."""
    counts: dict[str, int] = {}
    try:
        asked = request.of(module.params)
        module.no_log_values.update(asked.secrets)
        options = module.params
        terms = make_terms(module.check_mode, True, WAIT_SECONDS, options["poll_seconds"], time.sleep, time.monotonic)
        kind = partial(FleetAws, folder=options["run_folder"]) if options["run_folder"] else Aws
        aws = connect(module, partial(kind, retry_seconds=options["retry_seconds"]))
        counts = aws.counts
        return conduct(aws, asked, terms)
    except Exception as error:
        return {**failure_result(error), "aws_calls": dict(counts)}
