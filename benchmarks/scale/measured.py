"""What runs of the local stack took, step by step, read back from the line that each invocation ends with.

``python -m benchmarks.scale measure`` runs them on the stack that is up, and writes ``measured.json``; everything else
here stands on that file.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from benchmarks.machine import load, machine
from pipeline import aws, keys
from pipeline.columns import SILVER_TABLES
from pipeline.gold.engine import DuckdbEngine
from pipeline.gold.silver_files import fetched
from reelhouse.local import state
from reelhouse.operate.compact import compact
from reelhouse.run import stories, watch
from reelhouse.stack import Stack

FILE = Path(__file__).with_name("measured.json")
LONGEST_SECONDS = 1800.0
# Films in one message: the template's default.
BATCH_SIZE = 10
# Films of a first run, which starts the functions.
WARM_UP = 50
MOVIES = SILVER_TABLES["movies"]


@dataclass(frozen=True)
class Step:
    """One function's part in a run.

    Attributes
    ----------
    invocations : int
        How many were about the run.
    seconds, cpu_seconds : float
        Their time together, and the processor's; the latter hardly depends on what else the machine does.
    """

    invocations: int
    seconds: float
    cpu_seconds: float


@dataclass(frozen=True)
class Run:
    """One run of the local stack.

    Attributes
    ----------
    films, batch_size : int
        Films of the list, and films in one message.
    seconds : dict of str to float
        Seconds until Bronze, Silver and Gold had all films, as ``reelhouse run`` saw it, and in total.
    steps : dict of str to Step
        By function.
    parts, builds : int
        Silver parts written, and builds of Gold.
    bronze_bytes, silver_bytes, gold_bytes, log_bytes : int
        Written by the run; Gold's is all of Gold.
    """

    films: int
    batch_size: int
    seconds: dict[str, float]
    steps: dict[str, Step]
    parts: int
    builds: int
    bronze_bytes: int
    silver_bytes: int
    gold_bytes: int
    log_bytes: int


@dataclass(frozen=True)
class Reading:
    """Parts read into an engine that holds nothing: their number, rows and bytes, seconds by clock and by processor."""

    objects: int
    rows: int
    bytes: int
    seconds: float
    cpu_seconds: float


@dataclass(frozen=True)
class Measured:
    """Runs with the machine they ran on and its load before and after; Silver's parts read, and again compacted."""

    at: str
    machine: dict[str, Any]
    load: tuple[float, float]
    runs: list[Run]
    parts: Reading
    compacted: Reading

    def largest(self) -> Run:
        """The run of most films."""
        return max(self.runs, key=lambda run: run.films)

    def reading_cpu_seconds(self, parts: int, rows: int) -> float:
        """Processor time of reading so many parts with so many rows, by the two readings of the same rows."""
        fewer = self.parts.objects - self.compacted.objects
        a_part = (self.parts.cpu_seconds - self.compacted.cpu_seconds) / fewer
        a_row = (self.compacted.cpu_seconds - a_part * self.compacted.objects) / self.compacted.rows
        return a_part * parts + a_row * rows


def read(path: Path = FILE) -> Measured:
    """Read what was measured."""
    found = json.loads(path.read_text(encoding="utf-8"))
    found["runs"] = [
        Run(**{**run, "steps": {name: Step(**step) for name, step in run["steps"].items()}}) for run in found["runs"]
    ]
    readings = {name: Reading(**found[name]) for name in ("parts", "compacted")}
    return Measured(**{**found, **readings, "load": tuple(found["load"])})


def write(measured: Measured, path: Path = FILE) -> None:
    """Write what was measured."""
    path.write_text(json.dumps(asdict(measured), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def measure(stack: Stack, sizes: list[int], times: int) -> Measured:
    """Run so often with each number of films, keeping the run whose functions took least; then read Silver."""
    before = load()
    _run(stack, WARM_UP)
    best = [min((_run(stack, films) for _ in range(times)), key=_busy) for films in sizes]
    parts = _read(stack["SilverBucketName"])
    compact(stack, None, datetime.max.replace(tzinfo=UTC), lambda *_: None)
    compacted = _read(stack["SilverBucketName"])
    return Measured(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", machine(), (before, load()), best, parts, compacted)


def _busy(run: Run) -> float:
    return sum(step.cpu_seconds for step in run.steps.values())


def _read(bucket: str) -> Reading:
    """Read all parts as a cold AggregateToGold does."""
    engine = DuckdbEngine(4096)
    started, started_cpu = time.monotonic(), time.process_time()
    listed = aws.list_objects(aws.client("s3"), bucket, f"{MOVIES.name}/")
    for files in fetched(bucket, listed):
        engine.load(MOVIES, files)
    seconds, cpu = round(time.monotonic() - started, 3), round(time.process_time() - started_cpu, 3)
    rows = sum(keys.rows_of(entry.key) for entry in listed)
    return Reading(len(listed), rows, sum(entry.size for entry in listed), seconds, cpu)


def _run(stack: Stack, films: int) -> Run:
    before = _processor_time()
    report = watch.watch(stack, watch.start(stack, films, BATCH_SIZE), lambda _: None, LONGEST_SECONDS)
    if report.status != "complete":
        raise SystemExit(f"the run of {films} films is not complete: {report.missing}")
    spent = {name: seconds - before.get(name, 0.0) for name, seconds in _processor_time().items()}
    told = stories.of_run(stack, report.run_id)
    return Run(
        films=films,
        batch_size=BATCH_SIZE,
        seconds=report.seconds,
        steps={name: _step(name, lines, spent) for name, lines in told.items()},
        parts=len(_objects(stack, "Silver", keys.MOVIES, report.run_id)),
        builds=sum(line.get("outcomes", {}).get("builds", 0) for line in told["AggregateToGold"]),
        bronze_bytes=sum(_objects(stack, "Bronze", keys.MOVIES, report.run_id)),
        silver_bytes=sum(_objects(stack, "Silver", keys.MOVIES, report.run_id)),
        gold_bytes=sum(entry.size for entry in aws.list_objects(aws.client("s3"), stack["GoldBucketName"])),
        log_bytes=sum(len(json.dumps(line)) for lines in told.values() for line in lines),
    )


def _step(name: str, lines: list[dict[str, Any]], spent: dict[str, float]) -> Step:
    return Step(len(lines), round(sum(line["seconds"] for line in lines), 3), round(spent.get(name, 0.0), 3))


def _processor_time() -> dict[str, float]:
    """Processor time of the emulator's workers so far, by function; they stay for minutes after an invocation."""
    emulator = state.load().ministack
    workers = psutil.Process(emulator.pid).children(recursive=True) if emulator else []
    found: dict[str, float] = defaultdict(float)
    for worker in workers:
        try:
            function = worker.environ().get("AWS_LAMBDA_FUNCTION_NAME", "")
            found[function.rpartition("-")[2]] += sum(worker.cpu_times()[:2])
        except psutil.Error:
            continue
    return found


def _objects(stack: Stack, bucket: str, kind: str, run_id: str) -> list[int]:
    listed = aws.list_objects(aws.client("s3"), stack[f"{bucket}BucketName"], keys.run_prefix(kind, run_id))
    return [entry.size for entry in listed]
