"""Talking to AWS: reads that retry, writes that are sent once, and AWS's errors in plain words.

boto3's own retries repeat a write whose answer was lost, and a repeated CreateVpc makes a second VPC. So reads go
through a client that retries, and writes through one with a single attempt: a write without an answer is a LostAnswer,
and the engine looks before it goes on. What AWS refused for its rate is sent again here, for minutes if need be:
botocore would give up after seconds, or keep a user waiting as long for a misspelt endpoint.
"""

from __future__ import annotations

import json
import os
import random
import re
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import botocore.loaders
import botocore.session
from botocore import exceptions as boto
from botocore.config import Config
from botocore.parsers import ResponseParserError

from .errors import LostAnswer


class PlainFiles(botocore.loaders.JSONFileLoader):  # type: ignore[misc]
    """Reads botocore's data into plain mappings, which keep their order too, in a fraction of the time."""

    def _load_file(self, full_path: str, open_method: Callable[..., Any]) -> Any:
        if not os.path.isfile(full_path):
            return None
        with open_method(full_path, "rb") as file:
            return json.loads(file.read())


# Parsed once per process; a process that is forked off later inherits what was parsed before.
LOADER = botocore.loaders.Loader(file_loader=PlainFiles())

SIDE_BY_SIDE = 10
# boto3's default mode is `legacy`; `standard` knows more throttling codes and spreads its retries.
READS = Config(retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=10, read_timeout=60,
               max_pool_connections=SIDE_BY_SIDE, user_agent_extra="streambed")  # fmt: skip
WRITES = READS.merge(Config(retries={"mode": "standard", "total_max_attempts": 1}))

# "Too fast": nothing was done, the same call may be sent again. The last three are unknown to botocore's own list.
# Source: botocore/retries/standard.py (ThrottledRetryableChecker) and the services' error pages.
THROTTLES = frozenset({
    "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException",
    "TooManyRequestsException", "ProvisionedThroughputExceededException", "TransactionInProgressException",
    "RequestLimitExceeded", "BandwidthLimitExceeded", "SlowDown", "PriorRequestNotComplete", "EC2ThrottledException",
    "APICallRateForCustomerExceeded", "OperationAborted", "ConcurrentMutationLimitExceeded",
})  # fmt: skip
# Reads exceed no quota, only rates. An answer to S3's HEAD has no body: its status stands for SlowDown.
READ_THROTTLES = THROTTLES | {"LimitExceededException", "503"}
THROTTLE_SECONDS = 120.0
# An object that was seen or made a moment ago may be unknown to another of AWS's servers for a while.
# Source: EC2 API reference, "Eventual consistency".
UNKNOWN_YET_SECONDS = 60.0
DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthFailure", "403")
NOT_AUTHORIZED = re.compile(r"not authorized to perform: ([\w-]+:\w+)")
NOT_SENT = (boto.EndpointConnectionError, boto.ConnectTimeoutError, boto.ProxyConnectionError, boto.SSLError)


def code_of(error: boto.ClientError) -> str:
    """AWS's error code."""
    return str(error.response.get("Error", {}).get("Code", ""))


def is_quota(code: str) -> bool:
    """Whether a code says that the account may not have more of something."""
    return code not in THROTTLES and ("LimitExceeded" in code or "QuotaExceeded" in code or "QuotaFor" in code)


def is_unknown(code: str) -> bool:
    """Whether a code says that there is no such object (yet)."""
    named = ("NatGatewayNotFound", "CacheClusterNotFound", "NoSuchBucket")
    return code.endswith((".NotFound", "NotFoundFault")) or code in named


