# SPDX-License-Identifier: Apache-2.0
"""Unfinished uploads, page by page and with the time at which they began.

Source: ListMultipartUploads API reference; recorded, s3/list-multipart-uploads: the next markers show on the last page,
too.
"""

from __future__ import annotations

from typing import Any

from moto.core.utils import iso_8601_datetime_with_milliseconds
from moto.s3 import models
from moto.s3.models import FakeMultipart

from localcloud.overlays.wrap import wrap

_MOST = 1000


def page(answer: dict[str, Any], given: dict[str, Any], began: dict[str, str]) -> dict[str, Any]:
    """The part of moto's answer that was asked for; `began` is upload id -> time.

    By key, and of one key by id: so a page begins at the right place even when the upload before it is gone.
    """
    marker = str(given.get("KeyMarker") or "")
    # Source: without a key marker, the upload id marker is ignored.
    upload = str(given.get("UploadIdMarker") or "") if marker else ""
    most = min(int(given.get("MaxUploads") or _MOST), _MOST)
    found = sorted(answer["Uploads"], key=_place)
    left = [each for each in found if _place(each) > (marker, upload) and (upload or each["Key"] != marker)]
    shown = [{**each, "Initiated": began[each["UploadId"]]} for each in left[:most]]
    last = {"NextKeyMarker": shown[-1]["Key"], "NextUploadIdMarker": shown[-1]["UploadId"]} if shown else {}
    where = {"KeyMarker": marker, "UploadIdMarker": upload, "MaxUploads": most}
    return {**answer, **where, **last, "IsTruncated": len(left) > most, "Uploads": shown}


def times(bucket: Any) -> dict[str, str]:
    """When each of a bucket's unfinished uploads began."""
    return {upload.id: upload.began for upload in bucket.multiparts.values()}


def _place(upload: dict[str, Any]) -> tuple[str, str]:
    return upload["Key"], upload["UploadId"]


def _begin(original: Any, self: Any, *args: Any, **options: Any) -> None:
    original(self, *args, **options)
    self.began = iso_8601_datetime_with_milliseconds(models.utcnow())


def install() -> None:
    """Let uploads remember when they began."""
    wrap(FakeMultipart, "__init__", _begin)
