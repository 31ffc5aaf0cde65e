# SPDX-License-Identifier: Apache-2.0
"""What plain moto gets wrong, service by service."""

from __future__ import annotations

from tests.localcloud.probes import ec2, elasticache, kinesis, others, rules
from tests.localcloud.probes.registry import PROBES, Client, Probe

__all__ = ["PROBES", "Client", "Probe", "ec2", "elasticache", "kinesis", "others", "rules"]
