# SPDX-License-Identifier: Apache-2.0
"""Which overlays a newer moto has made unnecessary: plain moto still lacks each operation, or still gets it wrong.

Nothing of localcloud is installed in this process, so that what runs here is moto alone. A test that fails names an
overlay that may go, or that has to be compared with what moto does now.
"""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import botocore.session
import moto
import pytest
from botocore import xform_name
from moto import mock_aws
from moto.ec2 import urls
from moto.ec2.responses import EC2Response

from localcloud.overlays.ec2 import LocalEC2
from localcloud.overlays.elasticache import LocalElastiCache
from localcloud.overlays.kinesis import LocalKinesis
from localcloud.overlays.service_quotas import LocalServiceQuotas
from localcloud.overlays.tagging import LocalTagging
from localcloud.process import CREDENTIALS, REGION
from tests.localcloud.probes import PROBES, Client, Probe

OVERLAYS = {
    "ec2": LocalEC2,
    "elasticache": LocalElastiCache,
    "kinesis": LocalKinesis,
    "service-quotas": LocalServiceQuotas,
    "resourcegroupstaggingapi": LocalTagging,
}


def overlaid() -> Iterator[tuple[str, bool]]:
    """`service:operation` of everything overlaid, and whether moto's own class has it."""
    for service, local in OVERLAYS.items():
        model = botocore.session.get_session().get_service_model(service)
        for operation in map(xform_name, model.operation_names):
            owners = [kind.__module__ for kind in local.__mro__ if operation in vars(kind)]
            if any(owner.startswith("localcloud.") for owner in owners):
                yield f"{service}:{operation}", any(owner.startswith("moto.") for owner in owners)


@pytest.fixture
def plain() -> Iterator[Client]:
    """Clients of moto alone."""
    assert urls.url_paths["{0}/"].__self__ is EC2Response
    with mock_aws():
        yield lambda service: boto3.client(service, region_name=REGION, **CREDENTIALS)


@pytest.mark.parametrize(("operation", "in_moto"), list(overlaid()))
def test_moto_lacks_the_operation_unless_a_probe_says_what_is_wrong(operation: str, in_moto: bool) -> None:
    probed = any(operation in operations for operations in PROBES.values())
    assert not in_moto or probed, f"moto {moto.__version__} has {operation}: drop the overlay, or probe what is wrong"
    assert in_moto or not probed, f"moto {moto.__version__} lacks {operation}: it needs no probe"


@pytest.mark.parametrize("probe", list(PROBES), ids=lambda probe: probe.__name__)
def test_moto_still_gets_it_wrong(plain: Client, probe: Probe) -> None:
    spoken_for = ", ".join(sorted(PROBES[probe])) or "a patch of its models"
    assert probe(plain), f"moto {moto.__version__} is right now; may go: {spoken_for}"


def test_every_probe_speaks_for_something_that_is_overlaid() -> None:
    known = {operation for operation, _ in overlaid()}
    named = {operation for operations in PROBES.values() for operation in operations if not operation.startswith("s3")}
    assert named <= known
