"""The source list: formats, ranks, skipped entries, limits, and where it may be fetched from."""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest
import requests
import responses
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from pipeline import keys, source_list
from pipeline.errors import InvalidInput, SourceListInvalid, SourceListUnavailable, StorageFailed
from pipeline.runs import Skipped
from pipeline.settings import environment_with
from tests.cloudformation import read_template
from tests.exceptions import EXCEPTIONS, an_instance

ROOT = Path(__file__).parents[3]
LISTS = ROOT / "tests" / "cases" / "lists"
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


def read(content: bytes, subject: str = "source list") -> tuple[list[dict[str, Any]], list[Skipped]]:
    listed = source_list.read_list(content, subject)
    return listed.items, listed.skipped


def fetch(uri: str, s3: FakeS3 | None = None) -> source_list.FetchedList:
    return source_list.fetch(uri, cast("Any", s3 or FakeS3(b"")))


def test_films_are_ordered_by_numeric_rank() -> None:
    items, skipped = read((LISTS / "top.json").read_bytes())

    assert [entry["rank"] for entry in items] == ["1", "2", "9", "10", "100"]
    assert items[3]["title"] == "Léon: The Professional"
    assert skipped == []


def test_items_are_kept_verbatim() -> None:
    data = json.loads((LISTS / "top.json").read_bytes())

    items, _ = read((LISTS / "top.json").read_bytes())

    assert sorted(items, key=str) == sorted(data["items"], key=str)


@given(st.integers(0, 2**32))
def test_top_n_does_not_depend_on_the_order_of_the_file(seed: int) -> None:
    items = [item(number) for number in range(1, 31)]
    random.Random(seed).shuffle(items)

    top, _ = read(body(*items))

    assert [entry["id"] for entry in top[:10]] == [f"tt{number:07}" for number in range(1, 11)]


@pytest.mark.parametrize("data", [{"items": [item(1)]}, {"items": [item(1)], "errorMessage": ""}, [item(1)]])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_an_array_and_an_object_with_items_are_read(data: Any, encoding: str) -> None:
    items, _ = read(json.dumps(data).encode(encoding))

    assert items == [item(1)]


def test_unusable_entries_are_reported_with_their_reason() -> None:
    items, skipped = read((LISTS / "faulty.json").read_bytes())

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
        (9, "tt9000009", "duplicate id; the entry with the best rank is used"),
    ]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.lists(json_values | st.fixed_dictionaries({"id": json_values, "rank": json_values}), max_size=5))
def test_no_entry_is_lost_or_crashes(entries: list[Any]) -> None:
    items, skipped = read(body(item(1), *entries))

    assert len(items) + len(skipped) == len(entries) + 1
    assert item(1) in items
    assert all(len(entry.id) <= 80 for entry in skipped)


csv_cells = st.text(max_size=12) | st.sampled_from(
    ["Const", "Position", "URL", "tt0111161", "1", '"', "\x00", "\r", ";"]
)
csv_texts = st.lists(st.lists(csv_cells, max_size=5).map(",".join), max_size=6).map("\n".join)


@given(st.binary() | csv_texts.map(lambda text: f"Const,Position\n{text}".encode("utf-8", "replace")))
def test_any_bytes_are_a_list_or_refused(content: bytes) -> None:
    try:
        films = source_list.read_list(content)
    except SourceListInvalid:
        return
    assert all(keys.is_imdb_id(entry["id"]) and int(entry["rank"]) > 0 for entry in films.items)
    assert len({entry["id"] for entry in films.items}) == len(films.items)


@pytest.mark.parametrize("levels", [33, 100, 800])
def test_an_entry_nested_too_deeply_is_reported(levels: int) -> None:
    deep = "[" * levels + "]" * levels
    content = (
        f'[{{"id":"tt0000001","rank":"1"}}, {{"id":"tt0000002","rank":"2","more":{deep}}}, {{"id":{deep}}}, {deep}]'
    )

    items, skipped = read(content.encode())

    assert items == [{"id": "tt0000001", "rank": "1"}]
    assert [(entry.item, entry.id) for entry in skipped] == [(1, "tt0000002"), (2, ""), (3, "")]
    assert [entry.reason for entry in skipped] == [
        "the entry is nested too deeply",
        "id is not tt and 7 to 10 digits",
        "not an object",
    ]


def test_a_skipped_entry_shows_its_id_however_the_list_spells_the_field() -> None:
    _, skipped = read(b"Const,Position\ntt0000001,1\ntt0000002,first\nnm0000003,3\n")

    assert [entry.id for entry in skipped] == ["tt0000002", "nm0000003"]


