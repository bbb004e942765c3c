"""The OMDb client over HTTP: requests, retries, time-outs, and that the key is never shown."""

from __future__ import annotations

import gzip
import json
import logging
import threading
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeline import omdb
from pipeline.api_key import HIDDEN
from pipeline.errors import InvalidInput, OmdbError, OmdbKeyInvalid, OmdbQuotaSpent, OmdbUnavailable
from pipeline.omdb import Calls, Found, OmdbClient, Refused
from tests.fake_omdb import FakeOmdb, case

KEY = "s3cr3t-key"
FILM = "tt0110413"


@pytest.fixture
def server() -> Iterator[FakeOmdb]:
    fake = FakeOmdb()
    thread = threading.Thread(target=fake.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield fake
    fake.over.set()
    fake.server.shutdown()
    fake.server.server_close()
    thread.join()


class Keys:
    """The key as the client asks for it: the first value, and after a refusal the last."""

    def __init__(self, *values: str) -> None:
        self.values, self.fresh_looks = values, 0

    def __call__(self, fresh: bool) -> str:
        self.fresh_looks += fresh
        return self.values[-1] if self.fresh_looks else self.values[0]


def ask(server: FakeOmdb, seconds: float = 20.0, keys: Keys | None = None) -> Found | Refused:
    return OmdbClient(server.url, keys or Keys(KEY)).film(FILM, seconds)


def everything_said(error: BaseException) -> str:
    """The error, its attributes, and its traceback with all errors chained to it."""
    return f"{error!r} {error} {vars(error)} {''.join(traceback.format_exception(error))}"


def test_a_film_is_asked_for_by_id(server: FakeOmdb) -> None:
    assert ask(server) == Found(json.loads(case("movie.json")))
    assert server.asked == [{"i": FILM, "tomatoes": "true", "apikey": KEY}]


def test_connections_are_reused(server: FakeOmdb) -> None:
    client = OmdbClient(server.url, Keys(KEY), 4)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: client.film(f"tt{number:07}", 20.0), range(40)))

    assert len(server.asked) == 40
    assert len(server.connections) <= 4


def test_a_transient_fault_is_retried(server: FakeOmdb) -> None:
    server.reply = lambda query, nth: (503, case("outage.html")) if nth < 3 else (200, case("movie.json"))

    assert isinstance(ask(server), Found)
    assert len(server.asked) == 3


def test_every_call_is_recorded_with_its_duration_and_error(server: FakeOmdb) -> None:
    server.bodies("outage.html", "truncated.txt", "movie.json")
    calls = Calls()

    assert isinstance(OmdbClient(server.url, Keys(KEY)).film(FILM, 20.0, calls), Found)

    assert len(calls.seconds) == len(server.asked) == 3
    assert calls.errors == ["OmdbUnavailable", "Unclear"]
    assert calls.bytes_read == [len(case(name)) for name in ("outage.html", "truncated.txt", "movie.json")]


def test_attempts_are_limited_during_an_outage(server: FakeOmdb) -> None:
    server.bodies("outage.html")

    with pytest.raises(OmdbUnavailable) as caught:
        ask(server)

    assert (caught.value.subject, caught.value.retryable) == (FILM, True)
    assert len(server.asked) == omdb.ATTEMPTS


def test_a_body_that_is_malformed_twice_is_kept(server: FakeOmdb) -> None:
    server.bodies("id_with_letters.txt")

    assert ask(server) == Refused("the body is not a film's JSON", case("id_with_letters.txt").decode())
    assert len(server.asked) == 2


def test_a_body_that_is_truncated_once_is_retried(server: FakeOmdb) -> None:
    server.bodies("truncated.txt", "movie.json")

    assert isinstance(ask(server), Found)


def test_two_malformed_bodies_must_be_equal_to_be_refused(server: FakeOmdb) -> None:
    server.bodies("truncated.txt", "id_with_letters.txt", "truncated.txt")

    assert ask(server) == Refused("the body is not a film's JSON", case("truncated.txt").decode())
    assert len(server.asked) == 3


