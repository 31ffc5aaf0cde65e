# SPDX-License-Identifier: Apache-2.0
"""Declarations of endpoints that AWS would refuse, found without asking it.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..policies import statements_of
from ..reconcile.errors import Refusal, did_you_mean
from . import topology
from .endpoints import ADDRESSES, BOTH_KINDS, GATEWAY_SERVICES, SETTINGS, needs_dns, private, settings, tier_of
from .refuse import Refuse

# Addresses of an endpoint, and which records its names may have.
# Source: "Create a VPC endpoint", AWS PrivateLink guide, DNS record IP type.
RECORDS = {
    "ipv4": ("ipv4", "service-defined"), "ipv6": ("ipv6", "service-defined"),
    "dualstack": ("ipv4", "ipv6", "dualstack", "service-defined"),
}  # fmt: skip


def refusals(options: Mapping[str, Any], refuse: Refuse) -> Iterator[Refusal]:
    """What is wrong with the endpoints that are declared."""
    gateways, interfaces = options["gateway_endpoints"] or (), options["interface_endpoints"] or ()
    for service in gateways:
        if service not in GATEWAY_SERVICES:
            yield refuse("gateway_endpoints", service, GATEWAY_SERVICES)
        if service in interfaces and service != BOTH_KINDS:
            yield refuse("interface_endpoints", service, "one kind of endpoint for each service")
    inbound = settings(options, BOTH_KINDS).get("private_dns_only_for_inbound_resolver_endpoint") is not False
    if BOTH_KINDS in interfaces and BOTH_KINDS not in gateways and private(options, BOTH_KINDS) and inbound:
        step = f"add {BOTH_KINDS} to gateway_endpoints, or set endpoint_settings {BOTH_KINDS} private_dns_enabled false"
        yield refuse("interface_endpoints", BOTH_KINDS, "a gateway endpoint beside its private name", step)
    for service, own in (options["endpoint_settings"] or {}).items():
        yield from _settings_refusals(options, refuse, service, own)
    yield from _tier_refusals(options, refuse, interfaces)
    yield from _without_ipv4(options, refuse, interfaces)
    # Source: CreateVpcEndpoint API reference, PrivateDnsEnabled.
    for field in ("dns_support", "dns_hostnames") if needs_dns(options) else ():
        if options[field] is False:
            yield refuse(field, False, "true, for interface endpoints answer under private names")


def _tier_refusals(options: Mapping[str, Any], refuse: Refuse, interfaces: Any) -> Iterator[Refusal]:
    """Interface endpoints stand in a tier that is declared, where any is."""
    if options["tiers"] is None:
        return
    tiers = [("interface_endpoint_tier", options["interface_endpoint_tier"])]
    tiers += [(f"endpoint_settings {service} tier", settings(options, service).get("tier")) for service in interfaces]
    for field, tier in tiers:
        if tier is not None and tier not in options["tiers"]:
            found = f"{tier}{did_you_mean(tier, options['tiers'])}"
            yield refuse(field, found, f"one of tiers: {', '.join(options['tiers'])}")


def _without_ipv4(options: Mapping[str, Any], refuse: Refuse, interfaces: Any) -> Iterator[Refusal]:
    """Endpoints with IPv4 addresses in subnets that have none.

    Source: "Create a VPC endpoint", AWS PrivateLink guide: each kind of address takes subnets that have it.
    """
    for service in interfaces:
        tier, addresses = tier_of(options, service) or "", settings(options, service).get(ADDRESSES)
        if topology.native(options, tier) and addresses != "ipv6":
            field, step = f"endpoint_settings {service} {ADDRESSES}", "set it, or choose another tier"
            yield refuse(field, addresses, f"ipv6 in tier {tier}, whose subnets have nothing else", step)


def _settings_refusals(options: Mapping[str, Any], refuse: Refuse, service: str, own: Any) -> Iterator[Refusal]:
    field = f"endpoint_settings {service}"
    interface = service in (options["interface_endpoints"] or ())
    if not isinstance(own, Mapping):
        yield refuse(field, repr(own), f"a dictionary with {', '.join(SETTINGS)}")
        return
    if not interface and service not in (options["gateway_endpoints"] or ()):
        yield refuse(field, service, "a service of gateway_endpoints or interface_endpoints")
        return
    yield from refuse.unknown(field, own, SETTINGS if interface else SETTINGS[:1])
    policy = own.get("policy")
    if policy and (not isinstance(policy, Mapping) or not statements_of(policy)):
        yield refuse(f"{field} policy", policy, "a policy with Statement, or {} for everyone")
    zones = topology.zones_of(options, tier_of(options, service) or "")
    yield from refuse.zones(f"{field} zones", own.get("zones"), zones)
    yield from _dns_refusals(options, refuse, service, own)
    yield from _group_refusals(options, refuse, field, own)


def _dns_refusals(options: Mapping[str, Any], refuse: Refuse, service: str, own: Any) -> Iterator[Refusal]:
    """Names and addresses of one endpoint that do not fit each other, or the tier."""
    field, only = f"endpoint_settings {service}", "private_dns_only_for_inbound_resolver_endpoint"
    for name, allowed in (("private_dns_enabled", (True, False)), (only, (True, False)), (ADDRESSES, tuple(RECORDS)),
                          ("dns_record_ip_type", RECORDS["dualstack"])):  # fmt: skip
        if own.get(name) not in (None, *allowed):
            yield refuse(f"{field} {name}", own[name], allowed)
            return
    # Source: CreateVpcEndpoint API reference, DnsOptionsSpecification.
    if own.get(only) is not None and (service not in GATEWAY_SERVICES or not private(options, service)):
        yield refuse(f"{field} {only}", own[only], f"one of {', '.join(GATEWAY_SERVICES)} with private_dns_enabled",
                     f"remove {only}")  # fmt: skip
    addresses, records = own.get(ADDRESSES), own.get("dns_record_ip_type")
    if records and records not in RECORDS[addresses or "ipv4"]:
        yield refuse(f"{field} dns_record_ip_type", records, f"{' or '.join(RECORDS[addresses or 'ipv4'])} with "
                     f"{ADDRESSES} {addresses or 'ipv4'}")  # fmt: skip
    tier = tier_of(options, service)
    ipv6 = options["ipv6_pool"] not in (None, "none") and topology.tier(options, tier or "").get("ipv6") is not False
    if addresses in ("ipv6", "dualstack") and not ipv6:
        yield refuse(f"{field} {ADDRESSES}", addresses, "IPv6 in its tier", "set ipv6_pool, and ipv6 of the tier")


def _group_refusals(options: Mapping[str, Any], refuse: Refuse, field: str, own: Any) -> Iterator[Refusal]:
    for key in own.get("security_groups") or ():
        if key not in (options["security_groups"] or {}):
            found = f"{key}{did_you_mean(str(key), options['security_groups'] or {})}"
            yield refuse(
                f"{field} security_groups", found, list(options["security_groups"] or {}) or "a key of security_groups"
            )