def test_a_skipped_id_can_be_returned_by_lambda() -> None:
    _, skipped = read(body(item(1), {"id": "tt\ud800" * 50, "rank": "2"}))

    assert len(skipped[0].id.encode()) <= 80
    assert skipped[0].id.startswith("tt\\ud800")


def test_an_entry_too_large_for_a_message_is_reported() -> None:
    _, skipped = read(body(item(1), item(2, crew="x" * 300_000)))

    assert [(entry.id, entry.reason) for entry in skipped] == [("tt0000002", "the entry is too large for a message")]


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "neither JSON nor CSV with a column for the IMDb id"),
        (b"<html>", "is an HTML or XML page"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"[" * 90_000, "is not valid JSON"),
        (b'{"items": [\n{"id": tt}]}', r"is not valid JSON \(line 2, column 8\)"),
        (b"{}", "expected an array of films"),
        (b'"text"', "neither JSON nor CSV.*it starts with '\"text\"'"),
        (b'{"items": {}}', "expected an array of films"),
        (b"[]", "the list is empty"),
        (b'{"items": [{"id": "x"}]}', "no film can be used; first reason: id is not tt and 7 to 10 digits"),
        (b'{"items": [], "errorMessage": "Invalid API Key"}', "the list reports an error: 'Invalid API Key'"),
        (b'{"errorMessage": "Server busy"}', "the list reports an error: 'Server busy'"),
        (b'{"Response": "False", "Error": "Too many results."}', "the list reports an error: 'Too many results.'"),
        (b"Title,Year\nHeat,1995\n", "neither JSON nor CSV.*it starts with 'Title,Year'"),
        (b"Const,Title\n", "the list is empty"),
        (b"Const,Title\ntt0113277,Heat\n", "no film can be used; first reason: rank is missing"),
        (b'Const,Position\ntt0113277,"' + b"x" * 200_000, "is not valid CSV"),
    ],
)
def test_an_unusable_list_is_refused_with_its_reason(content: bytes, cause: str) -> None:
    with pytest.raises(SourceListInvalid, match=cause) as caught:
        source_list.read_list(content, URI)

    assert caught.value.subject == URI
    assert str(caught.value).endswith("; nothing was started")


