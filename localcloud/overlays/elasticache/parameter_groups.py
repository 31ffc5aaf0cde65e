# SPDX-License-Identifier: Apache-2.0
"""Cache parameter groups: AWS's own default groups and those that users make."""

from __future__ import annotations

import re
from typing import Any

from moto.core.responses import ActionResult, EmptyResult

from localcloud.overlays.elasticache.base import Base
from localcloud.overlays.elasticache.catalogue import FAMILIES
from localcloud.overlays.elasticache.checks import check_tags, combination, value
from localcloud.overlays.elasticache.parameters import PARAMETERS
from localcloud.overlays.elasticache.store import ParameterGroup, Store
from localcloud.refusals import refuse
from localcloud.settings import settings

MAX_PARAMETERS_PER_CALL = 20
_NAME = re.compile(r"^[a-zA-Z](?!.*--)[a-zA-Z0-9.-]{0,254}(?<!-)$")
_ON = ".cluster.on"


def default_name(family: str, clustered: bool) -> str:
    """Source: user guide "Engine specific parameters": default.redis7 and default.redis7.cluster.on."""
    return f"default.{family}{_ON if clustered else ''}"


def default_groups(store: Store) -> dict[str, ParameterGroup]:
    """The groups that always exist."""
    groups = {}
    for family in FAMILIES:
        for clustered in (False, True):
            name = default_name(family, clustered)
            text = f"Default parameter group for {family}" + (" cluster mode on" if clustered else "")
            values = {"cluster-enabled": "yes"} if clustered else {}
            groups[name] = ParameterGroup(name, family, text, store.arn("parametergroup", name), values)
    return groups


def all_parameter_groups(store: Store) -> dict[str, ParameterGroup]:
    """Default groups and user's groups, by name."""
    return {**default_groups(store), **store.parameter_groups}


def find_parameter_group(store: Store, name: str) -> ParameterGroup:
    """The group of this name."""
    found = all_parameter_groups(store).get(name.lower())
    if found is None:
        raise refuse("CacheParameterGroupNotFound", f"CacheParameterGroup not found: {name}")
    return found


