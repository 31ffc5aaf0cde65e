# SPDX-License-Identifier: Apache-2.0
"""Clouds as processes: one in the background for people, any number side by side for tests."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import boto3
from botocore.config import Config

ROOT = Path(__file__).resolve().parent.parent
REGION = "eu-west-1"
#: Odd words on purpose: Ansible masks every occurrence of a secret in its output.
ACCESS_KEY = "LOCALCLOUDPRETENDKEY"
SECRET_KEY = "localcloud-pretend-secret"
CREDENTIALS = {"aws_access_key_id": ACCESS_KEY, "aws_secret_access_key": SECRET_KEY}

#: Long: moto is read within two seconds on a quiet machine, and within half a minute on a busy one.
_START_SECONDS = 120.0
_STOP_SECONDS = 5.0
_HEALTH_SECONDS = 5.0
#: Loading a state reads those of moto's services that were not used yet.
_ANSWER_SECONDS = 60.0


class CloudError(RuntimeError):
    """The cloud could not be started, stopped or asked; the message is for people."""


def up(state_dir: Path, port: int = 0, settle_polls: int = 2) -> str:
    """One line that says where the cloud of `state_dir` runs, started if it was not. Raises CloudError."""
    state_dir.mkdir(parents=True, exist_ok=True)
    with _locked(state_dir):
        running = find(state_dir)
        if running:
            return f"localcloud is already up at {running[1]} (pid {running[0]})"
        if _silent(state_dir):
            raise CloudError("localcloud runs but does not answer; stop it with `python -m localcloud down`")
        _forget(state_dir)
        with (state_dir / "server.log").open("wb") as log:
            process = _spawn(state_dir, port, log, start_new_session=True)
        endpoint = _await_ready(process, state_dir)
        _told(endpoint, "POST", "settings", json.dumps({"settle_polls": settle_polls}).encode())
        return f"localcloud is up at {endpoint} (pid {process.pid})"


def down(state_dir: Path) -> str:
    """One line that says what was stopped: exactly the process of `state_dir`, or nothing."""
    if not state_dir.is_dir():
        return "localcloud is not up"
    with _locked(state_dir):
        running = find(state_dir)
        pid = running[0] if running else _silent(state_dir)
        if pid:
            _stop(pid)
        _forget(state_dir)
    return f"localcloud is down (pid {pid})" if pid else "localcloud is not up"


def save(state_dir: Path, file: Path) -> str:
    """One line that says that the objects of the cloud of `state_dir` are in `file`. Raises CloudError, OSError."""
    _write(file, _told(_running(state_dir), "GET", "state"))
    return f"localcloud has saved its state to {file}"


def load(state_dir: Path, file: Path) -> str:
    """One line that says that the cloud of `state_dir` holds what `file` holds. Raises CloudError, OSError."""
    data = file.read_bytes()
    _told(_running(state_dir), "POST", "state", data)
    return f"localcloud has loaded its state from {file}"


def _running(state_dir: Path) -> str:
    running = find(state_dir)
    if running is None:
        raise CloudError("localcloud is not up; start it with `python -m localcloud up`")
    return running[1]


def _write(file: Path, data: bytes) -> None:
    """The whole file or none of it, for its owner alone: tokens and passwords of the state are in it."""
    with tempfile.NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}-", delete=False) as new:
        new.write(data)
    os.replace(new.name, file)


def find(state_dir: Path) -> tuple[int, str] | None:
    """Pid and endpoint of the cloud of `state_dir`; None when there is none.

    The pid in the file counts only when the server at the endpoint says that it is this process: after a crash the
    number may belong to somebody else.
    """
    try:
        pid = int((state_dir / "pid").read_text(encoding="utf-8"))
        endpoint = (state_dir / "endpoint").read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return None
    health = _health(endpoint)
    return (pid, endpoint) if health and health["pid"] == pid else None


def _silent(state_dir: Path) -> int | None:
    """The pid of a server of `state_dir` that runs but does not answer; None when the process is somebody else's."""
    try:
        pid = int((state_dir / "pid").read_text(encoding="utf-8"))
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except (OSError, ValueError):
        return None
    return pid if "localcloud" in words and str(state_dir.resolve()) in words else None


