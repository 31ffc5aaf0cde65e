# SPDX-License-Identifier: Apache-2.0
"""The one check that every request passes before a backend sees it."""

from __future__ import annotations

import functools
from typing import Any

from localcloud.models import filters, known
from localcloud.models.constraints import violations
from localcloud.models.wording import Worded, worded


def refusal(service: str, operation: Any, given: dict[str, Any]) -> Worded | None:
    """Why AWS would refuse the request without a look at any object; None where it would look.

    `operation` is botocore's model, `given` the parameters as they came.
    """
    if operation is None or operation.input_shape is None:
        return None
    more = functools.partial(known.narrower, service)
    found = [each for each in violations(operation.input_shape, given, more) if known.is_asked(service, each)]
    if found:
        return known.words_of(service, found[0]) or worded(service, found)
    name = filters.unknown(operation, given) if service == "ec2" else None
    return Worded("InvalidParameterValue", f"The filter '{name}' is invalid") if name else None
