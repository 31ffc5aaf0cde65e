# SPDX-License-Identifier: Apache-2.0
"""Reads that are answered from a table: what AWS once said, and of everything else that there is none."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.model import Shape

SESSION = botocore.session.get_session()


@functools.cache
def outputs(service: str) -> dict[str, Shape | None]:
    """What each method of a service answers."""
    model = SESSION.get_service_model(service)
    return {xform_name(name): model.operation_model(name).output_shape for name in model.operation_names}


class Replay:
    """Stands in for Aws where a component observes; an answer is data, or a function of the read's parameters."""

    def __init__(self, region: str, answers: Mapping[str, Any]) -> None:
        self.region = region
        self.answers = answers

    def read(self, service: str, operation: str, absent: tuple[str, ...] = (), **params: Any) -> Any:
        if operation in self.answers:
            answer: Any = self.answers[operation]
            return answer(params) if isinstance(answer, Callable) else answer  # type: ignore[arg-type]
        return None if absent else nothing(service, operation)

    def read_many(self, requests: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
        return {key: self.read(service, operation, *absent, **params)
                for key, (service, operation, params, *absent) in requests.items()}  # fmt: skip


def nothing(service: str, operation: str) -> dict[str, Any]:
    """An answer in which every list is empty."""
    shape = outputs(service)[operation]
    members = shape.members if shape else {}
    return {name: [] for name, member in members.items() if member.type_name == "list"}
