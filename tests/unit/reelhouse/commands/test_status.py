"""When messages wait for OMDb's quota, from the errors that the function logged; and what the overview prints."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.gold.publication import Pointer
from pipeline.runs import Skipped
from reelhouse import console
from reelhouse.commands import status as command
from reelhouse.commands.status import PublishedGold, RunSummary, Status, print_run, print_status, quota_wait
from reelhouse.logs import LoggedError
from reelhouse.run.details import Advice, LeftOut, ReportPage
from reelhouse.run.steps import Step
from tests.run_details import DETAILS, ENRICHED, FILMS, MANIFEST, RUN, WAITING

NOW = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 25, 0, 5, tzinfo=UTC)


def logged(error: str, at: str) -> LoggedError:
    return LoggedError(error, "-", "", at)


SPENT, OTHER = "OmdbQuotaSpent", "OmdbUnavailable"


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        ([logged(SPENT, "2026-11-24 15:00:00,123+0000")], MIDNIGHT),
        ([logged(OTHER, "2026-11-24 15:00:00,123+0000"), logged(SPENT, "2026-11-24 15:01:00,123+0000")], MIDNIGHT),
        ([logged(SPENT, "2026-11-24 15:00:00,123+0000"), logged(OTHER, "2026-11-24 15:01:00,123+0000")], None),
        ([logged(SPENT, "2026-11-23 23:59:00,123+0000")], None),
        ([logged(SPENT, "2026-11-24 15:00:00,123+0000"), logged("", ""), logged(OTHER, "soon")], MIDNIGHT),
        ([], None),
    ],
)
def test_the_newest_error_decides(errors: list[LoggedError], expected: datetime | None) -> None:
    assert quota_wait(errors, NOW) == expected


def test_a_damaged_manifest_leaves_the_overview_a_table_of_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = io.StringIO()
    terminal = console.Terminal(file=printed, width=80, force_terminal=True, color_system=None)
    monkeypatch.setattr(console, "out", terminal)
    monkeypatch.setattr(console, "err", terminal)
    good, damaged = "20261124T040000Z-1a2b3c4d", "20261124T030000Z-1a2b3c4d"
    runs = (
        RunSummary(good, "incomplete", None, None, 9, 3, 3, 9, 8, 0, 0, 0, 1),
        RunSummary(damaged, "its manifest is damaged"),
    )

    print_status(Status("films", runs, {}, None, None, None))

    lines = printed.getvalue().splitlines()
    assert any(line.startswith(f"{good}  incomplete") for line in lines)
    assert f"run {damaged}: its manifest is damaged" in printed.getvalue()


def test_all_parts_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    enriched = replace(
        ENRICHED, failed=1, outcomes={"stored": 3, "failed": 0}, put_back={"OmdbUnavailable": 1}
    )  # fmt: skip
    films = replace(FILMS, stored=3, quarantined=6)
    report = ReportPage("02_genre_trends", "now", "succeeded", "reports/02_genre_trends/x/report.html")
    note = Advice("note", "2 entries could not be used", "correct the list")
    steps = (enriched, Step("AggregateToGold"))
    manifest = replace(MANIFEST, skipped=[Skipped(n, "x", "no id") for n in range(3)])
    print_run(replace(DETAILS, manifest=manifest, steps=steps, films=films, reports=(report,), next=(note,)))

    printed = " ".join(capsys.readouterr().out.split())

    assert " more " not in printed

    for part in (
        f"Run {RUN} is complete", "started by schedule, 2026-11-24 03:00:00 UTC", "top_n 9, batch_size 3",
        "12 entries, 9 taken in 3 messages", "+4.0 s", "+9.2 s", "3 stored", "put back: 1 OmdbUnavailable",
        "1 failed as a whole", "no line in the log", "9 calls, 95% within 81 ms, without an answer: 2 Unclear",
        "9 expected: 3 stored, 0 rejected, 6 quarantined, 0 parked, 0 missing", "build b1", "9 films from it",
        "02_genre_trends succeeded", "Nothing to do", "→ correct the list",
    ):  # fmt: skip
        assert part in printed, part


def test_films_left_out_are_named_with_their_reasons_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    quarantined = tuple(LeftOut("quarantined", f"tt000000{n}", "year: '[red]1492[/]'") for n in range(6))
    unusable = [Skipped(n, "[bold]../x[/]", "no id") for n in range(5)]
    manifest = replace(MANIFEST, source_uri="s3://lists/[x]", skipped=unusable)
    print_run(replace(DETAILS, left_out=quarantined, manifest=manifest, gold=None))

    printed = " ".join(capsys.readouterr().out.split())

    assert printed.count("quarantined tt") == 5
    assert "year: '[red]1492[/]'" in printed
    assert "[bold]../x[/]" in printed
    assert f"… and 1 more quarantined: reelhouse status {RUN} --json" in printed
    assert f"… and 2 more unusable entries: reelhouse status {RUN} --json" in printed
    assert "is incomplete" in printed


def test_missing_films_wait_while_their_queue_is_not_empty(capsys: pytest.CaptureFixture[str]) -> None:
    films = replace(FILMS, stored=3, missing=6)
    advice = (Advice("wait", "waiting for OMDb's quota", "nothing"),)
    queues = DETAILS.queues | {"MovieQueue": WAITING}
    print_run(replace(DETAILS, films=films, queues=queues, next=advice))

    printed = " ".join(capsys.readouterr().out.split())

    assert "6 waiting" in printed
    assert "… waiting for OMDb's quota" in printed
    assert "→ nothing" in printed
    assert "Nothing to do" not in printed

    print_run(replace(DETAILS, films=films))
    assert "6 missing" in capsys.readouterr().out


@pytest.mark.parametrize(("missing", "until"), [(0, None), (1, MIDNIGHT.isoformat()), (None, MIDNIGHT.isoformat())])
def test_only_missing_films_wait_for_the_quota(
    monkeypatch: pytest.MonkeyPatch, missing: int | None, until: str | None
) -> None:
    """Messages of films that a resumed run has fetched may still wait in the queue."""
    monkeypatch.setattr(command, "_run", lambda *_: RunSummary(RUN, "complete", missing=missing))
    monkeypatch.setattr(command, "_quota_renewed", lambda _: MIDNIGHT)
    queues = DETAILS.queues | {"MovieQueue": WAITING}
    stack: Any = SimpleNamespace(
        name="films", pointer=lambda: Pointer(None, None), run_ids=lambda: [RUN], queues=lambda: queues
    )

    assert command.status(stack).waiting_for_quota_until == until


@pytest.mark.parametrize(("minutes", "ago"), [(100, "100 min"), (170, "3 h")])
def test_the_age_of_gold_has_a_unit_that_fits(monkeypatch: pytest.MonkeyPatch, minutes: int, ago: str) -> None:
    printed = io.StringIO()
    monkeypatch.setattr(console, "out", console.Terminal(file=printed, force_terminal=True, color_system=None))
    built_at = (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()

    print_status(Status("films", (), {}, None, PublishedGold("b1", built_at, "v", {}), None))

    assert f"Gold was built {ago} ago by version v." in printed.getvalue()


@pytest.mark.parametrize(("seconds", "text"), [(4, "+4.0 s"), (-90, "-90.0 s"), (7200, "+2.0 h"), (-7200, "-2.0 h")])
def test_the_time_since_a_run_began_has_a_sign_and_a_unit(seconds: int, text: str) -> None:
    assert command._after(NOW, (NOW + timedelta(seconds=seconds)).isoformat()) == text
