"""One run's whole story: who asked for it, its list and steps, what became of every film, Gold, and what to do.

Reads the manifest, the listings of all buckets, the run's Silver, the dead-letter queues and the functions' logs;
writes nothing.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from pipeline import aws, keys
from pipeline.runs import Manifest, started_at
from reelhouse.operate.parked import Parked, parked
from reelhouse.operate.silver_reader import SilverReader
from reelhouse.run import advice, stories
from reelhouse.stack import Stack

# Reports looked at: the first of those made after the run began.
MOST_REPORTS = 200
_NO_REASON = "no reason is recorded"


def tell(stack: Stack, run_id: str, waiting_for_quota_until: str | None = None) -> dict[str, Any]:
    """Tell a run's story.

    Parameters
    ----------
    waiting_for_quota_until : str, optional
        As :func:`reelhouse.run.status.status` has it.

    Returns
    -------
    dict
        ``run_id, requested, list, messages, steps, omdb, films`` (counts), ``left_out`` (each film that is rejected,
        quarantined or parked, and why), ``missing`` (films that nobody accounts for yet), ``queues``,
        ``waiting_for_quota_until``, ``gold`` (None where no build contains the run), ``reports`` that stand on it, and
        ``next``: what is wrong, and what to do.

    Raises
    ------
    InvalidInput
        When there is no such run.
    StorageFailed
        When its manifest is damaged, or an AWS service refuses or fails.
    """
    manifest = stack.manifest(run_id)
    with aws.failures_of("status", run_id):
        told, queues = stories.of_run(stack, run_id), stack.queues()
        story: dict[str, Any] = {
            "run_id": run_id,
            "requested": _requested(manifest),
            "list": _list(manifest),
            "messages": manifest.messages,
            "steps": [stories.together(step, run_id, told[step]).as_dict() for step in stories.STEPS],
            "omdb": stories.omdb(told["EnrichAndStoreMovie"]),
            **_films(stack, manifest, [one for one in _parked(stack, queues) if one.run_id == run_id]),
            "queues": queues,
            "waiting_for_quota_until": waiting_for_quota_until,
            "gold": _gold(stack, run_id),
            "reports": _reports(stack, run_id),
        }
    return {**story, "next": advice.advise(story)}


def _requested(manifest: Manifest) -> dict[str, Any]:
    return {
        "by": manifest.requested_by,
        "at": manifest.started_at,
        "top_n": manifest.top_n,
        "batch_size": manifest.batch_size,
        "code_version": manifest.code_version,
    }


def _list(manifest: Manifest) -> dict[str, Any]:
    return {
        "uri": manifest.source_uri,
        "sha256": manifest.source_sha256,
        "bytes": manifest.source_bytes,
        "entries": manifest.listed,
        "taken": len(manifest.expected),
        "unusable": [asdict(entry) for entry in manifest.skipped],
    }


def _parked(stack: Stack, queues: dict[str, dict[str, int]]) -> list[Parked]:
    """Look where something is parked: a look at an empty queue takes a second."""
    return [one for queue, counts in queues.items() if counts["parked"] for one in parked(stack, queue)]


def _films(stack: Stack, manifest: Manifest, of_run: list[Parked]) -> dict[str, Any]:
    """What became of every film; one that is parked has no outcome in Bronze, or none in Silver."""
    run_id = manifest.run_id
    stored = stack.films("Bronze", keys.MOVIES, run_id)
    rejected = stack.films("Bronze", keys.REJECTED, run_id) - stored
    silver = SilverReader(stack["SilverBucketName"], [run_id])
    silver.refresh()
    rows = {str(imdb_id) for (imdb_id,) in silver.query("SELECT imdb_id FROM silver.movies")}
    why = f"coalesce(array_to_string(reasons, '; '), '{_NO_REASON}')"
    quarantined = dict(silver.query(f"SELECT imdb_id, {why} FROM silver.quarantine"))
    refused = dict(silver.query(f"SELECT imdb_id, coalesce(reason, '{_NO_REASON}') FROM silver.rejected"))
    quarantined = {film: why for film, why in quarantined.items() if film not in rows}
    why_parked = {film: one for one in of_run for film in one.films if film not in rows}
    missing = sorted(set(manifest.expected) - stored - rejected - set(why_parked))
    left_out = [_left_out("rejected", film, refused.get(film, "Silver has not taken it yet")) for film in rejected]
    left_out += [_left_out("quarantined", film, why) for film, why in quarantined.items()]
    left_out += [_left_out("parked", film, one.why) for film, one in why_parked.items()]
    return {
        "films": {
            "expected": len(manifest.expected),
            "stored": len(stored),
            "rejected": len(rejected),
            "quarantined": len(quarantined),
            "rows": len(rows),
            "parked": len(why_parked),
            "missing": len(missing),
            "not_in_silver": len((stored | rejected) - rows - set(quarantined) - set(refused) - set(why_parked)),
        },
        "left_out": sorted(left_out, key=lambda one: (one["outcome"], one["imdb_id"])),
        "missing": missing,
        "parked_messages": [_parked_message(one) for one in of_run],
    }


def _left_out(outcome: str, imdb_id: str, why: str) -> dict[str, str]:
    return {"outcome": outcome, "imdb_id": imdb_id, "why": why}


def _parked_message(one: Parked) -> dict[str, Any]:
    return {"queue": one.queue, "films": len(one.films), "why": one.why, "failed_at": one.failed_at}


def _gold(stack: Stack, run_id: str) -> dict[str, Any] | None:
    """The build in use, if it knows the run: how many of its films are the newest of theirs, and its status there."""
    build = stack.build()
    if build is None or run_id not in build.runs:
        return None
    counts = build.runs[run_id]
    about = {name: getattr(build, name) for name in ("build_id", "built_at", "engine", "code_version")}
    return {**about, "status": counts.status, "films": counts.in_gold, "newest_run": build.newest_run}


def _reports(stack: Stack, run_id: str) -> list[dict[str, Any]]:
    """Reports in the Gold bucket whose data's newest run was this one, oldest first."""
    bucket, began = stack["GoldBucketName"], f"{started_at(run_id):%Y%m%dT%H%M%S}"
    listed = [entry.key for entry in aws.list_objects(aws.client("s3"), bucket, keys.REPORTS)]
    dated = [(parts[1], key) for key in listed if (parts := keys.parse_report(key)) and parts[2] == "report.json"]
    later = [key for stamp, key in sorted(dated) if stamp != keys.LATEST and stamp > began][:MOST_REPORTS]
    found = []
    for key, answer in zip(later, aws.get_many(aws.client("s3"), bucket, later), strict=True):
        # One that has expired since it was listed is no report any more; `reelhouse report` makes others.
        report = {} if isinstance(answer, ClientError | BotoCoreError) else _object(answer[0])
        if _object(report.get("data")).get("run_id") == run_id:
            page = key.removesuffix("report.json") + "report.html"
            found.append({name: report.get(name) for name in ("name", "started_at", "status")} | {"page": page})
    return found


def _object(value: Any) -> dict[str, Any]:
    """Return a JSON object, also of its bytes; {} for anything else, such as a damaged file."""
    try:
        found = json.loads(value) if isinstance(value, bytes) else value
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}
