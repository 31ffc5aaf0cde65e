# SPDX-License-Identifier: Apache-2.0
"""Users and the user group that a group has to itself: what they are, and the calls that keep them.  Pure.

A user's id is derived from the group's id and the user's name, for ids are unique in an account. A password cannot be
read back, so the id of the secret's version that was sent last is a tag on the user, as with the AUTH token.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ..reconcile.errors import Refusal
from ..reconcile.fields import Difference
from ..reconcile.identity import identity_of
from ..reconcile.plan import CREATE, DELETE, MULTI_STEP, Call, Secret, Wait
from ..reconcile.tags import ansible_tags, boto3_tags, foreign, wanted_tags
from .access import canonical
from .calls import SERVICE, change, tag_params
from .names import (
    GROUP_TAG,
    PASSWORD_VERSION_TAG,
    TOKEN_VERSION_TAG,
    USER_GROUP_NOUN,
    USER_NOUN,
    USER_SECONDS,
    group_name,
    group_noun,
    user_group_noun,
    user_noun,
)
from .secret import ABSENT, current_version

Options = Mapping[str, Any]
State = dict[str, Any]
Differences = Mapping[str, Difference]
NO_GROUP = ("UserGroupNotFound",)
NO_USER = ("UserNotFound",)
# What DescribeUsers calls what CreateUser takes.  Source: API reference, Authentication and AuthenticationMode.
AS_GIVEN = {"no-password": "no-password-required"}
# A user's state is compared without what is there for its calls.
COMPARED = ("user_name", "access_string", "authentication_type", "password_version", "tags")


def asked(options: Options) -> bool:
    """Whether anything is declared about users, or all of it shall go."""
    return options["state"] == "absent" or options["users"] is not None or options["user_group_id"] is not None


def user_id(options: Options, user: Mapping[str, Any]) -> str:
    """A user's id, stored in lower case; with IAM it is the name.

    Source: CreateUser API reference, UserId; ElastiCache user guide, "Authenticating with IAM".
    """
    name = str(user["user_name"])
    return (name if user["authentication_type"] == "iam" else f"{group_name(options)}-{name}").lower()


def looks(options: Options) -> dict[str, tuple[Any, ...]]:
    """First reads: the user group of our name, all users, and the versions of the declared passwords."""
    if not asked(options):
        return {}
    requests: dict[str, tuple[Any, ...]] = {
        "user_group": (SERVICE, "describe_user_groups", {"UserGroupId": group_name(options)}, NO_GROUP),
        "users": (SERVICE, "describe_users", {}),
    }
    for user in options["users"] or ():
        for arn in user["password_secret_arns"] or ():
            requests[f"secret {arn}"] = ("secretsmanager", "describe_secret", {"SecretId": arn}, ABSENT)
    return requests


def ours_perhaps(options: Options, first: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Users by id that are declared or have ids of ours, without those on their way out."""
    declared = {user_id(options, user) for user in options.get("users") or ()}
    found = {user["UserId"]: user for user in (first.get("users") or {"Users": []})["Users"]}
    return {name: user for name, user in found.items() if user["Status"] != "deleting"
            and (name in declared or name.startswith(f"{group_name(options)}-"))}  # fmt: skip


