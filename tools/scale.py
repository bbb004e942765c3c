"""Limits and monthly cost by the number of films, written into docs/scale.md.

``python -m tools.scale`` writes the tables; a test compares the document with this module. Settings are read from
template.yaml. Figures are processor time, measured on a two-core machine in November 2026. Prices are those that AWS
publishes for us-east-1. Nothing here has run on AWS.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import ceil, sqrt
from typing import Any

import yaml

from pipeline.source_list import MAX_ENTRIES
from tools.catalogue import ROOT, with_block

DOCUMENT = ROOT / "docs" / "scale.md"
SIZES = (250, 17_472, 1_000_000)
DAYS_KEPT = 360
DAYS_A_MONTH = 30

# ── Measured, 26 November 2026: processor seconds and bytes ──────────────────────────────────────────────────────────
CPU_ENRICH_FILM, CPU_SILVER_FILM = 3.0e-3, 3.0e-3
CPU_BUILD_FILM, CPU_BUILD_ROW = 8.5e-6, 2.2e-6
CPU_READ_PART, CPU_READ_ROW = 3.7e-3, 9e-6
# All pairs of 17,472 films; four times as many pairs for twice the films.
CPU_PAIRS, PAIRS_FILMS = 6.5, 17_472
BRONZE_BYTES, SILVER_ROW_BYTES, GOLD_BYTES, LOG_BYTES = 1_430, 195, 250, 95
PAGE_BYTES = 174
# FindSimilarMovies holds 17,472 films and their pairs in 250 MB.
LOOKUP_BYTES = 250e6 / 17_472

# Bytes that a build on Trino reads, as a multiple of Silver: all statements, and the largest of them. Measured on
# 28 November 2026 at a million rows, each film in four runs.
ATHENA_READS, ATHENA_LARGEST_READ = 6.1, 2.9

# ── Assumed: seconds ─────────────────────────────────────────────────────────────────────────────────────────────────
OMDB_SECONDS, S3_SECONDS, ATHENA_BUILD_SECONDS, QUIET_SECONDS = 0.2, 0.03, 120.0, 2.0

# ── Published, read in September and October 2026: US dollars, us-east-1, on demand, without the free tier ───────────
LAMBDA_GB_SECOND, LAMBDA_REQUEST = 0.0000133334, 0.20e-6
SQS_REQUEST, S3_WRITE, S3_READ, S3_GB_MONTH = 0.40e-6, 0.005e-3, 0.0004e-3, 0.023
ATHENA_TB, LOGS_GB, METRIC, ALARM, OPERATIONS_DASHBOARD, SECRET = 5.0, 0.50, 0.30, 0.10, 3.00, 0.40
# Calls a day by monthly price. The free tier is on OMDb's key page; its patrons' tiers are told in its issue tracker.
OMDB_TIERS = ((1_000, 0), (100_000, 1), (250_000, 5))
OMDB_UNLIMITED = 10
# A Lambda function with 1,769 MB has one processor (AWS Lambda's documentation).
MB_PER_PROCESSOR = 1_769
# Five pollers a queue, each asking every 20 seconds (AWS Lambda's documentation).
POLLS_PER_QUEUE_AND_DAY = 5 * 86_400 // 20

# ── Of this project; a test compares them with the template and the code ─────────────────────────────────────────────
METRICS = 25
GOLD_TABLES = 12
GOLD_RETENTION_DAYS = 90
REQUESTS_AT_ONCE = 16
QUEUES = 3


class _Template(yaml.CSafeLoader):
    """Reads CloudFormation's short functions (``!Ref``) as plain values."""


_Template.add_multi_constructor("!", lambda *parts: getattr(parts[-1], "value", None))


@cache
def template() -> dict[str, Any]:
    """Return template.yaml."""
    return dict(yaml.load((ROOT / "template.yaml").read_text(encoding="utf-8"), Loader=_Template))  # noqa: S506 (CSafeLoader)


