"""When messages wait for OMDb's quota, from the errors that the function logged; and what the overview prints."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pipeline.runs import Skipped
from reelhouse import console
from reelhouse.commands.status import RunSummary, Status, print_run, print_status, quota_wait
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
    print_run(replace(DETAILS, steps=(enriched, Step("AggregateToGold")), films=films, reports=(report,)))

    printed = " ".join(capsys.readouterr().out.split())

    for part in (
        f"Run {RUN} is complete", "started by schedule, 2026-11-24 03:00:00 UTC", "top_n 9, batch_size 3",
        "12 entries, 9 taken in 3 messages", "+4.0 s", "+9.2 s", "3 stored", "put back: 1 OmdbUnavailable",
        "1 failed as a whole", "no line in the log", "9 calls, 95% within 81 ms, without an answer: 2 Unclear",
        "9 expected: 3 stored, 0 rejected, 6 quarantined, 0 parked, 0 missing", "build b1", "9 films from it",
        "02_genre_trends succeeded", "Nothing to do",
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
