"""Time and memory of all Gold tables on DuckDB and on Trino, at a million and five million rows of Silver.

``python -m tests.trino_cluster --measure`` writes them into docs/scale.md. Both engines begin with Silver's parquet
parts on the disk and end with every table as parquet; S3 is left out on both sides.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil
from trino.exceptions import TrinoQueryError

from benchmarks.gold import MEMORY_MB, OURS, RUNS_OF_A_FILM
from benchmarks.measure import fresh
from benchmarks.report import load, machine
from pipeline.columns import GOLD
from tests.trino_cluster.lake import Silver
from tests.trino_cluster.server import Trino, files_catalogue
from tools.catalogue import with_block

DOCUMENT = Path(__file__).parents[2] / "docs" / "scale.md"
SIZES = (1_000_000, 5_000_000)
WARM_UP = 17_472
TIMEOUT_SECONDS = 3600
_HEAD = """\
| rows of Silver | engine | time | processor time | peak memory | read |
| ---: | --- | ---: | ---: | ---: | ---: |"""


@dataclass(frozen=True)
class Figures:
    """One build of all tables: seconds, megabytes of resident memory, and bytes read; None where not measured."""

    engine: str
    seconds: float
    cpu_seconds: float
    peak_mb: float
    bytes_read: int | None

    def line(self, rows: int, silver_bytes: int) -> str:
        """Return the figures as a line of the document's table."""
        read = f"{self.bytes_read / silver_bytes:.1f} × Silver" if self.bytes_read else "1.0 × Silver"
        cells = [f"{rows:,}", self.engine, f"{self.seconds:,.0f} s", f"{self.cpu_seconds:,.0f} s"]
        return "| " + " | ".join([*cells, f"{self.peak_mb / 1024:.1f} GB", read]) + " |"


def main(heap_gb: int) -> None:
    """Measure all sizes, Trino with so much memory a node, and write the table into the document."""
    lines, loads = [], []
    for rows in SIZES:
        with tempfile.TemporaryDirectory(prefix="reelhouse-trino-") as folder:
            silver = Silver(Path(folder), "measured")
            silver.fill(rows, RUNS_OF_A_FILM)
            size = sum(path.stat().st_size for path in (Path(folder) / "measured" / "silver" / "movies").iterdir())
            for measured in (duckdb, lambda silver: trino(silver, heap_gb)):
                loads.append(load())
                try:
                    lines.append(measured(silver).line(rows, size))
                except TrinoQueryError as error:
                    lines.append(f"| {rows:,} | Trino, {heap_gb} GB a node | ended: {error.error_name} | – | – | – |")
                print(lines[-1], flush=True)
    about = machine()
    note = (
        f"Measured on {datetime.now(UTC):%-d %B %Y}: {about['cores']} cores, {about['memory_gb']} GB, load "
        f"{min(loads):.0f} to {max(loads):.0f}, so compare processor time. Each film is in {RUNS_OF_A_FILM} runs."
    )
    block = "\n" + "\n".join([_HEAD, *lines, "", note, ""]) + "\n"
    text = with_block(DOCUMENT.read_text(encoding="utf-8"), "<!-- engines", "<!-- end engines", block)
    DOCUMENT.write_text(text, encoding="utf-8")


def duckdb(silver: Silver) -> Figures:
    """Build all tables by the engine of AggregateToGold, with the memory limit of its function."""
    folder = silver.folder / silver.name / "silver"
    shutil.copyfile(folder / "runs" / "runs.json", folder / "runs.json")
    with tempfile.TemporaryDirectory(dir=silver.folder) as target:
        run = fresh(*OURS, timeout_seconds=TIMEOUT_SECONDS, folder=str(folder), target=target)
    name = f"DuckDB, limit {MEMORY_MB:,} MB"
    return Figures(name, run.seconds, run.cpu_seconds or 0.0, run.peak_mb or 0.0, None)


def trino(silver: Silver, heap_gb: int) -> Figures:
    """Build all tables one after the other on Trino, after a small build that compiles its code."""
    small = Silver(silver.folder, "small")
    small.fill(WARM_UP, RUNS_OF_A_FILM)
    options = (f"-Xmx{heap_gb}G",)
    cluster = Trino(silver.folder / "trino", {"files": files_catalogue(silver.folder)}, options)
    cluster.start()
    try:
        build(small, cluster)
        processes = [psutil.Process(node.pid) for node in cluster.nodes]
        started, cpu, read = time.perf_counter(), cpu_seconds(processes), cluster.bytes_read
        build(silver, cluster)
        return Figures(
            f"Trino, {len(processes)} nodes of {heap_gb} GB",
            time.perf_counter() - started,
            cpu_seconds(processes) - cpu,
            sum(peak_mb(process) for process in processes),
            cluster.bytes_read - read,
        )
    finally:
        cluster.stop()


def build(silver: Silver, cluster: Trino) -> None:
    """Build every Gold table by the product's statements."""
    silver.register(cluster)
    for table in GOLD:
        silver.built_by_trino(cluster, table)


def cpu_seconds(processes: list[psutil.Process]) -> float:
    """Return the processor time that processes have used."""
    return float(sum(times.user + times.system for times in (process.cpu_times() for process in processes)))


def peak_mb(process: psutil.Process) -> float:
    """Return the highest resident memory of a process so far, in MB."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
