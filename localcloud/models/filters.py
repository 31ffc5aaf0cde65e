# SPDX-License-Identifier: Apache-2.0
"""The names of EC2's filters, which the models only have in their documentation.

Source: EC2 API reference, the Filters of each operation; error code InvalidParameterValue.
"""

from __future__ import annotations

import functools
import re
from typing import Any

_NAMED = re.compile(r"<li>\s*<p>\s*<code>([^<]+)</code>|You can also use <code>([^<]+)</code>")


# What EC2 takes and its documentation does not list.
# Source: amazon.aws, ec2_vpc_net and ec2_vpc_subnet, which have asked real accounts this way for years.
UNDOCUMENTED = {"DescribeVpcs": {"cidr-block", "cidrBlock"}, "DescribeSubnets": {"cidrBlock"}}


@functools.cache
def names_of(documentation: str) -> frozenset[str]:
    """The filters that the documentation lists; none where it lists none, and then every name is let through."""
    found = {first or second for first, second in _NAMED.findall(documentation)}
    return frozenset(name.split(":")[0].removesuffix("-key") if name.startswith("tag") else name for name in found)


def unknown(operation: Any, given: dict[str, Any]) -> str | None:
    """The name of a filter that the operation does not have."""
    for member in ("Filters", "Filter"):
        shape = operation.input_shape.members.get(member)
        known = names_of(shape.documentation) if shape is not None else frozenset()
        known = known and known | UNDOCUMENTED.get(operation.name, set())
        for each in given.get(member, []) if known else []:
            name = each.get("Name", "")
            if name not in known and not ("tag" in known and re.match(r"tag(:|-key$|-value$)", name)):
                return str(name)
    return None
