# SPDX-License-Identifier: Apache-2.0
"""The replication group through boto3 alone, as JSON; `look.py <group> new-token` first makes a token or the next one.

Nothing of the project is imported, and the token is printed nowhere.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from typing import Any

import boto3

SECRET = "sensors-token"
VERSION_TAG = "streambed:auth-token-version"


def client_of(service: str) -> Any:
    """A client in the play's region; boto3 by itself looks for another variable."""
    return boto3.client(service, region_name=os.environ["AWS_REGION"])


def new_token() -> str:
    """The ARN of a secret of its own for the token; another version of it when it is there."""
    client, token = client_of("secretsmanager"), secrets.token_hex(32)
    try:
        return client.create_secret(Name=SECRET, SecretString=token)["ARN"]
    except client.exceptions.ResourceExistsException:
        return client.put_secret_value(SecretId=SECRET, SecretString=token)["ARN"]


def current_secret_version() -> str | None:
    """The version of the secret that counts; None while there is no secret."""
    client = client_of("secretsmanager")
    if not client.list_secrets()["SecretList"]:
        return None
    stages = client.describe_secret(SecretId=SECRET)["VersionIdsToStages"]
    return next(version for version, labels in stages.items() if "AWSCURRENT" in labels)


def look(name: str) -> dict[str, Any]:
    """What the stages are compared with."""
    cache = client_of("elasticache")
    [group] = cache.describe_replication_groups(ReplicationGroupId=name)["ReplicationGroups"]
    clusters = cache.describe_cache_clusters()["CacheClusters"]
    tags = {tag["Key"]: tag["Value"] for tag in cache.list_tags_for_resource(ResourceName=group["ARN"])["TagList"]}
    return {
        "arn": group["ARN"],
        "created": str(group["ReplicationGroupCreateTime"]),
        "node_groups": len(group["NodeGroups"]),
        "members": len(group["MemberClusters"]),
        "tls": group["TransitEncryptionEnabled"],
        "mode": group.get("TransitEncryptionMode"),
        "token": group["AuthTokenEnabled"],
        "token_version": tags.get(VERSION_TAG),
        "current_secret_version": current_secret_version(),
        "engine": group["Engine"],
        "versions": [cluster["EngineVersion"] for cluster in clusters],
    }


if __name__ == "__main__":
    print(new_token() if sys.argv[2:] == ["new-token"] else json.dumps(look(sys.argv[1])))
