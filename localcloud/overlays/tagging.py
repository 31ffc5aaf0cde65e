# SPDX-License-Identifier: Apache-2.0
"""Resource Groups Tagging API: what bears a tag, of every kind that Streambed lays, by AWS's ARNs.

Source: Resource Groups Tagging API reference, GetResources; Service Authorization Reference, "Resource types" of each
service. IAM roles are not among them. What is deleted stays as long as its own service shows it: NAT gateways for about
an hour (gruntwork-io/cloud-nuke#248, aws/aws-sdk#676).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from moto.core.resource_tagging import iter_taggable_backends
from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.elasticache.models import elasticache_backends
from moto.kinesis.models import kinesis_backends
from moto.resourcegroupstaggingapi import urls
from moto.resourcegroupstaggingapi.responses import ResourceGroupsTaggingAPIResponse
from moto.s3.models import s3_backends

from localcloud.overlays.ec2.base import kept
from localcloud.overlays.ec2.protections import CONTROL, EXCLUSION
from localcloud.overlays.elasticache.store import store_of
from localcloud.refusals import refuse

Tagged = tuple[str, dict[str, str]]

_RESOURCES_PER_PAGE = 100


def _inner(holders: dict[str, dict[str, Any]]) -> list[str]:
    return [name for holder in holders.values() for name in holder]


#: Kind of an EC2 object, as its ARN names it -> the ids there are.
_EC2_KINDS: dict[str, Callable[[Any], Iterable[str]]] = {
    "customer-gateway": lambda ec2: ec2.customer_gateways,
    "dhcp-options": lambda ec2: ec2.dhcp_options_sets,
    "egress-only-internet-gateway": lambda ec2: ec2.egress_only_internet_gateways,
    "elastic-ip": lambda ec2: [address.allocation_id for address in ec2.addresses],
    "internet-gateway": lambda ec2: ec2.internet_gateways,
    "natgateway": lambda ec2: ec2.nat_gateways,
    "network-acl": lambda ec2: ec2.network_acls,
    "network-interface": lambda ec2: ec2.enis,
    "prefix-list": lambda ec2: ec2.managed_prefix_lists,
    "route-table": lambda ec2: ec2.route_tables,
    "security-group": lambda ec2: [group.id for groups in ec2.groups.values() for group in groups.values()],
    "security-group-rule": lambda ec2: [
        rule.id
        for groups in ec2.groups.values()
        for group in groups.values()
        for rule in (*group.ingress_rules, *group.egress_rules)
    ],
    "subnet": lambda ec2: _inner(ec2.subnets),
    "transit-gateway": lambda ec2: ec2.transit_gateways,
    "vpc": lambda ec2: ec2.vpcs,
    "vpc-block-public-access-exclusion": lambda ec2: kept(ec2, EXCLUSION),
    "vpc-encryption-control": lambda ec2: kept(ec2, CONTROL),
    "vpc-endpoint": lambda ec2: ec2.vpc_end_points,
    "vpc-flow-log": lambda ec2: ec2.flow_logs,
    "vpc-peering-connection": lambda ec2: ec2.vpc_pcxs,
    "vpn-gateway": lambda ec2: ec2.vpn_gateways,
}


def _of_ec2(account: str, region: str) -> Iterator[Tagged]:
    ec2 = ec2_backends[account][region]
    for kind, ids in _EC2_KINDS.items():
        for name in ids(ec2):
            if ec2.tags.get(name):
                yield f"arn:{ec2.partition}:ec2:{region}:{account}:{kind}/{name}", dict(ec2.tags[name])


def _of_elasticache(account: str, region: str) -> Iterator[Tagged]:
    backend = elasticache_backends[account][region]
    store = store_of(backend)
    kinds: dict[str, Iterable[str]] = {
        "replicationgroup": [group.id for group in store.all_groups()],
        "cluster": [*(m.id for g in store.all_groups() for m in g.members), *store.retained, *backend.cache_clusters],
        "parametergroup": store.parameter_groups,
        "snapshot": store.snapshots,
        "subnetgroup": store.subnet_groups,
        "user": backend.users,
        "usergroup": store.user_groups,
    }
    for kind, names in kinds.items():
        for name in names:
            arn = store.arn(kind, name)
            yield arn, backend.tagging_service.get_tag_dict_for_resource(arn)


def _of_kinesis(account: str, region: str) -> Iterator[Tagged]:
    for stream in kinesis_backends[account][region].streams.values():
        yield stream.arn, stream.tags


def _of_s3(account: str, region: str) -> Iterator[Tagged]:
    """A bucket shows in its own region only."""
    for partition in s3_backends[account].values():
        for bucket in partition.buckets.values():
            if bucket.region_name == region:
                yield bucket.arn, partition.tagger.get_tag_dict_for_resource(bucket.arn)


def _of_others(account: str, region: str) -> Iterator[Tagged]:
    """What moto knows by itself."""
    for backend in iter_taggable_backends(account, region):
        if backend.SERVICE_NAMESPACE not in _OWN:
            for resource in backend.iter_tagged_resources():
                yield resource.arn.removesuffix(":*"), dict(resource.tags)


_OWN: dict[str, Callable[[str, str], Iterator[Tagged]]] = {
    "ec2": _of_ec2,
    "elasticache": _of_elasticache,
    "kinesis": _of_kinesis,
    "s3": _of_s3,
}


class LocalTagging(ResourceGroupsTaggingAPIResponse):
    """moto's tagging API with GetResources replaced."""

    def get_resources(self) -> ActionResult:
        """One page of what bears tags; the token is empty after the last page."""
        given = self._get_params()
        self._check_combination(given)
        found = [(arn, tags) for arn, tags in self._all() if tags and _is_asked_for(arn, tags, given)]
        start = _start(given)
        size = given.get("ResourcesPerPage", _RESOURCES_PER_PAGE)
        if not 1 <= size <= _RESOURCES_PER_PAGE:
            raise refuse("InvalidParameterException", f"ResourcesPerPage must be between 1 and {_RESOURCES_PER_PAGE}")
        end = min(start + size, start + _fitting(found[start:], given.get("TagsPerPage")))
        shown = [
            {"ResourceARN": arn, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
            for arn, tags in found[start:end]
        ]
        more = "" if end >= len(found) else _token(end, given)
        return ActionResult({"ResourceTagMappingList": shown, "PaginationToken": more})

    def _all(self) -> Iterator[Tagged]:
        for source in (*_OWN.values(), _of_others):
            yield from source(self.current_account, self.region)

    @staticmethod
    def _check_combination(given: dict[str, Any]) -> None:
        # Source: GetResources, ResourceARNList: not with filters, and not with paging.
        others = ("TagFilters", "ResourceTypeFilters", "ResourcesPerPage", "TagsPerPage", "PaginationToken")
        both = [name for name in others if given.get(name)]
        if given.get("ResourceARNList") and both:
            raise refuse("InvalidParameterException", f"ResourceARNList cannot be combined with {both[0]}")


def _is_asked_for(arn: str, tags: dict[str, str], given: dict[str, Any]) -> bool:
    """Whether every filter of the call lets the resource through."""
    arns, kinds = given.get("ResourceARNList"), given.get("ResourceTypeFilters")
    return (
        (not arns or arn in arns)
        and (not kinds or any(kind in _kinds_of(arn) for kind in kinds))
        and all(_has(tags, wanted) for wanted in given.get("TagFilters", []))
    )


def _has(tags: dict[str, str], wanted: dict[str, Any]) -> bool:
    values = wanted.get("Values")
    return wanted.get("Key") in tags and (not values or tags[wanted["Key"]] in values)


def _kinds_of(arn: str) -> tuple[str, str]:
    """The service, and `service:type` as the ARN spells both; the ARN of a bucket leaves its type out."""
    _, _, service, _, _, rest = arn.split(":", 5)
    kind = "bucket" if service == "s3" else rest.replace("/", ":").split(":")[0]
    return service, f"{service}:{kind}"


def _fitting(found: list[Tagged], most_tags: int | None) -> int:
    """How many resources have at most so many tags together, never none of them."""
    if most_tags is None:
        return len(found)
    count = 0
    for number, (_, tags) in enumerate(found):
        count += len(tags)
        if count > most_tags and number:
            return number
    return len(found)


def _token(start: int, given: dict[str, Any]) -> str:
    return base64.b64encode(json.dumps([start, _asked(given)]).encode()).decode()


def _start(given: dict[str, Any]) -> int:
    """Where the page begins. Raises a refusal for the token of another question."""
    token = given.get("PaginationToken")
    if not token:
        return 0
    try:
        start, asked = json.loads(base64.b64decode(token))
    except ValueError:
        start, asked = 0, None
    if asked != _asked(given):
        raise refuse("PaginationTokenExpiredException", "PaginationToken is expired or belongs to another request.")
    return int(start)


def _asked(given: dict[str, Any]) -> str:
    return json.dumps([given.get("TagFilters"), given.get("ResourceTypeFilters")], sort_keys=True)


def install() -> None:
    """Let requests for the tagging API come here."""
    urls.url_paths["{0}/$"] = LocalTagging.dispatch
