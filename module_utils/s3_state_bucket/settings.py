# SPDX-License-Identifier: Apache-2.0
"""A bucket's settings: from S3's answers to the words of the options, and from these to calls.  Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..policies import in_words
from ..reconcile.fields import bare_key
from ..reconcile.plan import Call
from ..reconcile.tags import OWNED_BY_AWS, ansible_tags
from . import lifecycle, policy

# HEAD has no body, and so no code.
GONE = ("404", "NoSuchBucket")
BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
ENCRYPTION = ("sse_algorithm", "kms_key_id", "bucket_key_enabled")
KMS = "aws:kms"
# The algorithms that take a key; two layers of encryption know no bucket key.
KEYED = (KMS, "aws:kms:dsse")
# What S3 takes when it is told to use KMS and no key.  Source: PutBucketEncryption API reference, KMSMasterKeyID.
DEFAULT_KEY = "alias/aws/s3"
# Source: PutBucketLifecycleConfiguration API reference, TransitionDefaultMinimumObjectSize.
DEFAULT_SIZE = "all_storage_classes_128K"


def requests(where: Mapping[str, str]) -> dict[str, tuple[Any, ...]]:
    """The reads of all settings of a bucket that was seen; a code beside a read says that the setting is not set.

    That the bucket is not there is none of them: a young one shows late, so that such a read is worth repeating.
    Source: S3 user guide, "Amazon S3 data consistency model": bucket configurations are eventually consistent.
    """

    def read(operation: str, *codes: str) -> tuple[Any, ...]:
        return ("s3", operation, where, codes)

    return {
        "versioning": read("get_bucket_versioning"),
        "encryption": read("get_bucket_encryption", "ServerSideEncryptionConfigurationNotFoundError"),
        "public": read("get_public_access_block", "NoSuchPublicAccessBlockConfiguration"),
        "ownership": read("get_bucket_ownership_controls", "OwnershipControlsNotFoundError"),
        "policy": read("get_bucket_policy", "NoSuchBucketPolicy"),
        "lifecycle": read("get_bucket_lifecycle_configuration", "NoSuchLifecycleConfiguration"),
        "tags": read("get_bucket_tagging", "NoSuchTagSet"),
        "cors": read("get_bucket_cors", "NoSuchCORSConfiguration"),
        "website": read("get_bucket_website", "NoSuchWebsiteConfiguration"),
    }


def further(where: Mapping[str, str], answers: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    """The read of the access control list, which counts only where the owner's controls let it.

    Source: S3 User Guide, "Controlling ownership of objects": BucketOwnerEnforced disables access control lists.
    """
    if ownership(answers["ownership"] or {}) == "BucketOwnerEnforced":
        return {}
    return {"acl": ("s3", "get_bucket_acl", where)}


def ownership(answer: Mapping[str, Any]) -> str:
    """Whose the objects are; a bucket without controls is as ObjectWriter."""
    controls = answer.get("OwnershipControls", {}).get("Rules") or [{}]
    return str(controls[0].get("ObjectOwnership", "ObjectWriter"))


def observed(name: str, region: str, answers: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The bucket in the words of the options, and beside it what others have set and what stays."""
    found = {setting: answers[setting] or {} for setting in requests({})}
    document = json.loads(found["policy"].get("Policy") or "null")
    tags = found["tags"].get("TagSet", [])
    rule = (found["encryption"].get("ServerSideEncryptionConfiguration", {}).get("Rules") or [{}])[0]
    rules = plain(found["lifecycle"].get("Rules", []))
    arn = policy.bucket_arn(name, region)
    resource = {
        "name": name,
        "arn": arn,
        "region": region,
        "versioning_enabled": found["versioning"].get("Status") == "Enabled",
        **observed_encryption(rule),
        "block_public_access": observed_block(found["public"].get("PublicAccessBlockConfiguration", {})),
        "object_ownership": ownership(found["ownership"]),
        "tls_only": policy.requires_tls(document, arn),
        "policy_statements": policy.others(document),
        **lifecycle.in_force(rules),
        "tags": ansible_tags(tags),
    }
    rest = {
        "policy": document,
        "lifecycle_rules": rules,
        "minimum_object_size": found["lifecycle"].get("TransitionDefaultMinimumObjectSize", DEFAULT_SIZE),
        "blocked_encryption": rule.get("BlockedEncryptionTypes"),
        "cors": bool(found["cors"].get("CORSRules")),
        "website": bool(set(found["website"]) - {"ResponseMetadata"}),
        "grantees": grantees(answers.get("acl") or {}),
        "aws_tags": {tag["Key"]: tag["Value"] for tag in tags if tag["Key"].startswith(OWNED_BY_AWS)},
    }
    return resource, rest


def grantees(acl: Mapping[str, Any]) -> list[str]:
    """Whom an access control list lets in beside the bucket's owner."""
    owner = acl.get("Owner", {}).get("ID")
    found = [each.get("Grantee", {}) for each in acl.get("Grants", ())]
    return sorted(str(each.get("URI") or each.get("ID") or each.get("EmailAddress")) for each in found
                  if each.get("ID") != owner or owner is None)  # fmt: skip


