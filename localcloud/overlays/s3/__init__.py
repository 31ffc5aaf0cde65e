# SPDX-License-Identifier: Apache-2.0
"""S3: new buckets as AWS makes them since April 2023, what it refuses, and settings as they were given.

Source: S3 user guide "Bucket naming rules", "Default settings for new buckets", "Blocking public access",
"Setting a lifecycle configuration"; API reference of each operation.
"""

from __future__ import annotations

from localcloud.overlays.s3 import buckets, kept, uploads


def install() -> None:
    """Let requests for S3 come here."""
    buckets.install()
    kept.install()
    uploads.install()
