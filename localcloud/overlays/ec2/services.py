# SPDX-License-Identifier: Apache-2.0
"""The services that endpoints lead to.  Source: EC2 API reference, data type ServiceDetail."""

from __future__ import annotations

import fnmatch
import hashlib
from typing import Any

#: Service -> its private name, where that differs from `<service>.<region>.amazonaws.com`.
#: Source: VPC user guide, "AWS services that integrate with AWS PrivateLink".
_INTERFACES = {
    "athena": "", "autoscaling": "", "cloudformation": "", "ec2": "", "ec2messages": "", "ecr.api": "api.ecr",
    "ecr.dkr": "*.dkr.ecr", "ecs": "", "elasticache": "", "elasticloadbalancing": "", "events": "", "execute-api": "",
    "kinesis-firehose": "firehose", "kinesis-streams": "kinesis", "kms": "", "lambda": "", "logs": "",
    "monitoring": "", "s3": "*.s3", "secretsmanager": "", "sns": "", "sqs": "", "ssm": "", "ssmmessages": "",
    "states": "", "sts": "", "xray": "", "dynamodb": "", "servicequotas": "", "tagging": "",
}  # fmt: skip
_GATEWAYS = ("s3", "dynamodb")
#: Service -> the last letter of a zone that it is not in: in each region some are like that; which, is our own choice.
_NOT_IN = {"athena": "c"}


def details(region: str, zones: list[str]) -> list[dict[str, Any]]:
    """One ServiceDetail for each service and type."""
    gateways = [_detail(region, name, "Gateway", zones) for name in _GATEWAYS]
    interfaces = [
        {**_detail(region, name, "Interface", zones), **_names(region, name, private)}
        for name, private in sorted(_INTERFACES.items())
    ]
    return gateways + interfaces


def fits(detail: dict[str, Any], filters: dict[str, list[str]]) -> bool:
    """Whether the service matches every filter; a service of AWS's has no tags."""
    shown = {
        "owner": detail["Owner"],
        "service-name": detail["ServiceName"],
        "service-region": detail["ServiceRegion"],
        "service-type": detail["ServiceType"][0]["ServiceType"],
        "supported-ip-address-types": "ipv4",
    }
    return all(
        name in shown and any(fnmatch.fnmatchcase(shown[name], pattern) for pattern in patterns)
        for name, patterns in filters.items()
    )


def private_name(service: str) -> str:
    """The DNS name that an endpoint of the service takes over: `kinesis.eu-west-1.amazonaws.com`."""
    region, name = service.removeprefix("com.amazonaws.").split(".", 1)
    return f"{_INTERFACES.get(name) or name}.{region}.amazonaws.com"


def _detail(region: str, name: str, kind: str, zones: list[str]) -> dict[str, Any]:
    full = f"com.amazonaws.{region}.{name}"
    mark = hashlib.sha256(f"{full} {kind}".encode()).hexdigest()[:17]
    return {
        "ServiceName": full,
        "ServiceId": f"vpce-svc-{mark}",
        "ServiceType": [{"ServiceType": kind}],
        "ServiceRegion": region,
        "AvailabilityZones": [zone for zone in zones if not zone.endswith(_NOT_IN.get(name, "-"))],
        "Owner": "amazon",
        "BaseEndpointDnsNames": [f"{name.split('.')[-1]}.{region}.{'' if kind == 'Gateway' else 'vpce.'}amazonaws.com"],
        "VpcEndpointPolicySupported": True,
        "AcceptanceRequired": False,
        "ManagesVpcEndpoints": False,
        "Tags": [],
        "SupportedIpAddressTypes": ["ipv4"],
    }


def _names(region: str, name: str, private: str) -> dict[str, Any]:
    full = f"{private or name}.{region}.amazonaws.com"
    return {
        "PrivateDnsName": full,
        "PrivateDnsNames": [{"PrivateDnsName": full}],
        "PrivateDnsNameVerificationState": "verified",
    }
