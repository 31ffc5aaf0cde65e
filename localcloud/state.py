# SPDX-License-Identifier: Apache-2.0
"""All objects of one cloud as bytes, and back: for demos and tests that begin from a laid environment.

The bytes are one line of JSON, which says what they are, and behind it a pickle of moto's backends, compressed. Only
classes of this cloud's objects and plain values are taken out of it: a file that names anything else is refused.
"""

from __future__ import annotations

import hashlib
import importlib
import io
import json
import pickle
import platform
import re
import types
import zlib
from collections.abc import Callable
from typing import Any

import moto
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from moto.backends import get_backend
from moto.core.base_backend import BackendDict
from moto.s3.models import s3_backends

#: Raised whenever what is kept, or how, changes in a way that an older file does not know.
FORM = 1
_WHAT = "localcloud state"
#: What a file must have in common with the cloud that loads it: objects are kept as these know them.
_VERSIONS = {"form": FORM, "moto": moto.__version__, "python": ".".join(platform.python_version_tuple()[:2])}

#: What moto keeps is spread over its services' modules; none of it is in those that serve.
_OURS = re.compile(r"moto\.(?!moto_)\w+\.(?!responses|urls)\w+(\.\w+)*|localcloud\.overlays(\.\w+)*")
_PLAIN = {
    "builtins": {"bytearray", "complex", "dict", "frozenset", "int", "list", "set", "str", "tuple"},
    "collections": {"Counter", "OrderedDict", "defaultdict", "deque"},
    "datetime": {"date", "datetime", "timedelta", "timezone"},
    "decimal": {"Decimal"},
    "ipaddress": {"IPv4Address", "IPv4Network", "IPv6Address", "IPv6Network"},
    "uuid": {"UUID"},
}


class StateError(ValueError):
    """A state that cannot be saved, or bytes that are none of this version."""


def saved() -> bytes:
    """The objects of every account, region and service. Raises StateError where one cannot be kept."""
    backends = [
        (regions.service_name, account, region, backend)
        for regions in list(BackendDict._instances)  # type: ignore[misc]
        for account, region, backend in regions.iter_backends()
    ]
    written = io.BytesIO()
    try:
        _Writer(written, protocol=5).dump({"backends": backends, "buckets": dict(s3_backends.bucket_accounts)})
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise StateError(f"this state cannot be saved: {error}") from error
    body = zlib.compress(written.getvalue())
    head = {"what": _WHAT, **_VERSIONS, "sha256": hashlib.sha256(body).hexdigest()}
    return json.dumps(head).encode() + b"\n" + body


def read(data: bytes) -> dict[str, Any]:
    """What `restore` takes, out of what `saved` gave. Raises StateError for anything else; changes nothing."""
    line, _, body = data.partition(b"\n")
    try:
        head = json.loads(line)
        is_state = head["what"] == _WHAT
    except (ValueError, TypeError, KeyError):
        is_state = False
    if not is_state:
        raise StateError("this is no state that localcloud saved; make one with `python -m localcloud save FILE`")
    found = {name: head.get(name) for name in _VERSIONS}
    if found != _VERSIONS:
        raise StateError(
            f"this state was saved by another version ({_named(found)}), and this cloud reads {_named(_VERSIONS)};"
            " lay the environment anew and save it again"
        )
    if hashlib.sha256(body).hexdigest() != head.get("sha256"):
        raise StateError("this state is damaged: its content is not what was saved; save it again")
    try:
        return dict(_Reader(io.BytesIO(zlib.decompress(body))).load())
    except (pickle.UnpicklingError, zlib.error, AttributeError, ImportError, EOFError, TypeError) as error:
        raise StateError(f"this state cannot be loaded: {error}") from error


def restore(state: dict[str, Any]) -> None:
    """The objects are there, in a cloud that was reset before."""
    for service, account, region, backend in state["backends"]:
        regions = get_backend(service)[account]
        # Past moto's own method, which knows only regions that it makes itself.
        dict.__setitem__(regions, region, backend)
    s3_backends.bucket_accounts.update(state["buckets"])


def _named(versions: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in versions.items())


class _Writer(pickle.Pickler):
    """Keeps what pickle would call a function for, or cannot keep, in ways of which `_WAYS_BACK` knows all."""

    def reducer_override(self, value: Any) -> Any:
        """How to make the value again."""
        if isinstance(value, types.MethodType):
            return method, (value.__self__, value.__name__)
        if isinstance(value, re.Pattern):
            return pattern, (value.pattern, value.flags)
        if hasattr(value, "private_bytes"):
            return private_key, (_pem(value),)
        return NotImplemented


class _Reader(pickle.Unpickler):
    """Finds the classes of this cloud's objects, and nothing else that could be called."""

    def find_class(self, module: str, name: str) -> Any:
        """The class, or one of the ways back. Raises UnpicklingError for anything else."""
        if module == __name__ and name in _WAYS_BACK:
            return _WAYS_BACK[name]
        if name in _PLAIN.get(module, ()):
            return getattr(importlib.import_module(module), name)
        if _OURS.fullmatch(module):
            found = super().find_class(module, name)
            if isinstance(found, type) and found.__module__ == module:
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is not among what a cloud holds")


def method(owner: Any, name: str) -> Any:
    """A method of one of moto's objects, such as security groups keep for each of their filters."""
    if not _OURS.fullmatch(type(owner).__module__) or not isinstance(getattr(type(owner), name), types.FunctionType):
        raise pickle.UnpicklingError(f"{name} is no method of a cloud's object")
    return getattr(owner, name)


def pattern(text: str | bytes, flags: int) -> re.Pattern[Any]:
    """A regular expression."""
    return re.compile(text, flags)


def private_key(pem: bytes) -> PrivateKeyTypes:
    """A key of KMS."""
    return serialization.load_pem_private_key(pem, None)


def _pem(key: Any) -> bytes:
    kept: bytes = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return kept


_WAYS_BACK: dict[str, Callable[..., Any]] = {"method": method, "pattern": pattern, "private_key": private_key}
