# SPDX-License-Identifier: Apache-2.0
"""What is waited for, drawn on a terminal with rich, which is imported when something is waited for there."""

from __future__ import annotations

import atexit
import importlib.util
import os
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TextIO

from .waiting import Picture, calls, lasted

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.table import Table

BAR_WIDTH = 12


def wanted(stream: TextIO, environment: Mapping[str, str], plain: bool) -> bool:
    """Whether pictures are drawn: on a terminal that can take them, unless plain text is asked for or rich is missing.

    ansible-runner, and AWX with it, gives its runs a terminal that nobody looks at, and says so.
    """
    nobody = "AWX_ISOLATED_DATA_DIR" in environment or environment.get("TERM", "") in ("", "dumb", "unknown")
    return stream.isatty() and not plain and not nobody and importlib.util.find_spec("rich") is not None


def table(pictures: Iterable[Picture]) -> Table:
    """A row for each thing that is waited for, environment by environment."""
    from rich.progress_bar import ProgressBar
    from rich.table import Table

    drawn = list(pictures)
    found = Table(box=None, expand=True, pad_edge=False, header_style="dim", caption_justify="left",
                  caption=" | ".join(f"{each.environment}: {calls(each)}" for each in drawn))  # fmt: skip
    for name, ratio in (("waiting for", 4), ("state", 2), ("for / usually", None), ("", None), ("newest event", 4)):
        found.add_column(name, ratio=ratio, overflow="ellipsis", no_wrap=True)
    for each in drawn:
        name = f"{each.environment}: " if len(drawn) > 1 else ""
        for row in each.rows:
            progress: Any = ""
            times = lasted(row.elapsed_seconds)
            if row.typical_seconds:
                times += f" / {lasted(row.typical_seconds)}"
                progress = ProgressBar(row.typical_seconds, min(row.elapsed_seconds, row.typical_seconds), BAR_WIDTH)
            # No markup: an id in brackets is no style.
            found.add_row(*map(_plain, (f"{name}{row.noun}", row.state, times)), progress, _plain(row.word))
    return found


def _plain(text: str) -> Any:
    from rich.text import Text

    return Text(text)


class Screen:
    """The terminal of the main process, which alone draws; the workers hand it their pictures."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._pictures: dict[str, Picture] = {}
        self._console: Console | None = None
        self._live: Live | None = None
        self._broken = False

    def show(self, picture: Picture) -> None:
        """Draws it in the place of the environment's last one; without a row it is taken away.

        A terminal that cannot be drawn on is left alone from then on: an error would end the thread that calls this,
        and with it the results of all tasks.
        """
        if self._broken:
            return
        try:
            self._draw(picture)
        except Exception:
            self._broken = True

    def _draw(self, picture: Picture) -> None:
        self._pictures.pop(picture.environment, None)
        if picture.rows:
            self._pictures[picture.environment] = picture
        if not self._pictures:
            self.stop()
            return
        if self._live is None:
            self._live = self._start()
        self._live.update(table(self._pictures[name] for name in sorted(self._pictures)), refresh=True)

    def stop(self) -> None:
        """The terminal as it was, with everything on it that was printed meanwhile."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _start(self) -> Live:
        """What is printed from now on goes above the picture.

        It is written through a file of its own, since Ansible's is written to under Ansible's lock only, which whoever
        prints while a picture is drawn would hold; and without a thread, for Ansible forks.
        """
        from rich.console import Console
        from rich.live import Live

        sys.stdout.flush()
        if self._console is None:
            atexit.register(self.stop)
            self._console = Console(file=os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding=sys.stdout.encoding))
        live = Live(console=self._console, auto_refresh=False, transient=True, redirect_stderr=sys.stderr.isatty())
        live.start()
        return live
