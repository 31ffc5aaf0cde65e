# SPDX-License-Identifier: Apache-2.0
"""Many runs at once, each as site.yml makes it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from ansible.module_utils.environment import lease
from ansible.module_utils.environment.components import COMPONENTS
from ansible.module_utils.environment.lock import Place
from ansible.module_utils.reconcile.identity import identity_of

from localcloud.process import Cloud
from localcloud.settings import ACCOUNT
from tests.support.components import IDENTITY
from tests.support.environments import conducted
from tests.support.runs import CLOCK_SPEED, aws_of

PLACE = Place(identity_of(IDENTITY).state_bucket(ACCOUNT), "test/sensors.tfstate")
Result = TypeVar("Result")
# The role of each component's module.
ROLES = {component.module: role for role, component in COMPONENTS.items()}


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


def by_role(declarations: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Declarations by module as an environment takes them."""
    return {ROLES[module]: dict(given) for module, given in declarations.items()}


def whole_run(cloud: Cloud, declarations: Mapping[str, Mapping[str, Any]], wait_seconds: int) -> str:
    """``unchanged``, ``changed``, or ``held`` when the lock was not free within ``wait_seconds`` of the wall."""
    try:
        result = conducted(cloud, {}, components=by_role(declarations), lock_wait_seconds=wait_seconds * CLOCK_SPEED)
    except lease.Held:
        return "held"
    made = [call["operation"] for each in result["components"].values() for call in each["calls"]]
    # The bucket of the lock is made before there is a lock; several first runs may have asked for it.
    return "changed" if [operation for operation in made if operation != "create_bucket"] else "unchanged"
