# SPDX-License-Identifier: Apache-2.0
"""How long AWS takes to know what it was just told: the setting `lateness`.

Everything is counted in calls: an object that is late by 2 is met twice by calls that do not know it, whichever they
are. With a seed each object draws its own lateness, from none to three calls; what is named beside it is as stated.
Source: EC2 API reference, "Eventual consistency"; S3 PutBucketVersioning (404 NoSuchKey while a first versioning
spreads: up to 15 minutes); IAM user guide, "Troubleshoot IAM"; KMS developer guide, "Eventual consistency";
hashicorp/terraform-provider-aws#29323 (roles and flow logs) and #7628 (settings of a new bucket);
aws-cloudformation/cloudformation-coverage-roadmap#1954 (flow logs and the policy of their bucket); boto/boto3#779.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from moto.s3.models import s3_backends

from localcloud.calls import Call
from localcloud.clock import seconds
from localcloud.overlays.failures import fail_nat_gateway
from localcloud.refusals import Answer, error_answer
from localcloud.settings import ACCOUNT, settings
from localcloud.shelves import SHELVES, Shelf, ids_of, named_by, words_of
from localcloud.stale import Hidden, Unseen

Code = tuple[str, str, int]

_SPREADING_SECONDS = 15 * 60
#: Service -> the changes of settings that may meet a conflict.
_SETTINGS = {
    "s3": re.compile(r"(Put|Delete)(Bucket|PublicAccessBlock|ObjectLockConfiguration)\w*"),
    "logs": re.compile(r"(Put|Delete)RetentionPolicy|DeleteLogGroup|(Unt|T)ag\w+|(Dis|A)ssociateKmsKey"),
}
_CONFLICTS: dict[str, Code] = {
    "s3": (
        "OperationAborted",
        "A conflicting conditional operation is currently in progress against this resource. Please try again.",
        409,
    ),
    "logs": (
        "OperationAbortedException",
        "A conflicting operation is currently in progress against this resource. Please try again.",
        400,
    ),
}
#: Service -> how it says that it cannot use a role made a moment ago.
_ROLES: dict[str, Code] = {
    "ec2": ("InvalidParameter", "Unable to assume given IAM role: '{}'", 400),
    "s3": ("MalformedPolicy", "Invalid principal in policy", 400),
    "kms": (
        "MalformedPolicyDocumentException",
        "Policy contains a statement with one or more invalid principals.",
        400,
    ),
    "secretsmanager": ("MalformedPolicyDocumentException", "This resource policy contains an invalid principal.", 400),
}
#: Service -> how it says that it does not find a key made a moment ago.
_KEYS: dict[str, Code] = {
    "kinesis": ("KMSNotFoundException", "Key '{}' does not exist", 400),
    "elasticache": ("InvalidKMSKeyFault", "The KMS key supplied is not valid.", 400),
    "dynamodb": ("ValidationException", "KMS key '{}' does not exist", 400),
    "logs": ("InvalidParameterException", "The specified KMS key does not exist or is not allowed to be used", 400),
    "secretsmanager": ("InvalidRequestException", "The KMS key '{}' does not exist", 400),
}
#: Kind of object -> how calls of other services name it, and how these say that they do not know it.
_ELSEWHERE = {
    "role": (r'arn:aws[\w-]*:iam::\d+:role/(?:[^\s"]*/)?{}(?![\w+=,.@-])', _ROLES),
    "key": (r"(?:arn:aws[\w-]*:kms:[\w-]+:\d+:key/)?{}", _KEYS),
}


@dataclass(frozen=True)
class Late:
    """Why something is late, as the journal says it."""

    of: str
    id: int = 0

    def entry(self, **more: Any) -> dict[str, Any]:
        """What the journal says of a call that met something late."""
        return {"kind": "late", "of": self.of, **more}


@dataclass
class _Unknown:
    """An object that other services do not know yet."""

    named: re.Pattern[str]
    left: int
    kind: str
    codes: dict[str, Code]


class Lateness:
    """What is late in one cloud."""

    def __init__(self, hidden: Hidden) -> None:
        self._hidden = hidden
        self.reset()

    def reset(self) -> None:
        """Nothing is late, and draws begin again."""
        self._drawn: Counter[str] = Counter()
        self._unknown: list[_Unknown] = []
        #: Service and name -> how many changes of settings meet a conflict; where it comes from.
        self._conflicts: dict[tuple[str, str], tuple[int, str]] = {}
        #: Bucket -> when its first versioning began; (bucket, key) -> how many reads may still miss the object.
        self._spreading: dict[str, float] = {}
        self._missing: Counter[tuple[str, str]] = Counter()

    def is_on(self) -> bool:
        """Whether anything may be late."""
        return bool(settings.values["lateness"])

    def refusal(self, call: Call) -> tuple[Answer, dict[str, Any]] | None:
        """The answer to a call that meets something late, and what the journal says; None when it may be answered."""
        if not self.is_on():
            return None
        found = self._unknown_elsewhere(call) or self._missing_object(call)
        if call.write:
            found = found or self._not_known_yet(call) or self._in_conflict(call)
        if found is None:
            return None
        (code, message, status), late = found
        return error_answer(call.protocol, status, code, message), late.entry()

    def following(self, call: Call, act: Callable[[], Answer]) -> Callable[[], Answer]:
        """`act`, after which what the write made and changed is late."""

        def acted() -> Answer:
            before = self._before(call)
            answer = act()
            self._follow(call, before)
            return answer

        return acted

    def _before(self, call: Call) -> _Before:
        """What a write's effects are told by afterwards."""
        named = named_by(call)
        shelves = [shelf for shelf in SHELVES if shelf.service == call.service]
        holders = [(shelf, h) for shelf in shelves for h in shelf.holders(call.region) if isinstance(h, dict)]
        copies = [
            (shelf, h, n, _copy(h[n])) for shelf, h in holders for n in named & set(h) if hasattr(h[n], "__dict__")
        ]
        return _Before(ids_of(call), copies, _versioned(call))

    def _follow(self, call: Call, before: _Before) -> None:
        """What the write made or changed is late from now on."""
        made = {kind: names - before.ids[kind] for kind, names in ids_of(call).items()}
        self._hide(call, made)
        for shelf, holder, name, copy in before.copies:
            if name in holder and vars(_copy(holder[name])) != vars(copy):
                kind = "attachment" if call.operation == "AttachInternetGateway" else "change"
                self._show_late(Unseen(shelf, name, 0, Late(kind), earlier=(holder, copy)))
        for name in made.get("NAT gateway", ()):
            self._fail_without_gateway(call, name)
        for name in made.get("flow log", ()):
            self._deliver_late(call, name)
        self._spread(call, before)

    def _draw(self, kind: str, what: str) -> int:
        """By how many calls the next object of a kind is late."""
        given = settings.values["lateness"]
        self._drawn[f"{kind}:{what}"] += 1
        if kind in given:
            return int(given[kind])
        if "seed" not in given:
            return 0
        return random.Random(f"{given['seed']}:{kind}:{what}:{self._drawn[f'{kind}:{what}']}").randrange(4)

    def _show_late(self, unseen: Unseen) -> None:
        """The object is late by what its kind draws."""
        unseen.reads, unseen.each = self._draw(unseen.cause.of, unseen.shelf.kind), False  # type: ignore[attr-defined]
        if unseen.reads:
            self._hidden.objects.append(unseen)

    def _hide(self, call: Call, made: dict[str, set[str]]) -> None:
        shelves = {shelf.kind: shelf for shelf in SHELVES if shelf.service == call.service}
        for kind, names in made.items():
            for name in sorted(names):
                lateness = kind if kind in _ELSEWHERE else "object"
                self._show_late(Unseen(shelves[kind], name, 0, Late(lateness)))
                called = _called(shelves[kind], name, call.region)
                if kind in _ELSEWHERE:
                    form, codes = _ELSEWHERE[kind]
                    named = re.compile(form.format(re.escape(called)))
                    self._unknown.append(_Unknown(named, self._draw(kind, "elsewhere"), kind, codes))
                if call.service in _CONFLICTS:
                    self._conflicts[call.service, called] = self._draw("conflict", kind), "conflict"

    def _fail_without_gateway(self, call: Call, name: str) -> None:
        """A public NAT gateway fails where the attachment of the internet gateway is not known yet."""
        nat = next(
            holder[name] for shelf in SHELVES if shelf.kind == "NAT gateway" for holder in shelf.holders(call.region)
        )
        for unseen in self._hidden.objects:
            if (
                unseen.cause == Late("attachment")
                and unseen.earlier
                and getattr(nat, "connectivity_type", "") == "public"
            ):
                gateway = unseen.earlier[0].get(unseen.name)
                if gateway is not None and gateway.vpc and gateway.vpc.id == nat.vpc_id and unseen.meets(""):
                    fail_nat_gateway(call.region, name, "Gateway.NotAttached")

    def _deliver_late(self, call: Call, name: str) -> None:
        """A new flow log to Logs does not deliver at once; one to a bucket has the bucket's policy changed by AWS."""
        shelf = next(shelf for shelf in SHELVES if shelf.kind == "flow log")
        holder = shelf.holders(call.region)[0]
        log = holder[name]
        if log.log_destination_type == "s3":
            bucket = log.log_destination.removeprefix("arn:aws:s3:::").partition("/")[0]
            self._conflicts["s3", bucket] = self._draw("flow_log", "bucket"), "flow_log"
            return
        early = _copy(log)
        # Source: EC2 API reference, FlowLog, DeliverLogsErrorMessage.
        early.deliver_logs_status, early.deliver_logs_error_message = "FAILED", "Access error"
        self._show_late(Unseen(shelf, name, 0, Late("flow_log"), earlier=(holder, early)))

    def _spread(self, call: Call, before: _Before) -> None:
        bucket = call.given.get("Bucket", "")
        if call.operation == "PutBucketVersioning" and not before.versioned and _versioned(call):
            self._spreading[bucket] = seconds()
        if call.operation == "PutObject" and bucket in self._spreading:
            self._missing[bucket, call.given["Key"]] = self._draw("versioning", "object")

    def _missing_object(self, call: Call) -> tuple[Code, Late] | None:
        """Now and then a read does not find an object of a bucket whose first versioning spreads."""
        if call.service != "s3" or call.operation not in ("GetObject", "HeadObject"):
            return None
        place = call.given.get("Bucket", ""), call.given.get("Key", "")
        young = seconds() < self._spreading.get(place[0], -_SPREADING_SECONDS) + _SPREADING_SECONDS
        if not young or self._missing[place] <= 0:
            return None
        self._drawn["now and then"] += 1
        seed = f"{settings.values['lateness'].get('seed', 0)}:{self._drawn['now and then']}"
        if random.Random(seed).random() < 0.5:
            return None
        self._missing[place] -= 1
        return ("NoSuchKey", "The specified key does not exist.", 404), Late("versioning")

    def _unknown_elsewhere(self, call: Call) -> tuple[Code, Late] | None:
        for unknown in self._unknown:
            if unknown.left > 0 and call.write and call.service in unknown.codes:
                found = next(filter(None, map(unknown.named.search, words_of(call.params))), None)
                if found:
                    unknown.left -= 1
                    code, message, status = unknown.codes[call.service]
                    return (code, message.format(found.group()), status), Late(unknown.kind)
        return None

    def _not_known_yet(self, call: Call) -> tuple[Code, Late] | None:
        """A change that names an object made a moment ago, or a route to a gateway attached a moment ago."""
        named = named_by(call)
        for unseen in self._hidden.objects:
            if unseen.shelf.service != call.service or unseen.each or unseen.shelf.missing is None:
                continue
            if unseen.earlier and (unseen.cause, call.operation) != (Late("attachment"), "CreateRoute"):
                continue
            called = _called(unseen.shelf, unseen.name, call.region)
            if called in named and unseen.meets(""):
                code, message, status = unseen.shelf.missing
                if unseen.earlier:
                    code, message = "InvalidGatewayID.NotFound", "The gateway ID '{}' does not exist"
                return (code, message.format(called), status), unseen.cause  # type: ignore[return-value]
        return None

    def _in_conflict(self, call: Call) -> tuple[Code, Late] | None:
        """A change of the settings of what AWS itself is still changing."""
        name = call.given.get("Bucket") if call.service == "s3" else call.given.get("logGroupName")
        left, kind = self._conflicts.get((call.service, str(name)), (0, ""))
        if not left or not _SETTINGS[call.service].fullmatch(call.operation):
            return None
        self._conflicts[call.service, str(name)] = left - 1, kind
        return _CONFLICTS[call.service], Late(kind)


@dataclass
class _Before:
    """What there was before a write."""

    ids: dict[str, set[str]]
    copies: list[tuple[Shelf, dict[str, Any], str, Any]]
    versioned: bool


def _called(shelf: Shelf, name: str, region: str) -> str:
    """What calls name the object by."""
    if shelf.called is None:
        return name
    found = [holder[name] for holder in shelf.holders(region) if name in holder]
    return shelf.called(found[0]) if found else name


def _copy(thing: Any) -> Any:
    """The object with containers of its own; what these hold is shared, or all of moto would be copied along."""
    made = object.__new__(type(thing))
    made.__dict__.update({name: _contained(value) for name, value in vars(thing).items()})
    return made


def _contained(value: Any) -> Any:
    if type(value) is dict:
        return {name: _contained(inner) for name, inner in value.items()}
    if type(value) is list:
        return [_contained(inner) for inner in value]
    return set(value) if type(value) is set else value


def _versioned(call: Call) -> bool:
    """Whether the bucket of the call has versions."""
    bucket = s3_backends[ACCOUNT]["aws"].buckets.get(call.given.get("Bucket", "")) if call.service == "s3" else None
    return bucket is not None and bucket.versioning_status is not None
