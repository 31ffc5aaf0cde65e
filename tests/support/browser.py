# SPDX-License-Identifier: Apache-2.0
"""A real browser's own view of a page: which boxes overlap, and what is wider than its place."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# Many pages on a machine that has other work take minutes.
BUSY_SECONDS = 500
# Measured inside of a frame, for a window is not made as narrow as a phone.
MEASURE = """
<script>
addEventListener("load", () => {
  const inner = document.querySelector("iframe").contentDocument, root = inner.documentElement;
  const told = each => each.className + ": " + each.textContent.trim().slice(0, 40);
  const wide = [...inner.querySelectorAll("body *")].filter(each => !each.closest(".scroll") && !each.closest("details")
    && each.getBoundingClientRect().right > root.clientWidth + 1).map(told);
  const boxes = [...inner.querySelectorAll(".box, .what, .took, .span")]
    .map(each => [told(each), each.getBoundingClientRect()]);
  const cut = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
  const overlapping = boxes.flatMap(([one, a], at) => boxes.slice(at + 1).filter(([_, b]) => cut(a, b))
    .map(([other, _]) => one + " / " + other));
  document.querySelector("pre").textContent = JSON.stringify(
    {wide, overlapping, boxes: boxes.length, scrolls: root.scrollWidth > root.clientWidth + 1});
});
</script>
"""


def chromium(*arguments: str) -> str:
    """What a headless Chromium prints, with a profile of its own that is gone afterwards."""
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=BUSY_SECONDS).stdout


def measured(page: Path, width: int, folder: Path) -> dict[str, Any]:
    """``boxes`` counts, ``wide`` and ``overlapping`` name, ``scrolls`` is whether the page does sideways."""
    frame = f'<iframe width="{width}" height="2000" srcdoc="{html.escape(page.read_text(), quote=True)}"></iframe>'
    wrapper = folder / f"measure-{width}.html"
    wrapper.write_text(f"<!doctype html><meta charset=utf-8>{frame}<pre></pre>{MEASURE}")
    measures: dict[str, Any] = _told(wrapper, 5_000)
    return measures


def _told(wrapper: Path, within_ms: int, *arguments: str) -> Any:
    """What a page of ours leaves in its <pre>, as JSON, at the end of a time that waits for what is under way."""
    dom = chromium(f"--virtual-time-budget={within_ms}", "--dump-dom", f"--user-data-dir={wrapper.parent}/profile",
                   *arguments, wrapper.as_uri())  # fmt: skip
    found = re.search(r"<pre>([\[{].*[\]}])</pre>", dom, re.DOTALL)
    assert found, "the browser did not come to the end"
    return json.loads(html.unescape(found[1]))


# One page after the other in one frame: a browser takes longer to start than to show them all.
WALK = """
<script>
addEventListener("load", async () => {
  const frame = document.querySelector("iframe"), found = [];
  for (const [page, width] of VISITS) {
    frame.width = width;
    await new Promise(shown => { frame.onload = shown; frame.src = page; });
    const inner = frame.contentDocument, edge = inner.documentElement.clientWidth;
    const texts = [...inner.querySelectorAll("article *")].filter(each => !each.parentElement.closest("table, pre"));
    const beyond = Math.max(...texts.map(each => each.getBoundingClientRect().right - edge));
    found.push([page, width, beyond, inner.querySelectorAll("h1").length]);
  }
  document.querySelector("pre").textContent = JSON.stringify(found);
});
</script>
"""


def visited(pages: Iterable[Path], widths: Iterable[int], folder: Path) -> list[tuple[str, int, float, int]]:
    """Of each page at each width: its address, the width, by how many pixels its text is too wide, how many titles it
    has.  Tables and code scroll in places of their own.  The pages' scripts do not run: what is measured is layout."""
    visits = [(page.as_uri(), width) for page in pages for width in widths]
    wrapper = folder / "walk.html"
    script = WALK.replace("VISITS", json.dumps(visits))
    frame = "<iframe sandbox=allow-same-origin height=2000></iframe>"
    wrapper.write_text(f"<!doctype html><meta charset=utf-8>{frame}<pre></pre>{script}")
    return [tuple(each) for each in _told(wrapper, 100_000, "--allow-file-access-from-files")]
