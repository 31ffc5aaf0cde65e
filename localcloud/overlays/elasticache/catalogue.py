# SPDX-License-Identifier: Apache-2.0
"""What ElastiCache offers: engine versions, parameter group families, node types.

Source: ElastiCache user guide, "Supported engines and versions", "Supported node types",
"Engine specific parameters"; API reference DescribeCacheEngineVersions.
"""

from __future__ import annotations

from dataclasses import dataclass

from localcloud.refusals import refuse


@dataclass(frozen=True)
class EngineVersion:
    """One version as it is asked for (`7.1`), as AWS reports it (`7.1.0`), and its parameter group family."""

    engine: str
    name: str
    full: str
    family: str

    @property
    def order(self) -> tuple[int, ...]:
        """A key that sorts versions of one engine by age."""
        return tuple(int(part) for part in self.full.split("."))


#: Oldest first within each engine; the last one is the engine's default.
VERSIONS = (
    EngineVersion("redis", "5.0.6", "5.0.6", "redis5.0"),
    EngineVersion("redis", "6.0", "6.0.5", "redis6.x"),
    EngineVersion("redis", "6.2", "6.2.6", "redis6.x"),
    EngineVersion("redis", "7.0", "7.0.7", "redis7"),
    EngineVersion("redis", "7.1", "7.1.0", "redis7"),
    EngineVersion("valkey", "7.2", "7.2.6", "valkey7"),
    EngineVersion("valkey", "8.0", "8.0.1", "valkey8"),
    EngineVersion("valkey", "8.1", "8.1.0", "valkey8"),
)
ENGINES = ("redis", "valkey")
FAMILIES = ("redis5.0", "redis6.x", "redis7", "valkey7", "valkey8")

_SIZES = {
    "cache.t2": ("micro", "small", "medium"),
    "cache.t3": ("micro", "small", "medium"),
    "cache.t4g": ("micro", "small", "medium"),
    "cache.m5": ("large", "xlarge", "2xlarge", "4xlarge", "12xlarge", "24xlarge"),
    "cache.m6g": ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"),
    "cache.m7g": ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"),
    "cache.r5": ("large", "xlarge", "2xlarge", "4xlarge", "12xlarge", "24xlarge"),
    "cache.r6g": ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"),
    "cache.r6gd": ("xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"),
    "cache.r7g": ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"),
}
_SIZE_ORDER = (
    "micro",
    "small",
    "medium",
    "large",
    "xlarge",
    "2xlarge",
    "4xlarge",
    "8xlarge",
    "12xlarge",
    "16xlarge",
    "24xlarge",
)
NODE_TYPES = tuple(f"{family}.{size}" for family, sizes in _SIZES.items() for size in sizes)


def find_version(engine: str, name: str | None) -> EngineVersion:
    """The version behind `7.1`, `7.1.0` or `6.x`; the engine's default for None. Refuses what does not exist."""
    if engine not in ENGINES:
        raise refuse("InvalidParameterValue", f"Invalid engine {engine}. Valid engines are: {', '.join(ENGINES)}.")
    matches = [v for v in VERSIONS if v.engine == engine and _names(v, name)]
    if not matches:
        raise refuse("InvalidParameterCombination", f"Cannot find version {name} for {engine}.")
    return matches[-1]


def _names(version: EngineVersion, name: str | None) -> bool:
    # Source: CreateReplicationGroup, EngineVersion: for Redis OSS 6 `6.x` takes the latest minor version.
    return name is None or name in (version.name, version.full) or (name == "6.x" and version.family == "redis6.x")


def version_of(engine: str, full: str) -> EngineVersion:
    """The version that AWS reports as `full`."""
    return next(v for v in VERSIONS if v.engine == engine and v.full == full)


def check_node_type(node_type: str | None) -> str:
    """The node type, if it exists."""
    if node_type not in NODE_TYPES:
        # Source: CreateReplicationGroup, InvalidParameterValue.
        raise refuse("InvalidParameterValue", f"The parameter CacheNodeType is invalid: {node_type}.")
    return str(node_type)


def is_tiered(node_type: str) -> bool:
    """Whether the node type has SSDs for data tiering."""
    return node_type.startswith("cache.r6gd.")


def allowed_node_types(current: str) -> tuple[list[str], list[str]]:
    """The node types a group may be scaled up and down to.

    Source: API reference ListAllowedNodeTypeModifications. r6gd nodes stay r6gd ("Data tiering", limitations).
    """
    others = [t for t in NODE_TYPES if t != current and is_tiered(t) == is_tiered(current)]
    size = _size(current)
    return [t for t in others if _size(t) > size], [t for t in others if _size(t) <= size]


def _size(node_type: str) -> int:
    return _SIZE_ORDER.index(node_type.rsplit(".", 1)[1])
