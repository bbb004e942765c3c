"""Checks of QuickSight for ``reelhouse doctor``: the dashboard has no errors, and its data is as new as Gold.

Reads QuickSight's descriptions of the dashboard and of its data sets' ingestions. Not tested against QuickSight itself:
the tests use recorded shapes of its answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from insights.dashboard.definition import load
from reelhouse.commands.doctor import Check

DASHBOARD, DATA = "QuickSight dashboard", "QuickSight data"
_CONSOLE = 'see docs/aws.md, "Quick Sight"'
_UNDER_WAY = ("INITIALIZED", "QUEUED", "RUNNING")


def dashboard(client: Any, account: str, dashboard_id: str) -> Check:
    """Check that QuickSight created the dashboard and found no errors in it."""
    answer = client.describe_dashboard_definition(AwsAccountId=account, DashboardId=dashboard_id)
    errors = [f"{one.get('Type', 'error')}: {one.get('Message', '')}" for one in answer.get("Errors") or []]
    status = str(answer.get("ResourceStatus", "unknown"))
    text = "; ".join(errors) if errors else f"{dashboard_id}: {status}"
    return Check(DASHBOARD, not errors and status.endswith("_SUCCESSFUL"), text, _CONSOLE)


def data(client: Any, account: str, dashboard_id: str, built_at: str | None) -> Check:
    """Check that each data set's newest ingestion succeeded, and began after Gold was built.

    Parameters
    ----------
    built_at : str or None
        Gold's time in ISO form; None before its first build.
    """
    faults, waiting = [], []
    for name in data_set_ids(dashboard_id):
        ingestions = client.list_ingestions(AwsAccountId=account, DataSetId=name).get("Ingestions") or []
        newest = max(ingestions, key=lambda one: one["CreatedTime"], default=None)
        if newest is not None and newest["IngestionStatus"] in _UNDER_WAY:
            waiting.append(name)
        elif fault := _fault(newest, built_at):
            faults.append(f"{name}: {fault}")
    if faults:
        return Check(DATA, False, "; ".join(faults), _CONSOLE)
    if waiting:
        return Check(DATA, None, f"being refreshed: {', '.join(waiting)}", "check again in a few minutes")
    return Check(DATA, True, "every data set is as new as Gold")


def data_set_ids(dashboard_id: str) -> Sequence[str]:
    """Return the ids of the dashboard's data sets, which have the same prefix as its own id."""
    prefix = dashboard_id.removesuffix("dashboard")
    return [prefix + name.replace("_", "-") for name in load().data_sets]


def _fault(newest: dict[str, Any] | None, built_at: str | None) -> str:
    if newest is None:
        return "never refreshed"
    if newest["IngestionStatus"] != "COMPLETED":
        error = newest.get("ErrorInfo") or {}
        return f"{newest['IngestionStatus']} {error.get('Type', '')} {error.get('Message', '')}".strip()
    if built_at is not None and newest["CreatedTime"] < datetime.fromisoformat(built_at):
        return f"older than Gold: of {newest['CreatedTime']:%Y-%m-%d %H:%M} UTC"
    return ""