# ── Formats ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_imdbs_csv_export() -> None:
    items, skipped = read((LISTS / "imdb_export.csv").read_bytes())

    assert [(item["id"], item["rank"], item["title"], item["year"]) for item in items] == [
        ("tt0111161", "1", "The Shawshank Redemption", "1994"),
        ("tt0110413", "2", "Léon: The Professional", "1994"),
        ("tt0068646", "10", "The Godfather", "1972"),
    ]
    assert (items[0]["imDbRating"], items[0]["imDbRatingCount"]) == ("9.3", "2957041")
    assert items[0]["Directors"] == "Frank Darabont", "all other cells are kept"
    assert "imDbRating" not in items[2], "an empty cell is a missing value"
    assert [(entry.item, entry.reason) for entry in skipped] == [
        (3, "id is not tt and 7 to 10 digits"),
        (4, "the row has more cells than the header"),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_csv_of_spreadsheets(delimiter: str, line_end: str, encoding: str) -> None:
    rows = [["Rank", "IMDb ID", "Name"], [" 2 ", "tt0000002", '"a, b; c"'], [], ["1", "tt0000001", "Über"]]
    text = line_end.join(delimiter.join(row) for row in rows)

    items, skipped = read(text.encode(encoding))

    assert [(item["id"], item["rank"], item["title"]) for item in items] == [
        ("tt0000001", "1", "Über"),
        ("tt0000002", "2", "a, b; c"),
    ]
    assert skipped == []


@pytest.mark.parametrize(
    "entry",
    [
        {"id": "tt0111161", "rank": "1"},
        {"imdbID": "tt0111161", "Rank": 1},
        {"imdb_id": "tt0111161", "position": "1"},
        {"Const": "tt0111161", "Position": 1},
        {"tconst": "tt0111161", "ranking": "1"},
        {"id": 278, "imdb_id": "tt0111161", "rank": "1"},
        {"id": "https://www.imdb.com/title/tt0111161/?ref_=chttp_t_1", "rank": "1"},
        {"url": "https://m.imdb.com/de/title/tt0111161", "rank": "1"},
        {"URL": "imdb.com/title/tt0111161/", "rank": "1"},
        {"id": "tt00111161", "rank": "1"},
    ],
)
def test_known_spellings_of_id_and_rank(entry: dict[str, Any]) -> None:
    ((item,), skipped) = read(body(entry))

    assert (item["id"], int(item["rank"])) == ("tt0111161", 1)
    assert skipped == []


@pytest.mark.parametrize(
    "imdb_id",
    [
        "https://evil.example/title/tt0111161/",
        "https://imdb.com.evil.example/title/tt0111161",
        "https://www.imdb.com/name/nm0000151/",
        "tt0111161/../x",
        "tt0111161x",
        "xtt0111161",
    ],
)
def test_other_addresses_are_not_ids(imdb_id: str) -> None:
    _, skipped = read(body(item(1), {"id": imdb_id, "rank": "2"}))

    assert [entry.reason for entry in skipped] == ["id is not tt and 7 to 10 digits"]


@pytest.mark.parametrize("name", ["items", "movies", "Films", "results", "Search"])
def test_the_array_may_have_several_names(name: str) -> None:
    items, _ = read(json.dumps({name: [item(1)], "errorMessage": None}).encode())

    assert items == [item(1)]


def test_two_spellings_of_one_id_are_one_film() -> None:
    items, skipped = read(body({"id": "tt00038674", "rank": "2"}, {"id": "tt0038674", "rank": "1", "title": "x"}))

    assert items == [{"id": "tt0038674", "rank": "1", "title": "x"}]
    assert [(entry.item, entry.id) for entry in skipped] == [(0, "tt0038674")]


def test_a_number_of_thousands_of_digits_spoils_its_entry_only() -> None:
    content = b'[{"id": "tt0000001", "rank": 1}, {"id": "tt0000002", "rank": 2, "votes": %s}]' % (b"9" * 5000)

    items, skipped = read(content)

    assert [item["id"] for item in items] == ["tt0000001"]
    assert "NaN or Infinity" in skipped[0].reason


@pytest.mark.parametrize("kind", EXCEPTIONS)
def test_an_unexpected_exception_skips_one_entry(
    kind: type[Exception], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def imdb_id_in(value: object) -> str | None:
        if value == "tt0000002":
            raise an_instance(kind)
        return str(value)

    monkeypatch.setattr(keys, "imdb_id_in", imdb_id_in)

    items, skipped = read(body(item(1), item(2), item(3)))

    assert [entry["id"] for entry in items] == ["tt0000001", "tt0000003"]
    assert [(entry.item, entry.reason) for entry in skipped] == [(1, f"unexpected {kind.__name__}")]
    assert "Traceback" in caplog.text


# ── Limits ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_entries_are_bounded() -> None:
    films = [item(number) for number in range(1, source_list.MAX_ENTRIES + 2)]

    with pytest.raises(SourceListInvalid, match="more than 25,000 entries"):
        source_list.read_list(json.dumps(films).encode())
    assert len(source_list.read_list(json.dumps(films[1:]).encode()).items) == source_list.MAX_ENTRIES


def hostile_lists() -> dict[str, bytes]:
    """Lists of the largest size that is read, each of a kind that takes much memory."""
    return {
        "empty objects": b"[" + b"{}," * 2_700_000 + b"{}]",
        "small objects": b"[" + b'{"":0},' * 99_000 + b"{}]",
        "empty arrays": b"[" + b"[]," * 99_000 + b"[]]",
        "numbers": b"[" + b"0.1," * 2_000_000 + b"0]",
        "one object of many keys": b"{" + b",".join(b'"%d":0' % number for number in range(700_000)) + b"}",
        "wide text": '[{"id": "tt0000001", "rank": "1", "title": "🎬'.encode() + b"x" * 8_300_000 + b'"}]',
        "csv of many columns": b"Const," + b"a," * 4_100_000 + b"\ntt0000001",
        "csv of short rows": b"Const,Position\n" + b"a,\n" * 2_700_000,
        "ordinary films": json.dumps([item(n, crew="Frank Darabont (dir.)" * 10) for n in range(1, 25_001)]).encode(),
    }


# Reads lists one after the other, and prints the peak of this process's memory after each.
PEAKS = """
import resource, sys
from pathlib import Path
from lambdas import get_movies_and_send_to_queue
from pipeline import messages, source_list
from pipeline.errors import SourceListInvalid
status = Path("/proc/self/status")
for path in sys.argv[1:]:
    try:
        films = source_list.read_list(Path(path).read_bytes())
        messages.make("20261124T030000Z-1a2b3c4d", films.items, 10)
    except SourceListInvalid:
        pass
    if status.exists():  # on Linux ru_maxrss includes the memory of the process that started this one
        (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        print(int(line.split()[1]) * 1024)
    else:
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_no_list_takes_more_memory_than_the_function_has(tmp_path: Path) -> None:
    template = read_template(ROOT / "template.yaml")
    memory = template["Resources"]["GetMoviesAndSendToQueue"]["Properties"]["MemorySize"] * 1024**2
    variables = {
        "AWS_DEFAULT_REGION": "eu-central-1",
        "BRONZE_BUCKET": "b",
        "MOVIE_QUEUE_URL": "q",
        "SOURCE_LIST_URI": "s3://l/k",
        "TOP_N": "250",
        "BATCH_SIZE": "10",
    }
    lists = hostile_lists()
    for name, body in lists.items():
        assert len(body) <= source_list.MAX_LIST_BYTES * 1.1, name
        (tmp_path / name).write_bytes(body)

    ran = subprocess.run(
        [sys.executable, "-c", PEAKS, *(str(tmp_path / name) for name in lists)],
        env=environment_with(**variables),
        cwd=ROOT,
        capture_output=True,
        timeout=240,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr.decode()
    peaks = dict(zip(lists, map(int, ran.stdout.split()), strict=True))
    assert max(peaks.values()) < 0.75 * memory, peaks


# ── Fetching ─────────────────────────────────────────────────────────────────────────────────────────────────────


@responses.activate
def test_fetch_from_https() -> None:
    responses.get(URI, body=body(item(1)), headers={"ETag": '"v1"'})

    fetched = fetch(URI)

    assert (fetched.uri, fetched.body, fetched.etag) == (URI, body(item(1)), '"v1"')
    assert len(fetched.sha256) == 64


@responses.activate
@pytest.mark.parametrize("fault", [404, 500, requests.ConnectionError("a"), requests.Timeout("a")])
def test_an_unavailable_list_is_retryable(fault: Any) -> None:
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

    with pytest.raises(SourceListInvalid, match="larger than 8 MiB"):
        fetch(URI)


def test_fetch_from_s3() -> None:
    fetched = fetch("s3://lists/deep/top.json", FakeS3(b"[]"))

    assert (fetched.body, fetched.etag) == (b"[]", '"etag"')


def test_s3_errors_become_ours() -> None:
    with pytest.raises(StorageFailed, match="NoSuchKey"):
        fetch("s3://lists/other.json")
    with pytest.raises(SourceListInvalid, match="larger"):
        fetch("s3://lists/deep/top.json", FakeS3(b"", source_list.MAX_LIST_BYTES + 1))


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "top.json",
        "http://lists.example/a",
        "ftp://lists.example/a",
        "file:///etc/passwd",
        "s3://lists",
        "s3:///a",
        "http://[::1",
        "https://[::1",
        "https://lists.example:port/",
        "s3://[::1/a",
    ],
)
def test_other_addresses_are_refused(uri: str) -> None:
    with pytest.raises(InvalidInput, match="SourceListUri"):
        fetch(uri)


# ── Redirects ────────────────────────────────────────────────────────────────────────────────────────────────────


@responses.activate
def test_a_redirect_to_https_is_followed() -> None:
    responses.get(URI, status=307, headers={"Location": "/elsewhere.json"})
    responses.get("https://lists.example/elsewhere.json", body=body(item(1)))

    fetched = fetch(URI)

    assert (fetched.uri, fetched.body) == (URI, body(item(1)))


@pytest.mark.parametrize(
    "elsewhere",
    [
        "http://lists.example/a.json",
        "http://127.0.0.1:9001/",
        "http://169.254.169.254/",
        "file:///etc/passwd",
        "https://lists.example:port/",
    ],
)
@responses.activate
def test_a_redirect_to_anything_but_https_is_refused(elsewhere: str) -> None:
    responses.get(URI, status=302, headers={"Location": elsewhere})

    with pytest.raises(SourceListUnavailable, match="not an https address"):
        fetch(URI)

    assert len(responses.calls) == 1


@responses.activate
def test_a_redirect_to_a_malformed_address_is_reported() -> None:
    responses.get(URI, status=302, headers={"Location": "http://[::1"})

    with pytest.raises(SourceListUnavailable, match="InvalidURL"):
        fetch(URI)


@responses.activate
def test_redirects_in_a_circle_end() -> None:
    responses.get(URI, status=302, headers={"Location": URI})

    with pytest.raises(SourceListUnavailable, match="TooManyRedirects"):
        fetch(URI)

    assert len(responses.calls) == source_list.MAX_REDIRECTS + 1
