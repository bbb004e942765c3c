"""From what was measured here to what a run would be on AWS: assumptions, each named, and the template's settings.

A function's time is the longer of two: its processor time on the share of a processor that its memory buys, and its
waiting. Both go on at the same time, since each waits in threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import ceil

from benchmarks.scale.measured import Measured, Run
from benchmarks.scale.simulation import Function, Outcome, Pipeline, simulate
from benchmarks.scale.sizes import Sizes

# Of the template; a test compares.
MEMORY_MB = {
    "GetMoviesAndSendToQueue": 512,
    "EnrichAndStoreMovie": 512,
    "ProcessBronzeToSilver": 1024,
    "AggregateToGold": 2048,
}
ENRICH_BATCH, SILVER_BATCH, SILVER_WINDOW, AT_ONCE = 10, 100, 5.0, 2
# AWS Lambda's documentation: at 1,769 MB a function has one processor.
MB_A_PROCESSOR = 1769
# EnrichAndStoreMovie's requests under way; a test compares.
REQUESTS_AT_ONCE = 16
# Films of the sample's list, all of which are read, however few are sent.
LISTED = 17_470
# Messages in one request to SQS.
MESSAGES_A_CALL = 10
# The emulator hands over at most ten messages or events at once, and does not wait for more.
EMULATOR_BATCH = 10


@dataclass(frozen=True)
class Assumptions:
    """What nobody measured here.

    Attributes
    ----------
    omdb_seconds, s3_seconds : float
        An answer of OMDb, and of S3 within the region.
    event_seconds : float
        From an object's being there to its event's being received.
    reads_at_once : int
        Parts read from S3 at the same time.
    athena_seconds : float
        A build by Athena.
    """

    omdb_seconds: float = 0.2
    s3_seconds: float = 0.03
    event_seconds: float = 1.0
    reads_at_once: int = 32
    athena_seconds: float = 120.0


ASSUMED = Assumptions()


def processors(function: str) -> float:
    """Share of a processor, or number of them, that a function has on Lambda."""
    return MEMORY_MB[function] / MB_A_PROCESSOR


def cpu_a_film(measured: Measured, function: str) -> float:
    """Processor time of a film in a function, in seconds, in the largest run."""
    run = measured.largest()
    return run.steps[function].cpu_seconds / run.films


def on_aws(measured: Measured, films_a_message: int, quota: int | None) -> Pipeline:
    """Return a run on AWS with the template's settings."""
    waiting = (ASSUMED.omdb_seconds + ASSUMED.s3_seconds) / REQUESTS_AT_ONCE
    fetching = max(waiting, cpu_a_film(measured, "EnrichAndStoreMovie") / processors("EnrichAndStoreMovie"))
    cleaning = max(
        ASSUMED.s3_seconds / ASSUMED.reads_at_once,
        cpu_a_film(measured, "ProcessBronzeToSilver") / processors("ProcessBronzeToSilver"),
    )
    step = "GetMoviesAndSendToQueue"
    sending = measured.largest().steps[step].cpu_seconds / LISTED / processors(step)
    return Pipeline(
        start=1.0,
        seconds_a_message=sending * films_a_message + ASSUMED.s3_seconds / MESSAGES_A_CALL,
        films_a_message=films_a_message,
        enrich=Function(ENRICH_BATCH, 0.0, AT_ONCE, 0.0, fetching * films_a_message, ASSUMED.event_seconds),
        silver=Function(SILVER_BATCH, SILVER_WINDOW, AT_ONCE, ASSUMED.s3_seconds, cleaning, ASSUMED.event_seconds),
        quota=quota,
    )


def on_the_emulator(run: Run) -> Pipeline:
    """Return a run here: what its own invocations took, in batches as the emulator makes them."""
    enrich, silver = run.steps["EnrichAndStoreMovie"], run.steps["ProcessBronzeToSilver"]
    return Pipeline(
        start=run.steps["GetMoviesAndSendToQueue"].seconds,
        seconds_a_message=0.0,
        films_a_message=run.batch_size,
        enrich=Function(EMULATOR_BATCH, 0.0, AT_ONCE, 0.0, enrich.seconds / ceil(run.films / run.batch_size)),
        silver=Function(EMULATOR_BATCH, 0.0, AT_ONCE, 0.0, silver.seconds / run.films),
    )