class Cloud:
    """An own cloud for one test, module or session: `with Cloud() as cloud: cloud.client("ec2")`."""

    def __init__(self, **settings: Any) -> None:
        self._settings = settings
        self._directory = tempfile.TemporaryDirectory(prefix="localcloud-")
        self.state_dir = Path(self._directory.name)
        self.endpoint = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._clients: dict[str, Any] = {}

    def __enter__(self) -> Cloud:
        with (self.state_dir / "server.log").open("wb") as log:
            self._process = _spawn(self.state_dir, 0, log, parent_pid=os.getpid())
        self.endpoint = _await_ready(self._process, self.state_dir)
        if self._settings:
            self.configure(**self._settings)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._directory.cleanup()

    def client(self, service: str, **options: Any) -> Any:
        """A boto3 client of this cloud; one attempt per call unless `config` says otherwise.

        Clients without options are kept: making one takes longer than most tests.
        """
        if options:
            return self._new_client(service, **options)
        if service not in self._clients:
            self._clients[service] = self._new_client(service)
        return self._clients[service]

    def _new_client(self, service: str, **options: Any) -> Any:
        options.setdefault("config", Config(retries={"total_max_attempts": 1}))
        options.setdefault("region_name", REGION)
        return boto3.client(service, endpoint_url=self.endpoint, **{**CREDENTIALS, **options})

    def environment(self) -> dict[str, str]:
        """The variables that point any AWS client of a child process to this cloud."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def reset(self) -> None:
        """All objects, faults and the journal are gone, and the settings are back where the cloud started."""
        self._ask("POST", "reset", {"settings": self._settings})

    def save(self, file: Path) -> None:
        """All objects are in `file`; what was under way has arrived. Raises CloudError where they cannot be."""
        _write(file, self._told("GET", "state"))

    def load(self, file: Path) -> None:
        """The objects are those of `file`, the settings as they are, all else as after a reset. Raises CloudError."""
        self._told("POST", "state", file.read_bytes())

    def configure(self, **settings: Any) -> dict[str, Any]:
        """All settings after these changes. Raises CloudError for a setting that does not exist."""
        return self._ask("POST", "settings", settings)

    def health(self) -> dict[str, Any]:
        """Pid, port, uptime in seconds, what is behind the endpoints of replication groups, and how many calls each
        kind of fault struck since the start."""
        return self._ask("GET", "health")

    def redis(self) -> dict[str, Any]:
        """The servers behind endpoints: `binary` or the `reason` why there is none, `ca_file`, and each server."""
        return self._ask("GET", "redis")

    def pass_maintenance_window(self) -> list[str]:
        """The ids of the replication groups that now apply what was pending."""
        return self._ask("POST", "maintenance-window", {})["applying"]

    def fault(self, kind: str, **options: Any) -> dict[str, Any]:
        """The fault, now on, with its id and its seed; docs/localcloud.md lists them. Raises CloudError."""
        return self._ask("POST", "faults", {"kind": kind, **options})

    def faults(self) -> list[dict[str, Any]]:
        """Every fault that is on, with how often it struck."""
        return self._ask("GET", "faults")

    def clear_faults(self) -> None:
        """No fault is on, and every object is seen."""
        self._ask("DELETE", "faults")

    def journal(self, since: int = 0) -> list[dict[str, Any]]:
        """Every call after call number `since`, oldest first."""
        return self._ask("GET", f"journal?since={since}")

    def writes(self, since: int = 0) -> list[dict[str, Any]]:
        """The calls that were not reads."""
        return [entry for entry in self.journal(since) if entry["write"]]

    def _ask(self, method: str, what: str, body: dict[str, Any] | None = None) -> Any:
        """The answer of the cloud's side door.  Raises CloudError where it refuses."""
        return json.loads(self._told(method, what, None if body is None else json.dumps(body).encode()))

    def _told(self, method: str, what: str, data: bytes | None = None) -> bytes:
        return _told(self.endpoint, method, what, data)


def _spawn(state_dir: Path, port: int, log: IO[bytes], **options: Any) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-m",
        "localcloud",
        "serve",
        "--port",
        str(port),
        "--state-dir",
        str(state_dir.resolve()),
    ]
    parent_pid = options.pop("parent_pid", None)
    if parent_pid is not None:
        command += ["--parent-pid", str(parent_pid)]
    return subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, **options
    )


def _await_ready(process: subprocess.Popen[bytes], state_dir: Path) -> str:
    """The endpoint, once the server answers. Raises CloudError with the server's last words."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise CloudError(_last_words(state_dir))
        running = find(state_dir)
        if running and running[0] == process.pid:
            return running[1]
        time.sleep(0.02)
    process.kill()
    raise CloudError(f"localcloud did not answer within {_START_SECONDS:.0f} s; see {state_dir / 'server.log'}")


def _last_words(state_dir: Path) -> str:
    lines = (state_dir / "server.log").read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "localcloud ended without a word"


def _stop(pid: int) -> None:
    """End the process: asked first, forced after five seconds."""
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while time.monotonic() < deadline:
        if _is_gone(pid):
            return
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)


def _is_gone(pid: int) -> bool:
    try:
        # A child of ours stays a zombie until it is waited for; someone else's child cannot be waited for.
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return True
    except ChildProcessError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def _forget(state_dir: Path) -> None:
    for name in ("pid", "endpoint"):
        (state_dir / name).unlink(missing_ok=True)


@contextmanager
def _locked(state_dir: Path) -> Iterator[None]:
    """Two `up` or `down` at the same time take turns."""
    with (state_dir / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


#: Straight to loopback, whatever proxy the environment names.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _health(endpoint: str) -> dict[str, Any] | None:
    try:
        return _get(endpoint, "health", timeout=_HEALTH_SECONDS)
    except (OSError, ValueError):
        return None


def _get(endpoint: str, what: str, timeout: float = 30) -> Any:
    with _OPENER.open(f"{endpoint}/_localcloud/{what}", timeout=timeout) as answer:
        return json.load(answer)


def _told(endpoint: str, method: str, what: str, data: bytes | None = None) -> bytes:
    """What the side door of a cloud answers.  Raises CloudError where it refuses."""
    request = urllib.request.Request(f"{endpoint}/_localcloud/{what}", data, method=method)
    try:
        with _OPENER.open(request, timeout=_ANSWER_SECONDS) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        raise CloudError(json.load(error)["error"]) from error
