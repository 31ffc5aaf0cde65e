# SPDX-License-Identifier: Apache-2.0
"""Users that ElastiCache would refuse, by themselves or with what AWS says about the group.  Pure.

Source, unless a line names another: ElastiCache user guide, "Role-Based Access Control" and "Authenticating with IAM".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .access import forbidden
from .names import GROUP_TAG, PASSWORD_VERSION_TAG, group_name
from .secret import CURRENT, current_version
from .users import user_id
from .versions import at_least

Options = Mapping[str, Any]
Facts = Mapping[str, Any]
Finding = tuple[str, Any, str, str]
# Source: CreateUser API reference, UserId.
USER_ID = re.compile(r"[a-z](?!.*--)[a-z0-9-]*(?<!-)\Z")
SECRET_ARN = re.compile(r"arn:[^:]+:secretsmanager:")
# Source: CreateUser API reference, Passwords.
PASSWORDS = range(1, 3)
PASSWORD_LENGTHS = range(16, 129)
DEFAULT = "default"
OPEN = "no-password-required"


def user_rules(options: Options) -> Iterator[Finding]:
    """Whatever options alone say about users and the user group."""
    users, named = options["users"], options["user_group_id"]
    field = "users" if users else "user_group_id"
    if users and named is not None:
        yield "user_group_id", named, "nothing with users", "keep one of the two"
    if users or named:
        if not options["transit_encryption_enabled"]:
            yield (field, "users without TLS", "transit_encryption_enabled beside it",
                   f"set transit_encryption_enabled: true or remove {field}")  # fmt: skip
        for token in ("auth_token", "auth_token_secret_arn", "auth_token_generation"):
            if options[token]:
                yield field, "users and an AUTH token", "one of the two", f"remove {field} or {token}"
    for tag in (PASSWORD_VERSION_TAG, GROUP_TAG):
        if tag in (options["tags"] or {}):
            yield "tags", tag, "a tag of your own", f"remove {tag} from tags"
    for user in users or ():
        yield from of_user(options, user)
    ids = [user_id(options, user) for user in users or ()]
    for twice in sorted({name for name in ids if ids.count(name) > 1}):
        yield "users", f"user id {twice} twice", "names that differ in more than capitals", "correct user_name"


def of_user(options: Options, user: Mapping[str, Any]) -> Iterator[Finding]:
    """One user."""
    name, kind, arns = user["user_name"], user["authentication_type"], user["password_secret_arns"] or []
    own = f"{group_name(options)}-"
    if kind == "iam" and not (name.startswith(own) and name == name.lower()):
        # The id of such a user is its name, and ids are unique in an account.
        yield "user_name", name, f"a name that begins with {own}, in lower case, for a user of IAM", "correct user_name"
    if not USER_ID.match(user_id(options, user)):
        yield "user_name", name, "letters, digits and single hyphens", "correct user_name"
    for word in forbidden(user["access_string"]):
        yield ("access_string", f"{word} of user {name}", "flags, keys, channels and commands only",
               "remove it; authentication_type and password_secret_arns say how a user gets in")  # fmt: skip
    if not user["access_string"].strip():
        yield "access_string", f"nothing for user {name}", "a string such as on ~* +@all", "set access_string"
    if kind == "password" and len(arns) not in PASSWORDS:
        yield ("password_secret_arns", f"{len(arns)} for user {name}", "the ARNs of one or two secrets",
               "set password_secret_arns, or another authentication_type")  # fmt: skip
    if kind != "password" and arns:
        yield ("password_secret_arns", f"{len(arns)} for user {name}", f"none with authentication_type {kind}",
               "remove them, or set authentication_type: password")  # fmt: skip
    for arn in arns:
        if not SECRET_ARN.match(arn):
            found = f"{len(arn)} characters that are no ARN"  # it may be the password itself
            yield "password_secret_arns", found, "the ARN of a secret in Secrets Manager", "correct the ARN"


def user_misfits(options: Options, around: Facts, facts: Facts, present: Mapping[str, Any]) -> Iterator[Finding]:
    """Users that do not fit the engine, and secrets that hold no password; what they hold is not shown."""
    users = options["users"] or ()
    engine = (present.get("user_group") or {}).get("engine") or around["engine"]
    version = around["engine_version"] or ""
    if users and engine == "redis" and DEFAULT not in [user["user_name"] for user in users]:
        yield ("users", "no user default", "a user default with the engine redis",
               "add one, such as {user_name: default, access_string: off -@all, authentication_type: "
               "no-password-required}")  # fmt: skip
    if (users or options["user_group_id"]) and around["engine"] == "redis" and not at_least(version, 6):
        yield "users", f"engine_version {version}", "Redis 6.0 or later for users", "raise engine_version first"
    for user in users:
        name, kind = user["user_name"], user["authentication_type"]
        if kind == OPEN and engine == "valkey":
            yield ("authentication_type", f"{kind} of user {name}", "password or iam in a user group for valkey",
                   "choose one of them")  # fmt: skip
        if kind == "iam" and around["engine"] == "redis" and not at_least(version, 7):
            yield ("authentication_type", f"{kind} of user {name} with engine_version {version}",
                   "Redis 7.0 or later for iam", "raise engine_version first")  # fmt: skip
        for arn in user["password_secret_arns"] or ():
            yield from of_secret(arn, facts)


def of_secret(arn: str, facts: Facts) -> Iterator[Finding]:
    """One secret."""
    if current_version(facts.get(f"secret {arn}")) is None:
        yield "password_secret_arns", arn, f"a secret with a version {CURRENT}", "create it, or correct the ARN"
    elif f"password {arn}" in facts:
        text = (facts[f"password {arn}"] or {}).get("SecretString") or ""
        if len(text) not in PASSWORD_LENGTHS:
            yield ("password_secret_arns", f"{len(text)} characters in {arn}",
                   "nothing but the password: 16 to 128 characters", "store the password itself")  # fmt: skip
