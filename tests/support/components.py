# SPDX-License-Identifier: Apache-2.0
"""Components out of library/, and options as a module would hand them over."""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.reconcile.component import Component
from ansible.module_utils.reconcile.entry import COMMON_OPTIONS

ROOT = Path(__file__).resolve().parents[2]
MODULES = ("ec2_vpc_network", "elasticache_replication_group", "kinesis_data_stream", "s3_state_bucket")
IDENTITY = {"stack_name": "sensors", "environment_suffix": "test"}


@functools.cache
def plugin(file: str) -> ModuleType:
    """A file that only Ansible finds, by its path in the repository, imported under a name of its own."""
    spec = importlib.util.spec_from_file_location(file.removesuffix(".py").replace("/", "_"), ROOT / file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def library(name: str) -> ModuleType:
    """A module of library/."""
    return plugin(f"library/{name}.py")


def component(name: str) -> Component:
    """The declaration inside a module."""
    return library(name).COMPONENT


def stated(given: dict[str, Any]) -> dict[str, Any]:
    """A declaration without what it leaves out."""
    return {name: value for name, value in given.items() if value is not None}


def options(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """The options with their defaults, checked as a module checks them.  Raises ValueError for a wrong one."""
    spec = {**COMMON_OPTIONS, **component(name).options}
    checked = ArgumentSpecValidator(spec).validate({**IDENTITY, **given})
    if checked.error_messages:
        raise ValueError(checked.error_messages)
    return checked.validated_parameters
