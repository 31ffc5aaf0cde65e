# SPDX-License-Identifier: Apache-2.0
"""The lifecycle rules of ours among those of others.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

EXPIRE_ID = "streambed-expire-noncurrent-versions"
ABORT_ID = "streambed-abort-incomplete-uploads"
OURS = (EXPIRE_ID, ABORT_ID)
# Source: PutBucketLifecycleConfiguration API reference, NoncurrentVersionExpiration: NewerNoncurrentVersions 1 to 100.
MOST_KEPT = 100
FIELDS = ("noncurrent_versions_days", "noncurrent_versions_kept", "abort_incomplete_multipart_days")


def expire_rule(days: int, kept: int) -> dict[str, Any]:
    """Old versions of states and locks go after ``days``, all but the newest ``kept`` of each.

    A released Terraform lock leaves a delete marker; once nothing is behind it any more, it goes too.
    """
    expiration = {"NoncurrentDays": days, **({"NewerNoncurrentVersions": kept} if kept else {})}
    return {
        "ID": EXPIRE_ID,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": expiration,
        "Expiration": {"ExpiredObjectDeleteMarker": True},
    }


def abort_rule(days: int) -> dict[str, Any]:
    """Uploads that nobody finished go after ``days``."""
    return {
        "ID": ABORT_ID,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": days},
    }


def in_force(rules: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """What our rules do, in the words of the options; 0 where one is missing or was changed by hand."""
    found = {rule.get("ID"): rule for rule in rules if rule.get("ID") in OURS}
    expire = found.get(EXPIRE_ID, {}).get("NoncurrentVersionExpiration", {})
    days, kept = expire.get("NoncurrentDays", 0), expire.get("NewerNoncurrentVersions", 0)
    abort = found.get(ABORT_ID, {}).get("AbortIncompleteMultipartUpload", {}).get("DaysAfterInitiation", 0)
    if not _same(found.get(EXPIRE_ID, {}), expire_rule(days, kept)):
        days = kept = 0
    if not _same(found.get(ABORT_ID, {}), abort_rule(abort)):
        abort = 0
    return dict(zip(FIELDS, (days, kept, abort), strict=True))


def _same(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether a rule is as we write it; a filter for everything has three spellings."""
    everything = {"Filter": found.get("Filter") or {"Prefix": found.get("Prefix", "")}}
    rest = {key: value for key, value in found.items() if key not in ("Filter", "Prefix")}
    return {**rest, **everything} == dict(wanted)


def expires_current(rule: Mapping[str, Any]) -> bool:
    """Whether a rule makes objects go that nobody deleted: after so many days, or from a date on."""
    return bool({"Days", "Date"} & set(rule.get("Expiration") or {}))


def merged(rules: Iterable[Mapping[str, Any]], settings: Mapping[str, int]) -> list[dict[str, Any]]:
    """Everybody's rules: those of others as they are, then ours as ``settings`` say."""
    result = [dict(rule) for rule in rules if rule.get("ID") not in OURS]
    days, kept, abort = (settings[name] for name in FIELDS)
    if days:
        result.append(expire_rule(days, kept))
    if abort:
        result.append(abort_rule(abort))
    return result
