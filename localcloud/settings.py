# SPDX-License-Identifier: Apache-2.0
"""What may be tuned from outside while the cloud runs."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

#: The account that everything belongs to.
ACCOUNT = "123456789012"

#: Quota name -> default value. The names are ours; `overlays.service_quotas` ties them to AWS's codes.
#: Source: "Amazon VPC quotas", "Elastic IP address quotas", "Quotas for ElastiCache", "Kinesis Data Streams quotas".
DEFAULT_QUOTAS: dict[str, int] = {
    "vpcs_per_region": 5,
    "elastic_ips_per_region": 5,
    "nat_gateways_per_zone": 5,
    # Told, and not enforced: nobody has published how AWS words that refusal.
    "elastic_ips_per_nat_gateway": 2,
    "internet_gateways_per_region": 5,
    "egress_only_internet_gateways_per_region": 5,
    "elasticache_nodes_per_region": 300,
    "elasticache_nodes_per_cluster": 90,
    "elasticache_subnet_groups_per_region": 300,
    "elasticache_parameter_groups_per_region": 300,
    "gateway_endpoints_per_region": 20,
    "interface_endpoints_per_vpc": 50,
    "subnets_per_vpc": 200,
    "ipv4_blocks_per_vpc": 5,
    "routes_per_route_table": 50,
    "rules_per_network_acl": 20,
    "rules_per_security_group": 60,
    "kinesis_shards_per_region": 20000,
    "kinesis_on_demand_streams": 50,
}

#: Kind of object -> seconds that AWS typically takes, for the setting `pace`.
#: Source: ElastiCache, VPC and Kinesis user guides and observed runs; orders of magnitude, not promises.
DURATIONS: dict[str, float] = {
    "replication_group": 720,
    "nat_gateway": 120,
    "nat_address": 60,
    "nat_address_drain": 350,
    "vpc_endpoint": 60,
    "network_interface": 30,
    "cidr_block": 5,
    "vpc_encryption_control": 60,
    "vpc_exclusion": 60,
    "vpc": 1,
    "stream": 20,
    "table": 5,
    "user": 5,
}

#: What may be late, for the setting `lateness`.
LATENESS = ("object", "change", "attachment", "role", "key", "versioning", "conflict", "flow_log")

DEFAULTS: dict[str, Any] = {
    # How many Describe calls still show the transitional state: one number, or {kind: number, "default": number}.
    "settle_polls": 0,
    # The same in seconds of the wall clock; both have to be over.
    "settle_seconds": 0.0,
    # How much of AWS's own typical durations objects take, in addition: 0.01 is a hundredth.
    "pace": 0.0,
    # How far ahead the clock is that dates answers and S3's objects: what was there before is older by as much.
    "clock_ahead_seconds": 0.0,
    # Whether a Redis runs behind each endpoint, where the machine has one.
    "real_redis": False,
    # Whether requests are refused that come faster than AWS takes them.
    "rates": False,
    # By how many calls AWS is late to know what it was told: {kind: calls}, and {"seed": number} for all other kinds.
    "lateness": {},
    # Whether users and roles may only do what their policies allow.
    "iam": False,
    # What conditions of policies see of the connection: whether it is encrypted, and through which endpoint it came.
    "tls": True,
    "source_vpce": "",
    "quotas": DEFAULT_QUOTAS,
}


class SettingError(ValueError):
    """A setting that does not exist, or whose value cannot be meant."""


class Settings:
    """The current settings of one cloud."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = copy.deepcopy(DEFAULTS)

    def reset(self) -> None:
        """Every setting is back at its default."""
        self.values = copy.deepcopy(DEFAULTS)

    def update(self, changes: dict[str, Any]) -> dict[str, Any]:
        """All settings after `changes`; `quotas` is merged, everything else replaced. Raises SettingError."""
        for name, value in changes.items():
            if name not in DEFAULTS:
                raise SettingError(f"unknown setting {name!r}; there are {', '.join(DEFAULTS)}")
            if name == "quotas":
                self._update_quotas(value)
            else:
                _CHECKS[name](name, value)
                self.values[name] = value
        return self.values

    def amount(self, name: str, kind: str) -> float:
        """The number that `settle_polls` or `settle_seconds` holds for one kind of object."""
        value = self.values[name]
        if isinstance(value, dict):
            value = value.get(kind, value.get("default", 0))
        return float(value)

    def seconds(self, kind: str) -> float:
        """How long one kind of object is under way, by the clock."""
        return self.amount("settle_seconds", kind) + self.values["pace"] * DURATIONS.get(kind, 0)

    def quota(self, name: str) -> int:
        """The value of one quota."""
        return int(self.values["quotas"][name])

    def _update_quotas(self, changes: dict[str, int]) -> None:
        unknown = set(changes) - set(DEFAULT_QUOTAS)
        if unknown:
            raise SettingError(f"unknown quota {sorted(unknown)}; there are {', '.join(DEFAULT_QUOTAS)}")
        self.values["quotas"].update(changes)


def _check_amounts(name: str, value: Any) -> None:
    numbers = value.values() if isinstance(value, dict) else [value]
    if not all(_is_amount(number) for number in numbers):
        raise SettingError(f"{name} must be a number from 0 up, or a dictionary of such, not {value!r}")


def _check_amount(name: str, value: Any) -> None:
    if not _is_amount(value):
        raise SettingError(f"{name} must be a number from 0 up, not {value!r}")


def _check_switch(name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise SettingError(f"{name} must be true or false, not {value!r}")


def _check_text(name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise SettingError(f"{name} must be a text, not {value!r}")


def _check_lateness(name: str, value: Any) -> None:
    known = {*LATENESS, "seed"}
    if not isinstance(value, dict) or set(value) - known:
        raise SettingError(f"{name} must be a dictionary with some of {', '.join(sorted(known))}, not {value!r}")
    if not all(isinstance(number, int) and _is_amount(number) for number in value.values()):
        raise SettingError(f"{name} holds whole numbers from 0 up, not {value!r}")


def _is_amount(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, int | float) and value >= 0


_CHECKS: dict[str, Callable[[str, Any], None]] = {
    "settle_polls": _check_amounts,
    "settle_seconds": _check_amounts,
    "pace": _check_amount,
    "clock_ahead_seconds": _check_amount,
    "real_redis": _check_switch,
    "rates": _check_switch,
    "lateness": _check_lateness,
    "iam": _check_switch,
    "tls": _check_switch,
    "source_vpce": _check_text,
}

#: The settings of this process: one process is one cloud.
settings = Settings()
