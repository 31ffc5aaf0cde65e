# SPDX-License-Identifier: Apache-2.0
"""Fields that AWS always shows and moto's models have no place for: one table, asked where moto finds nothing.

Source: recorded answers (tests/localcloud/recorded), and each service's API reference of the data type.
"""

from __future__ import annotations

import hashlib
from typing import Any

from moto.core import serialize

from localcloud.calls import Call, current
from localcloud.clock import now
from localcloud.overlays.wrap import wrap
from localcloud.settings import ACCOUNT

_S3_RANGES = ["18.34.32.0/20", "3.5.64.0/21", "52.92.0.0/17", "52.218.0.0/17"]
_DYNAMODB_RANGES = ["52.94.24.0/23", "52.94.26.0/23", "52.119.240.0/21"]


def _region(_: Any, call: Call) -> str:
    return call.region


def _bucket_arn(_: Any, call: Call) -> str:
    return f"arn:aws:s3:::{call.given['Bucket']}"


def _ranges(prefix_list: Any, _: Call) -> list[str]:
    return _DYNAMODB_RANGES if "dynamodb" in str(serialize.get_value(prefix_list, "PrefixListName", "")) else _S3_RANGES


def _attachment(eni: Any, _: Call) -> dict[str, Any] | None:
    """What a service of AWS's keeps is attached to something of its own account."""
    if not getattr(eni, "requester_managed", False):
        return None
    name = f"ela-attach-{hashlib.sha256(eni.id.encode()).hexdigest()[:17]}"
    owner = {"InstanceOwnerId": "amazon-aws", "NetworkCardIndex": 0, "Status": "attached"}
    return {
        "AttachmentId": name,
        "DeleteOnTermination": False,
        "DeviceIndex": 1,
        "AttachTime": eni.__dict__.setdefault("localcloud_since", now()),
        **owner,
    }


#: Service -> structure -> member -> the value, or what finds it for the object and the call.
SHOWN: dict[str, dict[str, dict[str, Any]]] = {
    "ec2": {
        "Address": {"NetworkBorderGroup": _region, "PublicIpv4Pool": "amazon"},
        "AvailabilityZone": {
            "GroupName": lambda _, call: f"{call.region}-zg-1",
            "NetworkBorderGroup": _region,
            "OptInStatus": "opt-in-not-required",
        },
        "DhcpOptions": {"OwnerId": ACCOUNT},
        "NatGatewayAddress": {"IsPrimary": True, "Status": "succeeded"},
        "NetworkInterface": {"Attachment": _attachment},
        "PrefixList": {"Cidrs": _ranges},
        "RouteTable": {"PropagatingVgws": []},
        "SecurityGroupRule": {"GroupOwnerId": ACCOUNT},
        "Subnet": {
            "BlockPublicAccessStates": {"InternetGatewayBlockMode": "off"},
            "EnableDns64": False,
            "MapCustomerOwnedIpOnLaunch": False,
        },
        "Vpc": {"BlockPublicAccessStates": {"InternetGatewayBlockMode": "off"}},
        "VpcEndpoint": {
            "DnsOptions": {"DnsRecordIpType": "ipv4"},
            "IpAddressType": "ipv4",
            "RequesterManaged": False,
            "ServiceRegion": _region,
        },
        "VpcIpv6CidrBlockAssociation": {"NetworkBorderGroup": _region, "Ipv6Pool": "Amazon"},
    },
    "elasticache": {"CacheCluster": {"ReplicationGroupLogDeliveryEnabled": False}},
    "cloudwatch": {"DescribeAlarmsOutput": {"LogAlarms": []}},
    "s3": {
        "CreateBucketOutput": {"BucketArn": _bucket_arn},
    },
}


def _pick(original: Any, self: Any, context: Any) -> Any:
    """moto's value, or the table's."""
    value = original(self, context)
    if value is not None or current.call is None:
        return value
    owner = getattr(context.shape, "parent", None)
    found = SHOWN.get(current.call.service, {}).get(owner.name if owner is not None else "", {}).get(context.key)
    return found(context.obj, current.call) if callable(found) else found


def install() -> None:
    """Ask the table where moto's models have nothing."""
    wrap(serialize.AttributePicker, "__call__", _pick)