class ParameterGroups(Base):
    """The calls on parameter groups and parameters."""

    def create_cache_parameter_group(self) -> ActionResult:
        """The new group, with all parameters at their defaults."""
        given = self.given
        name, family = given["CacheParameterGroupName"].lower(), given["CacheParameterGroupFamily"]
        if not _NAME.match(name) or name.startswith("default."):
            raise value(f"The parameter CacheParameterGroupName must be a valid identifier: {name}.")
        if family not in FAMILIES:
            raise value(f"CacheParameterGroupFamily {family} is not a valid parameter group family.")
        if name in self.store.parameter_groups:
            raise refuse("CacheParameterGroupAlreadyExists", f"Cache parameter group {name} already exists.")
        if len(self.store.parameter_groups) >= settings.quota("elasticache_parameter_groups_per_region"):
            raise refuse("CacheParameterGroupQuotaExceeded", "The maximum number of parameter groups is reached.")
        check_tags(given.get("Tags", []))
        arn = self.store.arn("parametergroup", name)
        group = ParameterGroup(name, family, given["Description"], arn)
        self.store.parameter_groups[name] = group
        self.tag(arn, given.get("Tags", []))
        return ActionResult({"CacheParameterGroup": _view(group)})

    def describe_cache_parameter_groups(self) -> ActionResult:
        """All groups, AWS's defaults included, or the one that is named."""
        name = self.given.get("CacheParameterGroupName")
        groups = [find_parameter_group(self.store, name)] if name else all_parameter_groups(self.store).values()
        return self.page("CacheParameterGroups", [_view(group) for group in groups])

    def describe_cache_parameters(self) -> ActionResult:
        """The parameters of one group; `Source` keeps those set by `user` or by the `system`."""
        given = self.given
        group = find_parameter_group(self.store, given["CacheParameterGroupName"])
        # AWS's default cluster groups set cluster-enabled by themselves: that is no user's value.
        set_by = "system" if group.name.startswith("default.") else "user"
        shown = [
            parameter.view(group.values.get(name, parameter.default), set_by if name in group.values else "system")
            for name, parameter in PARAMETERS[group.family].items()
        ]
        if "Source" in given:
            shown = [parameter for parameter in shown if parameter["Source"] == given["Source"]]
        return self.page("Parameters", shown, CacheNodeTypeSpecificParameters=[])

    def describe_engine_default_parameters(self) -> ActionResult:
        """The parameters of a family at their defaults."""
        family = self.given["CacheParameterGroupFamily"]
        if family not in FAMILIES:
            raise value(f"CacheParameterGroupFamily {family} is not a valid parameter group family.")
        shown = [parameter.view(parameter.default, "system") for parameter in PARAMETERS[family].values()]
        page = self.page("Parameters", shown, CacheNodeTypeSpecificParameters=[], CacheParameterGroupFamily=family)
        return ActionResult({"EngineDefaults": page.result})

    def modify_cache_parameter_group(self) -> ActionResult:
        """The group's name, once all values are set; nothing is set when one of them is refused."""
        group = self._own_group()
        wanted = self.given["ParameterNameValues"]
        if len(wanted) > MAX_PARAMETERS_PER_CALL:
            # Source: ModifyCacheParameterGroup: at most 20 parameters in one request.
            raise value(f"At most {MAX_PARAMETERS_PER_CALL} parameters can be modified in one request.")
        for entry in wanted:
            self._check_value(group, entry)
        if "cluster-enabled" in {entry["ParameterName"] for entry in wanted} and _users(self.store, group):
            raise refuse("InvalidCacheParameterGroupState", f"{group.name} is in use: cluster-enabled is fixed.")
        for entry in wanted:
            group.values[entry["ParameterName"]] = entry["ParameterValue"]
        return ActionResult({"CacheParameterGroupName": group.name})

    def reset_cache_parameter_group(self) -> ActionResult:
        """The group's name, once the named parameters, or all, are back at their defaults."""
        group = self._own_group()
        given = self.given
        named = [entry["ParameterName"] for entry in given.get("ParameterNameValues", [])]
        if bool(given.get("ResetAllParameters")) == bool(named):
            raise combination("Use either ResetAllParameters or ParameterNameValues.")
        for name in named or list(group.values):
            if name not in PARAMETERS[group.family]:
                raise value(f"Unknown parameter {name} in family {group.family}.")
            group.values.pop(name, None)
        return ActionResult({"CacheParameterGroupName": group.name})

    def delete_cache_parameter_group(self) -> ActionResult:
        """Nothing; refused while a replication group uses it."""
        group = self._own_group()
        users = _users(self.store, group)
        if users:
            raise refuse(
                "InvalidCacheParameterGroupState",
                f"One or more cache clusters are still members of the parameter group {group.name}: {users[0]}.",
            )
        del self.store.parameter_groups[group.name]
        self.elasticache_backend.tagging_service.delete_all_tags_for_resource(group.arn)
        return EmptyResult()

    def _own_group(self) -> ParameterGroup:
        """The named group, if a user made it."""
        group = find_parameter_group(self.store, self.given["CacheParameterGroupName"])
        if group.name.startswith("default."):
            raise value(f"The default parameter group {group.name} cannot be modified or deleted.")
        return group

    @staticmethod
    def _check_value(group: ParameterGroup, entry: dict[str, Any]) -> None:
        parameter = PARAMETERS[group.family].get(entry["ParameterName"])
        if parameter is None:
            raise value(f"Unknown parameter {entry['ParameterName']} in family {group.family}.")
        if not parameter.modifiable:
            raise value(f"The parameter {parameter.name} is not modifiable.")
        if not parameter.accepts(entry.get("ParameterValue", "")):
            raise value(
                f"The parameter value {entry.get('ParameterValue')} of {parameter.name} is outside of the allowed "
                f"values {parameter.allowed}."
            )


def _users(store: Store, group: ParameterGroup) -> list[str]:
    return [user.id for user in store.all_groups() if user.parameter_group == group.name]


def _view(group: ParameterGroup) -> dict[str, Any]:
    return {
        "CacheParameterGroupName": group.name,
        "CacheParameterGroupFamily": group.family,
        "Description": group.description,
        "IsGlobal": group.is_global,
        "ARN": group.arn,
    }
