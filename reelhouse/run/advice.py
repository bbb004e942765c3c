"""What is wrong with a run, what only takes time, and what its operator should do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from reelhouse.console import counted

if TYPE_CHECKING:
    from reelhouse.run.details import RunDetails

# wrong: somebody has to act; wait: the run continues without help; note: nothing to do, but worth knowing.
Level = Literal["wrong", "wait", "note"]
_MOST_URGENT_FIRST = get_args(Level)


@dataclass(frozen=True)
class Advice:
    """What an operator should know of a run, and do about it."""

    level: Level
    what: str
    do: str


def advise(run: RunDetails) -> tuple[Advice, ...]:
    """Return what is wrong with a run and what to do, the most urgent first; empty for a healthy run."""
    advice = [*_parked(run), *_bronze(run), *_silver(run), *_gold(run), *_notes(run)]
    return tuple(sorted(advice, key=lambda one: _MOST_URGENT_FIRST.index(one.level)))


def _parked(run: RunDetails) -> Iterator[Advice]:
    for queue in dict.fromkeys(one.queue for one in run.parked):
        causes = [one.why for one in run.parked if one.queue == queue]
        yield Advice(
            "wrong",
            f"{counted(len(causes), 'message')} parked in {queue}DeadLetters; the last one failed with: {causes[-1]}",
            f"remove the cause, then run `reelhouse redrive --queue {queue}` (--peek shows all messages)",
        )


def _bronze(run: RunDetails) -> Iterator[Advice]:
    missing, run_id = run.films.missing, run.manifest.run_id
    if not missing:
        return
    films = counted(missing, "film")
    if not run.queues["MovieQueue"].busy:
        what = f"{films} neither stored nor rejected, and no message about them waits or is parked"
        yield Advice("wrong", what, f"`reelhouse run --resume {run_id}` requests them again")
    elif run.omdb.state == "key refused":
        yield Advice(
            "wrong",
            f"OMDb rejects the API key; waiting in MovieQueue: {films}",
            "put a valid key into the secret (docs/operations.md, OMDb); messages are retried every 15 minutes",
        )
    elif run.waiting_for_quota_until:
        until = run.waiting_for_quota_until[:16]
        yield Advice("wait", f"waiting for OMDb's quota until {until} UTC: {films}", "nothing; the run then continues")
    else:
        what = f"waiting in MovieQueue for a first try or a retry: {films}"
        do = f"check again in some minutes; `reelhouse run --resume {run_id}` does not wait for a retry"
        yield Advice("wait", what, do)


def _silver(run: RunDetails) -> Iterator[Advice]:
    behind = run.films.not_in_silver
    if behind and run.queues["BronzeEvents"].busy:
        yield Advice("wait", f"{counted(behind, 'Bronze object')} on the way to Silver", "check again in some minutes")
    elif behind:
        what = f"{counted(behind, 'Bronze object')} without an outcome in Silver, and BronzeEvents is empty"
        yield Advice("wrong", what, f"`reelhouse run --resume {run.manifest.run_id}` announces them again")


def _gold(run: RunDetails) -> Iterator[Advice]:
    films, gold = run.films, run.gold
    if films.missing or films.parked or films.not_in_silver or (gold and gold.status == "complete"):
        return
    if held := run.held:
        what = f"build {held.build_id} is held: {held.reasons[0]}"
        do = f"if it is right, `reelhouse publish {held.build_id} --because TEXT`; a later good run replaces it"
        yield Advice("wrong", what, do)
    elif run.queues["SilverEvents"].busy and run.gold_failure:
        at_once = f"`reelhouse run --resume {run.manifest.run_id}`"
        do = f"remove the cause; AggregateToGold is tried again within 30 minutes, or at once by {at_once}"
        yield Advice("wrong", f"AggregateToGold fails: {run.gold_failure}", do)
    elif run.queues["SilverEvents"].busy:
        yield Advice("wait", "Gold has not been built with the whole run yet", "check again in a minute")
    else:
        what = "the whole run is in Silver, but not in Gold, and SilverEvents is empty"
        yield Advice("wrong", what, f"`reelhouse run --resume {run.manifest.run_id}` builds Gold")


def _notes(run: RunDetails) -> Iterator[Advice]:
    films, unusable = run.films, run.manifest.skipped
    if films.quarantined or films.rejected:
        counts = (f"{films.rejected:,} rejected by OMDb", f"{films.quarantined:,} quarantined")
        what = "films left out: " + ", ".join(count for count in counts if not count.startswith("0"))
        yield Advice("note", what, "`reelhouse trace IMDB_ID` shows the reason; the next run tries them again")
    if unusable:
        what = f"{counted(len(unusable), 'entry', 'entries')} of the list could not be used"
        yield Advice("note", what, "correct the list at its source; the manifest names each entry and the reason")
    if failed := [f"{step.step} ({step.failed})" for step in run.steps if step.failed]:
        yield Advice("note", f"invocations failed as a whole: {', '.join(failed)}", "nothing; SQS retried the messages")
