"""Published prices, in US dollars, each with where and when it was read. Nothing here is measured.

Region us-east-1 (N. Virginia), on demand, without the free tier unless it says so. AWS's price pages fill in their
figures in the reader's browser; these were read in public copies and quotations of them in September and October 2026.
Look them up again before you rely on a sum: each price has the name of its page.
"""

from __future__ import annotations

from dataclasses import dataclass

REGION = "us-east-1"
READ = "September and October 2026"


@dataclass(frozen=True)
class Price:
    """Dollars for one of ``unit``, as the page named ``page`` has it."""

    dollars: float
    unit: str
    page: str


LAMBDA_GB_SECOND = Price(0.0000133334, "GB-second, arm64", "AWS Lambda Pricing")
LAMBDA_REQUEST = Price(0.20 / 1e6, "request", "AWS Lambda Pricing")
SQS_REQUEST = Price(0.40 / 1e6, "request to a standard queue, up to 64 KB", "Amazon SQS pricing")
S3_PUT = Price(0.005 / 1e3, "PUT or LIST request", "Amazon S3 pricing")
S3_GET = Price(0.0004 / 1e3, "GET request", "Amazon S3 pricing")
S3_GB_MONTH = Price(0.023, "GB kept for a month, S3 Standard", "Amazon S3 pricing")
ATHENA_TB = Price(5.0, "TB scanned", "Amazon Athena pricing")
LOGS_GB = Price(0.50, "GB of logs taken in", "Amazon CloudWatch pricing")
METRIC_MONTH = Price(0.30, "metric and month", "Amazon CloudWatch pricing")
ALARM_MONTH = Price(0.10, "alarm and month", "Amazon CloudWatch pricing")
DASHBOARD_MONTH = Price(3.0, "dashboard and month; an account's first three are free", "Amazon CloudWatch pricing")
SECRET_MONTH = Price(0.40, "secret and month", "AWS Secrets Manager pricing")
QUICKSIGHT_AUTHOR_MONTH = Price(24.0, "author and month, 10 GB of SPICE with it", "Amazon Quick Sight pricing")
SPICE_GB_MONTH = Price(0.38, "GB of SPICE beyond that and month", "Amazon Quick Sight pricing")
PRICES = tuple(value for value in list(globals().values()) if isinstance(value, Price))


@dataclass(frozen=True)
class OmdbTier:
    """What a patron of OMDb pays a month, and the calls a day that gives; None is without limit."""

    dollars: float
    calls_a_day: int | None


# The free tier from OMDb's page of keys; the others as told in its issue tracker (omdbapi/OMDb-API, number 100, 2018).
OMDB_TIERS = (OmdbTier(0, 1_000), OmdbTier(1, 100_000), OmdbTier(5, 250_000), OmdbTier(10, None))


def omdb_tier(calls_a_day: int) -> OmdbTier:
    """The cheapest tier that allows so many calls."""
    return next(tier for tier in OMDB_TIERS if tier.calls_a_day is None or calls_a_day <= tier.calls_a_day)
