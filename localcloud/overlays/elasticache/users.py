"""User groups. Users themselves are moto's, which has them right; ModifyUser and UserGroupIds are added."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.elasticache.models import User

from localcloud.overlays.elasticache.base import Base
from localcloud.overlays.elasticache.checks import check_tags, value
from localcloud.refusals import refuse


class UserGroups(Base):
    """CreateUserGroup, DescribeUserGroups, ModifyUserGroup, DeleteUserGroup, ModifyUser, DeleteUser."""

    def create_user_group(self) -> ActionResult:
        """The new group, active at once. Source: CreateUserGroup."""
        given = self.given
        name = given["UserGroupId"].lower()
        users = given.get("UserIds", [])
        if name in self.store.user_groups:
            raise refuse("UserGroupAlreadyExists", f"User group {name} already exists.")
        self._check_users(users, given["Engine"])
        check_tags(given.get("Tags", []))
        arn = self.store.arn("usergroup", name)
        group = {
            "UserGroupId": name,
            "Status": "active",
            "Engine": given["Engine"].lower(),
            "UserIds": users,
            "MinimumEngineVersion": "6.0",
            "ARN": arn,
        }
        self.store.user_groups[name] = group
        self.tag(arn, given.get("Tags", []))
        return ActionResult(self._view(group))

    def describe_user_groups(self) -> ActionResult:
        """All groups, or the one that is named."""
        name = self.given.get("UserGroupId")
        groups = [self._group(name)] if name else list(self.store.user_groups.values())
        return self.page("UserGroups", [self._view(group) for group in groups])

    def modify_user_group(self) -> ActionResult:
        """The group with users added and removed."""
        given = self.given
        group = self._group(given["UserGroupId"])
        kept = [user for user in group["UserIds"] if user not in given.get("UserIdsToRemove", [])]
        users = kept + [user for user in given.get("UserIdsToAdd", []) if user not in kept]
        self._check_users(users, group["Engine"])
        group["UserIds"] = users
        return ActionResult(self._view(group))

    def delete_user_group(self) -> ActionResult:
        """The group, `deleting`; refused while a replication group uses it."""
        group = self._group(self.given["UserGroupId"])
        view = self._view(group)
        if view["ReplicationGroups"]:
            raise refuse("InvalidUserGroupState", f"User group {group['UserGroupId']} is in use.")
        del self.store.user_groups[group["UserGroupId"]]
        return ActionResult({**view, "Status": "deleting"})

    def modify_user(self) -> ActionResult:
        """The user with another access string or other passwords."""
        given = self.given
        user = self._user(given["UserId"])
        if "AccessString" in given:
            user.access_string = given["AccessString"]
        if "AppendAccessString" in given:
            user.access_string = f"{user.access_string} {given['AppendAccessString']}"
        passwords = given.get("Passwords") or given.get("AuthenticationMode", {}).get("Passwords")
        if passwords:
            if any(not 16 <= len(password) <= 128 for password in passwords):
                raise value("Passwords length must be between 16-128 characters.")
            user.passwords, user.no_password_required = passwords, False
        return ActionResult(user)

    def delete_user(self) -> ActionResult:
        """moto's answer; refused while the user is in a group."""
        name = self.given["UserId"]
        if any(name in group["UserIds"] for group in self.store.user_groups.values()):
            # Source: DeleteUser, InvalidUserState.
            raise refuse("InvalidUserState", f"User {name} is associated with a user group.")
        return super().delete_user()

    def _check_users(self, users: list[str], engine: str) -> None:
        found = [self._user(name) for name in users]
        names = [user.name for user in found]
        if engine.lower() == "redis" and "default" not in names:
            # Source: CreateUserGroup, DefaultUserRequired; Valkey groups need none.
            raise refuse("DefaultUserRequired", "A user group must contain a user with the user name default.")
        if len(names) != len(set(names)):
            raise refuse("DuplicateUserName", "A user group cannot contain two users of the same name.")

    def _user(self, name: str) -> User:
        found = self.elasticache_backend.users.get(name)
        if found is None:
            raise refuse("UserNotFound", f"User {name} not found.")
        return found

    def _group(self, name: str) -> dict[str, Any]:
        found = self.store.user_groups.get(name.lower())
        if found is None:
            raise refuse("UserGroupNotFound", f"User group {name} not found.")
        return found

    def _view(self, group: dict[str, Any]) -> dict[str, Any]:
        name = group["UserGroupId"]
        return {**group, "ReplicationGroups": [g.id for g in self.store.all_groups() if name in g.user_groups]}
