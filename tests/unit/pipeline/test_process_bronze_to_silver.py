"""Step 3 without AWS: reading S3's events, and times as every reader of Silver understands them."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InvalidInput
from pipeline.process_bronze_to_silver import announced

EVENTS = Path(__file__).parents[2] / "events"


def event(name: str) -> str:
    return (EVENTS / name).read_text(encoding="utf-8")


def test_keys_are_decoded() -> None:
    assert announced(event("s3_object_created.json")) == [
        "movies/run_id=20261124T030000Z-1a2b3c4d/imdb_id=tt0110413.json"
    ]


def test_a_plus_is_a_space_and_a_percent_a_character() -> None:
    body = json.dumps({"Records": [{"s3": {"object": {"key": "a+b%2Bc%3D%C3%A9.json"}}}]})

    assert announced(body) == ["a b+c=é.json"]


def test_s3s_test_event_announces_nothing() -> None:
    assert announced(event("s3_test_event.json")) == []


def test_several_records_in_one_event() -> None:
    records = [{"s3": {"object": {"key": key}}} for key in ("a", "b")]

    assert announced(json.dumps({"Records": records})) == ["a", "b"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Records", "s3", "object", "key", "Event"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.text() | json_values.map(json.dumps))
def test_any_other_body_is_refused_as_ours(body: str) -> None:
    with suppress(InvalidInput):
        assert isinstance(announced(body), list)
