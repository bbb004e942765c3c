"""Documents: bytes become a frozen dataclass, or one error that names the first fault."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import documents
from pipeline.errors import DocumentInvalid
from pipeline.runs import Manifest, RunReply


@dataclass(frozen=True)
class Part:
    """A nested document."""

    rows: int
    share: float = 1.0


@dataclass(frozen=True)
class Sample:
    """A document with every kind of field."""

    name: str
    state: Literal["open", "closed"]
    parts: tuple[Part, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    etag: str | None = None
    first: Part | None = None
    anything: Any = None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["name", "state", "run_id"]), inner),
)


def part(rows: bytes) -> bytes:
    """Return a sample with one part."""
    return b'{"name": "x", "state": "open", "parts": [{"rows": %s}]}' % rows


def test_a_document_is_read_into_its_dataclass() -> None:
    body = (
        b'\xef\xbb\xbf{"name": "x", "state": "open", "parts": [{"rows": 1, "share": 2}], "counts": {"a": 1}, '
        b'"names": ["b"], "etag": null, "first": {"rows": 3}, "anything": [1], "added_later": {}}'
    )

    sample = documents.read(Sample, body, "sample.json")

    assert sample == Sample("x", "open", (Part(1, 2.0),), {"a": 1}, ["b"], None, Part(3), [1])
    assert isinstance(sample.parts[0].share, float)


def test_missing_fields_take_their_defaults() -> None:
    assert documents.read(Sample, b'{"name": "x", "state": "closed"}', "s") == Sample("x", "closed")


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        (b"", "is not JSON"),
        (b"\xff", "is not JSON"),
        (b"{", "is not JSON"),
        (b'{"name": NaN}', "is not JSON"),
        (b"1" * 5000, "is not JSON"),
        (b"[" * 100_000 + b"]" * 100_000, "is not JSON"),
        (b"[" * 40 + b"]" * 40, "is nested too deeply"),
        (b"[]", "expected an object, found an array"),
        (b"null", "expected an object, found null"),
        (b'"text"', "expected an object, found text"),
        (b"7", "expected an object, found a whole number"),
        (b"{}", "name: is missing"),
        (b'{"name": 1, "state": "open"}', "name: expected text, found a whole number"),
        (b'{"name": "x", "state": "ajar"}', "state: expected 'open' or 'closed', found text"),
        (b'{"name": "x", "state": "open", "parts": {}}', "parts: expected an array, found an object"),
        (part(b"1.5"), "parts[0].rows: expected a whole number, found a number"),
        (b'{"name": "x", "state": "open", "parts": [{"rows": 1, "share": 1' + b"0" * 400 + b"}]}",
         "parts[0].share: is too large"),
        (part(b"true"), "parts[0].rows: expected a whole number, found true or false"),
        (b'{"name": "x", "state": "open", "counts": {"a": "1"}}', "counts.a: expected a whole number, found text"),
        (b'{"name": "x", "state": "open", "first": {"rows": "1"}}', "first.rows: expected a whole number, found text"),
        (b'{"name": "x", "state": "open", "etag": 1}', "etag: expected text, found a whole number"),
    ],
)  # fmt: skip
def test_anything_odd_is_one_error_that_names_its_place(body: bytes, cause: str) -> None:
    with pytest.raises(DocumentInvalid) as caught:
        documents.read(Sample, body, "sample.json", "delete it")

    assert str(caught.value) == f"sample.json: {cause}; delete it"


@pytest.mark.parametrize("kind", [Sample, Part, Manifest, RunReply])
@given(body=st.binary() | json_values.map(json.dumps).map(str.encode))
def test_no_bytes_raise_anything_else(kind: type, body: bytes) -> None:
    try:
        document = documents.read(kind, body, "document")
    except DocumentInvalid:
        return
    assert isinstance(document, kind)


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.none()))
def test_any_json_is_stored_as_utf_8_and_read_back(value: dict[str, Any]) -> None:
    assert documents.parse(documents.to_json(value), "document") == value


def test_a_lone_surrogate_is_stored_as_its_escape() -> None:
    assert documents.to_json({"title": "\ud800"}) == b'{"title": "\\ud800"}'


def test_depth_is_bounded() -> None:
    def nested(levels: int) -> Any:
        value: Any = 1
        for level in range(levels):
            value = [value] if level % 2 else {"a": value}
        return value

    assert not documents.is_too_deep(nested(documents.MAX_DEPTH))
    assert documents.is_too_deep(nested(documents.MAX_DEPTH + 1))
