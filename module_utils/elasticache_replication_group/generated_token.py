# SPDX-License-Identifier: Apache-2.0
"""The AUTH token that is made here and kept in a secret of the group's own in Secrets Manager.  Pure but for its dice.

Each declared generation has one version of the secret, whose id is derived from it. So a run that follows one that died
finds the token that was made, and Secrets Manager refuses a second token for one generation.
"""

from __future__ import annotations

import secrets
import string
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from ..reconcile.errors import Refusal
from ..reconcile.fields import Difference
from ..reconcile.identity import identity_of
from ..reconcile.plan import CREATE, DELETE, MULTI_STEP, Call, Secret
from ..reconcile.tags import ansible_tags, boto3_tags, foreign, tag_calls, wanted_tags
from .names import GENERATION_TAG, SECRET_NOUN, group_name, group_noun, secret_noun
from .secret import ABSENT, CURRENT, current_version

Options = Mapping[str, Any]
State = dict[str, Any]
Differences = Mapping[str, Difference]
Finding = tuple[str, Any, str, str]
SERVICE = "secretsmanager"
PENDING = "AWSPENDING"
# Three kinds of characters are what AWS recommends, and these need no quoting anywhere.
# Source: ElastiCache user guide, "Authenticating with the AUTH command": 16 to 128 characters.
ALPHABET = string.ascii_letters + string.digits
LENGTH = 64


def secret_name(options: Options) -> str:
    """The name of the secret."""
    return f"{group_name(options)}-auth-token"


def version_of(options: Options) -> str | None:
    """The id of the declared generation's version.  Source: CreateSecret API reference, ClientRequestToken."""
    if options.get("auth_token_generation") is None:
        return None
    parts = (identity_of(options).name, group_name(options), str(options["auth_token_generation"]))
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(("streambed:auth-token", *parts))))


def fresh() -> Secret:
    """A new token."""
    return Secret("".join(secrets.choice(ALPHABET) for _unused in range(LENGTH)))


def look(options: Options) -> dict[str, Any]:
    """The read that tells whether the secret is there, without the token."""
    if options["state"] == "present" and options["auth_token_generation"] is None:
        return {}
    return {"own_secret": (SERVICE, "describe_secret", {"SecretId": secret_name(options)}, ABSENT)}


def satellites(options: Options, first: Mapping[str, Any]) -> tuple[State, tuple[Refusal, ...]]:
    """Our secret, and a refusal when a secret of that name is not ours; it is left alone when ours shall go."""
    found = first.get("own_secret")
    if not found:
        return {}, ()
    tags = ansible_tags(found.get("Tags"))
    strange = foreign(options, SECRET_NOUN, secret_name(options), tags)
    if strange or (found.get("DeletedDate") and options["state"] == "absent"):
        return {}, strange if options["state"] == "present" else ()
    state = {
        "name": found["Name"],
        "current": current_version(found),
        "tags": tags,
        "arn": found["ARN"],
        "versions": sorted(found.get("VersionIdsToStages") or {}),
        "deleted": bool(found.get("DeletedDate")),
    }
    return {"auth_token_secret": state}, ()


def fetch(options: Options, present: State | None, sent: str | None) -> dict[str, Any]:
    """The read of the token, made only when it is there and about to be sent; ``sent`` is the version in force."""
    version = version_of(options)
    if not present or version == sent or version not in present["versions"]:
        return {}
    about = {"SecretId": present["arn"], "VersionId": version}
    return {"token": (SERVICE, "get_secret_value", about, ABSENT)}


def is_missing(options: Options, present: State | None) -> bool:
    """Whether the declared generation has no token yet."""
    version = version_of(options)
    return version is not None and version not in (present or {"versions": ()})["versions"]


def misfits(options: Options, present: State | None) -> Iterator[Finding]:
    """A secret that waits for its deletion, or a generation of the past, whose token may be gone."""
    if options["auth_token_generation"] is None or not present:
        return
    if present["deleted"]:
        yield ("auth_token_generation", f"secret {present['name']} scheduled for deletion", "a secret that stays",
               "restore the secret in Secrets Manager")  # fmt: skip
    last = present["tags"].get(GENERATION_TAG, "")
    if last.isdigit() and int(last) > options["auth_token_generation"]:
        yield ("auth_token_generation", options["auth_token_generation"], f"the present {last} or a later one",
               "raise auth_token_generation; each number is a token of its own")  # fmt: skip


def wanted(options: Options, present: State | None) -> State | None:
    """The secret, with the declared generation as its current version."""
    version = version_of(options)
    if version is None:
        return None
    tags = wanted_tags(options, (present or {}).get("tags"))
    return {
        "name": secret_name(options),
        "current": version,
        "tags": {**tags, GENERATION_TAG: str(options["auth_token_generation"])},
        "description": f"AUTH token of replication group {group_name(options)}",
    }


def compared(state: Any) -> Any:
    """A secret without what is not compared."""
    return {key: state[key] for key in ("name", "current", "tags")} if state else state


def secret_calls(observed: State, desired: State, differences: Differences) -> list[Call]:
    """The token is in its secret before it is anywhere else; clients get it as current when the group knows it."""
    if "auth_token_secret" not in differences:
        return []
    before, after = observed.get("auth_token_secret"), desired["auth_token_secret"]
    on = secret_noun(after["name"])
    version = {"ClientRequestToken": after["current"], "SecretString": desired["auth_token"]}
    if before is None:
        params = {"Name": after["name"], "Description": after["description"], **version,
                  "Tags": boto3_tags(after["tags"])}  # fmt: skip
        return [Call(SERVICE, "create_secret", params, on, f"create {on} with a new token", CREATE)]
    calls, about = [], {"SecretId": before["arn"]}
    if after["current"] not in before["versions"]:
        params = {**about, **version, "VersionStages": [PENDING]}
        calls.append(Call(SERVICE, "put_secret_value", params, on, "make a new AUTH token", MULTI_STEP))
    return calls + tag_calls(SERVICE, on, about, before["tags"], after["tags"])


def staged(observed: State, desired: State, differences: Differences) -> list[Call]:
    """The new token becomes the current one: between ROTATE and SET, so that clients always read one that is let in.

    The call stands among those of the group, for that is what its place in their order depends on.
    """
    before, after = observed.get("auth_token_secret"), desired.get("auth_token_secret")
    if "auth_token_secret" not in differences or not before or not after or before["current"] == after["current"]:
        return []
    params = {"SecretId": before["arn"], "VersionStage": CURRENT, "MoveToVersionId": after["current"]}
    if before["current"]:
        params["RemoveFromVersionId"] = before["current"]
    why = f"hand out the new AUTH token in {secret_noun(after['name'])}"
    return [Call(SERVICE, "update_secret_version_stage", params, group_noun(desired["name"]), why, MULTI_STEP,
                 after=(secret_noun(after["name"]),))]  # fmt: skip


def removed(present: Mapping[str, Any] | None, group: str) -> list[Call]:
    """The call that removes the secret for good: without its group the token opens nothing.

    A secret that waits for its deletion would keep its name from the next group.
    Source: DeleteSecret API reference, ForceDeleteWithoutRecovery.
    """
    if not present:
        return []
    on = secret_noun(present["name"])
    params = {"SecretId": present["arn"], "ForceDeleteWithoutRecovery": True}
    return [Call(SERVICE, "delete_secret", params, on, f"delete {on}", DELETE, after=(group_noun(group),))]