class Aws:
    """The clients of one run, made when first needed, and a count of the calls made through them.

    ``connection`` holds botocore's client arguments; ``profile`` a profile's name; ``pause(seconds)`` sleeps.
    """

    def __init__(self, connection: Mapping[str, Any], profile: str | None, pause: Callable[[float], None]) -> None:
        self._connection = connection
        self._session = botocore.session.Session(profile=profile)
        self._session.register_component("data_loader", LOADER)
        self.pause = pause
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

    def whose(self) -> str:
        """What tells one identity from another; no secret."""
        credentials = self._session.get_credentials()
        return str(self._connection.get("aws_access_key_id") or (credentials and credentials.access_key) or "")

    def turn(self, service: str, operation: str) -> None:
        """Asked before each request: a run that shares an account with others may have to wait for its turn."""

    def read(self, service: str, operation: str, absent: tuple[str, ...] = (), **params: Any) -> dict[str, Any] | None:
        """The whole answer, all pages of it; ``None`` when AWS answers with an error code in ``absent``."""
        client = self._client(service, READS)

        def send() -> dict[str, Any]:
            self.turn(service, operation)
            with self._room:
                if client.can_paginate(operation):
                    return dict(client.get_paginator(operation).paginate(**params).build_full_result())
                return dict(getattr(client, operation)(**params))

        try:
            return self._patiently(send, "reads", lambda error: _worth_reading_again(error, absent))
        except boto.ClientError as error:
            if code_of(error) in absent:
                return None
            raise

    def read_many(self, requests: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
        """Answers by key, read side by side; a request is ``(service, operation, params[, absent codes])``."""

        def one(request: tuple[Any, ...]) -> Any:
            service, operation, params, *absent = request
            return self.read(service, operation, *absent, **params)

        for service in {request[0] for request in requests.values()}:
            self._client(service, READS)
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            return dict(zip(requests, pool.map(one, requests.values()), strict=True))

    def write(
        self,
        service: str,
        operation: str,
        params: Mapping[str, Any],
        patience: Mapping[str, float],
        harmless: Mapping[str, str],
        before: Callable[[], None] = lambda: None,
    ) -> dict[str, Any]:
        """The answer to a write; empty for a refusal in ``harmless``, which says that nothing is left to do.

        ``patience`` and ``harmless`` are a component's; ``before`` is asked each time that the write is sent.  Raises
        LostAnswer when the write may have taken effect without an answer.
        """
        call = getattr(self._client(service, WRITES), operation)

        def worth(error: boto.ClientError) -> float:
            return 0.0 if _is_harmless(error, harmless) else _worth(error, patience)

        def send() -> dict[str, Any]:
            before()
            self.turn(service, operation)
            with self._room:
                return _taken(operation, dict(call(**params)))

        try:
            return self._patiently(send, "writes", worth)
        except boto.ClientError as error:
            if not _is_harmless(error, harmless):
                raise
            return {}
        except NOT_SENT:
            raise
        except (boto.HTTPClientError, ResponseParserError) as error:
            raise LostAnswer(f"{self.api_name(service, operation)}: {type(error).__name__}") from error

    def _patiently(
        self, send: Callable[[], dict[str, Any]], kind: str, worth: Callable[[boto.ClientError], float]
    ) -> dict[str, Any]:
        """The answer; a refusal is met by sending again, with growing pauses, for as many seconds as it is worth."""
        waited = 0.0
        longest_pause = 0.5
        while True:
            with self._lock:
                self.counts[kind] += 1
            try:
                return send()
            except boto.ClientError as error:
                if waited >= worth(error):
                    raise
            pause = random.uniform(0.2, longest_pause)
            longest_pause = min(10.0, longest_pause * 2)
            waited += pause
            self.pause(pause)

    def api_name(self, service: str, operation: str) -> str:
        """AWS's name of a boto3 method: ``CreateVpc`` for ``create_vpc``."""
        return str(self._client(service, READS).meta.method_to_api_mapping.get(operation, operation))

    def _client(self, service: str, config: Config) -> Any:
        key = (service, id(config))
        with self._lock:
            if key not in self._clients:
                connection = dict(self._connection)
                extra = connection.pop("config", None)
                merged = extra.merge(config) if extra else config
                self._clients[key] = self._session.create_client(service, config=merged, **connection)
            return self._clients[key]


def _taken(operation: str, answer: dict[str, Any]) -> dict[str, Any]:
    """The answer.  Raises ClientError for what an operation on several objects refused inside of a good answer.

    What is to be deleted and is not there, is as it should be.
    Source: CreateFlowLogs and DeleteVpcEndpoints API reference.
    """
    for item in answer.get("Unsuccessful") or ():
        error = item.get("Error") or {}
        if not (operation.startswith("delete_") and is_unknown(error.get("Code", ""))):
            raise boto.ClientError({"Error": error}, operation)
    return answer


def _worth_reading_again(error: boto.ClientError, absent: tuple[str, ...]) -> float:
    """Seconds for which a refused read is sent again.  What is not expected to be absent was seen a moment ago."""
    code = code_of(error)
    if code in absent:
        return 0.0
    if code in READ_THROTTLES:
        return THROTTLE_SECONDS
    return UNKNOWN_YET_SECONDS if is_unknown(code) else 0.0


def _is_harmless(error: boto.ClientError, harmless: Mapping[str, str]) -> bool:
    text = harmless.get(code_of(error))
    return text is not None and text in error.response["Error"].get("Message", "")


def _worth(error: boto.ClientError, patience: Mapping[str, float]) -> float:
    """Seconds for which a refused write is sent again.  Raises LostAnswer for a server's failure."""
    code = code_of(error)
    if code in patience:
        return patience[code]
    if code in THROTTLES:
        return THROTTLE_SECONDS
    if is_unknown(code):
        return UNKNOWN_YET_SECONDS
    if int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)) >= 500:
        raise LostAnswer(f"{error.operation_name}: {code}") from error
    return 0.0


