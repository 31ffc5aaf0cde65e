# SPDX-License-Identifier: Apache-2.0
"""What a network offers to what stands in it.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..reconcile.component import Seen
from ..reconcile.offers import NETWORK, Network, Subnet
from ..reconcile.plan import Ref
from . import names
from .state import complete


def offers(options: Mapping[str, Any], seen: Seen, desired: Mapping[str, Any] | None) -> dict[str, Network]:
    """The subnets and security groups as they will be, or as they are where nothing is planned.

    What the declaration says nothing about is offered as it is.
    """
    if options["state"] == "absent":
        return {NETWORK: Network()}
    present = complete(seen.resource, seen.satellites)
    wanted = desired or present
    subnets = present["subnets"] if wanted["subnets"] is None else wanted["subnets"]
    groups = present["security_groups"] if wanted["security_groups"] is None else wanted["security_groups"]
    places = (Subnet(item["tier"], item["zone"], item.get("id") or Ref(names.subnet(key)), bool(item["cidr_block"]))
              for key, item in subnets.items())  # fmt: skip
    ids = {key: item.get("id") or Ref(names.security_group(key)) for key, item in groups.items()}
    return {NETWORK: Network(tuple(places), ids)}
