"""Expiry: objects that no kept build refers to are tagged, however old; everything else never is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipeline import aws, keys
from pipeline.gold.build import new_build_id
from pipeline.gold.publication import (
    UNREFERENCED,
    Pointer,
    Publication,
    expire,
    expiry_due,
    hold,
    publish,
    read_pointer,
)
from pipeline.runs import utc
from tests.gold_builds import a_build, publish_files
from tests.integration.moto_lake import Lake

NOW = datetime.now(UTC)


def id_of(days: float) -> str:
    """Return the id of a build so many days ago."""
    return new_build_id(NOW - timedelta(days=days))


def tagged(lake: Lake) -> set[str]:
    wanted = [{"Key": UNREFERENCED, "Value": "true"}]
    listed = lake.keys("gold", keys.BUILDS)
    return {key for key in listed if lake.s3.get_object_tagging(Bucket="gold", Key=key)["TagSet"] == wanted}


@pytest.fixture
def pointer(lake: Lake) -> Pointer:
    """Two builds: the newer one wrote ``movies`` and refers to the ``pipeline_runs`` of the older one."""
    first = publish_files("gold", {"movies": [b"1"], "pipeline_runs": [b"1"]}, build_id=id_of(200))
    second = publish_files("gold", {"movies": [b"2"]}, build_id=id_of(100))
    shared = replace(second, tables={**second.tables, "pipeline_runs": first.tables["pipeline_runs"]})
    lake.put("gold", keys.build_record(second.build_id), shared.to_json())
    return publish("gold", shared, read_pointer("gold"))


def only(pointer: Pointer, *builds: str) -> Pointer:
    """The pointer with a history of these builds alone."""
    assert pointer.published
    history = tuple(Publication(build_id, utc(NOW)) for build_id in builds)
    return replace(pointer, published=replace(pointer.published, history=history))


def test_objects_that_a_kept_build_refers_to_are_kept_whatever_their_age(lake: Lake, pointer: Pointer) -> None:
    first, second = id_of(200), id_of(100)

    expire("gold", only(pointer, second))

    assert tagged(lake) == {keys.build_record(first), f"{keys.build_table(first, 'movies')}part-0"}


def test_nothing_of_the_history_expires(lake: Lake, pointer: Pointer) -> None:
    assert expire("gold", pointer) == 0
    assert tagged(lake) == set()


def test_unpublished_objects_expire_once_no_build_can_still_write_them(lake: Lake, pointer: Pointer) -> None:
    killed, written_now = id_of(61 / 1440), id_of(59 / 1440)
    for build_id in (killed, written_now):
        lake.put("gold", f"{keys.build_table(build_id, 'movies')}movies.parquet", b"bytes")

    expire("gold", pointer, NOW)

    assert tagged(lake) == {f"{keys.build_table(killed, 'movies')}movies.parquet"}


def test_a_held_build_is_kept(lake: Lake, pointer: Pointer) -> None:
    held = a_build(build_id=id_of(1))
    lake.put("gold", keys.build_record(held.build_id), held.to_json())

    expire("gold", hold("gold", held, ("odd",), pointer))

    assert tagged(lake) == set()


def test_while_a_kept_record_is_damaged_nothing_expires(lake: Lake, pointer: Pointer) -> None:
    lake.put("gold", keys.build_record(id_of(100)), b"{}")

    assert expire("gold", only(pointer, id_of(100))) == 0
    assert tagged(lake) == set()


def test_the_published_build_is_kept_even_if_its_record_is_gone(lake: Lake, pointer: Pointer) -> None:
    aws.client("s3").delete_object(Bucket="gold", Key=keys.build_record(id_of(100)))

    expire("gold", only(pointer, id_of(100)))

    assert f"{keys.build_table(id_of(100), 'movies')}part-0" not in tagged(lake)
    assert f"{keys.build_table(id_of(200), 'pipeline_runs')}part-0" not in tagged(lake)


@pytest.mark.parametrize(("days", "due"), [([], False), ([0], False), ([1, 0], True), ([1, 1], False)])
def test_expiry_is_due_at_the_first_publication_of_a_day(pointer: Pointer, days: list[int], due: bool) -> None:
    assert pointer.published
    noon = NOW.replace(hour=12)
    history = tuple(Publication(id_of(age), utc(noon - timedelta(days=age))) for age in days)

    assert expiry_due(replace(pointer, published=replace(pointer.published, history=history))) is due
