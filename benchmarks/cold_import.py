"""Cold import of each handler, against what no function can do without: ``import boto3`` and one S3 client.

Each run is a fresh interpreter with the packages that `sam build` packs for the local stack, by the same targets of
make, and with their bytecode compiled; boto3 is the environment's, as it is the runtime's in Lambda. The time is that
of the import alone: an interpreter's own start, the same on both sides, would only blur the ratio.
"""

from __future__ import annotations

import compileall
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from benchmarks.measure import Case, Plan, Result, Run, Target, compared, interleaved
from pipeline.settings import environment_with
from reelhouse.local.state import ROOT

ROW = "Cold import"
LAYER = "DuckdbLayer"
QUEUE, BEYOND_BRONZE = Target("cost", 1.5), Target("cost", 2.5)
# Handler, resource of the template, target.
HANDLERS = (
    ("get_movies_and_send_to_queue", "GetMoviesAndSendToQueue", QUEUE),
    ("enrich_and_store_movie", "EnrichAndStoreMovie", QUEUE),
    ("process_bronze_to_silver", "ProcessBronzeToSilver", BEYOND_BRONZE),
    ("aggregate_to_gold", "AggregateToGold", BEYOND_BRONZE),
    ("find_similar_movies", "FindSimilarMovies", None),
)
BASELINE = "import boto3; boto3.client('s3')"
# Settings that every handler reads when it is imported; the values are never used.
_NAMES = (
    "BRONZE_BUCKET SILVER_BUCKET GOLD_BUCKET GOLD_DATABASE MOVIE_QUEUE_URL SOURCE_LIST_URI OMDB_SECRET_ID "
    "AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY POWERTOOLS_SERVICE_NAME"
)
_NUMBERS = {"TOP_N": "1", "BATCH_SIZE": "1"}
_SETTINGS = dict.fromkeys(_NAMES.split(), "x") | _NUMBERS | {"AWS_DEFAULT_REGION": "eu-central-1"}
_SETTINGS["OMDB_URL"] = "https://x.example/"
_TIMED = """
import time
started = time.perf_counter()
{code}
seconds = time.perf_counter() - started
with open("/proc/self/status") as status:
    peak = [line.split()[1] for line in status if line.startswith("VmHWM")]
print(seconds, int(peak[0]) / 1024)
"""


def run(plan: Plan) -> list[Result]:
    """Measure all handlers, each beside the baseline with the same packages on its path."""
    results = []
    with tempfile.TemporaryDirectory(prefix="reelhouse-bench-") as folder:
        plan.say("packing")
        layer = _packed(LAYER, Path(folder)) / "python"
        for handler, resource, target in HANDLERS:
            path = f"{_packed(resource, Path(folder))}:{layer}"
            plan.say(handler)
            pairs = interleaved(
                partial(_import, f"import lambdas.{handler}", path),
                partial(_import, BASELINE, path),
                plan.runs(5),
            )
            results.append(compared(Case(resource, target), pairs))
    return results


def _packed(resource: str, folder: Path) -> Path:
    """Pack a function or the layer as `sam build` does, and compile it."""
    target = folder / resource
    target.mkdir()
    command = ["make", "--silent", f"build-{resource}", f"ARTIFACTS_DIR={target}", "REELHOUSE_BUILD=local"]
    subprocess.run(command, cwd=ROOT, check=True, timeout=120)
    compileall.compile_dir(target, quiet=2)
    return target


def _import(code: str, path: str) -> Run:
    """Run code in a fresh interpreter, and take its time and the peak of its memory."""
    ran = subprocess.run(
        [sys.executable, "-c", _TIMED.format(code=code)],
        env=environment_with(PYTHONPATH=path, **_SETTINGS),
        cwd=path.partition(":")[0],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    seconds, peak = ran.stdout.split()[-2:]
    return Run(float(seconds), float(peak))