def resources() -> dict[str, Any]:
    """Return the resources of template.yaml by logical id."""
    return dict(template()["Resources"])


@dataclass(frozen=True)
class Limit:
    """A limit: the part, the films a day at which it is reached, why, and what to change."""

    part: str
    films: float
    why: str
    change: str


def processors(function: str) -> float:
    """Return the share of a processor, or number of them, that a function's memory buys."""
    return float(resources()[function]["Properties"]["MemorySize"]) / MB_PER_PROCESSOR


def alarms() -> int:
    """Return the number of alarms of a stack without QuickSight."""
    every = [one for one in resources().values() if one["Type"] == "AWS::CloudWatch::Alarm"]
    return sum(one.get("Condition") != "HasQuickSight" for one in every)


def limits() -> list[Limit]:
    """Return all limits of one daily run with a year of runs in Silver, the lowest first."""
    fetching = 2 * 86_400 * REQUESTS_AT_ONCE / (OMDB_SECONDS + S3_SECONDS)
    pairs = PAIRS_FILMS * sqrt(900 / CPU_PAIRS)
    lookup = resources()["FindSimilarMovies"]["Properties"]["MemorySize"] * 1e6 / LOOKUP_BYTES
    limits_outside_gold = [
        Limit("OMDb, free key", 1_000, "calls a day", "a patron's key, put into the secret"),
        Limit("OMDb, $1 key", 100_000, "calls a day", "the $5 key, then the one without limit"),
        Limit("FindSimilarMovies", lookup, "all films and pairs in memory", "a larger `MemorySize`"),
        Limit("recommendations", pairs, "all pairs in 15 minutes", "to be written: parts by decade and genre"),
        Limit("dashboard page", 50e6 / PAGE_BYTES, "one file of 50 MB", "QuickSight"),
        Limit("source list", MAX_ENTRIES, "most entries accepted", "several lists, one run each"),
        Limit("EnrichAndStoreMovie", fetching, "24 hours, two functions at once", "a higher `MaximumConcurrency`"),
    ]
    return sorted([*limits_outside_gold, *_limits_of_gold()], key=lambda limit: limit.films)


def _limits_of_gold() -> list[Limit]:
    function = resources()["AggregateToGold"]["Properties"]
    seconds, share = function["Timeout"] - 40, processors("AggregateToGold")
    disk = function["EphemeralStorage"]["Size"] * 1e6
    parts = seconds * share / CPU_READ_PART * 100 / DAYS_KEPT
    yearly_bytes = SILVER_ROW_BYTES * DAYS_KEPT + GOLD_BYTES
    limit = template()["Parameters"]["AthenaBytesScannedLimit"]["Default"]
    scanned = limit / (SILVER_ROW_BYTES * DAYS_KEPT * ATHENA_LARGEST_READ)
    built = seconds * share / (CPU_BUILD_FILM + DAYS_KEPT * CPU_BUILD_ROW)
    return [
        Limit("Silver parts of a year, not compacted", parts, f"read in {seconds} s", "`reelhouse compact`, daily"),
        Limit("DuckDB's disk", disk / yearly_bytes, f"{disk / 1e9:.0f} GB", "10 GB, then `GoldEngine=athena`"),
        Limit("DuckDB's time", built, f"{seconds} s for a build", "`GoldEngine=athena`"),
        Limit("Athena's scan limit", scanned, f"{limit / 2**30:.0f} GiB a query", "`AthenaBytesScannedLimit`"),
    ]


