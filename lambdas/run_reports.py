"""Handler of RunReports, in its container image: a schedule's event, ``{"names": […], "parameters": {…}}``.

Lambda's file system is read-only except ``/tmp``, and there is no home directory. Jupyter, IPython and matplotlib
choose their folders when they are imported, and kernels inherit them, so the folders are set first.
"""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.telemetry import Event, Reply, log_summary, logger
from pipeline.settings import LakeSettings, load, set_variables

HOME = "/tmp"  # noqa: S108 (Lambda's one writable folder, which is this function's alone)
FOLDERS = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR")
set_variables({"HOME": HOME, "XDG_CACHE_HOME": f"{HOME}/cache"} | {name: f"{HOME}/{name.lower()}" for name in FOLDERS})

from insights import run_reports as step  # noqa: E402 (see above)
from insights.lake import Lake  # noqa: E402
from insights.reports.store import BucketStore  # noqa: E402

settings = load(LakeSettings)
lake = Lake(settings.gold_bucket, settings.gold_database)
store = BucketStore(settings.gold_bucket)


@logger.inject_lambda_context
def handler(event: Event, context: LambdaContext) -> Reply:
    """Run the reports that the event names; a failed report fails the invocation after its page is published."""
    next_if_failed = "no retry: the topic Alarms gets the error"
    with log_summary("RunReports", "the index links the new pages", next_if_failed) as summary:
        summary["received"] = {"reports": event.get("names") or "all"}
        result = step.run(event, lake, store)
        summary.update(outcomes={"published": len(result["reports"])}, **result)
    return result
