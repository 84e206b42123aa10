"""Prices of AWS in us-east-1, US dollars, on demand and without the free tier, each with its source and date.

None was fetched: most were written down from memory of the named page. Check a price before a decision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Price:
    """The price of one unit, and its source."""

    dollars: float
    source: str
    as_of: str


_LIST = "AWS public price list, from memory"
_CAPTURE = "AWS Pricing API answers kept in public repositories"


def _priced(as_of: str, source: str, dollars: Mapping[str, float]) -> dict[str, Price]:
    return {name: Price(each, source, as_of) for name, each in dollars.items()}


PRICES: dict[str, Price] = {
    **_priced(
        "2025-07",
        f"{_LIST}: aws.amazon.com/lambda/pricing",
        {"lambda request": 0.20e-6, "lambda GB second x86_64": 16.6667e-6, "lambda GB second arm64": 13.3334e-6},
    ),
    **_priced(
        "2025-07",
        f"{_LIST}: aws.amazon.com/api-gateway/pricing",
        {"http request": 1.00e-6, "socket message": 1.00e-6, "socket minute": 0.25e-6},
    ),
    **_priced("2025-07", f"{_LIST}: aws.amazon.com/sqs/pricing", {"sqs request": 0.40e-6}),
    **_priced("2026-11", f"{_CAPTURE}: AWSQueueService, queueType=Fair, us-east-2", {"sqs fair send": 0.10e-6}),
    **_priced("2025-07", f"{_LIST}: aws.amazon.com/cloudwatch/pricing", {"log GB": 0.50, "dashboard month": 3.00}),
    **_priced(
        "2026-11",
        f"{_CAPTURE}: AmazonCloudWatch (a metric alarm is billed for each metric it watches)",
        {"custom metric month": 0.30, "alarm metric month": 0.10, "composite alarm month": 0.50},
    ),
    **_priced(
        "2025-08",
        "repost.aws/questions/QUevHYubJ-TESBPlUxRyujmg; aws.amazon.com/systems-manager/pricing",
        {"appconfig document": 0.0008, "appconfig poll": 0.20e-6},
    ),
    **_priced(
        "2025-07",
        f"{_LIST}: aws.amazon.com/secrets-manager/pricing",
        {"secret month": 0.40, "secret read": 0.05e-4},
    ),
    **_priced("2025-07", f"{_LIST}: aws.amazon.com/kms/pricing", {"key month": 1.00, "key request": 0.03e-4}),
    **_priced(
        "2025-07",
        f"{_LIST}: aws.amazon.com/waf/pricing",
        {"web acl month": 5.00, "web acl rule month": 1.00, "web acl request": 0.60e-6},
    ),
    **_priced(
        "2025-07",
        f"{_LIST}: aws.amazon.com/cloudfront/pricing (1 TB and 10 million requests a month are always free)",
        {"cloudfront request": 1.00e-6, "cloudfront function": 0.10e-6},
    ),
    **_priced("2025-07", f"{_LIST}: aws.amazon.com/xray/pricing", {"trace": 5.00e-6}),
    **_priced(
        "2025-07",
        f"{_LIST}: aws.amazon.com/vpc/pricing and aws.amazon.com/privatelink/pricing",
        {"interface endpoint hour": 0.01, "nat hour": 0.045, "nat GB": 0.045, "public address hour": 0.005},
    ),
    "db.t4g.micro hour": Price(0.016, "instances.vantage.sh/aws/rds/db.t4g.micro", "2026-11"),
    "db.t4g.small hour": Price(0.032, "instances.vantage.sh/aws/rds/db.t4g.small", "2026-11"),
    "db.t4g.medium hour": Price(0.065, f"{_LIST}: aws.amazon.com/rds/postgresql/pricing", "2025-07"),
    **_priced(
        "2025-07",
        f"{_LIST}: aws.amazon.com/rds/postgresql/pricing",
        {"gp3 GB month": 0.115, "proxy vCPU hour": 0.015, "t4g vCPU hour beyond baseline": 0.075},
    ),
}


def price(name: str) -> float:
    """Return the dollars of one unit."""
    return PRICES[name].dollars
