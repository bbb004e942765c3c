"""When watching a run ends: complete, hopeless, or no change for too long; and what Ctrl-C says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import typer

from pipeline import keys
from pipeline.errors import StorageFailed
from pipeline.gold.build import Build, RunCounts
from pipeline.gold.publication import Held, Pointer, Published
from pipeline.runs import RunReply
from reelhouse import console, logs
from reelhouse.commands import run
from reelhouse.logs import LoggedError
from reelhouse.run import watch
from reelhouse.run.watch import Report, StillMissing
from tests.gold_builds import BUILD_ID, a_build

RUN = "20261124T030000Z-1a2b3c4d"
REPLY = RunReply(RUN, "s3://lists/top.json", 2, 2, [], 1, 2)
FILMS = {"tt0000001", "tt0000002"}
HELD = Held(BUILD_ID, "2026-11-24T03:01:00Z", "basis", ("movies: too few",))


class Manifest:
    expected = dict.fromkeys(FILMS, 1)


class FakeStack:
    """A stack whose polls are given: films in Bronze at each, or an error; Gold is read before them."""

    def __init__(self, polls: list[set[str] | Exception], complete: bool = False, held: bool = False) -> None:
        self.polls, self.complete, self.held, self.number = polls, complete, held, -1

    def films(self, bucket: str, kind: str, run_id: str) -> set[str]:
        if (bucket, kind) == ("Silver", keys.MOVIES) or kind != keys.MOVIES:
            return set()
        self.number += 1
        poll = self.polls[min(self.number, len(self.polls) - 1)]
        if isinstance(poll, Exception):
            raise poll
        return poll

    def count(self, bucket: str, kind: str, run_id: str) -> int:
        return 0

    def pointer(self) -> Pointer:
        complete = self.complete and self.polls[min(self.number + 1, len(self.polls) - 1)] == FILMS
        if not (complete or self.held):
            return Pointer(None, None)
        build = self._build() if complete else replace(self._build(), runs={})
        return Pointer(Published(build, (), HELD if self.held else None), "etag")

    def held_build(self, pointer: Pointer) -> Build | None:
        return self._build() if self.held else None

    @staticmethod
    def _build() -> Build:
        counts = RunCounts(2, 2, 0, 0, 2, "complete")
        return a_build(runs={RUN: counts})

    def manifest(self, run_id: str) -> type[Manifest]:
        return Manifest

    def queues(self) -> dict[str, Any]:
        return {}


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[LoggedError]:
    """Errors that EnrichAndStoreMovie has logged; waiting takes no time."""
    errors: list[LoggedError] = []
    monkeypatch.setattr(logs, "errors", lambda _, function, __: errors if function == "EnrichAndStoreMovie" else [])
    monkeypatch.setattr(watch, "POLL_SECONDS", 0.001)
    monkeypatch.setattr(watch, "PATIENCE_SECONDS", 0.1)
    return errors


def watched(stack: FakeStack, seconds: float = 60, on_progress: Callable[[Any], None] = lambda _: None) -> Report:
    return watch.watch(stack, REPLY, on_progress, seconds)  # type: ignore[arg-type]


def why(report: Report) -> str:
    """Why watching ended before the run did."""
    assert report.missing
    return report.missing.why


def test_a_held_build_ends_the_watch() -> None:
    report = watched(FakeStack([{"tt0000001"}, FILMS], held=True))

    assert report.status == "held"
    assert report.held == HELD


def test_a_complete_run_ends_the_watch(logged: list[LoggedError]) -> None:
    report = watched(FakeStack([{"tt0000001"}, FILMS], complete=True))

    assert (report.status, report.stored, report.missing) == ("complete", 2, None)


@pytest.mark.parametrize("error", ["OmdbKeyInvalid", "OmdbQuotaSpent"])
def test_an_error_that_waiting_does_not_cure_ends_it_by_its_name(logged: list[LoggedError], error: str) -> None:
    logged.append(LoggedError("OmdbUnavailable", "does not accept the API key", "m", ""))
    logged.append(LoggedError(error, "any text", "m", ""))

    report = watched(FakeStack([{"tt0000001"}]))

    assert report.missing
    assert report.missing.why == "EnrichAndStoreMovie: any text"
    assert report.missing.films == ("tt0000002",)


def test_a_message_text_alone_ends_nothing_before_patience_does(logged: list[LoggedError]) -> None:
    logged.append(LoggedError("OmdbUnavailable", "does not accept the API key", "m", ""))

    report = watched(FakeStack([{"tt0000001"}]))

    assert report.missing
    assert report.missing.why.startswith("nothing changed for")
    assert report.missing.why.endswith("last error: EnrichAndStoreMovie: does not accept the API key")


def test_a_failed_poll_does_not_count_as_a_change(logged: list[LoggedError]) -> None:
    """Polls that fail now and then would otherwise reset the patience again and again."""
    failed: list[set[str] | Exception] = [StorageFailed("SlowDown"), {"tt0000001"}]

    report = watched(FakeStack([{"tt0000001"}, *failed * 5000]))

    assert report.missing
    assert report.missing.why.startswith("nothing changed for")
    assert report.stored == 1


def test_a_stack_that_does_not_answer_ends_it_before_patience_does(
    logged: list[LoggedError], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counts that nobody could read for a minute and a half would look like a run that makes no progress."""
    monkeypatch.setattr(watch, "PATIENCE_SECONDS", 60)
    monkeypatch.setattr(watch, "UNANSWERED_SECONDS", 0.01)
    gone = StorageFailed("ListObjectsV2: EndpointConnectionError")

    report = watched(FakeStack([{"tt0000001"}, gone]))

    assert why(report).startswith("the stack has not answered for")
    assert "EndpointConnectionError" in why(report)
    assert report.missing
    assert report.missing.films is None


