# SPDX-License-Identifier: Apache-2.0
"""Compares module_utils/environment/prices.py with AWS's price list, read through the pricing API.

    python tools/prices.py            every region and item; exit code 1 when any differs

It needs credentials that may pricing:GetProducts, and writes nothing: what differs is put into the file by hand, with
the day in AS_OF.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
from ansible import module_utils
from botocore.exceptions import BotoCoreError, ClientError

ROOT = Path(__file__).resolve().parent.parent
module_utils.__path__.append(str(ROOT / "module_utils"))
# Where the pricing API is, for all regions.  Source: AWS Billing user guide, "Price List Query API endpoint".
API_REGION = "us-east-1"
Filters = dict[str, str]


def wanted(region: str) -> Iterator[tuple[str, str, Filters, float]]:
    """Item, service code, attributes and our price of everything that we have for a region."""
    from ansible.module_utils.environment import prices

    prefix = prices.PREFIXES[region]
    for item, price in prices.PRICES[region].items():
        service, usage, more = prices.LISTED[item]
        yield item, service, {"regionCode": region, "usagetype": prefix + usage, **more}, price
    service, usage, engine = prices.NODES
    for kind, pair in prices.NODE_PRICES[region].items():
        for name, price in zip(prices.ENGINES, pair, strict=True):
            attributes = {"regionCode": region, "usagetype": f"{prefix}{usage}:{kind}", engine: name.capitalize()}
            yield f"{name} {kind}", service, attributes, price


def listed(products: list[str]) -> set[float]:
    """The on-demand prices of the first tier in an answer of GetProducts, without those that are free."""
    found = set()
    for product in map(json.loads, products):
        for offer in product.get("terms", {}).get("OnDemand", {}).values():
            tiers = [tier for tier in offer["priceDimensions"].values() if float(tier.get("beginRange") or 0) == 0]
            found |= {float(tier["pricePerUnit"]["USD"]) for tier in tiers if "USD" in tier["pricePerUnit"]}
    return found - {0.0}


def differing(ours: float, found: set[float]) -> str:
    """What is to be said of one price; empty where the list agrees."""
    if not found:
        return "not in the price list under this name"
    return "" if found == {ours} else f"{ours} here, {', '.join(map(str, sorted(found)))} in the price list"


def main() -> int:
    from ansible.module_utils.environment import prices

    client, wrong = boto3.client("pricing", region_name=API_REGION), 0
    for region in prices.PRICES:
        for item, service, attributes, ours in wanted(region):
            try:
                answer: Mapping[str, Any] = client.get_products(ServiceCode=service, Filters=[
                    {"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in attributes.items()
                ])  # fmt: skip
            except (BotoCoreError, ClientError) as error:
                print(f"pricing API: {error}. Next: use credentials that may pricing:GetProducts")
                return 2
            said = differing(ours, listed(answer["PriceList"]))
            wrong += bool(said)
            if said:
                print(f"{region} {item}: {said}")
    print(f"{wrong} of our prices differ from the price list" if wrong else "every price is as in the price list")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
