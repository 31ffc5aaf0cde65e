# SPDX-License-Identifier: Apache-2.0
"""Makes the import names of run time work in pytest, adds the option that writes golden plans anew, and says how large
the proofs were.

The clouds are fixtures of all folders: a process can hold one embedded cloud, so one fixture has to make it.
"""

import json
from pathlib import Path

import pytest
from ansible import module_utils
from hypothesis import HealthCheck, settings

from tests.support import figures
from tests.support.clouds import cloud, inside_cloud, instant_retries, shared_cloud

__all__ = ["cloud", "inside_cloud", "instant_retries", "shared_cloud"]
ROOT = Path(__file__).resolve().parent.parent

# At run time Ansible resolves ansible.module_utils.* to module_utils/ as well; so one import form serves everywhere.
module_utils.__path__.append(str(ROOT / "module_utils"))


# The same examples in every run, and no verdict on how fast a busy machine makes them.
settings.register_profile("steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-plans", action="store_true", help="write the plans under tests/golden/ anew")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if figures.COUNTED:
        terminalreporter.write_line(f"figures: {json.dumps(figures.COUNTED, sort_keys=True)}")