def strangers(name: str, options: Mapping[str, Any], resource: Mapping[str, Any], rest: Mapping[str, Any]) -> Any:
    """What others have set beside ours: statements, lifecycle rules that touch current states, a website, CORS."""

    def told(what: str, each: str, found: str) -> dict[str, str]:
        return {"what": what, "id": each, "where": name, "found": found}

    declared = {statement["Sid"] for statement in options["policy_statements"] or ()}
    for statement in resource["policy_statements"] or ():
        if statement.get("Sid") not in declared:
            yield told("policy statement", str(statement.get("Sid", "without Sid")), in_words(statement))
    for rule in rest["lifecycle_rules"]:
        if rule.get("ID") not in lifecycle.OURS and rule.get("Status") == "Enabled":
            deeds = sorted(set(rule) - {"ID", "Status", "Filter", "Prefix"})
            found = "expires current states" if lifecycle.expires_current(rule) else ", ".join(deeds)
            yield told("lifecycle rule", str(rule.get("ID")), found)
    for what in ("cors", "website"):
        if rest[what]:
            yield told(what, name, "a configuration that a bucket of states has no use for")


def observed_encryption(rule: Mapping[str, Any]) -> dict[str, Any]:
    default = rule.get("ApplyServerSideEncryptionByDefault", {})
    algorithm = default.get("SSEAlgorithm")
    return {
        "sse_algorithm": algorithm,
        "kms_key_id": default.get("KMSMasterKeyID", DEFAULT_KEY) if algorithm in KEYED else None,
        "bucket_key_enabled": rule.get("BucketKeyEnabled", False),
    }


def observed_block(found: Mapping[str, bool]) -> bool | str:
    """True when all four ways are blocked, false when none is, else which."""
    blocked = [name for name in BLOCKS if found.get(name)]
    if blocked and len(blocked) < len(BLOCKS):
        return f"only {', '.join(blocked)}"
    return bool(blocked)


def plain(value: Any) -> Any:
    """Dates in others' rules as text, which S3 takes as well and JSON can show."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def on(name: str) -> str:
    """S3 takes one change of a bucket at a time, so that all its calls are on one object."""
    return f"bucket {name}"


def call(desired: Mapping[str, Any], operation: str, why: str, **params: Any) -> Call:
    """A call that changes one setting; S3 refuses it when the bucket has another owner."""
    where = {"Bucket": desired["name"], "ExpectedBucketOwner": desired["account_id"]}
    return Call("s3", operation, {**where, **params}, on(desired["name"]), why)


def block_call(desired: Mapping[str, Any]) -> Call:
    if not desired["block_public_access"]:
        return call(desired, "delete_public_access_block", "allow public access")
    blocked = dict.fromkeys(BLOCKS, True)
    return call(desired, "put_public_access_block", "block public access", PublicAccessBlockConfiguration=blocked)


def ownership_call(desired: Mapping[str, Any]) -> Call:
    owner = desired["object_ownership"]
    controls = {"Rules": [{"ObjectOwnership": owner}]}
    return call(desired, "put_bucket_ownership_controls", f"set ownership to {owner}", OwnershipControls=controls)


def encryption_call(before: Mapping[str, Any], desired: Mapping[str, Any]) -> Call:
    """All of the encryption at once: S3 replaces the whole rule, also the part that others set."""
    stated = {name: before[name] if desired[name] is None else desired[name] for name in ENCRYPTION}
    algorithm, key = stated["sse_algorithm"], stated["kms_key_id"]
    default = {"SSEAlgorithm": algorithm}
    if algorithm in KEYED and key and bare_key(key) != DEFAULT_KEY:
        default["KMSMasterKeyID"] = key
    rule = {
        "ApplyServerSideEncryptionByDefault": default,
        "BucketKeyEnabled": algorithm == KMS and stated["bucket_key_enabled"],
    }
    if desired["blocked_encryption"]:
        rule["BlockedEncryptionTypes"] = desired["blocked_encryption"]
    configuration = {"Rules": [rule]}
    why = f"encrypt with {algorithm}"
    return call(desired, "put_bucket_encryption", why, ServerSideEncryptionConfiguration=configuration)


def versioning_call(desired: Mapping[str, Any]) -> Call:
    return call(desired, "put_bucket_versioning", "keep old states", VersioningConfiguration={"Status": "Enabled"})


def policy_call(desired: Mapping[str, Any]) -> Call:
    if desired["policy"] is None:
        return call(desired, "delete_bucket_policy", "remove the policy: no statement is left")
    return call(desired, "put_bucket_policy", "set the bucket policy", Policy=json.dumps(desired["policy"]))


def lifecycle_call(desired: Mapping[str, Any]) -> Call:
    if not desired["lifecycle_rules"]:
        return call(desired, "delete_bucket_lifecycle", "remove the lifecycle: no rule is left")
    params = {"LifecycleConfiguration": {"Rules": desired["lifecycle_rules"]}}
    if desired["minimum_object_size"] != DEFAULT_SIZE:
        # Left out, S3 would go back to its default under the transitions of others.
        params["TransitionDefaultMinimumObjectSize"] = desired["minimum_object_size"]
    return call(desired, "put_bucket_lifecycle_configuration", "expire old versions and unfinished uploads", **params)