def explain(error: Exception) -> str:
    """One botocore error as a sentence with the next step; parameters, which may hold secrets, are left out."""
    if isinstance(error, boto.ClientError):
        code = code_of(error)
        message = error.response.get("Error", {}).get("Message", "")
        return f"{error.operation_name}: {code}: {message} Next: {_next_step(code, error.operation_name, message)}"
    if isinstance(error, (boto.NoCredentialsError, boto.PartialCredentialsError)):
        return (f"credentials: found {_first_line(error)}, wanted an access key and its secret. Next: export "
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile in AWS_PROFILE")  # fmt: skip
    if isinstance(error, boto.ProfileNotFound):
        return f"profile: {_first_line(error)}. Next: correct AWS_PROFILE or the profile option"
    if isinstance(error, boto.NoRegionError):
        return "region: found nothing, wanted a region such as eu-west-1. Next: set AWS_REGION or the region option"
    if isinstance(error, NOT_SENT):
        return (f"endpoint: {_first_line(error)}. Next: check the region, the endpoint and the network; "
                "for the embedded cloud run `make cloud-up`")  # fmt: skip
    if isinstance(error, boto.ParamValidationError):
        return "AWS's own parameter check refused the call. Next: report this; it should have been refused earlier"
    return f"{type(error).__name__}. Next: run again; a run continues from what is there"


def _next_step(code: str, operation: str, message: str) -> str:
    if code in DENIED:
        # The action that allows an operation may have another name: s3:ListBucket for HeadBucket.
        action = NOT_AUTHORIZED.search(message)
        return f"allow {action.group(1) if action else operation} for these credentials"
    if code in THROTTLES or message.startswith("Rate exceeded"):
        return "run again when fewer calls are made in this account; a run continues from what is there"
    if is_quota(code):
        return "ask for a higher quota in Service Quotas or remove what is unused, and run again; what exists is kept"
    if "Expired" in code or "InvalidClientToken" in code or "UnrecognizedClient" in code:
        return "renew the credentials"
    return "correct the declaration or run again; a run continues from what is there"


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".")
