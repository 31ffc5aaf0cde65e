# SPDX-License-Identifier: Apache-2.0
"""Users and user groups. moto keeps the users; what they go through, and the groups, are ours.

Source: API reference, CreateUser to DescribeUserGroups; ElastiCache user guide, "Role-Based Access Control".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.elasticache.models import User

from localcloud.clock import clock
from localcloud.overlays.elasticache.access import as_returned, holds_password, unknown_word
from localcloud.overlays.elasticache.base import Base
from localcloud.overlays.elasticache.checks import check_tags, combination, value
from localcloud.refusals import refuse

_KIND = "user"
_OPEN = "no-password-required"
_SHOWN = {_OPEN: "no-password"}
_ENGINES = ("redis", "valkey")


class UserGroups(Base):
    """CreateUser, ModifyUser, DeleteUser, DescribeUsers, and the same for user groups."""

    def create_user(self) -> ActionResult:
        """The new user, active at once."""
        given = self.given
        backend, name = self.elasticache_backend, given["UserId"].lower()
        if name in backend.users:
            raise refuse("UserAlreadyExists", f"User {name} already exists.")
        if given["Engine"].lower() not in _ENGINES:
            raise value(f"Engine {given['Engine']} is not redis or valkey.")
        check_tags(given.get("Tags", []))
        kind, passwords = _authentication(given, "", [])
        _check_iam(kind, name, given["UserName"])
        user = User(
            account_id=backend.account_id,
            region=self.region,
            user_id=name,
            user_name=given["UserName"],
            access_string=_access(given["AccessString"]),
            engine=given["Engine"].lower(),
            no_password_required=kind == _OPEN,
            passwords=passwords,
            authentication_type=kind,
        )
        backend.users[name] = user
        self.tag(user.arn, given.get("Tags", []))
        return ActionResult(self._user_view(user))

    def describe_users(self) -> ActionResult:
        """All users, or the one that is named."""
        if "Filters" in self.given:
            raise NotImplementedError("DescribeUsers with Filters")
        name = self.given.get("UserId")
        users = [self._user(name)] if name else list(self.elasticache_backend.users.values())
        for user in users:
            clock.look(user.arn)
        left = [user for user in users if user.id in self.elasticache_backend.users]
        if name and not left:
            self._user(name)
        return self.page("Users", [self._user_view(user) for user in left])

    def modify_user(self) -> ActionResult:
        """The user, `modifying`, with another access string, other passwords or another mode."""
        given = self.given
        user = self._active_user(given["UserId"])
        words = (given.get("AccessString", user.access_string), given.get("AppendAccessString"))
        access = _access(" ".join(filter(None, words)))
        kind, passwords = _authentication(given, str(user.authentication_type), user.passwords)
        _check_iam(kind, user.id, user.name)
        user.access_string, user.passwords = access, passwords
        user.authentication_type, user.no_password_required = kind, kind == _OPEN
        self._settle(user, "modifying", lambda: None)
        return ActionResult(self._user_view(user))

    def delete_user(self) -> ActionResult:
        """The user, `deleting`; groups lose it, unless it is their user `default`. Source: DeleteUser."""
        user = self._active_user(self.given["UserId"])
        if user.id == "default":
            # Source: user guide, "Role-Based Access Control": the user with the id default cannot be deleted.
            raise value("User default cannot be deleted.")
        groups = [group for group in self._groups() if user.id in group["UserIds"]]
        if groups and user.name == "default":
            raise refuse("DefaultUserAssociatedToUserGroup", f"User {user.id} is the default user of a user group.")
        for group in groups:
            group["UserIds"].remove(user.id)

        def gone() -> None:
            del self.elasticache_backend.users[user.id]
            self.elasticache_backend.tagging_service.delete_all_tags_for_resource(user.arn)

        self._settle(user, "deleting", gone)
        return ActionResult(self._user_view(user))

    def create_user_group(self) -> ActionResult:
        """The new group, `creating`."""
        given = self.given
        name, engine = given["UserGroupId"].lower(), given["Engine"].lower()
        users = [user.lower() for user in given.get("UserIds", [])]
        if name in self.store.user_groups:
            raise refuse("UserGroupAlreadyExists", f"User group {name} already exists.")
        if engine not in _ENGINES:
            raise value(f"Engine {engine} is not redis or valkey.")
        self._check_users(users, engine)
        check_tags(given.get("Tags", []))
        arn = self.store.arn("usergroup", name)
        group = {
            "UserGroupId": name,
            "Status": "creating",
            "Engine": engine,
            "UserIds": users,
            "MinimumEngineVersion": "6.0",
            "ARN": arn,
        }
        self.store.user_groups[name] = group
        self.tag(arn, given.get("Tags", []))
        self._settle(group, "creating", lambda: None)
        return ActionResult(self._view(group))

    def describe_user_groups(self) -> ActionResult:
        """All groups, or the one that is named."""
        name = self.given.get("UserGroupId")
        groups = [self._group(name)] if name else list(self.store.user_groups.values())
        for group in groups:
            clock.look(group["ARN"])
        left = [group for group in groups if group["UserGroupId"] in self.store.user_groups]
        if name and not left:
            self._group(name)
        return self.page("UserGroups", [self._view(group) for group in left])

    def modify_user_group(self) -> ActionResult:
        """The group, `modifying`, with users added and removed."""
        given = self.given
        group = self._active_group(given["UserGroupId"])
        to_add, to_remove = given.get("UserIdsToAdd", []), given.get("UserIdsToRemove", [])
        if not to_add and not to_remove:
            raise combination("No modifications were requested")
        if set(to_remove) - set(group["UserIds"]) or set(to_add) & set(group["UserIds"]):
            raise combination("Users to remove have to be in the user group, users to add may not be.")
        users = [user for user in group["UserIds"] if user not in to_remove] + to_add
        self._check_users(users, group["Engine"])
        group["UserIds"] = users
        # Source: data type UserGroupPendingChanges; recorded: each list only where it has users.
        pending = {"UserIdsToAdd": to_add, "UserIdsToRemove": to_remove}
        group["PendingChanges"] = {name: users for name, users in pending.items() if users}
        self._settle(group, "modifying", lambda: group.pop("PendingChanges", None))
        return ActionResult(self._view(group))

    def delete_user_group(self) -> ActionResult:
        """The group, `deleting`; refused while a replication group uses it."""
        group = self._active_group(self.given["UserGroupId"])
        if self._view(group)["ReplicationGroups"]:
            raise refuse("InvalidUserGroupState", f"User group {group['UserGroupId']} is in use.")

        def gone() -> None:
            del self.store.user_groups[group["UserGroupId"]]
            self.elasticache_backend.tagging_service.delete_all_tags_for_resource(group["ARN"])

        self._settle(group, "deleting", gone)
        return ActionResult(self._view(group))

    def _settle(self, thing: Any, status: str, arrive: Callable[[], None]) -> None:
        """A user or a user group is in `status` for a while."""

        def show(word: str) -> None:
            if isinstance(thing, dict):
                thing["Status"] = word
            else:
                thing.status = word

        def done() -> None:
            show("active")
            arrive()

        show(status)
        clock.begin(_KIND, thing["ARN"] if isinstance(thing, dict) else thing.arn, done)

    def _check_users(self, users: list[str], engine: str) -> None:
        found = [self._user(name) for name in users]
        names = [user.name for user in found]
        if engine == "redis" and "default" not in names:
            # Source: CreateUserGroup, DefaultUserRequired; Valkey groups need none.
            raise refuse("DefaultUserRequired", "A user group must contain a user with the user name default.")
        if len(names) != len(set(names)):
            raise refuse("DuplicateUserName", "A user group cannot contain two users of the same name.")
        if engine == "valkey" and any(user.no_password_required for user in found):
            # Source: user guide, "Role-Based Access Control": such groups take users with a password or IAM only.
            raise combination("A user group of the engine valkey cannot contain users without authentication.")
        if engine == "redis" and any(user.engine == "valkey" for user in found):
            raise combination("A user group of the engine redis cannot contain users of the engine valkey.")

    def _user(self, name: str) -> User:
        found = self.elasticache_backend.users.get(name.lower())
        if found is None or (clock.touch(found.arn) and found.id not in self.elasticache_backend.users):
            raise refuse("UserNotFound", f"User {name} not found.")
        return found

    def _active_user(self, name: str) -> User:
        found = self._user(name)
        if found.status != "active":
            raise refuse("InvalidUserState", f"User {found.id} is not active: its status is {found.status}.")
        return found

    def _group(self, name: str) -> dict[str, Any]:
        found = self.store.user_groups.get(name.lower())
        if found is None or (clock.touch(found["ARN"]) and found["UserGroupId"] not in self.store.user_groups):
            raise refuse("UserGroupNotFound", f"User group {name} not found.")
        return found

    def _groups(self) -> list[dict[str, Any]]:
        """Every user group, brought up to date."""
        for group in list(self.store.user_groups.values()):
            clock.touch(group["ARN"])
        return list(self.store.user_groups.values())

    def _active_group(self, name: str) -> dict[str, Any]:
        found = self._group(name)
        if found["Status"] != "active":
            raise refuse("InvalidUserGroupState", f"User group {name} is not active: its status is {found['Status']}.")
        return found

    def _view(self, group: dict[str, Any]) -> dict[str, Any]:
        name = group["UserGroupId"]
        return {**group, "ReplicationGroups": [g.id for g in self.store.all_groups() if name in g.user_groups]}

    def _user_view(self, user: User) -> dict[str, Any]:
        kind = _OPEN if user.no_password_required else str(user.authentication_type)
        shown: dict[str, Any] = {"Type": _SHOWN.get(kind, kind)}
        if user.passwords:
            shown["PasswordCount"] = len(user.passwords)
        groups = [name for name, group in self.store.user_groups.items() if user.id in group["UserIds"]]
        return {
            "UserId": user.id,
            "UserName": user.name,
            "Status": user.status,
            "Engine": user.engine,
            "MinimumEngineVersion": user.minimum_engine_version,
            "AccessString": user.access_string,
            "UserGroupIds": groups,
            "Authentication": shown,
            "ARN": user.arn,
        }


def _access(given: str) -> str:
    """The access string as it is returned."""
    if holds_password(given):
        raise value("The access string holds a password or a reset, which are set with other parameters.")
    wrong = unknown_word(given)
    if wrong is not None:
        # Source: user guide, "Specifying permissions using an access string".
        raise value(f"Invalid access string: syntax error at '{wrong}'.")
    return as_returned(given)


def _authentication(given: dict[str, Any], kind: str, present: list[str]) -> tuple[str, list[str]]:
    """How the user authenticates, and the passwords.

    Source: CreateUser, Passwords: up to two; user guide, "Role-Based Access Control": 16 to 128 characters.
    """
    mode = given.get("AuthenticationMode") or {}
    passwords = given.get("Passwords") or mode.get("Passwords") or []
    if given.get("NoPasswordRequired"):
        kind = _OPEN
    elif mode.get("Type"):
        kind = mode["Type"]
    elif passwords:
        kind = "password"
    if kind not in ("password", _OPEN, "iam"):
        raise value(f"Authentication type {kind or 'null'} is not password, no-password-required or iam.")
    if len(passwords) > 2:
        raise value("A user can have two passwords at the most.")
    if any(not 16 <= len(password) <= 128 for password in passwords):
        raise value("Passwords length must be between 16-128 characters.")
    if passwords and kind != "password":
        raise combination(f"Passwords are not allowed with authentication type {kind}.")
    if kind == "password" and not (passwords or present):
        raise combination("A user with authentication type password must have at least one password.")
    return kind, (passwords or present) if kind == "password" else []


def _check_iam(kind: str, user_id: str, name: str) -> None:
    """Source: user guide, "Authenticating with IAM": user id and user name have to be the same."""
    if kind == "iam" and user_id != name:
        raise combination("User Id and User name must be same for authentication type: iam")
