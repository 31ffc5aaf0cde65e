# SPDX-License-Identifier: Apache-2.0
"""The documentation's pages as a browser shows them, on a desk and on a phone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import browser
from tests.support.components import ROOT

DESKTOP, PHONE = 1280, 390


@pytest.mark.skipif(not browser.CHROMIUM, reason="no Chromium on the PATH")
def test_no_page_is_wider_than_what_shows_it_and_each_has_one_title(tmp_path: Path) -> None:
    site = tmp_path / "site"
    subprocess.run([sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", site], cwd=ROOT,
                   check=True, capture_output=True)  # fmt: skip
    pages = sorted(site.rglob("*.html"))
    seen = browser.visited(pages, (DESKTOP, PHONE), tmp_path)
    assert len(seen) == 2 * len(pages)
    wrong = [(address.removeprefix(site.as_uri()), width, round(beyond), titles)
             for address, width, beyond, titles in seen if beyond > 1 or titles != 1]  # fmt: skip
    assert not wrong, "too wide by so many pixels, or not one title"
