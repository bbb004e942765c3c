"""What a new build is compared with, and whether it is published."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipeline.errors import DocumentInvalid
from pipeline.gold import comparison
from pipeline.gold.build import Build
from pipeline.gold.comparison import Comparison, reasons_to_hold
from pipeline.gold.profile import ColumnProfile, Profile, Turnover
from pipeline.gold.publication import Held, Pointer, Publication, Published
from tests.gold_builds import BUILD_ID, COMPLETE, a_build

SCHEMA = {"movies": {"title": "string"}}
PROFILE = Profile(100, 100, 0, {"title": ColumnProfile(100)}, 100, 0, 0, SCHEMA)
KEY = "movies.title.share of changed values"


def pointer_to(build: Build, earlier: int = 0) -> Pointer:
    ids = [f"2026110{day}T030000.000000Z" for day in range(1, earlier + 1)] + [build.build_id]
    return Pointer(Published(build, tuple(Publication(build_id, build.built_at) for build_id in ids)), '"1"')


def compare(monkeypatch: pytest.MonkeyPatch, new: Profile | None, pointer: Pointer, **given: Any) -> Comparison:
    """Compare with the profile ``new``; films change as ``turnover`` says, and ``records`` are those of S3."""

    def profile_of(_: object, depth: int | None = None) -> Profile | None:
        return replace(new, depth=depth, films=depth) if new and depth else new

    monkeypatch.setattr(comparison, "profile_of", profile_of)
    monkeypatch.setattr(comparison, "turnover_of", lambda *_: given.get("turnover", Turnover(0, 0, {})))
    monkeypatch.setattr(comparison, "records", given.get("records", lambda *_: {}))
    return comparison.compare("gold", lambda _: [], pointer, has_movies=given.get("has_movies", True))


@pytest.mark.parametrize("pointer", [Pointer(None, None), pointer_to(a_build())])
def test_the_first_builds_are_compared_with_nothing(monkeypatch: pytest.MonkeyPatch, pointer: Pointer) -> None:
    assert compare(monkeypatch, PROFILE, pointer) == Comparison(PROFILE, ())


def test_a_build_without_any_complete_run_is_held_when_there_was_one(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = compare(monkeypatch, None, pointer_to(a_build(profile=PROFILE)))

    assert compared.profile is None
    assert "complete runs" in compared.reasons[0]


def test_a_longer_list_is_compared_as_deep_as_the_published_one_and_recorded_as_deep_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    longer = replace(PROFILE, depth=1000, films=1000, columns={"title": ColumnProfile(100)})
    compared = compare(monkeypatch, longer, pointer_to(a_build(profile=PROFILE)))

    assert compared.reasons == ()
    assert compared.profile
    assert (compared.profile.depth, compared.profile.films) == (1000, 1000)
    assert compared.profile.changes["movies..films on the list"] == 0


CHANGED = Turnover(0, 0, {"title": (12, 100)})


@pytest.mark.parametrize(("usual", "held"), [(0.0, True), (0.04, False)])
def test_usual_changes_come_from_earlier_builds(monkeypatch: pytest.MonkeyPatch, usual: float, *, held: bool) -> None:
    earlier = a_build(profile=replace(PROFILE, changes={KEY: usual}))
    compared = compare(
        monkeypatch,
        PROFILE,
        pointer_to(a_build(profile=PROFILE), earlier=8),
        turnover=CHANGED,
        # Eight builds with changes are enough; the ninth is of a time before any run was complete.
        records=lambda _, build_ids: dict.fromkeys(build_ids, earlier) | {build_ids[0]: a_build(profile=None)},
    )

    assert bool(compared.reasons) == held
    assert compared.profile
    assert compared.profile.changes[KEY] == pytest.approx(0.12)


def test_a_damaged_earlier_record_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def records(*_: object) -> dict[str, Build]:
        raise DocumentInvalid("is not JSON")

    compared = compare(monkeypatch, PROFILE, pointer_to(a_build(profile=PROFILE)), turnover=CHANGED, records=records)

    assert compared.reasons


def test_films_are_not_compared_one_by_one_where_the_published_table_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    pointer = pointer_to(a_build(profile=PROFILE))

    assert compare(monkeypatch, PROFILE, pointer, turnover=CHANGED).reasons
    compared = compare(monkeypatch, PROFILE, pointer, turnover=CHANGED, has_movies=False)
    assert not compared.reasons
    assert compared.profile
    assert set(compared.profile.changes.values()) == {0}


OLD_RUN, NEW_RUN = "20261123T030000Z-aaaaaaaa", "20261124T030000Z-bbbbbbbb"
BUILD = a_build(runs={OLD_RUN: COMPLETE})
PUBLISHED = Published(BUILD, (Publication(BUILD_ID, BUILD.built_at),))
HELD = Held(BUILD_ID, BUILD.built_at, "basis", ("rolled back",), until_after=OLD_RUN)
ROLLED_BACK = replace(PUBLISHED, held=HELD)


@pytest.mark.parametrize("published", [None, PUBLISHED])
def test_a_build_is_published_when_nothing_is_held(published: Published | None) -> None:
    assert reasons_to_hold(BUILD, Pointer(published, None)) == ()


def test_a_build_that_the_breaker_stopped_is_held_for_its_reasons() -> None:
    build = replace(BUILD, reasons=("movies: too few films",))

    assert reasons_to_hold(build, Pointer(PUBLISHED, None)) == ("movies: too few films",)


@pytest.mark.parametrize(
    ("status", "held"), [("complete", False), ("incomplete", True)], ids=["a complete run", "an incomplete run"]
)
def test_a_newer_complete_run_ends_a_rollback(status: str, held: bool) -> None:
    build = a_build(runs={OLD_RUN: COMPLETE, NEW_RUN: replace(COMPLETE, status=status)})

    reasons = reasons_to_hold(build, Pointer(ROLLED_BACK, None))

    assert bool(reasons) is held
    assert all(BUILD_ID in reason for reason in reasons)
