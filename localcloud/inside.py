# SPDX-License-Identifier: Apache-2.0
"""A cloud inside of this process: the same door as the server's, without sockets, threads or a second interpreter.

For tests that make thousands of calls from Python.  What runs as a process of its own, such as a playbook, cannot reach
it.  moto's objects are global: one process holds one such cloud.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from botocore import handlers
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError
from moto.core.botocore_stubber import MockRawResponse
from moto.core.request import Request

from localcloud.control import PREFIX, Control
from localcloud.journal import Journal
from localcloud.process import Cloud, CloudError
from localcloud.server import LocalCloud, date, prepare

#: An address, for S3 takes the first label of a name for a bucket; a port on which nothing listens, so that what does
#: not come through botocore finds nothing.
#: Source: IANA's registry of ports: 0 is reserved, 1 is tcpmux.
HOST = "127.0.0.1:1"


class Inside(Cloud):
    """`with Inside() as cloud: cloud.client("ec2")`: as `Cloud`, for this process alone."""

    def __enter__(self) -> Inside:
        prepare()
        journal = Journal(self.state_dir / "journal.jsonl")
        self._app = LocalCloud(journal, Control(journal, 0))
        self.endpoint = f"http://{HOST}"
        _clouds.append(self)
        self.reset()
        return self

    def __exit__(self, *_: object) -> None:
        _clouds.remove(self)
        self._directory.cleanup()

    def _told(self, method: str, what: str, data: bytes | None = None) -> bytes:
        status, _, answer = self.answered(method, f"{self.endpoint}{PREFIX}{what}", {}, data)
        if status >= 400:
            raise CloudError(json.loads(answer)["error"])
        return answer

    def answered(self, method: str, url: str, headers: Any, body: Any) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the answer to one request."""
        started: list[Any] = []
        request = Request.from_primitives(method, url, headers, body)
        environ = {**request.environ, "RAW_URI": urlsplit(url).path}
        chunks = self._app(environ, lambda status, found, _=None: started.extend((status, found)))
        return int(started[0].split()[0]), {"Date": date(), **dict(started[1])}, b"".join(chunks)


_clouds: list[Inside] = []


def _sent(request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
    """The answer to what botocore is about to send; None for what is not for a cloud in here."""
    if not _clouds or urlsplit(request.url).netloc != HOST:
        return None
    try:
        status, headers, body = _clouds[-1].answered(request.method, request.url, request.headers, request.body)
    except ConnectionAbortedError as error:
        raise ConnectionClosedError(error=error, endpoint_url=request.url) from error
    return AWSResponse(request.url, status, headers, MockRawResponse(body))


# Sessions take the list when they are made, those of the code that is tested among them.
handlers.BUILTIN_HANDLERS.append(("before-send", _sent))