def month(films: int, *, builds: int = 1) -> dict[str, float]:
    """Return dollars a month by service, for a daily run of ``films`` with a year of compacted runs.

    Parameters
    ----------
    builds : int
        Builds of Gold a run.
    """
    rows, parts = films * DAYS_KEPT, ceil(films / 100)
    athena = rows * SILVER_ROW_BYTES > 2e9
    build = ATHENA_BUILD_SECONDS if athena else CPU_BUILD_FILM * films + CPU_BUILD_ROW * rows
    read = 0 if athena else CPU_READ_PART * (DAYS_KEPT + parts) + CPU_READ_ROW * rows
    enrich = max((OMDB_SECONDS + S3_SECONDS) / REQUESTS_AT_ONCE, CPU_ENRICH_FILM / processors("EnrichAndStoreMovie"))
    seconds = {
        "EnrichAndStoreMovie": films * enrich,
        "ProcessBronzeToSilver": films * CPU_SILVER_FILM / processors("ProcessBronzeToSilver"),
        "AggregateToGold": builds * (QUIET_SECONDS + (build + read) / processors("AggregateToGold")),
    }
    memory_gb = {name: resources()[name]["Properties"]["MemorySize"] / 1024 for name in seconds}
    invocations = ceil(films / 100) + parts + builds + 1
    requests = films + parts + QUEUES * POLLS_PER_QUEUE_AND_DAY + ceil(films / 10)
    # A run of all films changes the rows of nearly every table, so each build is stored whole.
    kept = films * GOLD_BYTES * (1 + builds * GOLD_RETENTION_DAYS)
    lambda_day = sum(seconds[name] * memory_gb[name] for name in seconds) * LAMBDA_GB_SECOND
    # A metric is billed for the hours in which it is sent: those of the run, and one for compaction.
    hours = 1 + ceil(films * (OMDB_SECONDS + S3_SECONDS) / (2 * REQUESTS_AT_ONCE) / 3_600)
    standing = METRICS * METRIC * hours / 24 + alarms() * ALARM + OPERATIONS_DASHBOARD
    return {
        "Lambda": DAYS_A_MONTH * (lambda_day + invocations * LAMBDA_REQUEST),
        "SQS": DAYS_A_MONTH * requests * SQS_REQUEST,
        "S3 requests": DAYS_A_MONTH * ((films + parts + builds * GOLD_TABLES) * S3_WRITE + (films + parts) * S3_READ),
        "S3 storage": (rows * (BRONZE_BYTES + SILVER_ROW_BYTES) + kept) / 1e9 * S3_GB_MONTH,
        "Athena": DAYS_A_MONTH * builds * rows * SILVER_ROW_BYTES * ATHENA_READS / 1e12 * ATHENA_TB if athena else 0.0,
        "CloudWatch": standing + DAYS_A_MONTH * films * LOG_BYTES / 1e9 * LOGS_GB,
        "Secrets Manager": SECRET,
        "OMDb": float(next((price for calls, price in OMDB_TIERS if films <= calls), OMDB_UNLIMITED)),
    }  # fmt: skip


def rendered() -> dict[str, str]:
    """Return the document's tables as Markdown, by the name of their block."""
    rows = [
        f"| {limit.part} | {float(f'{limit.films:.2g}'):,.0f} | {limit.why} | {limit.change} |" for limit in limits()
    ]
    bills = [month(films) for films in SIZES]
    lines = [f"| {item} | " + " | ".join(f"{bill[item]:,.2f}" for bill in bills) + " |" for item in bills[0]]
    total = "| **total** | " + " | ".join(f"**{sum(bill.values()):,.2f}**" for bill in bills) + " |"
    head = "| dollars a month | " + " | ".join(f"{films:,} films" for films in SIZES) + " |"
    return {
        "limits": "\n".join(["| part | films a day | why | what to change |", "| --- | ---: | --- | --- |", *rows]),
        "cost": "\n".join([head, "| --- |" + " ---: |" * len(SIZES), *lines, total]),
    }


def document(text: str) -> str:
    """Return docs/scale.md with its tables computed again."""
    for name, table in rendered().items():
        text = with_block(text, f"<!-- {name}", f"<!-- end {name}", f"\n{table}\n\n")
    return text


if __name__ == "__main__":
    DOCUMENT.write_text(document(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