def test_a_spent_quota_is_not_retried(server: FakeOmdb) -> None:
    server.bodies("request_limit.json", status=401)
    keys = Keys(KEY)

    with pytest.raises(OmdbQuotaSpent):
        ask(server, keys=keys)

    assert (len(server.asked), keys.fresh_looks) == (1, 1)


def test_a_refused_key_is_fetched_once_and_not_retried(server: FakeOmdb) -> None:
    server.bodies("invalid_key.json", status=401)
    keys = Keys(KEY)

    with pytest.raises(OmdbKeyInvalid) as caught:
        ask(server, keys=keys)

    assert (len(server.asked), keys.fresh_looks) == (1, 1)
    assert caught.value.subject == FILM


@pytest.mark.parametrize("refusal", ["invalid_key.json", "request_limit.json"])
def test_a_rotated_key_is_used(server: FakeOmdb, refusal: str) -> None:
    good = (200, case("movie.json"))
    server.reply = lambda query, nth: good if query["apikey"] == "rotated" else (401, case(refusal))

    assert isinstance(ask(server, keys=Keys(KEY, "rotated")), Found)
    assert [query["apikey"] for query in server.asked] == [KEY, "rotated"]


def test_a_redirect_is_not_followed_with_the_key(server: FakeOmdb) -> None:
    server.bodies("movie.json", status=302)
    server.headers = {"Location": f"{server.url}elsewhere"}

    with pytest.raises(OmdbUnavailable, match="302"):
        ask(server)

    assert server.paths == {"/"}


def test_a_redirect_to_a_malformed_address_is_reported(server: FakeOmdb) -> None:
    server.bodies("movie.json", status=302)
    server.headers = {"Location": "http://[::1"}

    with pytest.raises(OmdbUnavailable, match="InvalidURL"):
        ask(server)


@pytest.mark.parametrize("packed", [False, True])
def test_a_body_over_the_limit_is_refused_and_its_start_kept(server: FakeOmdb, packed: bool) -> None:
    body = b"x" * (3 * omdb.MAX_BODY_BYTES)
    server.reply = lambda query, nth: (200, gzip.compress(body) if packed else body)
    server.headers = {"Content-Encoding": "gzip"} if packed else {}

    answer = ask(server)

    assert isinstance(answer, Refused)
    assert "larger than 1,048,576 bytes" in answer.reason
    assert answer.raw == "x" * 64 * 1024


def test_a_missing_answer_times_out(server: FakeOmdb) -> None:
    server.raw = lambda out: void(server.over.wait(60))

    with pytest.raises(OmdbUnavailable):
        ask(server, seconds=0.3)

    abandoned = [thread for thread in threading.enumerate() if thread.name == "http-exchange"]
    for thread in abandoned:
        thread.join(10)
    assert not any(thread.is_alive() for thread in abandoned), "it waits no longer than the film may take"
    assert not server.over.is_set()


def test_an_endless_body_times_out(server: FakeOmdb) -> None:
    server.raw = server.drip

    with pytest.raises(OmdbUnavailable):
        ask(server, seconds=0.5)

    assert not server.over.is_set()


@pytest.mark.parametrize(
    "start",
    [
        b"HTTP/1.1 200 O",
        b"HTTP/1.1 200 OK\r\nX-Dripping: ",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Trailing: ",
    ],
    ids=["status", "header", "body", "length of a chunk", "length of the last chunk", "trailer"],
)
def test_a_dripping_answer_times_out(server: FakeOmdb, start: bytes) -> None:
    server.raw = lambda out: server.drip_after(start, out)

    with pytest.raises(OmdbUnavailable):
        ask(server, seconds=0.5)

    assert not server.over.is_set()


