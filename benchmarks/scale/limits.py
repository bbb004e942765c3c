"""Which part gives way at how many films a day, and what to switch then. Pure arithmetic on what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from benchmarks.scale import prices
from benchmarks.scale.measured import Measured
from benchmarks.scale.model import (
    AT_ONCE,
    BUILD_SECONDS,
    DISK_BYTES,
    MEMORY_BYTES,
    disk_bytes,
    on_aws,
    processors,
    reading_seconds,
)
from benchmarks.scale.sizes import Size, Sizes
from pipeline.source_list import MAX_LIST_BYTES

SECONDS_A_DAY = 86_400
YEAR = 360
# Of the template; a test compares.
SEND_TIMEOUT, ATHENA_BYTES = 120, 10 * 1024**3
# A page that a browser opens without a pause on a small laptop, and the longest that a scheduled report may take.
PAGE_BYTES, REPORT_SECONDS = 50e6, 900
# template.yaml: 17 thousand films and their pairs take 250 MB of FindSimilarMovies' 1,024.
LOOKUP_FILMS = 17_472 * 1024 / 250
SPICE_BYTES = 10e9


@dataclass(frozen=True)
class Limit:
    """A part that gives way.

    Attributes
    ----------
    films : float
        Films a day at which it does, in one run a day.
    basis : str
        ``published``, ``setting``, ``measured`` or ``computed`` from something measured and an assumption.
    """

    part: str
    films: float
    basis: str
    why: str
    then: str


def limits(measured: Measured, sizes: Sizes) -> list[Limit]:
    """All limits, the lowest first."""
    found = [*_fetching(measured, sizes.largest), *_building(measured, sizes), *_showing(sizes.largest)]
    return sorted(found, key=lambda limit: limit.films)


def _fetching(measured: Measured, size: Size) -> list[Limit]:
    free, first, second, _ = prices.OMDB_TIERS
    pipeline = on_aws(measured, 10, None)
    a_film = pipeline.enrich.seconds_an_item / pipeline.films_a_message
    silver = pipeline.silver.seconds_an_item + pipeline.silver.seconds / pipeline.silver.batch
    sending = pipeline.seconds_a_message / pipeline.films_a_message
    listed = size.list_bytes / size.films
    return [
        Limit(
            "OMDb, free key", free.calls_a_day or 0, "published", "calls a day; the rest waits for the next",
            "a patron's key, put into the secret",
        ),
        Limit("OMDb, $1 key", first.calls_a_day or 0, "published", "calls a day", "the next tier"),
        Limit("OMDb, $5 key", second.calls_a_day or 0, "published", "calls a day", "the tier without limit"),
        Limit(
            "source list", MAX_LIST_BYTES / listed, "measured", f"64 MB at most, {listed:.0f} bytes a film",
            "several lists, a run each",
        ),
        Limit(
            "GetMoviesAndSendToQueue", SEND_TIMEOUT / sending, "computed",
            f"{SEND_TIMEOUT} s, {sending * 1e3:.2f} ms a film: ten messages a request, one after the other",
            "`BatchSize` 100: a tenth of the messages",
        ),
        Limit(
            "EnrichAndStoreMovie", AT_ONCE * SECONDS_A_DAY / a_film, "computed",
            f"24 hours, {a_film * 1e3:.1f} ms a film, two at once", "a higher `MaximumConcurrency`, if OMDb bears it",
        ),
        Limit(
            "ProcessBronzeToSilver", AT_ONCE * SECONDS_A_DAY / silver, "computed",
            f"24 hours, {silver * 1e3:.1f} ms a film, two at once", "a higher `MaximumConcurrency`",
        ),
    ]  # fmt: skip


def _building(measured: Measured, sizes: Sizes) -> list[Limit]:
    part = reading_seconds(1, 100, measured)
    parts = BUILD_SECONDS / part
    a_film = sizes.build_cpu_seconds(1, YEAR) / processors("AggregateToGold")
    stored, thousand = measured.compacted.bytes / measured.compacted.rows, disk_bytes(1000, YEAR, measured, sizes)
    return [
        Limit(
            "Silver's parts, a year, not compacted", parts * 100 / YEAR, "computed",
            f"{parts:,.0f} parts of 100 films, {part * 1e3:.1f} ms each, take a cold build's {BUILD_SECONDS:.0f} s",
            "`reelhouse compact`, daily",
        ),
        Limit(
            "Silver's parts, one run's", parts * 100, "computed", "the same parts in a single day",
            "`GoldEngine=athena`",
        ),
        Limit(
            "DuckDB's disk, a year of runs", DISK_BYTES / thousand * 1000, "computed",
            f"2 GB for Silver and Gold: {thousand / 1e3:,.0f} bytes a film that has {YEAR} rows",
            "up to 10 GB; then `GoldEngine=athena`",
        ),
        Limit(
            "DuckDB's memory", MEMORY_BYTES / sizes.film_memory_bytes, "computed",
            f"1 GB, {sizes.film_memory_bytes:.0f} bytes a film, however many rows it has; beyond, it spills to disk",
            "up to 10 GB; then `GoldEngine=athena`",
        ),
        Limit(
            "Athena's limit, a year of runs", ATHENA_BYTES / stored / YEAR, "computed",
            f"a query may scan 10 GiB; {stored:.0f} bytes a row",
            "a higher `AthenaBytesScannedLimit`: it only guards the purse",
        ),
        Limit(
            "DuckDB's time, a year of runs", BUILD_SECONDS / a_film, "computed",
            f"{a_film * 1e3:.1f} ms a film that has {YEAR} rows", "`GoldEngine=athena`",
        ),
    ]  # fmt: skip


def _showing(size: Size) -> list[Limit]:
    page, rows = size.page_bytes / size.films, size.row_bytes / size.films
    return [
        Limit(
            "FindSimilarMovies", LOOKUP_FILMS, "measured", "1,024 MB, 250 MB for 17 thousand films and their pairs",
            "more memory, up to 10 GB; then pairs in parts by id, each read when it is asked for",
        ),
        Limit(
            "recommendations", sqrt(REPORT_SECONDS / size.pairs_cpu_seconds) * size.films, "computed",
            f"15 minutes on one processor; {size.pairs_cpu_seconds:.1f} s for {size.films:,} films, four times that "
            "for twice the films",
            "parts by decade and genre, each with its neighbours",
        ),
        Limit(
            "dashboard page", PAGE_BYTES / page, "measured", f"50 MB, {page:.0f} bytes a film, all in one file",
            "QuickSight, or a page of the best films",
        ),
        Limit(
            "SPICE of one author", SPICE_BYTES / rows, "computed", f"10 GB, {rows:,.0f} bytes a film in `movies` alone",
            "bought SPICE, or direct queries",
        ),
    ]  # fmt: skip
