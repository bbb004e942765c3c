"""How the stack is: its runs with their counts, and its queues."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline import aws, keys
from pipeline.errors import DocumentInvalid, OmdbQuotaSpent, StorageFailed
from pipeline.gold.build import RunCounts
from pipeline.retries import quota_renewed_at
from reelhouse.stack import Stack

NEWEST_RUNS = 20


def status(stack: Stack, run_id: str | None = None) -> dict[str, Any]:
    """Describe one run, or the newest 20, and all queues.

    Returns
    -------
    dict
        ``stack``, ``runs`` (oldest first; counts as ``pipeline_runs`` has them for complete runs, as Bronze and
        Silver are now for others), ``queues``, ``waiting_for_quota_until`` (ISO 8601, or None where OMDb's quota is
        not what messages wait for), and ``gold`` (the newest build).
    """
    with aws.failures_of("status", stack.name):
        build = stack.build()
        known = build.runs if build else {}
        run_ids = [run_id] if run_id else stack.run_ids()[-NEWEST_RUNS:]
        runs = [_run(stack, each, known.get(each)) for each in run_ids]
        queues = stack.queues()
        until = _quota_renewed(stack) if queues["MovieQueue"]["waiting"] + queues["MovieQueue"]["in_flight"] else None
    fields = ("build_id", "built_at", "code_version", "tables")
    gold = {name: getattr(build, name) for name in fields} if build else None
    return {
        "stack": stack.name,
        "runs": runs,
        "queues": queues,
        "waiting_for_quota_until": until and until.isoformat(),
        "gold": gold,
    }


def _quota_renewed(stack: Stack) -> datetime | None:
    """When OMDb counts anew, if the last message that failed today met a spent quota; else None."""
    now = datetime.now(UTC)
    return quota_wait(list(stack.errors_since("EnrichAndStoreMovie", now - timedelta(days=1))), now)


def quota_wait(lines: list[str], now: datetime) -> datetime | None:
    """Read the same from EnrichAndStoreMovie's log lines of level ERROR, oldest first."""
    for line in reversed(lines):
        try:
            entry = json.loads(line)
            spent, at = entry["error"] == OmdbQuotaSpent.__name__, datetime.fromisoformat(entry["timestamp"])
        except (ValueError, KeyError, TypeError):
            continue
        until = quota_renewed_at(at.astimezone(UTC))
        return until if spent and until > now else None
    return None


def _run(stack: Stack, run_id: str, known: RunCounts | None) -> dict[str, Any]:
    try:
        manifest = stack.manifest(run_id)
    except DocumentInvalid:
        return {"run_id": run_id, "status": "its manifest is damaged"}
    except StorageFailed as error:
        return {"run_id": run_id, "status": error.cause}
    about = {"run_id": run_id, "started_at": manifest.started_at, "source_uri": manifest.source_uri}
    about |= {name: getattr(manifest, name) for name in ("top_n", "batch_size", "messages")}
    if known and known.complete:
        return {**about, **known.as_dict(), "missing": 0}
    expected = len(manifest.expected)
    stored = stack.films("Bronze", keys.MOVIES, run_id)
    rejected = stack.films("Bronze", keys.REJECTED, run_id) - stored
    return {
        **about,
        "expected": expected,
        "stored": len(stored),
        "rejected": len(rejected),
        "quarantined": stack.count("Silver", keys.QUARANTINE, run_id),
        "in_gold": known.in_gold if known else 0,
        "status": "incomplete",
        "missing": expected - len(stored) - len(rejected),
    }
