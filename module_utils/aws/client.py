# SPDX-License-Identifier: Apache-2.0
"""Talking to AWS: reads that retry, writes that are sent once, and AWS's errors in plain words.

boto3's own retries repeat a write whose answer was lost, and a repeated CreateVpc makes a second VPC. So reads go
through a client that retries, and writes through one with a single attempt: a write without an answer is a LostAnswer,
and the engine looks before it goes on. What AWS refused for its rate, and what never left this machine, is sent again
here, for minutes if need be, and for all of a run together no longer than its ``retry_seconds``.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from ..reconcile.errors import AwsFailure, Failure, LostAnswer
from . import answers, credentials, recorder
from .codes import DENIED, READ_THROTTLES, TAKING_AWAY, THROTTLES, code_of, is_gone, is_quota, is_unknown, remedy
from .credentials import first_line
from .sdk import Config, OperationModel, ResponseParserError, loaders
from .sdk import exceptions as boto


class PlainFiles(loaders.JSONFileLoader):  # type: ignore[misc]
    """Reads botocore's data into plain mappings, which keep their order too, in a fraction of the time."""

    def _load_file(self, full_path: str, open_method: Callable[..., Any]) -> Any:
        if not os.path.isfile(full_path):
            return None
        with open_method(full_path, "rb") as file:
            return json.loads(file.read())


# Parsed once per process; a process that is forked off later inherits what was parsed before.
LOADER = loaders.Loader(file_loader=PlainFiles())

SIDE_BY_SIDE = 10
# boto3's default mode is `legacy`; `standard` knows more throttling codes and spreads its retries.
# An endpoint that hangs is told within a minute: after three attempts of a read, or one of a write.
READS = Config(retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=5, read_timeout=18,
               max_pool_connections=SIDE_BY_SIDE, user_agent_extra="streambed")  # fmt: skip
WRITES = READS.merge(Config(retries={"mode": "standard", "total_max_attempts": 1}, read_timeout=50))

# How long what was too fast is sent again.
THROTTLE_SECONDS = 120.0
# An object that was seen or made a moment ago may be unknown to another of AWS's servers for a while.
# Source: EC2 API reference, "Eventual consistency".
UNKNOWN_YET_SECONDS = 60.0
# For how long that is doubted of what is to go: it was seen a moment ago, so that most likely somebody else removed it.
GONE_SECONDS = 5.0
# How long a read whose answer cannot be believed is sent again, and a write that never left this machine.
GARBLED_SECONDS = 5.0
NOT_SENT_SECONDS = 45.0
# How long all sending again may take in one run.
RETRY_SECONDS = 1200.0
NOT_AUTHORIZED = re.compile(r"not authorized to perform: ([\w-]+:\w+)")
# A limit on how often, such as two changes of a stream's mode in 24 hours: more room does not help, time does.
OVER_TIME = re.compile(r"\b(hours?|day)\b")
NOT_SENT = (boto.EndpointConnectionError, boto.ConnectTimeoutError, boto.ProxyConnectionError, boto.SSLError)


class Garbled(Exception):
    """An answer that cannot be believed."""


# An answer that did not come, or not whole.
NO_ANSWER = (boto.HTTPClientError, boto.IncompleteReadError, ResponseParserError, Garbled)


@contextmanager
def _legible() -> Iterator[None]:
    """Raises Garbled where botocore's parsers trip over an answer, which they do with errors of Python's own."""
    try:
        yield
    except (KeyError, IndexError, ValueError) as error:
        if isinstance(error, boto.BotoCoreError):
            raise
        raise Garbled("an answer that is none") from error


class NoAnswer(AwsFailure):
    """AWS could not be asked, or answered nothing that can be believed; nothing was changed."""


def is_passing(error: BaseException) -> bool:
    """Whether a read failed for the server's or the network's sake: later it may do."""
    return isinstance(error, (*NO_ANSWER, *NOT_SENT)) or (isinstance(error, boto.ClientError) and _failed(error))


