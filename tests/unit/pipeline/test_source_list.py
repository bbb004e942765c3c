"""The source list: top n is by rank, what cannot be used is reported, and everything it may be fetched from."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path
from typing import Any, cast

import pytest
import requests
import responses
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from pipeline import source_list
from pipeline.errors import InvalidInput, SourceListInvalid, SourceListUnavailable, StorageFailed

LISTS = Path(__file__).parents[2] / "cases" / "lists"
URI = "https://lists.example/Top250Movies.json"


def body(*items: Any) -> bytes:
    return json.dumps({"items": items}).encode()


def item(number: int, rank: Any = None, **more: Any) -> dict[str, Any]:
    return {"id": f"tt{number:07}", "rank": str(number) if rank is None else rank, "title": f"Film {number}", **more}


class FakeS3:
    """An S3 of one object."""

    def __init__(self, content: bytes, length: int | None = None) -> None:
        self.content, self.length = content, len(content) if length is None else length

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        if (Bucket, Key) != ("lists", "deep/top.json"):
            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": "-"}}, "GetObject")
        return {"Body": io.BytesIO(self.content), "ETag": '"etag"', "ContentLength": self.length}


def fetch(uri: str, s3: FakeS3 | None = None) -> source_list.FetchedList:
    return source_list.fetch(uri, cast("Any", s3 or FakeS3(b"")))


def test_order_is_by_rank_as_a_number() -> None:
    items, skipped = source_list.parse((LISTS / "top.json").read_bytes())

    assert [entry["rank"] for entry in items] == ["1", "2", "9", "10", "100"]
    assert items[3]["title"] == "Léon: The Professional"
    assert skipped == []


def test_items_stay_verbatim() -> None:
    data = json.loads((LISTS / "top.json").read_bytes())

    items, _ = source_list.parse((LISTS / "top.json").read_bytes())

    assert sorted(items, key=str) == sorted(data["items"], key=str)


@given(st.integers(0, 2**32))
def test_top_n_is_the_same_whatever_the_files_order(seed: int) -> None:
    items = [item(number) for number in range(1, 31)]
    random.Random(seed).shuffle(items)

    found, _ = source_list.parse(body(*items))

    assert [entry["id"] for entry in found[:10]] == [f"tt{number:07}" for number in range(1, 11)]


@pytest.mark.parametrize("data", [{"items": [item(1)]}, {"items": [item(1)], "errorMessage": ""}, [item(1)]])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_both_shapes_are_read(data: Any, encoding: str) -> None:
    items, _ = source_list.parse(json.dumps(data).encode(encoding))

    assert items == [item(1)]


def test_what_cannot_be_used_is_reported_with_its_reason() -> None:
    items, skipped = source_list.parse((LISTS / "faulty.json").read_bytes())

    assert [(entry["id"], entry["rank"]) for entry in items] == [("tt9000001", "1"), ("tt9000009", "8")]
    assert [(entry.item, entry.id, entry.reason) for entry in skipped] == [
        (1, "tt9000002", "not an object"),
        (2, "", "id is missing"),
        (3, "../../etc/passwd", "id is not tt and 7 to 10 digits"),
        (4, "tt123", "id is not tt and 7 to 10 digits"),
        (5, "tt9000005", "rank is missing"),
        (6, "tt9000006", "rank is not a whole number of 1 or more"),
        (7, "tt9000007", "rank is not a whole number of 1 or more"),
        (8, "tt9000008", "rank is not a whole number of 1 or more"),
        (9, "tt9000009", "duplicate id; its better rank is used"),
    ]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.lists(json_values | st.fixed_dictionaries({"id": json_values, "rank": json_values}), max_size=5))
def test_no_entry_is_lost_or_crashes(entries: list[Any]) -> None:
    items, skipped = source_list.parse(body(item(1), *entries))

    assert len(items) + len(skipped) == len(entries) + 1
    assert item(1) in items
    assert all(len(entry.id) <= 80 for entry in skipped)


@pytest.mark.parametrize("levels", [33, 100, 800])
def test_an_entry_nested_too_deeply_is_reported(levels: int) -> None:
    deep = "[" * levels + "]" * levels
    content = (
        f'[{{"id":"tt0000001","rank":"1"}}, {{"id":"tt0000002","rank":"2","more":{deep}}}, {{"id":{deep}}}, {deep}]'
    )

    items, skipped = source_list.parse(content.encode())

    assert items == [{"id": "tt0000001", "rank": "1"}]
    assert [(entry.item, entry.id) for entry in skipped] == [(1, "tt0000002"), (2, ""), (3, "")]
    assert [entry.reason for entry in skipped] == [
        "the entry is nested too deeply",
        "id is not tt and 7 to 10 digits",
        "not an object",
    ]


def test_what_is_shown_of_an_entry_is_text_that_lambda_can_answer() -> None:
    _, skipped = source_list.parse(body(item(1), {"id": "tt\ud800" * 50, "rank": "2"}))

    assert len(skipped[0].id.encode()) <= 80
    assert skipped[0].id.startswith("tt\\ud800")


def test_an_entry_too_large_for_a_message_is_reported() -> None:
    _, skipped = source_list.parse(body(item(1), item(2, crew="x" * 300_000)))

    assert [(entry.id, entry.reason) for entry in skipped] == [("tt0000002", "the entry is too large for a message")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not JSON"),
        (b"<html>", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 200_000, "not JSON"),
        (b"{}", "expected"),
        (b'"text"', "expected"),
        (b'{"items": {}}', "expected"),
        (b"[]", "the list is empty"),
        (b'{"items": [{"id": "x"}]}', "no film can be used"),
    ],
)
def test_a_list_that_is_none_says_why(content: bytes, said: str) -> None:
    with pytest.raises(SourceListInvalid, match=said):
        source_list.parse(content, URI)


@responses.activate
def test_fetch_from_https() -> None:
    responses.get(URI, body=body(item(1)), headers={"ETag": '"v1"'})

    found = fetch(URI)

    assert (found.uri, found.body, found.etag) == (URI, body(item(1)), '"v1"')
    assert len(found.sha256) == 64


@responses.activate
@pytest.mark.parametrize("fault", [404, 500, requests.ConnectionError("a"), requests.Timeout("a")])
def test_a_list_that_cannot_be_had_can_be_tried_again(fault: Any) -> None:
    if isinstance(fault, int):
        responses.get(URI, status=fault)
    else:
        responses.get(URI, body=fault)

    with pytest.raises(SourceListUnavailable) as caught:
        fetch(URI)

    assert caught.value.retryable
    assert "nothing was started" in str(caught.value)
    assert str(fault) in str(caught.value) or type(fault).__name__ in str(caught.value)


@responses.activate
def test_too_large_a_list_is_refused() -> None:
    responses.get(URI, body=b" " * (source_list.MAX_LIST_BYTES + 1))

    with pytest.raises(SourceListInvalid, match="larger than 67,108,864 bytes"):
        fetch(URI)


def test_fetch_from_s3() -> None:
    found = fetch("s3://lists/deep/top.json", FakeS3(b"[]"))

    assert (found.body, found.etag) == (b"[]", '"etag"')


def test_faults_of_s3_are_ours() -> None:
    with pytest.raises(StorageFailed, match="NoSuchKey"):
        fetch("s3://lists/other.json")
    with pytest.raises(SourceListInvalid, match="larger"):
        fetch("s3://lists/deep/top.json", FakeS3(b"", source_list.MAX_LIST_BYTES + 1))


@pytest.mark.parametrize(
    "uri",
    ["", "top.json", "http://lists.example/a", "ftp://lists.example/a", "file:///etc/passwd", "s3://lists", "s3:///a"],
)
def test_other_addresses_are_refused(uri: str) -> None:
    with pytest.raises(InvalidInput, match="https://"):
        fetch(uri)


# ── Redirects ────────────────────────────────────────────────────────────────────────────────────────────────────


@responses.activate
def test_a_redirect_to_https_is_followed() -> None:
    responses.get(URI, status=307, headers={"Location": "/elsewhere.json"})
    responses.get("https://lists.example/elsewhere.json", body=body(item(1)))

    found = fetch(URI)

    assert (found.uri, found.body) == (URI, body(item(1)))


@pytest.mark.parametrize(
    "elsewhere",
    ["http://lists.example/a.json", "http://127.0.0.1:9001/", "http://169.254.169.254/", "file:///etc/passwd"],
)
@responses.activate
def test_a_redirect_to_anything_but_https_is_refused(elsewhere: str) -> None:
    responses.get(URI, status=302, headers={"Location": elsewhere})

    with pytest.raises(SourceListUnavailable, match="not https"):
        fetch(URI)

    assert len(responses.calls) == 1


@responses.activate
def test_redirects_in_a_circle_end() -> None:
    responses.get(URI, status=302, headers={"Location": URI})

    with pytest.raises(SourceListUnavailable, match="TooManyRedirects"):
        fetch(URI)

    assert len(responses.calls) == source_list.MAX_REDIRECTS + 1
