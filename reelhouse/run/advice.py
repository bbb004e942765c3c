"""What is wrong with a run, what only takes time, and what its operator should do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

# wrong: somebody has to act; wait: the run continues without help; note: nothing to do, but worth knowing.
WRONG, WAIT, NOTE = "wrong", "wait", "note"
Advice = dict[str, str]


def advise(story: dict[str, Any]) -> list[Advice]:
    """Return what is wrong with a run and what to do, the most urgent first; empty for a healthy run.

    Parameters
    ----------
    story : dict
        A run as :func:`reelhouse.run.details.describe` returns it.

    Returns
    -------
    list of dict
        ``level`` (wrong, wait or note), ``what`` and ``do``.
    """
    advice = [*_parked(story), *_bronze(story), *_silver(story), *_gold(story), *_notes(story)]
    return sorted(advice, key=lambda one: (WRONG, WAIT, NOTE).index(one["level"]))


def _parked(story: dict[str, Any]) -> Iterator[Advice]:
    for queue in dict.fromkeys(one["queue"] for one in story["parked_messages"]):
        causes = [one["why"] for one in story["parked_messages"] if one["queue"] == queue]
        yield _advice(
            WRONG,
            f"{_count(len(causes), 'message')} parked in {queue}DeadLetters; the last one failed with: {causes[-1]}",
            f"remove the cause, then run `reelhouse redrive --queue {queue}` (--peek shows all messages)",
        )


def _bronze(story: dict[str, Any]) -> Iterator[Advice]:
    missing, run_id = story["films"]["missing"], story["run_id"]
    if not missing:
        return
    films = _count(missing, "film")
    if not _busy(story, "MovieQueue"):
        what = f"{films} neither stored nor rejected, and no message about them waits or is parked"
        yield _advice(WRONG, what, f"`reelhouse run --resume {run_id}` requests them again")
    elif story["omdb"]["state"] == "key refused":
        yield _advice(
            WRONG,
            f"OMDb rejects the API key; waiting in MovieQueue: {films}",
            "put a valid key into the secret (docs/operations.md, OMDb); messages are retried every 15 minutes",
        )
    elif story["waiting_for_quota_until"]:
        until = story["waiting_for_quota_until"][:16]
        yield _advice(WAIT, f"waiting for OMDb's quota until {until} UTC: {films}", "nothing; the run then continues")
    else:
        yield _advice(WAIT, f"waiting in MovieQueue for a first try or a retry: {films}", "check again in some minutes")


def _silver(story: dict[str, Any]) -> Iterator[Advice]:
    behind = story["films"]["not_in_silver"]
    if behind and _busy(story, "BronzeEvents"):
        yield _advice(WAIT, f"{_count(behind, 'Bronze object')} on the way to Silver", "check again in some minutes")
    elif behind:
        what = f"{_count(behind, 'Bronze object')} without an outcome in Silver, and BronzeEvents is empty"
        yield _advice(WRONG, what, f"`reelhouse run --resume {story['run_id']}` announces them again")


def _gold(story: dict[str, Any]) -> Iterator[Advice]:
    films, gold = story["films"], story["gold"]
    if films["missing"] or films["parked"] or films["not_in_silver"] or (gold and gold["status"] == "complete"):
        return
    if held := story["held"]:
        what = f"build {held['build_id']} is held: {held['reasons'][0]}"
        do = f"if it is right, `reelhouse publish {held['build_id']} --because TEXT`; a later good run replaces it"
        yield _advice(WRONG, what, do)
    elif _busy(story, "SilverEvents"):
        yield _advice(WAIT, "Gold has not been built with the whole run yet", "check again in a minute")
    else:
        what = "the whole run is in Silver, but not in Gold, and SilverEvents is empty"
        yield _advice(WRONG, what, f"`reelhouse run --resume {story['run_id']}` builds Gold")


def _notes(story: dict[str, Any]) -> Iterator[Advice]:
    films, unusable = story["films"], story["list"]["unusable"]
    if films["quarantined"] or films["rejected"]:
        counts = (f"{films['rejected']:,} rejected by OMDb", f"{films['quarantined']:,} quarantined")
        what = "films left out: " + ", ".join(count for count in counts if not count.startswith("0"))
        yield _advice(NOTE, what, "`reelhouse trace IMDB_ID` shows the reason; the next run tries them again")
    if unusable:
        what = f"{_count(len(unusable), 'entry', 'entries')} of the list could not be used"
        yield _advice(NOTE, what, "correct the list at its source; the manifest names each entry and the reason")
    if failed := [f"{step['step']} ({step['failed']})" for step in story["steps"] if step["failed"]]:
        yield _advice(NOTE, f"invocations failed as a whole: {', '.join(failed)}", "nothing; SQS retried the messages")


def _busy(story: dict[str, Any], queue: str) -> bool:
    counts = story["queues"][queue]
    return bool(counts["waiting"] + counts["in_flight"])


def _count(number: int, singular: str, plural: str = "") -> str:
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def _advice(level: str, what: str, do: str) -> Advice:
    return {"level": level, "what": what, "do": do}