class Aws:
    """The clients of one run, made when first needed, and a count of the calls made through them.

    ``connection`` holds botocore's client arguments; ``profile`` a profile's name; ``pause(seconds)`` sleeps.
    ``retry_seconds`` is how long all sending again may take in one run, side by side or one by one.
    """

    def __init__(
        self,
        connection: Mapping[str, Any],
        profile: str | None,
        pause: Callable[[float], None],
        retry_seconds: float = RETRY_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connection, self._profile = connection, profile
        self._session = credentials.session_of(profile, LOADER)
        credentials.check_region(self._session, self.region)
        self.pause, self._clock = pause, clock
        self._retries = _Retries(retry_seconds, clock)
        self._run = uuid.uuid4().hex
        self._clients: dict[tuple[str, int], Any] = {}
        self._lock = threading.Lock()
        # However many threads wait for something, so many requests are under way.
        self._room = threading.Semaphore(SIDE_BY_SIDE)
        self.counts = {"reads": 0, "writes": 0}

    @property
    def region(self) -> str:
        """The region in use, or an empty string when none is set."""
        return self._connection.get("region_name") or self._session.get_config_variable("region") or ""

    @property
    def endpoint(self) -> str:
        """The endpoint that replaces AWS's own, or an empty string."""
        return self._connection.get("endpoint_url") or self._session.get_config_variable("endpoint_url") or ""

    def endpoint_of(self, service: str) -> str:
        """The URL that a service's requests go to, wherever that was stated."""
        return str(self._client(service, READS).meta.endpoint_url)

    def whose(self) -> str:
        """What tells one identity from another; no secret."""
        credentials = self._session.get_credentials()
        return str(self._connection.get("aws_access_key_id") or (credentials and credentials.access_key) or "")

    def without_tls(self) -> Aws:
        """The same account over plain HTTP: to see that it refuses."""
        return Aws({**self._connection, "use_ssl": False}, self._profile, self.pause)

    def turn(self, service: str, operation: str) -> None:
        """Asked before each request: a run that shares an account with others may have to wait for its turn."""

    def read(
        self, service: str, operation: str, absent: tuple[str, ...] = (), outage_seconds: float = 0.0, **params: Any
    ) -> dict[str, Any] | None:
        """The whole answer, all pages of it and bodies read; ``None`` when AWS answers with a code in ``absent``.

        A read that fails for the server's or the network's sake is sent again for ``outage_seconds``, beside the
        client's own three attempts.  Raises NoAnswer, which names operation and endpoint.
        """
        client = self._client(service, READS)

        def send() -> dict[str, Any]:
            self.turn(service, operation)
            with self._room, _legible():
                if client.can_paginate(operation):
                    return dict(client.get_paginator(operation).paginate(**params).build_full_result())
                answer = dict(getattr(client, operation)(**params))
            # Here, where it is sent again: the network may fail in the middle of a body as well.
            return {**answer, "Body": answer["Body"].read()} if hasattr(answer.get("Body"), "read") else answer

        try:
            with self._told(service, operation):
                return self._patiently(send, "reads", lambda error: _worth_reading_again(error, absent, outage_seconds))
        except boto.ClientError as error:
            if code_of(error) in absent:
                return None
            raise

    def read_many(self, requests: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
        """Answers by key, read side by side; a request is ``(service, operation, params[, absent codes])``."""
        failed = threading.Event()

        def one(request: tuple[Any, ...]) -> Any:
            if failed.is_set():  # the first failure ends it all, and is told without waiting for the rest
                return None
            service, operation, params, *absent = request
            try:
                return self.read(service, operation, *absent, **params)
            except BaseException:
                failed.set()
                raise

        for service in {request[0] for request in requests.values()}:
            self._client(service, READS)
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            found = [pool.submit(one, request) for request in requests.values()]
        for error in filter(None, (future.exception() for future in found)):
            raise error
        return dict(zip(requests, (future.result() for future in found), strict=True))

    def write(
        self,
        service: str,
        operation: str,
        params: Mapping[str, Any],
        patience: Mapping[str, float],
        harmless: Mapping[str, str],
        fence: Callable[[], None] = lambda: None,
        seen: bool = False,
    ) -> dict[str, Any]:
        """The answer to a write; empty for a refusal that says that nothing is left to do.

        Such are those in ``harmless``, and "not found" for what was ``seen`` and is to be taken away: somebody did.
        ``patience`` and ``harmless`` are a component's; ``fence()`` is asked before each sending, and raises when this
        run must not write any more.  Raises LostAnswer when the write may have taken effect without an answer.
        """
        client = self._client(service, WRITES)
        model = client.meta.service_model.operation_model(self.api_name(service, operation))
        marked = {**{name: self._token(model, params) for name in model.idempotent_members}, **params}

        def send() -> dict[str, Any]:
            fence()
            self.turn(service, operation)
            with self._room, _legible():
                answer = dict(getattr(client, operation)(**marked))
            return _taken(model, answer)

        def worth(error: Exception) -> float:
            if _is_harmless(error, harmless):
                return 0.0
            gone = seen and _is_gone(operation, error)
            return GONE_SECONDS if gone else _worth(error, patience, self.api_name(service, operation))

        try:
            with self._told(service, operation):
                return self._patiently(send, "writes", worth)
        except boto.ClientError as error:
            if _is_harmless(error, harmless) or (seen and _is_gone(operation, error)):
                return {}
            raise

    def _token(self, model: OperationModel, params: Mapping[str, Any]) -> str:
        """A client token that is the same whenever this run asks for the same, as it does after a lost answer.

        In another run it is another one: what was deleted meanwhile would not come back under the old one.
        Source: "Ensuring idempotency in Amazon EC2 API requests": up to 64 ASCII characters.
        """
        facts = json.dumps([self._run, model.name, params], sort_keys=True, default=str)
        return hashlib.sha256(facts.encode()).hexdigest()

    @contextmanager
    def _told(self, service: str, operation: str) -> Iterator[None]:
        """What botocore says of the network and of credentials, with the operation and the next step."""
        try:
            yield
        except (credentials.TokenNeeded, *credentials.ERRORS) as error:
            raise Failure(credentials.sentence(error, self._profile)) from error
        except (*NO_ANSWER, *NOT_SENT) as error:
            client = self._client(service, READS)
            raise NoAnswer(f"{self.api_name(service, operation)}: {_no_answer(error, client.meta.endpoint_url)}"
                           ) from error  # fmt: skip

    def _patiently(
        self, send: Callable[[], dict[str, Any]], kind: str, worth: Callable[[Exception], float]
    ) -> dict[str, Any]:
        """The answer; a refusal is met by sending again, with growing pauses, for as many seconds as it is worth."""
        waited, longest_pause = 0.0, 0.5
        with self._retries.counted() as begun:
            while True:
                with self._lock:
                    self.counts[kind] += 1
                started = self._clock()
                try:
                    return send()
                except Exception as error:
                    waited += self._clock() - started
                    if waited >= worth(error):
                        raise
                    begun(error)
                pause = random.uniform(0.2, longest_pause)
                longest_pause = min(10.0, longest_pause * 2)
                waited += pause
                self.pause(pause)

    def api_name(self, service: str, operation: str) -> str:
        """AWS's name of a boto3 method: ``CreateVpc`` for ``create_vpc``."""
        return str(self._client(service, READS).meta.method_to_api_mapping.get(operation, operation))

    def takes(self, service: str, operation: str, parameter: str) -> bool:
        """Whether a boto3 method has a parameter."""
        model = self._client(service, READS).meta.service_model.operation_model(self.api_name(service, operation))
        return model.input_shape is not None and parameter in model.input_shape.members

    def _client(self, service: str, config: Config) -> Any:
        key = (service, id(config))
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._new_client(service, config)
            return self._clients[key]

    def _new_client(self, service: str, config: Config) -> Any:
        """A client whose answers are checked.  Raises Failure for an endpoint that is no URL, or no credentials."""
        connection = dict(self._connection)
        extra = connection.pop("config", None)
        merged = extra.merge(config) if extra else config
        try:
            client = self._session.create_client(service, config=merged, **connection)
        except credentials.ERRORS as error:
            raise Failure(credentials.sentence(error, self._profile)) from error
        except ValueError as error:
            raise Failure(f"endpoint: {first_line(error)}, wanted a URL such as https://host. "
                          "Next: correct AWS_ENDPOINT_URL or the endpoint_url option") from error  # fmt: skip
        client.meta.events.register("after-call", _checked(_pages(service)))
        recorder.attach(client)
        return client


class _Retries:
    """How long a run has been sending again what did not go through; what is sent side by side counts once."""

    def __init__(self, most_seconds: float, clock: Callable[[], float]) -> None:
        self._most_seconds, self._clock = most_seconds, clock
        self._lock = threading.Lock()
        self._trying, self._since, self._spent_seconds = 0, 0.0, 0.0

    @contextmanager
    def counted(self) -> Iterator[Callable[[Exception], None]]:
        """Yields what is to be told of each sending that failed.  That raises AwsFailure when a run's time is up."""
        counts = False

        def begun(error: Exception) -> None:
            nonlocal counts
            with self._lock:
                if not counts:
                    counts = True
                    self._since = self._since if self._trying else self._clock()
                    self._trying += 1
                spent = self._spent_seconds + self._clock() - self._since
            if spent >= self._most_seconds:
                raise AwsFailure(f"{explain(error)} (sending again took {spent:.0f} s of this run; "
                                 "retry_seconds allows no more)") from error  # fmt: skip

        try:
            yield begun
        finally:
            with self._lock:
                if counts:
                    self._trying -= 1
                    self._spent_seconds += 0.0 if self._trying else self._clock() - self._since


def _pages(service: str) -> Mapping[str, Any]:
    """botocore's paginators of a service, by operation."""
    try:
        return dict(LOADER.load_service_model(service, "paginators-1")["pagination"])
    except boto.UnknownServiceError:
        return {}


def _checked(pages: Mapping[str, Any]) -> Callable[..., None]:
    """What botocore calls with each answer.  Raises Garbled for one that cannot be believed."""

    def check(http_response: Any, parsed: Mapping[str, Any], model: OperationModel, **_unused: Any) -> None:
        if http_response.status_code < 300:
            content = b"" if model.has_streaming_output else http_response.content
            flaw = answers.flaw(model, content, parsed, pages.get(model.name))
            if flaw:
                raise Garbled(flaw)

    return check


def _taken(model: OperationModel, answer: dict[str, Any]) -> dict[str, Any]:
    """The answer.  Raises ClientError for what an operation on several objects refused inside of a good answer.

    What is to be deleted and is not there, is as it should be.
    """
    for code, message in answers.refused(model, answer):
        if not (model.name.startswith("Delete") and is_gone(code)):
            raise boto.ClientError({"Error": {"Code": code, "Message": message}}, model.name)
    return answer


def _worth_reading_again(error: Exception, absent: tuple[str, ...], outage_seconds: float) -> float:
    """Seconds for which a refused read is sent again.  What is not expected to be absent was seen a moment ago."""
    if isinstance(error, boto.ClientError):
        code = code_of(error)
        if code in absent:
            return 0.0
        if code in READ_THROTTLES:
            return max(THROTTLE_SECONDS, outage_seconds)
        if is_unknown(code):
            return UNKNOWN_YET_SECONDS
    if isinstance(error, (Garbled, ResponseParserError, boto.IncompleteReadError)):
        return max(GARBLED_SECONDS, outage_seconds)
    return outage_seconds if is_passing(error) else 0.0


def _is_harmless(error: Exception, harmless: Mapping[str, str]) -> bool:
    if not isinstance(error, boto.ClientError):
        return False
    text = harmless.get(code_of(error))
    return text is not None and text in error.response["Error"].get("Message", "")


def _is_gone(operation: str, error: Exception) -> bool:
    """Whether an operation that takes something away was told that it is not there."""
    return operation.startswith(TAKING_AWAY) and isinstance(error, boto.ClientError) and is_gone(code_of(error))


def _worth(error: Exception, patience: Mapping[str, float], operation: str) -> float:
    """Seconds for which a refused write is sent again.  Raises LostAnswer for one that may have taken effect."""
    if isinstance(error, NOT_SENT):
        return NOT_SENT_SECONDS
    if isinstance(error, NO_ANSWER):
        raise LostAnswer(f"{operation}: {type(error).__name__}: {first_line(error)}") from error
    if not isinstance(error, boto.ClientError):
        return 0.0
    code, message = code_of(error), str(error.response.get("Error", {}).get("Message", ""))
    for known, seconds in patience.items():
        name, _unused, text = known.partition(":")
        if code == name and text in message:
            return seconds
    if code in THROTTLES:
        return THROTTLE_SECONDS
    if is_unknown(code):
        return UNKNOWN_YET_SECONDS
    if _failed(error):
        raise LostAnswer(f"{operation}: {code}") from error
    return 0.0


def _failed(error: boto.ClientError) -> bool:
    """Whether the server failed, as opposed to refusing."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)) >= 500


def _no_answer(error: Exception, endpoint: str) -> str:
    """What became of a call that got no answer, with the next step."""
    if isinstance(error, NOT_SENT):
        return (f"{first_line(error)}. Next: check the region, the endpoint and the network; "
                "for the embedded cloud run `make cloud-up`")  # fmt: skip
    if isinstance(error, Garbled):
        found = str(error)
    elif isinstance(error, boto.ReadTimeoutError):
        found = "nothing"
    else:
        found = "half an answer"
    return (f"{endpoint} answered {found}. Next: look whether a proxy stands in between, and run again; "
            "a run continues from what is there")  # fmt: skip


def explain(error: Exception) -> str:
    """One error as a sentence with the next step; parameters, which may hold secrets, are left out."""
    if isinstance(error, boto.ClientError):
        code = code_of(error)
        message = error.response.get("Error", {}).get("Message", "")
        said = f"{code}: {message}" if code and message else f"{code or _status(error)} without a word"
        return f"{error.operation_name}: {said} Next: {_next_step(code, error.operation_name, message)}"
    if isinstance(error, (Failure, LostAnswer)):
        return str(error)
    if isinstance(error, (credentials.TokenNeeded, *credentials.ERRORS)):
        return credentials.sentence(error, None)
    if isinstance(error, boto.NoRegionError):
        return "region: found nothing, wanted a region such as eu-west-1. Next: set AWS_REGION or the region option"
    if isinstance(error, NOT_SENT):
        return f"endpoint: {_no_answer(error, '')}"
    if isinstance(error, boto.ParamValidationError):
        return "AWS's own parameter check refused the call. Next: report this; it should have been refused earlier"
    return f"{type(error).__name__}. Next: run again; a run continues from what is there"


def _status(error: boto.ClientError) -> str:
    return f"HTTP {error.response.get('ResponseMetadata', {}).get('HTTPStatusCode', 'status unknown')}"


def _next_step(code: str, operation: str, message: str) -> str:
    if code in DENIED:
        # The action that allows an operation may have another name: s3:ListBucket for HeadBucket.
        action = NOT_AUTHORIZED.search(message)
        return f"allow {action.group(1) if action else operation} for these credentials"
    if code in THROTTLES or message.startswith("Rate exceeded"):
        return "run again when fewer calls are made in this account; a run continues from what is there"
    if is_quota(code) and OVER_TIME.search(message):
        return "wait until the time that AWS names has passed, and run again; what exists is kept"
    if is_quota(code):
        return "ask for a higher quota in Service Quotas or remove what is unused, and run again; what exists is kept"
    if "Expired" in code or "InvalidClientToken" in code or "UnrecognizedClient" in code:
        return "renew the credentials"
    return remedy(code) or "correct the declaration or run again; a run continues from what is there"
