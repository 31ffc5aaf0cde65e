# SPDX-License-Identifier: Apache-2.0
"""The bucket's name and what S3 wants of it.  Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..reconcile.identity import identity_of

# Source: S3 User Guide, "General purpose bucket naming rules".
NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\Z")
ADDRESS = re.compile(r"\d+(\.\d+){3}\Z")
PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3", "-an")


def bucket_name(options: Mapping[str, Any]) -> str:
    return str(options["name"] or identity_of(options).state_bucket(options["account_id"]))


def name_problem(name: str) -> str:
    """What S3 wants instead of a name that it would refuse, or an empty string."""
    if not NAME.match(name):
        return "3 to 63 lower-case letters, digits, dots and hyphens, with a letter or digit at both ends"
    if ".." in name or ADDRESS.match(name):
        return "no two dots in a row and no IP address"
    taken = [part for part in PREFIXES if name.startswith(part)] + [part for part in SUFFIXES if name.endswith(part)]
    return f"a name without {taken[0]}, which S3 keeps for itself" if taken else ""


def place(options: Mapping[str, Any]) -> dict[str, str]:
    """Which bucket, and whose: S3 refuses a call that names another owner."""
    return {"Bucket": bucket_name(options), "ExpectedBucketOwner": str(options["account_id"])}
