#!/usr/bin/python
# Copyright: Streambed contributors
# Apache-2.0
"""Whether an account is the right one and has room for a plan.  Reads only."""

DOCUMENTATION = r"""
module: environment_preflight
short_description: Compare an account, its region and its quotas with what a plan needs
description:
  - Looks at the account, the region and the zones, and with O(plans) at the quotas of what the plans create.
  - Fails when one check says stop, so that a run ends before its first write.
options:
  account_id:
    description: The account that the environment lives in.
    type: str
    required: true
  expected_region:
    description: The region that the environment lives in.
    type: str
    required: true
  zones:
    description: Zones that the environment uses.
    type: list
    elements: str
    default: []
  plans:
    description: Results of the modules in check mode, by component. Only what they create is looked up.
    type: dict
    default: {}
  checks:
    description: Checks that were made before; they come first in the same table.
    type: list
    elements: dict
    default: []
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    support: full
    description: Reads only.
author:
  - Streambed contributors (@streambed)
"""

EXAMPLES = r"""
- name: Check the account before anything is planned
  environment_preflight:
    account_id: "123456789012"
    expected_region: eu-west-1
    zones: [eu-west-1a, eu-west-1b]
"""

RETURN = r"""
checks:
  description: One entry per check with C(what), C(found), C(wanted), C(verdict) (ok, warning or stop), C(next_step).
  returned: success
  type: list
  elements: dict
table:
  description: The checks as lines for people.
  returned: success
  type: list
  elements: str
to_do:
  description: Components that have something to change or to wait for.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils import preflight
from ansible.module_utils.reconcile.engine import inquire
from ansible.module_utils.reconcile.errors import AwsFailure

PERMISSIONS = frozenset({
    "ec2:DescribeAddresses", "ec2:DescribeAvailabilityZones", "ec2:DescribeEgressOnlyInternetGateways",
    "ec2:DescribeInternetGateways", "ec2:DescribeNatGateways", "ec2:DescribeSubnets", "ec2:DescribeVpcs",
    "elasticache:DescribeCacheClusters", "kinesis:DescribeLimits",
    "servicequotas:GetServiceQuota", "sts:GetCallerIdentity",
})  # fmt: skip

OPTIONS = {
    "account_id": {"required": True},
    "expected_region": {"required": True},
    "zones": {"type": "list", "elements": "str", "default": []},
    "plans": {"type": "dict", "default": {}},
    "checks": {"type": "list", "elements": "dict", "default": []},
}
# A quota that the credentials may not read, or that the account never changed, is not an error.
UNREADABLE = ("NoSuchResourceException", "AccessDeniedException", "AccessDenied", "403", "NotImplemented")

USED = {
    "vpcs": ("ec2", "describe_vpcs", {}),
    "elastic_ips": ("ec2", "describe_addresses", {}),
    "nat_gateways": (
        "ec2",
        "describe_nat_gateways",
        {"Filter": [{"Name": "state", "Values": ["pending", "available"]}]},
    ),
    "internet_gateways": ("ec2", "describe_internet_gateways", {}),
    "egress_only_gateways": ("ec2", "describe_egress_only_internet_gateways", {}),
    "cache_nodes": ("elasticache", "describe_cache_clusters", {}),
}
# Where the answer lists what counts one by one.
LISTS = {
    "vpcs": "Vpcs", "elastic_ips": "Addresses", "internet_gateways": "InternetGateways",
    "egress_only_gateways": "EgressOnlyInternetGateways",
}  # fmt: skip
SUBNETS = ("ec2", "describe_subnets", {})


def place_checks(aws, options):
    """Account, region and zones."""
    answers = aws.read_many({
        "caller": ("sts", "get_caller_identity", {}),
        "zones": ("ec2", "describe_availability_zones", {}),
    })  # fmt: skip
    zones = [zone["ZoneName"] for zone in answers["zones"]["AvailabilityZones"]]
    yield preflight.same("account", answers["caller"]["Account"], options["account_id"],
                         "use the credentials of that account, or correct account_id in the inventory")  # fmt: skip
    yield preflight.same("region", aws.region, options["expected_region"],
                         "correct AWS_REGION, or region in the inventory")  # fmt: skip
    yield preflight.contained("zones", options["zones"], zones, "correct vpc_zones in the inventory")


def quota_checks(aws, plans):
    """Room for what the plans create; quotas of what they do not create are not asked for."""
    needs = preflight.needs(plans)
    quotas = [quota for quota in preflight.QUOTAS if quota.key in needs]
    requests = {quota.key: USED[quota.key] for quota in quotas}
    requests |= {f"{quota.key} quota": ("service-quotas", "get_service_quota",
                                        {"ServiceCode": quota.service_code, "QuotaCode": quota.quota_code}, UNREADABLE)
                 for quota in quotas}  # fmt: skip
    if "nat_gateways" in needs:
        requests["subnets"] = SUBNETS
    streams = [key for key in preflight.STREAM_LIMITS if key in needs]
    if streams:
        requests["streams"] = ("kinesis", "describe_limits", {})
    answers = aws.read_many(requests) if requests else {}
    for quota in quotas:
        answer = answers[f"{quota.key} quota"]
        limit = answer["Quota"]["Value"] if answer else None
        yield preflight.room(quota.title, used(quota.key, answers), needs[quota.key], limit)
    for key in streams:
        title, used_key, limit_key = preflight.STREAM_LIMITS[key]
        yield preflight.room(title, answers["streams"][used_key], needs[key], answers["streams"][limit_key])


def used(key, answers):
    """How many of something the account has now; NAT gateways are counted in the zone that has most of them."""
    answer = answers[key]
    if key in LISTS:
        return len(answer[LISTS[key]])
    if key == "cache_nodes":
        return sum(cluster["NumCacheNodes"] for cluster in answer["CacheClusters"])
    zone_of = {subnet["SubnetId"]: subnet["AvailabilityZone"] for subnet in answers["subnets"]["Subnets"]}
    # A regional one stands in no subnet.
    zones = [zone_of[gateway["SubnetId"]] for gateway in answer["NatGateways"] if gateway.get("SubnetId") in zone_of]
    return max((zones.count(zone) for zone in set(zones)), default=0)


def look(aws, options):
    """The module's result.  Raises AwsFailure with the table when a check says stop."""
    plans = options["plans"]
    earlier = [preflight.Check(**check) for check in options["checks"]]
    checks = [*earlier, *(quota_checks(aws, plans) if plans else place_checks(aws, options))]
    if "state_bucket" in plans:
        checks.append(preflight.bucket_name(plans["state_bucket"]))
    lines = preflight.table(checks)
    if any(check.verdict == preflight.STOP for check in checks):
        raise AwsFailure("preflight says stop; nothing was changed\n" + "\n".join(lines))
    return {"checks": [check.as_dict() for check in checks], "table": lines, "to_do": preflight.to_do(plans)}


def main():
    inquire(OPTIONS, look)


if __name__ == "__main__":
    main()
