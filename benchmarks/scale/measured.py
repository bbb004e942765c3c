"""What runs of the local stack took, step by step, read back from the line that each invocation ends with.

``python -m benchmarks.scale measure`` runs them on the stack that is up, and writes ``measured.json``; everything else
here stands on that file.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.machine import load, machine
from pipeline import aws, keys
from reelhouse import runs, stories
from reelhouse.stack import Stack

FILE = Path(__file__).with_name("measured.json")
LONGEST_SECONDS = 1800.0


@dataclass(frozen=True)
class Step:
    """One function's part in a run: ``films`` went through it, in so many invocations, which took ``seconds``."""

    invocations: int
    films: int
    seconds: float

    @property
    def seconds_a_film(self) -> float:
        """Own time of a film."""
        return self.seconds / self.films if self.films else 0.0


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
class Measured:
    """Runs with the machine they ran on, and its load before them."""

    machine: dict[str, Any]
    load: float
    omdb_latency_seconds: float
    runs: list[Run] = field(default_factory=list)

    def largest(self) -> Run:
        """The run of most films."""
        return max(self.runs, key=lambda run: run.films)


def read(path: Path = FILE) -> Measured:
    """Read what was measured."""
    found = json.loads(path.read_text(encoding="utf-8"))
    found["runs"] = [
        Run(**{**run, "steps": {name: Step(**step) for name, step in run["steps"].items()}}) for run in found["runs"]
    ]
    return Measured(**found)


def write(measured: Measured, path: Path = FILE) -> None:
    """Write what was measured."""
    path.write_text(json.dumps(asdict(measured), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def measure(stack: Stack, sizes: list[int], batch_size: int, omdb_latency_seconds: float) -> Measured:
    """Run once with each number of films, one after the other."""
    before = load()
    return Measured(machine(), before, omdb_latency_seconds, [_run(stack, films, batch_size) for films in sizes])


def _run(stack: Stack, films: int, batch_size: int) -> Run:
    report = runs.watch(stack, runs.start(stack, films, batch_size), lambda _: None, LONGEST_SECONDS)
    if report.status != "complete":
        raise SystemExit(f"the run of {films} films is not complete: {report.missing}")
    told = stories.of_run(stack, report.run_id)
    return Run(
        films=films,
        batch_size=batch_size,
        seconds=report.seconds,
        steps={name: _step(lines, films) for name, lines in told.items()},
        parts=len(_objects(stack, "Silver", keys.MOVIES, report.run_id)),
        builds=sum(line.get("outcomes", {}).get("builds", 0) for line in told["AggregateToGold"]),
        bronze_bytes=sum(_objects(stack, "Bronze", keys.MOVIES, report.run_id)),
        silver_bytes=sum(_objects(stack, "Silver", keys.MOVIES, report.run_id)),
        gold_bytes=sum(entry.size for entry in aws.list_objects(aws.client("s3"), stack["GoldBucketName"])),
        log_bytes=sum(len(json.dumps(line)) for lines in told.values() for line in lines),
    )


def _step(lines: list[dict[str, Any]], films: int) -> Step:
    return Step(len(lines), films, round(sum(line["seconds"] for line in lines), 3))


def _objects(stack: Stack, bucket: str, kind: str, run_id: str) -> list[int]:
    listed = aws.list_objects(aws.client("s3"), stack[f"{bucket}BucketName"], keys.run_prefix(kind, run_id))
    return [entry.size for entry in listed]
