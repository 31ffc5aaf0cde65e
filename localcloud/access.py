# SPDX-License-Identifier: Apache-2.0
"""Who may do what: the policies of buckets, and those of users and roles when the setting `iam` is on.

Whoever calls with keys that IAM did not make is an administrator, as the cloud's own tests are.
Source: S3 user guide, "Policy keys"; IAM user guide, "Policy evaluation logic", "Troubleshoot access denied".
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from moto.iam.access_control import (
    AssumedRoleAccessKey,
    CreateAccessKeyFailure,
    IAMPolicy,
    IAMUserAccessKey,
)

from localcloud import ec2_access
from localcloud.calls import Call
from localcloud.fault_answers import action_of, denial
from localcloud.models.wording import Worded
from localcloud.policies import Request, effects
from localcloud.settings import ACCOUNT, settings

#: Service -> parameter -> the ARN of what it names.
_NAMED = {
    "dynamodb": {"TableName": "arn:aws:dynamodb:{region}:{account}:table/{name}"},
    "cloudwatch": {"AlarmName": "arn:aws:cloudwatch:{region}:{account}:alarm:{name}"},
    "elasticache": {
        f"{parameter}{more}": f"arn:aws:elasticache:{{region}}:{{account}}:{kind}:{{name}}"
        for parameter, kind, more in (
            ("ReplicationGroup", "replicationgroup", "Id"),
            ("CacheSubnetGroup", "subnetgroup", "Name"),
            ("CacheParameterGroup", "parametergroup", "Name"),
            ("User", "user", "Id"),
            ("UserGroup", "usergroup", "Id"),
        )
    },
    "iam": {"RoleName": "arn:aws:iam::{account}:role/{name}", "UserName": "arn:aws:iam::{account}:user/{name}"},
    "kinesis": {"StreamName": "arn:aws:kinesis:{region}:{account}:stream/{name}"},
    "logs": {"logGroupName": "arn:aws:logs:{region}:{account}:log-group:{name}:*"},
    "secretsmanager": {
        "SecretId": "arn:aws:secretsmanager:{region}:{account}:secret:{name}-AbCdEf",
        "Name": "arn:aws:secretsmanager:{region}:{account}:secret:{name}-AbCdEf",
    },
}
#: Parameter of an S3 call -> the condition key that it is.
_S3_KEYS = {
    "ACL": "s3:x-amz-acl",
    "Delimiter": "s3:delimiter",
    "MaxKeys": "s3:max-keys",
    "Prefix": "s3:prefix",
    "SSECustomerAlgorithm": "s3:x-amz-server-side-encryption-customer-algorithm",
    "SSEKMSKeyId": "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "ServerSideEncryption": "s3:x-amz-server-side-encryption",
    "StorageClass": "s3:x-amz-storage-class",
    "VersionId": "s3:versionid",
}


@dataclass(frozen=True)
class Caller:
    """Who calls, and the policies that limit it; None where nothing does."""

    arn: str
    role: str | None = None
    policies: tuple[dict[str, Any], ...] | None = None


def caller_of(call: Call) -> Caller:
    """Who made the keys that the call is signed with."""
    for kind in (IAMUserAccessKey, AssumedRoleAccessKey):
        try:
            key: Any = kind(ACCOUNT, "aws", call.access_key, {"X-Amz-Security-Token": call.token} if call.token else {})
        except (CreateAccessKeyFailure, KeyError):
            continue
        role = getattr(key, "_owner_role_name", None)
        policies = tuple(IAMPolicy(each)._policy_json for each in key.collect_policies())
        return Caller(key.arn, f"arn:aws:iam::{ACCOUNT}:role/{role}" if role else None, policies)
    return Caller(f"arn:aws:iam::{ACCOUNT}:user/streambed")


def refusal(call: Call) -> Worded | None:
    """Why the caller's own policies do not let the call pass; None where they do, or nobody asks."""
    # Source: STS GetCallerIdentity: no permissions are required.
    if not settings.values["iam"] or call.model is None or call.operation == "GetCallerIdentity":
        return None
    caller = caller_of(call)
    if caller.policies is None:
        return None
    for request in _requests(call, caller):
        said = set().union(*(effects(policy, request) for policy in caller.policies))
        if said != {"Allow"}:
            why = "with an explicit deny in an identity-based policy" if "Deny" in said else None
            return _denied(call, caller, request, why)
    return None


