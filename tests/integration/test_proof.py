# SPDX-License-Identifier: Apache-2.0
"""After acting the engine looks again: what AWS made otherwise than asked is an error that names it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.aws.client import Aws
from ansible.module_utils.reconcile.errors import AwsFailure

from localcloud.process import Cloud
from tests.integration.test_faults import DECLARATIONS, prepared
from tests.support.runs import aws_of, run

pytestmark = pytest.mark.inside


class Careless(Aws):
    """AWS that overlooks one parameter."""

    overlooked = ""

    def write(self, service: str, operation: str, params: Any, *rest: Any) -> dict[str, Any]:
        kept = {key: value for key, value in params.items() if key != self.overlooked}
        return super().write(service, operation, kept, *rest)


@pytest.mark.parametrize(("module", "overlooked", "field"), [
    ("elasticache_replication_group", "AtRestEncryptionEnabled", "at_rest_encryption_enabled"),
    ("elasticache_replication_group", "TransitEncryptionEnabled", "transit_encryption_enabled"),
    ("elasticache_replication_group", "MultiAZEnabled", "multi_az_enabled"),
    ("elasticache_replication_group", "SnapshotRetentionLimit", "snapshot_retention_days"),
    ("kinesis_data_stream", "Tags", "ownership tags"),
])  # fmt: skip
def test_what_was_not_delivered_is_an_error(cloud: Cloud, module: str, overlooked: str, field: str) -> None:
    prepared(cloud, module)
    aws = aws_of(cloud, Careless)
    aws.overlooked = overlooked
    with pytest.raises(AwsFailure, match=f"AWS does not show it: .*{field}: found"):
        run(cloud, module, DECLARATIONS[module], aws=aws)