def test_the_time_to_watch_ends_it(logged: list[LoggedError]) -> None:
    assert why(watched(FakeStack([{"tt0000001"}]), seconds=0.01)) == "the time to watch is over"


def test_ctrl_c_says_that_the_run_continues(
    logged: list[LoggedError], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "watch", interrupted)

    with pytest.raises(typer.Exit) as ended:
        run.watch_to_end(FakeStack([]), REPLY, 60)  # type: ignore[arg-type]

    assert ended.value.exit_code == console.INTERRUPTED
    printed = capsys.readouterr().err
    assert f"Run {RUN}: 2 films in 1 message" in printed
    assert f"Run {RUN} continues; `reelhouse status {RUN}` shows it" in printed


def test_no_film_is_missing_when_only_gold_is_behind(capsys: pytest.CaptureFixture[str]) -> None:
    run.print_report(Report(RUN, 1, 2, 2, stored=2, missing=StillMissing("too long", (), {})))

    printed = capsys.readouterr().err
    assert "films are missing" not in printed
    assert "every film is in Bronze; Silver or Gold is not finished" in printed


def test_an_error_right_after_a_resumption_does_not_end_it(
    logged: list[LoggedError], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An invocation that began before the key was replaced may end after the run was resumed."""
    monkeypatch.setattr(watch, "PATIENCE_SECONDS", 5)
    logged.append(LoggedError("OmdbKeyInvalid", "refused", "m", ""))
    resumed = watch.Resumed(RUN, "s3://lists/top.json", 2, 2, [], 1, 2, since="2026-11-24T03:00:00+00:00")
    stack = FakeStack([{"tt0000001"}] * 20 + [FILMS], complete=True)

    assert watch.watch(stack, resumed, lambda _: None, 60).status == "complete"  # type: ignore[arg-type]
    assert why(watched(FakeStack([{"tt0000001"}] * 200 + [FILMS]))) == "EnrichAndStoreMovie: refused"


def test_omdbs_errors_do_not_matter_once_bronze_has_all_films(logged: list[LoggedError]) -> None:
    logged.append(LoggedError("OmdbQuotaSpent", "limit", "m", ""))

    assert why(watched(FakeStack([FILMS]))).startswith("nothing changed for")
