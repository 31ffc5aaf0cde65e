# SPDX-License-Identifier: Apache-2.0
"""AWS's list prices in USD by region: what costs are reckoned with.  Data.

A Python file, since Ansible brings nothing else along with a module that runs in a process of its own. An item's last
word is its unit. What is not in here is unknown, and is said to be. `tools/prices.py` compares all of it with the
price list itself, where the pricing API can be reached.
"""

from __future__ import annotations

CURRENCY = "USD"
AS_OF = "2026-10-01"
# Source: the pricing pages of Amazon VPC, ElastiCache, Kinesis Data Streams, CloudWatch and Secrets Manager. The nodes
# of us-east-1 and the NAT gateways are as others have read them from the price list itself; `make prices` has not been
# run against it yet.
# AWS's own month has 730 hours.  Source: AWS Pricing Calculator, assumptions.
HOURS_PER_MONTH = 730

# How the price list calls each item: the service's code, the usage type without the region's prefix, and what tells
# apart what shares a usage type.
# Source: AWS Price List, GetProducts, attributes usagetype and cacheEngine.
LISTED = {
    "nat_gateway_hour": ("AmazonEC2", "NatGateway-Hours", {"operation": "NatGateway"}),
    "regional_nat_gateway_zone_hour": ("AmazonEC2", "RegionalNatGateway-Hours", {}),
    "public_ipv4_address_hour": ("AmazonVPC", "PublicIPv4:InUseAddress", {}),
    "interface_endpoint_zone_hour": ("AmazonVPC", "VpcEndpoint-Hours", {}),
    "vended_logs_gb": ("AmazonCloudWatch", "VendedLog-Bytes", {}),
    "vended_logs_to_s3_gb": ("AmazonCloudWatch", "S3-Egress-Bytes", {}),
    "metric_month": ("AmazonCloudWatch", "CW:MetricMonitorUsage", {}),
    "alarm_month": ("AmazonCloudWatch", "CW:AlarmMonitorUsage", {}),
    "secret_month": ("AWSSecretsManager", "AWSSecretsManager-Secrets", {}),
    "shard_hour": ("AmazonKinesis", "Storage-ShardHour", {}),
    "extended_retention_shard_hour": ("AmazonKinesis", "Extended-ShardHour", {}),
    "on_demand_stream_hour": ("AmazonKinesis", "OnDemand-StreamHour", {}),
    "fan_out_consumer_shard_hour": ("AmazonKinesis", "Consumer-ShardHour", {}),
}
# Of a node: NodeUsage:<type>, and the engine beside it.
NODES = ("AmazonElastiCache", "NodeUsage", "cacheEngine")
# What stands before the usage types of a region.  Source: AWS Price List, attribute usagetype.
PREFIXES = {"us-east-1": "", "eu-west-1": "EU-"}

PRICES = {
    "eu-west-1": {
        "nat_gateway_hour": 0.048,
        "regional_nat_gateway_zone_hour": 0.048,
        "public_ipv4_address_hour": 0.005,
        "interface_endpoint_zone_hour": 0.011,
        "vended_logs_gb": 0.57,
        "vended_logs_to_s3_gb": 0.285,
        "metric_month": 0.30,
        "alarm_month": 0.10,
        "secret_month": 0.40,
        "shard_hour": 0.017,
        "extended_retention_shard_hour": 0.023,
        "on_demand_stream_hour": 0.044,
        "fan_out_consumer_shard_hour": 0.017,
    },
    "us-east-1": {
        "nat_gateway_hour": 0.045,
        "regional_nat_gateway_zone_hour": 0.045,
        "public_ipv4_address_hour": 0.005,
        "interface_endpoint_zone_hour": 0.01,
        "vended_logs_gb": 0.50,
        "vended_logs_to_s3_gb": 0.25,
        "metric_month": 0.30,
        "alarm_month": 0.10,
        "secret_month": 0.40,
        "shard_hour": 0.015,
        "extended_retention_shard_hour": 0.02,
        "on_demand_stream_hour": 0.04,
        "fan_out_consumer_shard_hour": 0.015,
    },
}

# Nodes by the hour: Redis, Valkey.
NODE_PRICES = {
    "eu-west-1": {
        "cache.t3.micro": (0.018, 0.0144),
        "cache.t3.small": (0.036, 0.0288),
        "cache.t3.medium": (0.073, 0.0584),
        "cache.t4g.micro": (0.017, 0.0136),
        "cache.t4g.small": (0.035, 0.028),
        "cache.t4g.medium": (0.07, 0.056),
        "cache.m5.large": (0.172, 0.1376),
        "cache.m5.xlarge": (0.344, 0.2752),
        "cache.m6g.large": (0.164, 0.1312),
        "cache.m6g.xlarge": (0.327, 0.2616),
        "cache.r6g.large": (0.229, 0.1832),
        "cache.r6g.xlarge": (0.458, 0.3664),
        "cache.r7g.large": (0.243, 0.1944),
        "cache.r7g.xlarge": (0.486, 0.3888),
    },
    "us-east-1": {
        "cache.t3.micro": (0.017, 0.0136),
        "cache.t3.small": (0.034, 0.0272),
        "cache.t3.medium": (0.068, 0.0544),
        "cache.t4g.micro": (0.016, 0.0128),
        "cache.t4g.small": (0.032, 0.0256),
        "cache.t4g.medium": (0.065, 0.052),
        "cache.m5.large": (0.156, 0.1248),
        "cache.m5.xlarge": (0.311, 0.2488),
        "cache.m6g.large": (0.149, 0.1192),
        "cache.m6g.xlarge": (0.297, 0.2376),
        "cache.m7g.large": (0.158, 0.1264),
        "cache.m7g.xlarge": (0.315, 0.252),
        "cache.r5.large": (0.216, 0.1728),
        "cache.r5.xlarge": (0.431, 0.3448),
        "cache.r6g.large": (0.206, 0.1648),
        "cache.r6g.xlarge": (0.411, 0.3288),
        "cache.r6g.2xlarge": (0.821, 0.6568),
        "cache.r7g.large": (0.219, 0.1752),
        "cache.r7g.xlarge": (0.437, 0.3496),
        "cache.r7g.2xlarge": (0.873, 0.6984),
    },
}
ENGINES = ("redis", "valkey")


def price(region: str, item: str) -> float | None:
    """The price of one unit of an item; ``None`` where it is unknown.

    A node's item is ``<engine> <type> hour``.
    """
    engine, _unused, kind = item.removesuffix(" hour").partition(" ")
    if engine in ENGINES:
        pair = NODE_PRICES.get(region, {}).get(kind)
        return pair[ENGINES.index(engine)] if pair else None
    return PRICES.get(region, {}).get(item)


def units_per_month(item: str) -> int:
    """How many units of an item one thing takes in a month, by the item's last word."""
    return HOURS_PER_MONTH if item.endswith("hour") else 1
