# SPDX-License-Identifier: Apache-2.0
"""A secret, the forms in which it might be written down, and the places that a run leaves behind."""

from __future__ import annotations

import base64
import json
import urllib.parse
from pathlib import Path

from localcloud.process import Cloud
from tests.support import figures

TOKEN = "Canary&Wagtail#Bullfinch^2026"


def forms(secret: str) -> set[str]:
    """The secret as it might be written down by something that encodes."""
    raw = secret.encode()
    return {
        secret,
        secret[::-1],
        raw.hex(),
        base64.b64encode(raw).decode().rstrip("="),
        urllib.parse.quote(secret),
        urllib.parse.quote_plus(secret),
        json.dumps(secret)[1:-1],
        secret.replace("&", "&amp;"),
    }


def assert_nowhere(secret: str, texts: dict[str, str]) -> None:
    figures.count("places searched for a secret", len(texts))
    for place, text in texts.items():
        for form in forms(secret):
            assert form not in text, f"{place} holds the secret"


def traces(cloud: Cloud, folder: Path, output: str) -> dict[str, str]:
    """Everything a run leaves behind, by place."""
    files = [*folder.rglob("*"), *cloud.state_dir.glob("*")]
    found = {str(file): file.read_text(errors="replace") for file in files if file.is_file()}
    return {**found, "the output": output, "the journal": json.dumps(cloud.journal())}
