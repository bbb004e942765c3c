"""What a month costs on AWS, line by line: quantities from the model, prices from ``prices.py``. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from benchmarks.scale import prices
from benchmarks.scale.measured import Measured
from benchmarks.scale.model import MEMORY_MB, Day
from benchmarks.scale.prices import Price

DAYS = 30
GB, TB = 1e9, 1e12
# What the template creates without its optional parts; a test compares.
ALARMS, DASHBOARDS, SECRETS = 11, 1, 1
# Metrics that the functions of a run count into; a test counts them.
METRICS = 23
QUEUES = 3
# AWS Lambda's documentation: five pollers at first, each asking for up to 20 s; they never stop.
POLLS_A_QUEUE_AND_DAY = 5 * 86_400 // 20
# SQS hands over at most ten messages a request, and takes as many.
MESSAGES_A_REQUEST = 10
GOLD_TABLES = 12
# Of a Silver row's bytes: all for movies, and the columns of rank_history, pipeline_runs and the counts again.
ATHENA_READS = 1.3


@dataclass(frozen=True)
class Line:
    """One line of the bill of a month."""

    item: str
    quantity: float
    price: Price

    @property
    def dollars(self) -> float:
        """What it costs."""
        return self.quantity * self.price.dollars


def month(day: Day, measured: Measured) -> list[Line]:
    """Lines of a month of such days, when as many runs are stored as the day says."""
    return [*_functions(day), *_queues(day), *_storage(day, measured), *_standing(day, measured)]


def total(lines: list[Line]) -> float:
    """Sum of a bill, in dollars."""
    return sum(line.dollars for line in lines)


def _functions(day: Day) -> list[Line]:
    gigabyte_seconds = {name: seconds * MEMORY_MB[name] / 1024 for name, seconds in day.function_seconds.items()}
    return [
        *(
            Line(f"Lambda, {name}", DAYS * quantity, prices.LAMBDA_GB_SECOND)
            for name, quantity in gigabyte_seconds.items()
        ),
        Line("Lambda, requests", DAYS * sum(day.invocations.values()), prices.LAMBDA_REQUEST),
    ]


def _queues(day: Day) -> list[Line]:
    messages = ceil(day.films / 10)
    # Sent and received and deleted by tens; S3 sends its events one by one.
    by_tens = 3 * ceil(messages / MESSAGES_A_REQUEST) + 2 * ceil((day.films + day.parts) / MESSAGES_A_REQUEST)
    a_day = by_tens + day.films + day.parts + QUEUES * POLLS_A_QUEUE_AND_DAY
    return [Line("SQS", DAYS * a_day, prices.SQS_REQUEST)]


def _storage(day: Day, measured: Measured) -> list[Line]:
    run, compacted = measured.largest(), measured.compacted
    rows = day.films * day.days_kept
    bronze = run.bronze_bytes / run.films * rows
    silver = compacted.bytes / compacted.rows * rows
    puts = day.films + day.parts + GOLD_TABLES * day.builds
    return [
        Line("S3, writing", DAYS * puts, prices.S3_PUT),
        Line("S3, listing", DAYS * day.list_pages, prices.S3_PUT),
        Line("S3, reading", DAYS * (day.films + day.parts + day.cold_parts), prices.S3_GET),
        Line("S3, keeping", (bronze + silver) / GB, prices.S3_GB_MONTH),
        Line(
            "Athena",
            DAYS * day.builds * silver * ATHENA_READS / TB if day.engine == "athena" else 0.0,
            prices.ATHENA_TB,
        ),
    ]


def _standing(day: Day, measured: Measured) -> list[Line]:
    run = measured.largest()
    tier = prices.omdb_tier(day.films)
    return [
        Line("CloudWatch, logs", DAYS * day.films * run.log_bytes / run.films / GB, prices.LOGS_GB),
        Line("CloudWatch, metrics", METRICS, prices.METRIC_MONTH),
        Line("CloudWatch, alarms", ALARMS, prices.ALARM_MONTH),
        Line("CloudWatch, dashboard", DASHBOARDS, prices.DASHBOARD_MONTH),
        Line("Secrets Manager", SECRETS, prices.SECRET_MONTH),
        Line("OMDb", 1, Price(tier.dollars, "month", "OMDb's key page")),
    ]