def test_no_request_is_sent_without_time_left(server: FakeOmdb, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", waits.append)

    with pytest.raises(OmdbUnavailable, match="time budget"):
        ask(server, seconds=0.0)

    assert (server.asked, waits) == ([], [])


def test_a_proxy_of_the_environment_is_not_used(server: FakeOmdb, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key would travel through it."""
    for name in ("http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)

    assert isinstance(ask(server), Found)


def void(_: object) -> None:
    """Drop a value where a type wants none."""


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain",
        b"HTTP/1.1 200 OK\r\nno header\r\nContent-Length: 2\r\n\r\n<>",
    ],
)
def test_the_key_is_in_no_error_and_no_log(server: FakeOmdb, raw: bytes, caplog: pytest.LogCaptureFixture) -> None:
    server.raw = lambda out: void(out.write(raw))

    with caplog.at_level(logging.DEBUG), pytest.raises(OmdbUnavailable) as caught:
        ask(server, seconds=1.0)

    assert server.asked[0]["apikey"] == KEY
    assert KEY not in everything_said(caught.value)
    assert KEY not in caplog.text


@pytest.mark.parametrize("names", [("invalid_key.json",), ("request_limit.json",)])
def test_the_key_is_in_no_refusal(server: FakeOmdb, names: tuple[str]) -> None:
    server.bodies(*names, status=401)

    with pytest.raises(OmdbError) as caught:
        ask(server)

    assert KEY not in everything_said(caught.value)


def test_a_refused_connection_is_transient() -> None:
    with pytest.raises(OmdbUnavailable, match="ConnectionError") as caught:
        OmdbClient("http://127.0.0.1:1/", Keys(KEY)).film(FILM, 1.0)

    assert KEY not in everything_said(caught.value)


@pytest.mark.parametrize("imdb_id", ["", "tt1", "../x", "tt0110413&apikey=x", "tt0110413 "])
def test_an_invalid_id_is_never_requested(server: FakeOmdb, imdb_id: str) -> None:
    with pytest.raises(InvalidInput):
        OmdbClient(server.url, Keys(KEY)).film(imdb_id, 1.0)

    assert server.asked == []


@pytest.mark.parametrize("url", ["", "http://www.example.org/", "ftp://127.0.0.1/", "127.0.0.1:80", "https://"])
def test_the_key_is_never_sent_unencrypted(url: str) -> None:
    with pytest.raises(InvalidInput, match="https://"):
        OmdbClient(url, Keys(KEY))


LONG_KEY = "0f1e2d3c"


@pytest.mark.parametrize("echo", ["movie", "rejected", "malformed", "large"])
def test_a_key_in_an_answer_is_removed(server: FakeOmdb, echo: str) -> None:
    content = {
        "movie": json.dumps({"Response": "True", "imdbID": FILM, "Plot": f"asked with apikey={LONG_KEY}"}).encode(),
        "rejected": json.dumps({"Response": "False", "Error": f"No film for {LONG_KEY}"}).encode(),
        "malformed": f"GET /?i={FILM}&apikey={LONG_KEY}".encode(),
        "large": f"{LONG_KEY} ".encode() * omdb.MAX_BODY_BYTES,
    }[echo]
    server.reply = lambda query, nth: (200, content)

    answer = ask(server, keys=Keys(LONG_KEY))

    assert server.asked[0]["apikey"] == LONG_KEY
    assert LONG_KEY not in repr(answer)
    assert HIDDEN in repr(answer)


def test_a_key_in_an_error_page_is_removed(server: FakeOmdb, caplog: pytest.LogCaptureFixture) -> None:
    server.reply = lambda query, nth: (503, f"<html>apikey={LONG_KEY}</html>".encode())

    with caplog.at_level(logging.DEBUG), pytest.raises(OmdbUnavailable) as caught:
        ask(server, seconds=2.0, keys=Keys(LONG_KEY))

    assert LONG_KEY not in everything_said(caught.value) + caplog.text
