# SPDX-License-Identifier: Apache-2.0
"""The cloud's own side door, under /_localcloud/: health, journal, reset, state, settings, faults."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from typing import Any

from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.core.request import Request

from localcloud.clock import clock
from localcloud.faults import faults
from localcloud.injection import injection
from localcloud.journal import Journal
from localcloud.overlays.elasticache.changes import let_window_pass
from localcloud.overlays.elasticache.store import stores
from localcloud.redis.fleet import fleet
from localcloud.refusals import Answer
from localcloud.settings import settings
from localcloud.state import StateError, read, restore, saved

PREFIX = "/_localcloud/"


class Control:
    """Answers the requests under PREFIX."""

    def __init__(self, journal: Journal, port: int) -> None:
        self._journal = journal
        self._port = port
        self._started = time.monotonic()
        self._ways: dict[str, Callable[[Request], Any]] = {
            "GET health": lambda _: self._health(),
            "GET journal": lambda request: self._journal.since(int(request.args.get("since", "0"))),
            "POST reset": lambda request: self._reset(json.loads(request.get_data() or "{}")),
            "GET settings": lambda _: settings.values,
            "POST settings": lambda request: self._update(json.loads(request.get_data())),
            "GET faults": self._faults,
            "POST faults": self._faults,
            "DELETE faults": self._faults,
            "POST maintenance-window": lambda _: _window_passed(),
            "GET redis": lambda _: fleet.shown(),
            "GET state": lambda _: Answer(200, [("Content-Type", "application/octet-stream")], _saved()),
            "POST state": lambda request: self._load(request.get_data()),
        }

    def answer(self, request: Request) -> Answer:
        """The answer, as JSON; 404 for what does not exist, 400 for what cannot be meant."""
        what = f"{request.method} {request.path.removeprefix(PREFIX)}"
        if what not in self._ways:
            return _json({"error": f"there is no {what}"}, 404)
        try:
            told = self._ways[what](request)
        except ValueError as error:
            return _json({"error": str(error)}, 400)
        return told if isinstance(told, Answer) else _json(told)

    def _load(self, data: bytes) -> dict[str, Any]:
        """Forget all objects and calls for those that were saved; the settings stay. Raises StateError before that."""
        state = read(data)
        self._reset({})
        restore(state)
        return {"status": "loaded"}

    def _update(self, changes: dict[str, Any]) -> dict[str, Any]:
        """All settings after the changes."""
        if "lateness" in changes:
            injection.catch_up()
        return settings.update(changes)

    def _faults(self, request: Request) -> Any:
        """GET: all faults. POST: the new one. DELETE: those left when the one that `id` names, or all, are off."""
        if request.method == "POST":
            return faults.add(json.loads(request.get_data()))
        if request.method == "DELETE":
            if "id" in request.args:
                injection.remove(int(request.args["id"]))
            else:
                injection.clear()
        return faults.shown()

    def _health(self) -> dict[str, Any]:
        uptime = round(time.monotonic() - self._started, 3)
        return {"pid": os.getpid(), "port": self._port, "uptime": uptime, "endpoints": _endpoints(),
                "struck": dict(self._journal.struck)}  # fmt: skip

    def _reset(self, options: dict[str, Any]) -> dict[str, Any]:
        """Forget all objects and calls. The settings stay, unless `settings` says what differs from the defaults."""
        for backends in list(_backends()):
            for regions in backends.values():
                if regions.service_name == "s3":
                    # S3 also keeps names outside of its backend, which only its own reset clears.
                    regions.reset()
                # Dropped, not rebuilt: most backends are made anew in no time, and only where they are used.
                regions.clear()
        reset_model_data()
        clock.reset()
        fleet.reset()
        injection.reset()
        self._journal.reset()
        if "settings" in options:
            settings.reset()
            settings.update(options["settings"])
        return {"status": "reset"}


def _window_passed() -> dict[str, list[str]]:
    return {"applying": [name for store in stores() for name in let_window_pass(store)]}


def _saved() -> bytes:
    """The state, once all that is under way has arrived. Raises StateError where servers would be left out."""
    if settings.values["real_redis"]:
        raise StateError("servers behind endpoints are no part of a state; lay it with the setting real_redis off")
    clock.finish()
    return saved()


def _backends() -> list[Any]:
    return BackendDict._instances  # type: ignore[misc]


def _endpoints() -> str:
    """What is behind the endpoints of replication groups."""
    if not settings.values["real_redis"]:
        return "names only: the setting real_redis is off"
    binary, reason = fleet.found
    return f"served by {binary}" if binary else reason


def _json(value: Any, status: int = 200) -> Answer:
    return Answer(status, [("Content-Type", "application/json")], json.dumps(value, default=str).encode())
