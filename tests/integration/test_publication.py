"""The pointer to the published build: moved by one writer at a time, with its history, holds and rollbacks."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import EndpointConnectionError

from pipeline import aws, keys
from pipeline.errors import DocumentInvalid, StorageFailed
from pipeline.gold.build import Build, new_build_id
from pipeline.gold.publication import (
    Pointer,
    Publication,
    hold,
    publish,
    published_build,
    read_pointer,
    records,
    roll_back,
)
from pipeline.runs import utc
from tests.gold_builds import COMPLETE, a_build
from tests.integration.faulty_aws import ANSWER_LOST, FaultyAws
from tests.integration.moto_lake import Lake

RUN = "20261124T030000Z-bbbbbbbb"


def builds(number: int) -> list[Build]:
    """Builds of different ids and Silver, oldest first."""
    made = []
    for hour in range(number):
        silver = replace(a_build().silver, fingerprint=f"{hour}" * 64)
        build_id = new_build_id(datetime(2026, 11, 24, hour, tzinfo=UTC))
        made.append(a_build(build_id=build_id, silver=silver, runs={RUN: COMPLETE}))
    return made


def test_before_the_first_build_there_is_nothing(lake: Lake) -> None:
    assert read_pointer("gold") == Pointer(None, None)
    assert published_build("gold") is None
    assert read_pointer("gold").newest_basis == ""


def test_a_published_build_is_read_back_with_its_history(lake: Lake) -> None:
    first, second = builds(2)

    after = publish("gold", second, publish("gold", first, read_pointer("gold")), because="checked by hand")

    assert after == read_pointer("gold")
    assert after.build == second
    assert [(entry.build_id, entry.because) for entry in after.history] == [
        (first.build_id, ""),
        (second.build_id, "checked by hand"),
    ]


def test_of_two_writers_one_wins_and_the_other_learns_it(lake: Lake) -> None:
    first, second = builds(2)
    nothing = read_pointer("gold")

    won = publish("gold", second, nothing)
    lost = publish("gold", first, nothing)

    assert lost == won
    assert published_build("gold") == second
    assert publish("gold", first, replace(won, etag='"other"')).build == second
    lake.s3.delete_object(Bucket="gold", Key=keys.BUILD)
    assert publish("gold", first, won) == Pointer(None, None), "what was deleted is not moved either"


def test_a_move_whose_answer_is_lost_is_a_move(lake: Lake) -> None:
    (build,) = builds(1)
    before = read_pointer("gold")
    faulty = FaultyAws(1, ANSWER_LOST)

    with faulty.watching():
        after = publish("gold", build, before)

    assert faulty.struck == "PutObject"
    assert after.build == build


@pytest.mark.parametrize("body", [b"", b"[]", b'{"build": {}}', b'{"build_id": "of the layout before"}'])
def test_a_damaged_pointer_is_replaced(lake: Lake, body: bytes) -> None:
    lake.put("gold", keys.BUILD, body)
    (build,) = builds(1)

    pointer = read_pointer("gold")
    assert pointer.published is None

    assert publish("gold", build, pointer).build == build


@pytest.mark.parametrize("change", [{"at": "soon"}, {"at": "2026-11-24T03:00:00"}, {"build_id": "today"}])
def test_a_history_with_a_damaged_entry_is_replaced(lake: Lake, change: dict[str, str]) -> None:
    (build,) = builds(1)
    publish("gold", build, read_pointer("gold"))
    document = json.loads(lake.get("gold", keys.BUILD))
    document["history"][0] |= change
    lake.put("gold", keys.BUILD, json.dumps(document).encode())

    pointer = read_pointer("gold")
    assert pointer.published is None

    assert publish("gold", build, pointer, retention=timedelta(days=90)).build == build


def test_publications_leave_the_history_when_they_were_replaced_too_long_ago(lake: Lake) -> None:
    now = datetime.now(UTC)
    first, second, third, fourth = builds(4)
    ages = ((first, 100), (second, 50), (third, 1))
    history = tuple(Publication(build.build_id, utc(now - timedelta(days=days))) for build, days in ages)
    pointer = publish("gold", third, read_pointer("gold"))
    assert pointer.published
    pointer = replace(pointer, published=replace(pointer.published, history=history))

    kept = publish("gold", fourth, pointer, retention=timedelta(days=40)).history

    assert [entry.build_id for entry in kept] == [second.build_id, third.build_id, fourth.build_id], (
        "the second was replaced a day ago"
    )


def test_a_held_build_changes_nothing_that_is_read_and_is_not_built_again(lake: Lake) -> None:
    first, second, third = builds(3)
    before = publish("gold", first, read_pointer("gold"))

    held = hold("gold", second, ("movies: a third of the films is missing",), before)

    assert (held.build, held.history) == (first, before.history)
    assert held.held
    assert (held.held.build_id, held.held.reasons) == (second.build_id, ("movies: a third of the films is missing",))
    assert held.newest_basis == second.basis != first.basis
    assert publish("gold", third, held).held is None


def test_the_first_build_is_never_held(lake: Lake) -> None:
    (build,) = builds(1)

    assert hold("gold", build, ("odd",), read_pointer("gold")).build == build


def test_a_rollback_is_recorded_and_holds_what_it_replaced(lake: Lake) -> None:
    first, second = builds(2)
    pointer = publish("gold", second, publish("gold", first, read_pointer("gold")))

    after = roll_back("gold", first, second, pointer, "units are wrong")

    assert after.build == first
    assert after.history[-1].because == "units are wrong"
    assert after.newest_basis == second.basis, "the same Silver is not built again"
    assert after.held
    assert (after.held.build_id, after.held.until_after) == (second.build_id, RUN)
    third = replace(second, build_id=second.build_id.replace("T01", "T02"))
    again = hold("gold", third, ("still",), after)
    assert again.held
    assert again.held.until_after == RUN, "a hold during a rollback does not end it"


def test_a_run_that_is_complete_in_a_held_build_does_not_end_a_rollback(lake: Lake) -> None:
    first, second, third = builds(3)
    third = replace(third, runs={**third.runs, "20261125T030000Z-cccccccc": COMPLETE})
    pointer = publish("gold", second, publish("gold", first, read_pointer("gold")))
    pointer = hold("gold", third, ("odd",), pointer)

    after = roll_back("gold", first, third, pointer, "units are wrong")

    assert after.held
    assert (after.held.build_id, after.held.until_after) == (third.build_id, "20261125T030000Z-cccccccc")


def test_records_are_read_by_id_and_expired_ones_are_omitted(lake: Lake) -> None:
    first, second = builds(2)
    lake.put("gold", keys.build_record(second.build_id), second.to_json())

    assert records("gold", [first.build_id, second.build_id]) == {second.build_id: second}

    lake.put("gold", keys.build_record(first.build_id), b"{}")
    with pytest.raises(DocumentInvalid, match=first.build_id):
        records("gold", [first.build_id])


def test_a_record_that_cannot_be_read_is_a_failure_and_not_an_expired_build(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    (build,) = builds(1)
    monkeypatch.setattr(aws, "get_many", lambda *_: [EndpointConnectionError(endpoint_url="x")])

    with pytest.raises(StorageFailed, match=rf"{build.build_id}.*: EndpointConnectionError; try again"):
        records("gold", [build.build_id])
