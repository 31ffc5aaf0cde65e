"""What may be tuned from outside while the cloud runs."""

from __future__ import annotations

import copy
from typing import Any

#: Quota name -> default value. The names are ours; `overlays.service_quotas` ties them to AWS's codes.
#: Source: "Amazon VPC quotas", "Elastic IP address quotas", "Quotas for ElastiCache", "Kinesis Data Streams quotas".
DEFAULT_QUOTAS: dict[str, int] = {
    "vpcs_per_region": 5,
    "elastic_ips_per_region": 5,
    "nat_gateways_per_zone": 5,
    "internet_gateways_per_region": 5,
    "elasticache_nodes_per_region": 300,
    "elasticache_nodes_per_cluster": 90,
    "elasticache_subnet_groups_per_region": 300,
    "elasticache_parameter_groups_per_region": 300,
    "kinesis_shards_per_region": 20000,
    "kinesis_on_demand_streams": 50,
}

DEFAULTS: dict[str, Any] = {
    # How many Describe calls still show the transitional state: one number, or {kind: number, "default": number}.
    "settle_polls": 0,
    # The same in seconds of the wall clock; both have to be over.
    "settle_seconds": 0.0,
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
                self._check_amounts(name, value)
                self.values[name] = value
        return self.values

    def amount(self, name: str, kind: str) -> float:
        """The number that `settle_polls` or `settle_seconds` holds for one kind of object."""
        value = self.values[name]
        if isinstance(value, dict):
            value = value.get(kind, value.get("default", 0))
        return float(value)

    def quota(self, name: str) -> int:
        """The value of one quota."""
        return int(self.values["quotas"][name])

    def _update_quotas(self, changes: dict[str, int]) -> None:
        unknown = set(changes) - set(DEFAULT_QUOTAS)
        if unknown:
            raise SettingError(f"unknown quota {sorted(unknown)}; there are {', '.join(DEFAULT_QUOTAS)}")
        self.values["quotas"].update(changes)

    @staticmethod
    def _check_amounts(name: str, value: Any) -> None:
        numbers = value.values() if isinstance(value, dict) else [value]
        if any(isinstance(n, bool) or not isinstance(n, int | float) or n < 0 for n in numbers):
            raise SettingError(f"{name} must be a number from 0 up, or a dictionary of such, not {value!r}")


#: The settings of this process: one process is one cloud.
settings = Settings()
