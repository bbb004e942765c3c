"""What a run's story means for its operator: what is wrong, what only takes time, and what to do. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

# wrong: somebody has to act; wait: it goes on by itself; note: nothing to do, but worth knowing.
WRONG, WAIT, NOTE = "wrong", "wait", "note"
Advice = dict[str, str]


def advise(story: dict[str, Any]) -> list[Advice]:
    """Say what is wrong with a run and what to do, the most urgent first; nothing where all is well.

    Parameters
    ----------
    story : dict
        As :func:`reelhouse.run.story.tell` puts it together.

    Returns
    -------
    list of dict
        ``level`` (wrong, wait or note), ``what`` and ``do``.
    """
    found = [*_parked(story), *_bronze(story), *_silver(story), *_gold(story), *_notes(story)]
    return sorted(found, key=lambda one: (WRONG, WAIT, NOTE).index(one["level"]))


def _parked(story: dict[str, Any]) -> Iterator[Advice]:
    for queue in dict.fromkeys(one["queue"] for one in story["parked_messages"]):
        whys = [one["why"] for one in story["parked_messages"] if one["queue"] == queue]
        yield _advice(
            WRONG,
            f"{_many(len(whys), 'message')} parked in {queue}DeadLetters; the last failed with: {whys[-1]}",
            f"mend the cause, then `reelhouse redrive --queue {queue}` (`--peek` shows all)",
        )


def _bronze(story: dict[str, Any]) -> Iterator[Advice]:
    missing, run_id = story["films"]["missing"], story["run_id"]
    if not missing:
        return
    films = _many(missing, "film")
    if not _busy(story, "MovieQueue"):
        what = f"{films} neither stored nor rejected, and no message of them waits or is parked"
        yield _advice(WRONG, what, f"`reelhouse run --resume {run_id}` asks for them again")
    elif story["omdb"]["state"] == "key refused":
        yield _advice(
            WRONG,
            f"OMDb refuses the API key; waiting in MovieQueue: {films}",
            "put the right key into the secret (docs/operations.md, OMDb); messages are tried every 15 minutes",
        )
    elif story["waiting_for_quota_until"]:
        until = story["waiting_for_quota_until"][:16]
        yield _advice(WAIT, f"waiting for OMDb's quota until {until} UTC: {films}", "nothing; they go on by themselves")
    else:
        yield _advice(WAIT, f"waiting in MovieQueue for their turn or a retry: {films}", "look again in some minutes")


def _silver(story: dict[str, Any]) -> Iterator[Advice]:
    behind = story["films"]["not_in_silver"]
    if behind and _busy(story, "BronzeEvents"):
        yield _advice(WAIT, f"{_many(behind, 'object')} of Bronze on the way to Silver", "look again in some minutes")
    elif behind:
        what = f"{_many(behind, 'object')} of Bronze without an outcome in Silver, and BronzeEvents is empty"
        yield _advice(WRONG, what, f"`reelhouse run --resume {story['run_id']}` announces them again")


def _gold(story: dict[str, Any]) -> Iterator[Advice]:
    films, gold = story["films"], story["gold"]
    if films["missing"] or films["parked"] or films["not_in_silver"] or (gold and gold["status"] == "complete"):
        return
    if _busy(story, "SilverEvents"):
        yield _advice(WAIT, "Gold has not been built with the whole run", "look again in a minute")
    else:
        what = "all of the run is in Silver, but Gold has not been built with it, and SilverEvents is empty"
        yield _advice(WRONG, what, f"`reelhouse run --resume {story['run_id']}` builds Gold")


def _notes(story: dict[str, Any]) -> Iterator[Advice]:
    films, unusable = story["films"], story["list"]["unusable"]
    if films["quarantined"] or films["rejected"]:
        counts = (f"{films['rejected']:,} rejected by OMDb", f"{films['quarantined']:,} quarantined")
        what = "films left out: " + ", ".join(count for count in counts if not count.startswith("0"))
        yield _advice(NOTE, what, "`reelhouse trace IMDB_ID` shows one film's path; the next run asks again")
    if unusable:
        what = f"{_many(len(unusable), 'entry', 'entries')} of the list could not be used"
        yield _advice(NOTE, what, "correct the list at its source; the manifest names each with its reason")
    if failed := [f"{step['step']} ({step['failed']})" for step in story["steps"] if step["failed"]]:
        yield _advice(NOTE, f"invocations failed as a whole: {', '.join(failed)}", "their messages came again")


def _busy(story: dict[str, Any], queue: str) -> bool:
    counts = story["queues"][queue]
    return bool(counts["waiting"] + counts["in_flight"])


def _many(number: int, one: str, several: str = "") -> str:
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def _advice(level: str, what: str, do: str) -> Advice:
    return {"level": level, "what": what, "do": do}