@dataclass(frozen=True)
class Day:
    """A daily run on AWS, with the runs of so many days kept.

    Attributes
    ----------
    bronze_seconds, silver_seconds : float
        From the start until all films are there.
    function_seconds, invocations : dict
        Time of all invocations, and their number, by function.
    parts, kept_parts : int
        Silver objects the run writes, and those that are there when the run begins.
    builds, build_seconds : int, float
        Builds of Gold, and the time of one with all runs.
    cold_parts, list_pages : int
        Parts read by functions that begin with nothing, and pages of Silver's listing over all looks.
    engine : str
        ``duckdb``, or ``athena`` where DuckDB has not the room or the time.
    """

    films: int
    days_kept: int
    bronze_seconds: float
    silver_seconds: float
    function_seconds: dict[str, float]
    invocations: dict[str, int]
    parts: int
    kept_parts: int
    builds: int
    build_seconds: float
    cold_parts: int
    list_pages: int
    engine: str


# AggregateToGold looks at Silver every second until it is quiet, at most 30 s, and once before and after a build; a
# test compares. Of its 300 seconds it keeps ten back.
LONGEST_WAIT_SECONDS, LOOKS_A_BUILD, BUILD_SECONDS = 30.0, 32, 260.0
# DuckDB's memory limit; the disk that holds Silver and Gold, and what exceeds the memory.
MEMORY_BYTES, DISK_BYTES = 1024e6, 2048e6
# Films of one compacted part; a test compares.
ROWS_A_PART = 250_000


def day(
    films: int,
    measured: Measured,
    sizes: Sizes,
    *,
    days_kept: int = 360,
    compacted: bool = True,
    builds: int | None = None,
) -> Day:
    """Work out a daily run, with OMDb's quota large enough.

    Parameters
    ----------
    days_kept : int
        Daily runs that Silver holds, this one included.
    compacted : bool
        Whether the runs before are compacted.
    builds : int or None
        Builds of Gold; None means as many as come about while the run pours in.
    """
    pipeline = on_aws(measured, 10, None)
    run = _simulated(films, pipeline)
    parts = len(run.parts)
    kept_parts = (days_kept - 1) * (ceil(films / ROWS_A_PART) if compacted else parts)
    build = sizes.build_cpu_seconds(films, days_kept) / processors("AggregateToGold")
    fits = disk_bytes(films, days_kept, measured, sizes) <= DISK_BYTES
    engine = "duckdb" if fits and build <= BUILD_SECONDS else "athena"
    build = build if engine == "duckdb" else ASSUMED.athena_seconds
    if builds is None:
        builds = 1 + ceil((run.silver - run.parts[0][0]) / (LONGEST_WAIT_SECONDS + build))
    cold = AT_ONCE if engine == "duckdb" else 0
    reading = reading_seconds(kept_parts + parts, films * days_kept, measured)
    return Day(
        films=films,
        days_kept=days_kept,
        bronze_seconds=run.bronze,
        silver_seconds=run.silver,
        function_seconds=_function_seconds(films, run, pipeline)
        | {"AggregateToGold": builds * (LONGEST_WAIT_SECONDS + build) + cold * reading},
        invocations={
            "GetMoviesAndSendToQueue": 1,
            "EnrichAndStoreMovie": run.enrich_invocations,
            "ProcessBronzeToSilver": run.silver_invocations,
            "AggregateToGold": builds,
        },
        parts=parts,
        kept_parts=kept_parts,
        builds=builds,
        build_seconds=build,
        cold_parts=cold * (kept_parts + parts),
        list_pages=builds * LOOKS_A_BUILD * ceil((kept_parts + parts) / 1000),
        engine=engine,
    )


def disk_bytes(films: int, days_kept: int, measured: Measured, sizes: Sizes) -> float:
    """Room that a build takes: Silver of all days, Gold, and what DuckDB's memory cannot hold."""
    run = measured.largest()
    silver = films * days_kept * measured.compacted.bytes / measured.compacted.rows
    return silver + films * run.gold_bytes / run.films + max(0.0, films * sizes.film_memory_bytes - MEMORY_BYTES)


@cache
def _simulated(films: int, pipeline: Pipeline) -> Outcome:
    return simulate(films, pipeline)


def _function_seconds(films: int, run: Outcome, pipeline: Pipeline) -> dict[str, float]:
    fetching = films * pipeline.enrich.seconds_an_item / pipeline.films_a_message
    cleaning = len(run.parts) * pipeline.silver.seconds + films * pipeline.silver.seconds_an_item
    return {
        "GetMoviesAndSendToQueue": run.sent,
        "EnrichAndStoreMovie": fetching,
        "ProcessBronzeToSilver": cleaning,
    }


def reading_seconds(parts: int, rows: int, measured: Measured) -> float:
    """Time in which AggregateToGold reads so many parts with so many rows, when it holds none."""
    cpu = measured.reading_cpu_seconds(parts, rows) / processors("AggregateToGold")
    return max(parts * ASSUMED.s3_seconds / ASSUMED.reads_at_once, cpu)
