# SPDX-License-Identifier: Apache-2.0
"""Who changed last what is not as declared, as CloudTrail's event history tells it.  Reads only.

The history has what was called in the last 90 days in this region, some minutes after the call.
Source: CloudTrail user guide, "Working with CloudTrail event history".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..aws.client import explain
from ..aws.sdk import BotoCoreError, ClientError
from ..reconcile.errors import Failure
from ..reconcile.plan import Call

if TYPE_CHECKING:
    from ..aws.client import Aws

PERMISSIONS = frozenset({"cloudtrail:LookupEvents"})
ID = re.compile(r"[a-z]+-[0-9a-f]{8,17}\Z")
# Parameters that name what a call changes, where that has a name and no id.
NAMING = ("StreamName", "Bucket", "ReplicationGroupId", "CacheSubnetGroupName", "CacheParameterGroupName", "UserId",
          "UserGroupId", "RoleName", "logGroupName", "TableName", "SecretId", "AlarmName")  # fmt: skip
# LookupEvents takes two calls a second in an account and region, so that many objects at most are asked about, and of
# each the newest page.  Source: LookupEvents API reference.
OBJECTS, PAGE = 10, {"MaxItems": 50}


def names(call: Call) -> list[str]:
    """What the call that repairs an object names it: parameters of the call itself, ids and names.

    What is made anew has no id yet: those in its call are what it belongs to, which others changed for other reasons.
    """
    anew = "TagSpecifications" in call.params
    return [value for key, value in call.params.items()
            if isinstance(value, str) and (key in NAMING or (not anew and ID.match(value)))]  # fmt: skip


def subjects(calls: Iterable[Call]) -> dict[str, list[str]]:
    """The objects that a plan would repair, by what they are called, with the names to ask for."""
    found: dict[str, list[str]] = {}
    for call in calls:
        found[call.on] = list(dict.fromkeys([*found.get(call.on, ()), *names(call)]))
    return dict([each for each in found.items() if each[1]][:OBJECTS])


def newest(events: Sequence[Mapping[str, Any]]) -> dict[str, str] | None:
    """The newest event that changed something: ``user``, ``time``, ``call`` and ``from``; ``None`` without one."""
    for event in sorted(events, key=lambda each: each["EventTime"], reverse=True):
        record = json.loads(event.get("CloudTrailEvent") or "{}")
        if event.get("ReadOnly") != "true" and not record.get("errorCode"):
            who = record.get("userIdentity", {}).get("arn") or event.get("Username") or "unknown"
            return {"user": who, "time": f"{event['EventTime']:%Y-%m-%d %H:%M:%S %Z}".strip(),
                    "call": event["EventName"], "from": record.get("sourceIPAddress", "unknown")}  # fmt: skip
    return None


def told(aws: Aws, calls: Iterable[Call]) -> dict[str, Any]:
    """``changed_by``: for each object that the history knows its last change; ``changed_by_unknown``: why there is
    none where the history cannot be read, or an empty text."""
    found = []
    try:
        for noun, wanted in subjects(calls).items():
            for name in wanted:
                about = [{"AttributeKey": "ResourceName", "AttributeValue": name}]
                answer = aws.read("cloudtrail", "lookup_events", LookupAttributes=about, PaginationConfig=PAGE) or {}
                last = newest(answer.get("Events") or ())
                if last:
                    found.append({"object": noun, **last})
                    break
    except (ClientError, BotoCoreError, Failure) as error:
        return {"changed_by": found, "changed_by_unknown": explain(error).partition(" Next: ")[0]}
    return {"changed_by": found, "changed_by_unknown": ""}
