# SPDX-License-Identifier: Apache-2.0
"""Without boto3 everything can be imported, so that a module can say what is missing."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.support.components import ROOT

# Imports a module and what every action plugin needs, in a Python that finds no boto3.
WITHOUT = """
import importlib.abc, sys
class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("boto3", "botocore", "jmespath"):
            raise ImportError(name)
sys.meta_path.insert(0, Missing())
from ansible import module_utils
module_utils.__path__.append(sys.argv[1])
from ansible.module_utils.aws import sdk
from ansible.module_utils.environment.components import COMPONENTS
from ansible.module_utils.environment.entry import OPTIONS
print(sdk.INSTALLED, *sorted(COMPONENTS))
"""


def test_everything_is_imported_without_boto3() -> None:
    command = [sys.executable, "-c", WITHOUT, str(ROOT / "module_utils")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["False", "kinesis", "redis", "state_bucket", "vpc"], done.stderr


def test_one_file_imports_botocore() -> None:
    importing = re.compile(r"^\s*(import|from) (boto3|botocore|jmespath)\b", re.MULTILINE)
    found = [path.name for folder in ("module_utils", "library", "action_plugins")
             for path in (ROOT / folder).rglob("*.py") if importing.search(path.read_text())]  # fmt: skip
    assert found == ["sdk.py"]
