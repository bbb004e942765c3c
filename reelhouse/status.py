"""How the stack is: its runs with their counts, and its queues."""

from __future__ import annotations

from typing import Any

from pipeline import aws, keys
from reelhouse.stack import Stack

NEWEST_RUNS = 20


def status(stack: Stack, run_id: str | None = None) -> dict[str, Any]:
    """Describe one run, or the newest 20, and all queues.

    Returns
    -------
    dict
        ``stack``, ``runs`` (oldest first; counts as ``pipeline_runs`` has them for complete runs, as Bronze and
        Silver are now for others), ``queues``, and ``gold`` (the newest build).
    """
    with aws.failures_of("status", stack.name):
        build = stack.build()
        known = build.get("runs", {})
        run_ids = [run_id] if run_id else stack.run_ids()[-NEWEST_RUNS:]
        runs = [_run(stack, each, known.get(each, {})) for each in run_ids]
        queues = stack.queues()
    gold = {name: build.get(name) for name in ("build_id", "built_at", "code_version", "tables")} if build else None
    return {"stack": stack.name, "runs": runs, "queues": queues, "gold": gold}


def _run(stack: Stack, run_id: str, known: dict[str, Any]) -> dict[str, Any]:
    manifest = stack.manifest(run_id)
    about = {"run_id": run_id, "started_at": manifest["started_at"], "source_uri": manifest["source_uri"]}
    about |= {name: manifest[name] for name in ("top_n", "batch_size", "messages")}
    if known.get("status") == "complete":
        return {**about, **known, "missing": 0}
    expected = len(manifest["expected"])
    stored = stack.films("Bronze", keys.MOVIES, run_id)
    rejected = stack.films("Bronze", keys.REJECTED, run_id) - stored
    return {
        **about,
        "expected": expected,
        "stored": len(stored),
        "rejected": len(rejected),
        "quarantined": stack.count("Silver", keys.QUARANTINE, run_id),
        "in_gold": known.get("in_gold", 0),
        "status": "incomplete",
        "missing": expected - len(stored) - len(rejected),
    }
