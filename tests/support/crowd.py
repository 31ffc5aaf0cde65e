"""Many runs at once, each as site.yml makes it: plan, lay the bucket if there is none, lock, change, free."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from ansible.module_utils.environment import lease
from ansible.module_utils.reconcile.identity import identity_of
from ansible.module_utils.environment.lock import Place

from localcloud.process import Cloud
from localcloud.settings import ACCOUNT
from tests.support.components import IDENTITY
from tests.support.runs import aws_of, run

PLACE = Place(identity_of(IDENTITY).state_bucket(ACCOUNT), "test/sensors.tfstate")
Result = TypeVar("Result")


def make_bucket(cloud: Cloud) -> None:
    """The bucket of PLACE, with versions, as ours is."""
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=PLACE.bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket=PLACE.bucket, VersioningConfiguration={"Status": "Enabled"})


def take(cloud: Cloud, lease_seconds: int = 120) -> dict[str, Any]:
    """The lock.  Raises Held."""
    return lease.take(aws_of(cloud), PLACE, "change", "", lease_seconds)


def at_once(count: int, act: Callable[[], Result]) -> list[Result | Exception]:
    """What each of ``count`` threads returned or raised; all begin together."""
    start = threading.Barrier(count)

    def one(_: int) -> Result | Exception:
        start.wait()
        try:
            return act()
        except Exception as error:
            return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def whole_run(cloud: Cloud, declarations: Mapping[str, Mapping[str, Any]], wait_seconds: float) -> str:
    """``unchanged``, ``changed``, or ``held`` when the lock was not free within ``wait_seconds``."""
    to_do = {module: plan for module, given in declarations.items()
             if (plan := run(cloud, module, given, check=True))["changed"] or plan["waiting_for"]}  # fmt: skip
    if not to_do:
        return "unchanged"
    bucket = "s3_state_bucket"
    if any(call["operation"] == "create_bucket" for call in to_do.get(bucket, {"calls": []})["calls"]):
        run(cloud, bucket, declarations[bucket])
    try:
        lock = _patiently(cloud, wait_seconds)
    except lease.Held:
        return "held"
    try:
        results = [run(cloud, module, {**given, "environment_lock": lock}) for module, given in declarations.items()]
    finally:
        lease.free(aws_of(cloud), PLACE, lock["id"])
    return "changed" if any(result["changed"] for result in results) else "unchanged"


def _patiently(cloud: Cloud, wait_seconds: float) -> dict[str, Any]:
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            return take(cloud)
        except lease.Held:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.1)
