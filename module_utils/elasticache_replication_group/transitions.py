# SPDX-License-Identifier: Apache-2.0
"""What waits for the maintenance window and is not wanted any more.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..reconcile.fields import Difference
from ..reconcile.plan import Call
from .calls import change
from .own_logs import declared
from .rules import mode_of
from .versions import matches

Options = Mapping[str, Any]
State = dict[str, Any]
# What AWS forgets when it is asked for the present value; there is no way back of engines, versions and cluster mode.
REVOCABLE = {"cache_node_type": "CacheNodeType", "automatic_failover_enabled": "AutomaticFailoverEnabled"}


def unwanted(options: Options, field: str, present: Any, pending: Any) -> bool:
    """Whether a declaration states the present value of a field while another one is waiting."""
    if field == "cluster_mode":
        return bool(mode_of(options) == present)
    if field == "transit_encryption_mode" and None in (present, pending):
        # TLS comes and goes with its mode.
        return bool(options["transit_encryption_enabled"]) == (present is not None)
    stated: Any = declared(options) if field == "log_delivery" else options.get(field)
    if field == "engine_version":
        return bool(stated and matches(stated, present) and not matches(stated, pending))
    return stated is not None and stated == present


def taken_back(observed: State, desired: State, differences: Mapping[str, Difference]) -> set[str]:
    """Fields whose waiting change is taken back; without apply_immediately that needs no call of its own."""
    if not desired["apply_immediately"]:
        return set()
    now = observed.get("in_force", {})
    return {field for field in REVOCABLE if field in differences and field in now and now[field] == desired[field]}


def take_back(observed: State, desired: State, differences: Mapping[str, Difference]) -> list[Call]:
    """Before any other call, for one that is immediate would make happen what waits.

    Source: ModifyReplicationGroup API reference, ApplyImmediately.
    """
    fields = sorted(taken_back(observed, desired, differences))
    if not fields:
        return []
    params = {REVOCABLE[field]: desired[field] for field in fields}
    if "automatic_failover_enabled" in fields:
        # Multi-AZ waits with failover, unseen.
        params["MultiAZEnabled"] = observed["multi_az_enabled"]
    params["ApplyImmediately"] = False
    return [change(desired["name"], "modify_replication_group", params, f"take back {', '.join(fields)}")]