def bucket_refusal(
    call: Call, policy: bytes | None, action: str | None = None, key: str | None = None
) -> Worded | None:
    """Why a bucket's policy denies the call, or one action on one of the bucket's keys; None where it does not."""
    if policy is None:
        return None
    caller = caller_of(call)
    bucket = f"arn:aws:s3:::{call.given['Bucket']}"
    resources = [f"{bucket}/{key}"] if key is not None else _resources(call)
    request = _request(call, caller, action or action_of(call), resources)
    if "Deny" not in effects(json.loads(policy), request):
        return None
    return _denied(call, caller, request, "with an explicit deny in a resource-based policy")


def _denied(call: Call, caller: Caller, request: Request, why: str | None) -> Worded:
    on = request.resources[0] if call.service == "s3" and request.resources else None
    code, status, message = denial(call, caller.arn, request.action, on, why)
    return Worded(code, message, status)


def _requests(call: Call, caller: Caller) -> list[Request]:
    """What all has to be allowed: of EC2 every object by itself, else the action on one of what it names."""
    action = action_of(call)
    whole = _request(call, caller, action, _resources(call))
    if call.service != "ec2":
        return [whole]
    plain = {key: value for key, value in whole.context.items() if not key.startswith("aws:requesttag/")}
    found = [
        replace(whole, action=each, resources=[arn], context={**plain, **keys})
        for each, arn, keys in ec2_access.parts(call, action)
    ]
    return found or [whole]


def _request(call: Call, caller: Caller, action: str, resources: list[str]) -> Request:
    principals = [caller.arn, *([caller.role] if caller.role else [])]
    return Request(action, resources, principals, ACCOUNT, _context(call, caller))


def _resources(call: Call) -> list[str]:
    given = call.given
    if call.service == "s3":
        bucket = f"arn:aws:s3:::{given['Bucket']}" if "Bucket" in given else "*"
        if call.operation == "DeleteObjects":
            return [f"{bucket}/{each['Key']}" for each in given.get("Delete", {}).get("Objects", [])]
        return [f"{bucket}/{given['Key']}" if "Key" in given else bucket]
    named = [
        form.format(region=call.region, account=ACCOUNT, name=given[parameter])
        for parameter, form in _NAMED.get(call.service, {}).items()
        if isinstance(given.get(parameter), str) and not given[parameter].startswith("arn:")
    ]
    return [*named, *(value for value in given.values() if isinstance(value, str) and value.startswith("arn:"))]


def _context(call: Call, caller: Caller) -> dict[str, list[str]]:
    """The condition keys that the call has."""
    values = settings.values
    context = {
        "aws:principalaccount": [ACCOUNT],
        "aws:principalarn": [caller.role or caller.arn],
        "aws:principalisawsservice": ["false"],
        "aws:principaltype": ["AssumedRole" if caller.role else "User"],
        "aws:requestedregion": [call.region],
        "aws:resourceaccount": [ACCOUNT],
        "aws:securetransport": [str(values["tls"]).lower()],
        "aws:sourceip": ["127.0.0.1"],
        "aws:username": [caller.arn.rpartition("/")[2]],
        "aws:viaawsservice": ["false"],
        "s3:resourceaccount": [ACCOUNT],
        "s3:signatureversion": ["AWS4-HMAC-SHA256"],
    }
    if values["tls"]:
        context["s3:tlsversion"] = ["1.3"]
    if values["source_vpce"]:
        context["aws:sourcevpce"] = [values["source_vpce"]]
    for name, key in _S3_KEYS.items() if call.service == "s3" else ():
        if call.given.get(name) is not None:
            context[key] = [str(call.given[name])]
    return context | _tags(call.given)


def _tags(given: dict[str, Any]) -> dict[str, list[str]]:
    """The tags that the call asks for, as keys."""
    lists = [given.get("Tags"), *(each.get("Tags") for each in given.get("TagSpecifications", []))]
    tags = {
        tag["Key"]: tag.get("Value", "") for each in lists if isinstance(each, list) for tag in each if "Key" in tag
    }
    return {f"aws:requesttag/{key}".lower(): [value] for key, value in tags.items()} | (
        {"aws:tagkeys": list(tags)} if tags else {}
    )
