# SPDX-License-Identifier: Apache-2.0
"""The server process: moto behind one door that reads, admits and journals every call."""

from __future__ import annotations

import contextlib
import functools
import io
import os
import signal
import socket
import threading
import time
import traceback
from collections.abc import Iterable
from email.utils import formatdate
from http import HTTPStatus
from pathlib import Path
from typing import Any, NoReturn

from botocore.model import OperationNotFoundError
from moto.core.exceptions import ServiceException
from moto.core.request import Request
from moto.ec2.exceptions import FilterNotImplementedError
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server
from werkzeug.wsgi import get_input_stream

from localcloud import access, overlays
from localcloud.calls import Call, current, read_call
from localcloud.clock import seconds
from localcloud.control import PREFIX, Control
from localcloud.fault_answers import NO_ANSWER
from localcloud.injection import injection
from localcloud.journal import Journal
from localcloud.models.check import refusal
from localcloud.overlays import words
from localcloud.overlays.cloudtrail import history
from localcloud.refusals import Answer, error_answer
from localcloud.settings import ACCOUNT

HOST = "127.0.0.1"
HOUR_SECONDS = 3600.0


class PortTaken(OSError):
    """The port that was asked for is in use."""


class LocalCloud:
    """The WSGI application."""

    def __init__(self, journal: Journal, control: Control) -> None:
        self._journal = journal
        history.entries = lambda: journal.since(0)
        self._control = control
        self._moto = DomainDispatcherApplication(create_backend_app)
        # One call at a time: moto's models are not made for threads, and the journal then holds the true order.
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = _take_body(environ)
        request = _request(environ, body)
        if request.path == f"{PREFIX}health":
            # Without the lock: whoever asks wants to know now, not after the call in progress.
            answer = self._control.answer(request)
        elif request.path.startswith(PREFIX):
            with self._lock:
                answer = self._control.answer(request)
        else:
            answer = self._call(environ, body, request)
        if answer is NO_ANSWER:
            _hang_up(environ)
        start_response(f"{answer.status} {_phrase(answer.status)}", _with_length(answer))
        # An answer to HEAD has no body, whoever made it.
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else answer.body]

    def _call(self, environ: dict[str, Any], body: bytes, request: Request) -> Answer:
        with self._lock:
            call = read_call(request)
            strike = injection.meet(call)
        # Without the lock: a slow call does not hold up the others.
        time.sleep(strike.seconds)
        with self._lock:
            act = functools.partial(self._dispatch, call, {**environ, "wsgi.input": io.BytesIO(body)})
            answer = injection.answer(call, strike, act)
            self._journal.write(call, answer, strike.entry)
        return answer

    def _dispatch(self, call: Call, environ: dict[str, Any]) -> Answer:
        """moto's answer to what its model allows; its crashes as errors in AWS's shape instead of HTML."""
        current.call = call
        try:
            wrong = access.refusal(call) or refusal(call.service, call.model, call.given) or overlays.refused(call)
            if wrong:
                return error_answer(call.protocol, wrong.status, wrong.code, wrong.message)
            return words.mended(call, _collect(self._moto, environ))
        except ServiceException as error:
            return error_answer(call.protocol, 400, error.code, error.message)
        except FilterNotImplementedError as error:
            # The name is one of AWS's, or the models' check would have refused it.
            message = f"localcloud does not have this filter of {call.operation}: {error}"
            return error_answer(call.protocol, 501, "NotImplemented", message)
        except OperationNotFoundError:
            # Source: "Common errors" of the query APIs: InvalidAction.
            message = f"The action {call.operation} is not valid for this web service."
            return error_answer(call.protocol, 400, "InvalidAction", message)
        except NotImplementedError as error:
            message = f"localcloud does not have {call.service} {call.operation}: {error}"
            return error_answer(call.protocol, 501, "NotImplemented", message)
        except Exception as error:
            traceback.print_exc()
            return error_answer(call.protocol, 500, "InternalFailure", f"{type(error).__name__}: {error}")


def _take_body(environ: dict[str, Any]) -> bytes:
    """The whole body; the environ then describes a request with a plain length."""
    body = get_input_stream(environ).read()
    environ["CONTENT_LENGTH"] = str(len(body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ.pop("wsgi.input_terminated", None)
    return body


def _hang_up(environ: dict[str, Any]) -> NoReturn:
    """Close the connection without an answer. Raises what werkzeug takes for a client that went away."""
    # Within a process there is no socket.
    with contextlib.suppress(OSError, KeyError):
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError("localcloud was told to give no answer")


def _request(environ: dict[str, Any], body: bytes) -> Request:
    request = Request({**environ, "wsgi.input": io.BytesIO(body)})
    request.get_data(parse_form_data=False, cache=True)
    return request


def _collect(app: Any, environ: dict[str, Any]) -> Answer:
    started: list[Any] = []
    chunks = app(environ, lambda status, headers, exc_info=None: started.extend((status, headers)))
    try:
        body = b"".join(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    return Answer(int(started[0].split()[0]), list(started[1]), body)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _with_length(answer: Answer) -> list[tuple[str, str]]:
    """The headers with a Content-Length, which keeps the connection usable for the next call."""
    if any(name.lower() == "content-length" for name, _ in answer.headers):
        return answer.headers
    return [*answer.headers, ("Content-Length", str(len(answer.body)))]


class _Handler(MotoRequestHandler):
    """moto's handler without a line per request: the journal has it."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The Date of an answer, by the cloud's clock."""
        return date(timestamp)


def date(timestamp: float | None = None) -> str:
    """A moment as answers are dated, by the cloud's clock; now, where none is given."""
    return formatdate(seconds() if timestamp is None else timestamp, usegmt=True)


@functools.cache
def prepare() -> None:
    """Makes moto this cloud, for the whole process, once."""
    # The account is the same whatever the shell around has exported.
    os.environ["MOTO_ACCOUNT_ID"] = ACCOUNT
    # Hundreds of machine images, made anew after each reset; nothing here starts a machine.
    os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
    overlays.install()


def bind(port: int) -> socket.socket:
    """A listening socket on loopback. Raises PortTaken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise PortTaken(f"port {port} of {HOST} cannot be used: {error.strerror}") from error
    return listener


def serve(port: int, state_dir: Path, parent_pid: int | None = None) -> None:
    """Serve until SIGTERM or SIGINT, or until the parent is gone. Raises PortTaken."""
    state_dir.mkdir(parents=True, exist_ok=True)
    prepare()
    with bind(port) as listener:
        port = listener.getsockname()[1]
        journal = Journal(state_dir / "journal.jsonl")
        app = LocalCloud(journal, Control(journal, port))
        server = make_server(HOST, port, app, threaded=True, request_handler=_Handler, fd=listener.fileno())
        for number in (signal.SIGTERM, signal.SIGINT):
            # At once: everything worth keeping is in files, and taking moto's objects apart costs seconds.
            signal.signal(number, lambda *_: os._exit(0))
        if parent_pid is not None:
            _leave_with(parent_pid)
        (state_dir / "pid").write_text(f"{os.getpid()}\n", encoding="utf-8")
        (state_dir / "endpoint").write_text(f"http://{HOST}:{port}\n", encoding="utf-8")
        # Between calls it sleeps: what ends it does not wait for it to look.
        server.serve_forever(poll_interval=HOUR_SECONDS)


def _leave_with(parent_pid: int) -> None:
    def watch() -> None:
        while _exists(parent_pid):
            time.sleep(0.5)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
