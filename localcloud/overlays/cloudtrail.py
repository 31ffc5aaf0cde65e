# SPDX-License-Identifier: Apache-2.0
"""CloudTrail's event history, out of the cloud's own journal.

Source: CloudTrail API reference, LookupEvents: management events, newest first, one attribute at most, 50 at once;
CloudTrail user guide, "CloudTrail record contents". AWS shows an event some minutes after the call, the cloud at once.
"""

from __future__ import annotations

import base64
import datetime
import json
import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from moto.cloudtrail import urls
from moto.cloudtrail.responses import CloudTrailResponse
from moto.core.responses import ActionResult

from localcloud.refusals import refuse
from localcloud.settings import ACCOUNT

#: What concerns records and objects are data events, which the history does not have.
_DATA = {"kinesis": ("PutRecord", "PutRecords"), "s3": ("PutObject", "DeleteObject", "DeleteObjects", "CopyObject")}
_SOURCES = {"cloudwatch": "monitoring", "resourcegroupstaggingapi": "tagging", "service-quotas": "servicequotas"}
_ID = re.compile(r"[a-z]+-[0-9a-f]{8,17}\Z")
_NAME = re.compile(r"(Name|Id|Bucket|Arn)\Z")
_AT_ONCE = 50


class _History:
    """The journal's entries, once the server has said where they are."""

    entries: Callable[[], list[dict[str, Any]]] = staticmethod(list)


history = _History()


class LocalCloudTrail(CloudTrailResponse):
    """LookupEvents; trails are moto's."""

    def lookup_events(self) -> ActionResult:
        """One page of the events that have the attribute, newest first."""
        given = json.loads(self.body)
        wanted = given.get("LookupAttributes") or []
        if len(wanted) > 1:
            raise refuse("InvalidLookupAttributesException", "You can only specify one lookup attribute.")
        found = [event for event in events(self.region) if all(_has(event, each) for each in wanted)]
        try:
            start = int(base64.b64decode(given.get("NextToken", ""), validate=True) or 0)
        except ValueError as error:
            raise refuse("InvalidNextTokenException", "Invalid NextToken.") from error
        end = start + min(given.get("MaxResults", _AT_ONCE), _AT_ONCE)
        more = {"NextToken": base64.b64encode(str(end).encode()).decode()} if end < len(found) else {}
        return ActionResult({"Events": found[start:end], **more})


def events(region: str) -> list[dict[str, Any]]:
    """The management events of a region that changed something, newest first."""
    entries = [each for each in history.entries() if each["write"] and each["region"] == region
               and each["operation"] not in _DATA.get(each["service"], ())]  # fmt: skip
    return [_event(entry) for entry in reversed(entries)]


def _event(entry: dict[str, Any]) -> dict[str, Any]:
    source = f"{_SOURCES.get(entry['service'], entry['service'])}.amazonaws.com"
    name = entry["user"].rpartition("/")[2]
    number = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{entry['time']}/{entry['n']}"))
    record = {
        "eventVersion": "1.11",
        "userIdentity": {"type": "IAMUser", "arn": entry["user"], "accountId": ACCOUNT, "userName": name},
        "eventTime": entry["time"],
        "eventSource": source,
        "eventName": entry["operation"],
        "awsRegion": entry["region"],
        "sourceIPAddress": "127.0.0.1",
        "userAgent": entry["agent"],
        "requestParameters": entry["params"],
        "readOnly": False,
        "eventID": number,
        **({"errorCode": entry["error"]} if entry["error"] else {}),
    }
    return {
        "EventId": number,
        "EventName": entry["operation"],
        "ReadOnly": "false",
        "EventTime": datetime.datetime.fromisoformat(entry["time"]),
        "EventSource": source,
        "Username": name,
        "Resources": [{"ResourceName": each} for each in dict.fromkeys(_names("", entry["params"]))],
        "CloudTrailEvent": json.dumps(record, default=str),
    }


def _names(key: str, value: Any) -> Iterator[str]:
    """What a request names: everything that looks like an id, or stands where a name stands."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _names(name, each)
    elif isinstance(value, list):
        for each in value:
            yield from _names(key, each)
    elif isinstance(value, str) and (_ID.match(value) or _NAME.search(key)):
        yield value


def _has(event: dict[str, Any], wanted: dict[str, str]) -> bool:
    key, value = wanted["AttributeKey"], wanted["AttributeValue"]
    if key == "ResourceName":
        return any(each["ResourceName"] == value for each in event["Resources"])
    return bool(str(event.get(key, "")) == value)


def install() -> None:
    """Let requests for CloudTrail come here."""
    urls.url_paths["{0}/$"] = LocalCloudTrail.dispatch