def user_group_of(first: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """AWS's answer about the user group of our name, unless it is on its way out."""
    found = (first.get("user_group") or {"UserGroups": [None]})["UserGroups"][0]
    return None if found is None or found["Status"] == "deleting" else found


def tag_looks(options: Options, first: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    """Second reads: whose they are."""
    requests = {f"tags of user {name}": (SERVICE, "list_tags_for_resource", {"ResourceName": user["ARN"]}, NO_USER)
                for name, user in ours_perhaps(options, first).items()}  # fmt: skip
    group = user_group_of(first)
    if group:
        requests["tags of user group"] = (SERVICE, "list_tags_for_resource", {"ResourceName": group["ARN"]}, NO_GROUP)
    # What is at rest has tags: AWS may answer that it is not there for a moment after it was tagged.
    # Source: hashicorp/terraform-provider-aws#34002, #47638.
    busy = {f"tags of user {name}" for name, user in ours_perhaps(options, first).items() if user["Status"] != "active"}
    busy |= {"tags of user group"} if group and group["Status"] != "active" else set()
    return {key: request if key in busy else request[:3] for key, request in requests.items()}


def satellites(
    options: Options, first: Mapping[str, Any], second: Mapping[str, Any]
) -> tuple[State, tuple[Refusal, ...]]:
    """Our users and our user group, and a refusal for each that is declared and not ours."""
    if not asked(options):
        return {}, ()
    strangers: tuple[Refusal, ...] = ()
    declared = {user_id(options, user) for user in options["users"] or ()}
    users: State = {}
    for name, user in ours_perhaps(options, first).items():
        if second.get(f"tags of user {name}") is None:  # out of reach while AWS changes it, but so is every change
            users[name] = {**user_state(user, {}), "tags": None}
            continue
        tags = tags_of(second, f"tags of user {name}")
        if name in declared:
            strangers += foreign(options, USER_NOUN, name, tags)
        if tags.get(GROUP_TAG) == group_name(options) and identity_of(options).owns(tags):
            users[name] = user_state(user, tags)
        elif name in declared:
            strangers += (Refusal(USER_NOUN, name, "user_name", f"a user of group {tags.get(GROUP_TAG) or 'nobody'}",
                                  f"one of group {group_name(options)}", "choose another user_name"),)  # fmt: skip
    group, of_others = user_group_state(options, first, second)
    return {"users": users, "user_group": group}, strangers + of_others


def user_group_state(
    options: Options, first: Mapping[str, Any], second: Mapping[str, Any]
) -> tuple[State, tuple[Refusal, ...]]:
    """Our user group, without tags while these are out of reach, and a refusal when it is declared and not ours."""
    group = user_group_of(first)
    if not group:
        return {}, ()
    state = {"user_group_id": group["UserGroupId"], "user_ids": sorted(group["UserIds"]), "engine": group["Engine"],
             "arn": group["ARN"]}  # fmt: skip
    if second.get("tags of user group") is None:
        return {**state, "tags": None}, ()
    tags = tags_of(second, "tags of user group")
    if identity_of(options).owns(tags):
        return {**state, "tags": tags}, ()
    declared = options["users"] and options["state"] == "present"
    return {}, foreign(options, USER_GROUP_NOUN, group["UserGroupId"], tags) if declared else ()


def tags_of(second: Mapping[str, Any], key: str) -> dict[str, str]:
    """The tags in an answer, none when the object left between two reads."""
    return ansible_tags((second.get(key) or {"TagList": []})["TagList"])


def user_state(user: Mapping[str, Any], tags: dict[str, str]) -> State:
    """A user in the words of the options."""
    version = tags.pop(PASSWORD_VERSION_TAG, "")
    kind = user["Authentication"]["Type"]
    return {
        "user_name": user["UserName"],
        "access_string": user["AccessString"],
        "authentication_type": AS_GIVEN.get(kind, kind),
        "password_version": version,
        "tags": tags,
        "arn": user["ARN"],
    }


def waits(options: Options, first: Mapping[str, Any]) -> tuple[Wait, ...]:
    """Our users and our user group that are in the middle of something."""
    found = [replace(user_wait(user["UserId"]), done=("active", "absent"))
             for user in (first.get("users") or {"Users": []})["Users"]
             if user["Status"] != "active" and user["UserId"].startswith(f"{group_name(options)}-")]  # fmt: skip
    group = (first.get("user_group") or {"UserGroups": [None]})["UserGroups"][0]
    if group is not None and group["Status"] != "active":
        found.append(replace(user_group_wait(group["UserGroupId"]), done=("active", "absent")))
    return tuple(found)


def versions(options: Options, first: Mapping[str, Any]) -> dict[str, str]:
    """The present versions of each declared user's passwords, as one text by user id; no secrets."""
    return {
        user_id(options, user): "+".join(
            current_version(first.get(f"secret {arn}")) or "" for arn in user["password_secret_arns"] or ()
        )
        for user in options["users"] or ()
    }


def password_fetches(options: Options, present: Mapping[str, Any], around: Mapping[str, Any]) -> dict[str, Any]:
    """The reads of passwords that are about to be sent."""
    requests: dict[str, Any] = {}
    for user in options["users"] or ():
        name = user_id(options, user)
        version = around["password_versions"][name]
        there = present.get(name, {})
        sent = (there.get("password_version"), there.get("authentication_type"))
        if all(version.split("+")) and sent != (version, user["authentication_type"]):
            for arn, each in zip(user["password_secret_arns"], version.split("+"), strict=True):
                about = {"SecretId": arn, "VersionId": each}
                requests[f"password {arn}"] = ("secretsmanager", "get_secret_value", about, ABSENT)
    return requests


def passwords(options: Options, third: Mapping[str, Any]) -> dict[str, list[Secret]]:
    """The passwords that were read, wrapped before anything else sees them, by user id."""
    found: dict[str, list[Secret]] = {}
    for user in options["users"] or ():
        answers = [third.get(f"password {arn}") for arn in user["password_secret_arns"] or ()]
        if answers and all(answers):
            texts = [str((answer or {}).get("SecretString") or "") for answer in answers]
            found[user_id(options, user)] = [Secret(text) for text in texts]
    return found


def wanted(options: Options, around: Mapping[str, Any], present: Mapping[str, Any]) -> State:
    """The declared users and their group: ``None`` is no opinion, ``{}`` is none at all."""
    if not asked(options):
        return {"users": None, "user_group": None}
    if not options["users"]:
        return {"users": {}, "user_group": {}}
    before, users = present.get("users") or {}, {}
    for user in options["users"]:
        name = user_id(options, user)
        if name in before and before[name]["tags"] is None:
            users[name] = {**before[name], "passwords": None}
            continue
        tags = wanted_tags(options, before.get(name, {}).get("tags"))
        users[name] = {
            "user_name": user["user_name"],
            "access_string": user["access_string"],
            "authentication_type": user["authentication_type"],
            "password_version": around["password_versions"][name],
            "tags": {**tags, GROUP_TAG: group_name(options)},
            "passwords": around["passwords"].get(name),
        }
    group = present.get("user_group") or {}
    if group and group["tags"] is None:
        return {"users": users, "user_group": group}
    return {
        "users": users,
        "user_group": {"user_group_id": group_name(options), "user_ids": sorted(users),
                       "tags": wanted_tags(options, group.get("tags")),
                       "engine": group.get("engine") or around["engine"]},
    }  # fmt: skip


def wanted_user_group_id(options: Options, has_token: bool) -> str | None:
    """The user group that the group shall have, ``""`` for none; a token shuts one out."""
    if options["users"]:
        return group_name(options)
    if options["user_group_id"] is not None:
        return str(options["user_group_id"]).lower()
    return "" if has_token or options["users"] is not None else None


def compared_users(users: Any) -> Any:
    """Users without what is not compared."""
    if users is None:
        return {}
    return {name: {**{key: user[key] for key in COMPARED}, "access_string": canonical(user["access_string"])}
            for name, user in users.items()}  # fmt: skip


def compared_group(group: Any) -> Any:
    """A user group without what is not compared."""
    return {key: group[key] for key in ("user_group_id", "user_ids", "tags")} if group else {}


def user_wait(name: str) -> Wait:
    """Until a user takes the next change: seconds."""
    return Wait(user_noun(name), SERVICE, "describe_users", {"UserId": name}, "Users[].Status", done=("active",),
                absent_codes=NO_USER, slow=False, typical_seconds=USER_SECONDS)  # fmt: skip


def user_group_wait(name: str) -> Wait:
    """Until a user group takes the next change: seconds."""
    return Wait(user_group_noun(name), SERVICE, "describe_user_groups", {"UserGroupId": name}, "UserGroups[].Status",
                done=("active",), absent_codes=NO_GROUP, slow=False, typical_seconds=USER_SECONDS)  # fmt: skip


def user_calls(observed: State, desired: State, differences: Differences) -> list[Call]:
    """Users are there before the user group that holds them."""
    if "users" not in differences:
        return []
    before, engine = observed.get("users") or {}, desired["user_group"].get("engine")
    calls = []
    for name, user in desired["users"].items():
        present = compared_users(before).get(name)
        if present is None:
            calls.append(made(name, user, engine))
        elif present != compared_users({name: user})[name]:
            calls += changed(name, user, before[name])
    return calls


def made(name: str, user: State, engine: str) -> Call:
    """The call that creates a user."""
    noted = {PASSWORD_VERSION_TAG: user["password_version"]} if user["password_version"] else {}
    params = {
        "UserId": name,
        "UserName": user["user_name"],
        "Engine": engine,
        "AccessString": user["access_string"],
        "AuthenticationMode": mode(user),
        "Tags": boto3_tags({**user["tags"], **noted}),
    }
    on = user_noun(name)
    return Call(SERVICE, "create_user", params, on, f"create {on}", CREATE, wait=user_wait(name))


def mode(user: Mapping[str, Any]) -> dict[str, Any]:
    """How a user authenticates, as AWS takes it."""
    return {"Type": user["authentication_type"], **({"Passwords": user["passwords"]} if user["passwords"] else {})}


def changed(name: str, user: State, before: State) -> list[Call]:
    """The calls that change a user; the version of its passwords is written down once they are sent."""
    on, calls, params = user_noun(name), [], {}
    if canonical(before["access_string"]) != canonical(user["access_string"]):
        params["AccessString"] = user["access_string"]
    if any(before[key] != user[key] for key in ("authentication_type", "password_version")):
        params["AuthenticationMode"] = mode(user)
    if params:
        parts = {"AccessString": "access string", "AuthenticationMode": "authentication"}
        why = f"change {' and '.join(parts[key] for key in params)} of {on}"
        calls.append(Call(SERVICE, "modify_user", {"UserId": name, **params}, on, why, wait=user_wait(name)))
    tags = [{**each["tags"], **({PASSWORD_VERSION_TAG: each["password_version"]} if each["password_version"] else {})}
            for each in (before, user)]  # fmt: skip
    for operation, about, why in tag_params(before["arn"], *tags):
        calls.append(Call(SERVICE, operation, about, on, why))
    return calls


def user_group_calls(observed: State, desired: State, differences: Differences) -> list[Call]:
    """The user group is there before the group that uses it."""
    after = desired["user_group"]
    if "user_group" not in differences or not after:
        return []
    before, name = observed.get("user_group") or {}, after["user_group_id"]
    on, users = user_group_noun(name), tuple(user_noun(user) for user in after["user_ids"])
    if not before:
        params = {"UserGroupId": name, "Engine": after["engine"], "UserIds": after["user_ids"],
                  "Tags": boto3_tags(after["tags"])}  # fmt: skip
        return [Call(SERVICE, "create_user_group", params, on, f"create {on}", CREATE, after=users,
                     wait=user_group_wait(name))]  # fmt: skip
    calls = []
    there, meant = set(before["user_ids"]), set(after["user_ids"])
    to_add, to_remove = sorted(meant - there), sorted(there - meant)
    if to_add or to_remove:
        # In one call: a user may follow another one of the same name, such as default.
        params = {"UserGroupId": name, **({"UserIdsToAdd": to_add} if to_add else {}),
                  **({"UserIdsToRemove": to_remove} if to_remove else {})}  # fmt: skip
        calls.append(Call(SERVICE, "modify_user_group", params, on, f"change the users of {on}",
                          after=tuple(user_noun(user) for user in to_add), wait=user_group_wait(name)))  # fmt: skip
    for operation, tags, why in tag_params(before["arn"], before["tags"], after["tags"]):
        calls.append(Call(SERVICE, operation, tags, on, why))
    return calls


def leave_users(observed: State, desired: State, differences: Differences) -> list[Call]:
    """Users leave before TLS does.

    Source: aws-controllers-k8s/community#2536: "Modification of transit encryption is not supported for access control
    enabled clusters".
    """
    return [] if desired["user_group_id"] else access_control(observed, desired, differences)


def take_users(observed: State, desired: State, differences: Differences) -> list[Call]:
    """Users come after TLS, which they need."""
    return access_control(observed, desired, differences) if desired["user_group_id"] else []


def access_control(observed: State, desired: State, differences: Differences) -> list[Call]:
    """From one user group to another, to one from a token, which goes in the same call, or to none.

    On the way to a token the first call that sends it removes the user group.
    Source: ElastiCache user guide, "Role-Based Access Control", "Migrating from AUTH to RBAC".
    """
    after, calls, name = desired["user_group_id"], [], desired["name"]
    if "user_group_id" in differences and not desired["auth_token_enabled"]:
        before, params = observed.get("user_group_id") or "", dict[str, Any]()
        if after:
            params["UserGroupIdsToAdd"] = [after]
        if before:
            params |= {"UserGroupIdsToRemove": [before]} if after else {"RemoveUserGroups": True}
        if after and observed["auth_token_enabled"]:
            params["AuthTokenUpdateStrategy"] = "DELETE"
        why = f"let in the users of {user_group_noun(after)}" if after else f"leave {user_group_noun(before)}"
        call = change(name, "modify_replication_group", {**params, "ApplyImmediately": True}, why, MULTI_STEP)
        calls.append(replace(call, after=(user_group_noun(after),) if after else ()))
    if "auth_token_version" in differences and desired["auth_token_enabled"] is False:
        params = {"ResourceName": observed["arn"], "TagKeys": [TOKEN_VERSION_TAG]}
        calls.append(change(name, "remove_tags_from_resource", params, "forget the token's version", MULTI_STEP))
    return calls


def former_users(observed: State, desired: State, differences: Differences) -> list[Call]:
    """Own users that are not declared any more, and the user group when none is."""
    if not {"users", "user_group"} & set(differences):
        return []
    group = observed.get("user_group") if not desired["user_group"] else None
    leaving = set(observed.get("users") or {}) - set(desired["users"])
    return removed(leaving, group, desired["name"], keep=group is None)


def removed(users: Iterable[str], user_group: Mapping[str, Any] | None, group: str, keep: bool = False) -> list[Call]:
    """The calls that remove users, after the user group is done with them, and that after the group is."""
    calls, on = [], user_group_noun(group)
    if user_group and not keep:
        calls.append(Call(SERVICE, "delete_user_group", {"UserGroupId": user_group["user_group_id"]}, on,
                          f"delete {on}", DELETE, after=(group_noun(group),),
                          wait=replace(user_group_wait(group), done=("absent",))))  # fmt: skip
    for name in sorted(users):
        noun = user_noun(name)
        calls.append(Call(SERVICE, "delete_user", {"UserId": name}, noun, f"delete {noun}", DELETE, after=(on,),
                          wait=replace(user_wait(name), done=("absent",))))  # fmt: skip
    return calls
