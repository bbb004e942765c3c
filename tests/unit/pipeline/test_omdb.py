"""OMDb's answers: every kind of error, invalid JSON that is read leniently, and the record of the calls."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import OmdbError, OmdbKeyInvalid, OmdbQuotaSpent, OmdbUnavailable
from pipeline.omdb import Calls, Found, Refused, Unclear, is_final_rejection, read_answer

CASES = Path(__file__).parents[2] / "cases" / "omdb"


def case(name: str) -> bytes:
    return (CASES / name).read_bytes()


def test_a_record_is_returned_verbatim() -> None:
    assert read_answer(200, case("movie.json")) == Found(json.loads(case("movie.json")))


@pytest.mark.parametrize("name", ["incorrect_id.json", "error_getting_data.json", "movie_not_found.json"])
def test_no_such_film_is_final(name: str) -> None:
    answer = read_answer(200, case(name))

    assert answer == Refused(json.loads(case(name))["Error"], case(name).decode())


@pytest.mark.parametrize("name", ["request_limit.json", "daily_limit.json"])
def test_a_spent_quota_is_not_a_bad_key(name: str) -> None:
    with pytest.raises(OmdbQuotaSpent, match="limit"):
        read_answer(401, case(name))


@pytest.mark.parametrize("name", ["invalid_key.json", "no_key.json"])
def test_a_bad_key_is_recognised(name: str) -> None:
    with pytest.raises(OmdbKeyInvalid, match="key"):
        read_answer(401, case(name))


def test_a_refusal_with_status_401_is_of_the_key_whatever_it_says() -> None:
    with pytest.raises(OmdbKeyInvalid):
        read_answer(401, b'{"Response": "False", "Error": "Please renew your subscription."}')


@pytest.mark.parametrize("name", ["id_with_letters.txt", "truncated.txt"])
def test_invalid_json_is_unclear(name: str) -> None:
    assert read_answer(200, case(name)) == Unclear("the body is not a film's JSON", case(name).decode())


@pytest.mark.parametrize(
    ("name", "plot"), [("bad_escape.txt", r'A \s B " C \ D A \d'), ("raw_control.txt", "one\ttwo\nthree")]
)
def test_json_is_read_leniently_where_nothing_is_lost(name: str, plot: str) -> None:
    answer = read_answer(200, case(name))

    assert isinstance(answer, Found)
    assert answer.record["Plot"] == plot
    assert answer.raw == case(name).decode()


@pytest.mark.parametrize("status", [301, 302, 404, 429, 500, 502, 503, 522, 524])
def test_other_statuses_are_transient(status: int) -> None:
    for body in (b"", b"oops", case("outage.html"), case("movie.json")):
        with pytest.raises(OmdbUnavailable, match=str(status)):
            read_answer(status, body)


@pytest.mark.parametrize("body", [b"", b"  \n", case("outage.html"), b"\xef\xbb\xbf <html>"])
def test_a_body_that_is_not_json_is_transient(body: bytes) -> None:
    with pytest.raises(OmdbUnavailable):
        read_answer(200, body)


@pytest.mark.parametrize(
    "body", [b"[]", b"null", b"1", b'"text"', b"{}", b'{"Response":"Maybe"}', b'{"Response":{"a":1}}', b"[" * 100_000]
)
def test_json_that_is_not_a_film_is_unclear(body: bytes) -> None:
    assert isinstance(read_answer(200, body), Unclear)


@pytest.mark.parametrize("error", [b"", b',"Error":""', b',"Error":null'])
def test_an_error_without_text_says_so(error: bytes) -> None:
    body = b'{"Response":"False"%s}' % error

    assert read_answer(200, body) == Unclear("an error without text", body.decode())


@pytest.mark.parametrize("levels", [32, 500, 990])
def test_json_that_is_nested_too_deeply_is_unclear(levels: int) -> None:
    film = b'{"Response":"True","more":%s}' % (b"[" * levels + b"]" * levels)

    assert isinstance(read_answer(200, film), Unclear)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
def test_nan_becomes_null_and_the_body_is_kept(number: str) -> None:
    film = f'{{"Response":"True","imdbRating":{number},"Metascore":1e3}}'

    assert read_answer(200, film.encode()) == Found({"Response": "True", "imdbRating": None, "Metascore": 1000.0}, film)


def test_an_unknown_error_is_shortened() -> None:
    answer = read_answer(200, json.dumps({"Response": "False", "Error": "x" * 10_000}).encode())

    assert isinstance(answer, Unclear)
    assert answer.reason == "x" * 200


@pytest.mark.parametrize("response", [True, "True", "true"])
def test_the_response_field_may_have_any_case(response: Any) -> None:
    assert isinstance(read_answer(200, json.dumps({"Response": response}).encode()), Found)


@given(
    status=st.sampled_from([200, 401, 404, 503]),
    body=st.binary() | st.text().map(lambda text: text.encode("utf-8", "ignore")),
)
def test_no_body_crashes(status: int, body: bytes) -> None:
    with suppress(OmdbError):
        assert isinstance(read_answer(status, body), Found | Refused | Unclear)


@given(st.dictionaries(st.text(), st.text() | st.floats(allow_nan=False, allow_infinity=False)))
def test_valid_json_is_never_changed(record: dict[str, str | float]) -> None:
    record["Response"] = "True"

    assert read_answer(200, json.dumps(record).encode()) == Found(record)


@pytest.mark.parametrize(
    ("milliseconds", "p50", "p95"),
    [
        ([], None, None),
        ([7], 7.0, 7.0),
        (list(range(1, 101)), 50.0, 95.0),
        (list(range(100, 0, -1)), 50.0, 95.0),
        ([1, 1, 1, 90], 1.0, 90.0),
    ],
)
def test_a_latency_percentile_is_the_duration_of_a_call(
    milliseconds: list[int], p50: float | None, p95: float | None
) -> None:
    calls = Calls(seconds=[one / 1000 for one in milliseconds])

    assert (calls.latency_ms(0.5), calls.latency_ms(0.95)) == (p50, p95)


def test_failed_calls_are_recorded_too() -> None:
    calls = Calls()
    with calls.one():
        pass
    for error in (OmdbQuotaSpent, OmdbKeyInvalid):
        with pytest.raises(error), calls.one():
            raise error("refused")

    assert len(calls.seconds) == 3
    assert calls.errors == ["OmdbQuotaSpent", "OmdbKeyInvalid"]


@pytest.mark.parametrize(
    ("rejection", "final"),
    [
        (b'{"reason": "Incorrect IMDb ID."}', True),
        (b'{"reason": "Error getting data."}', True),
        (b'{"reason": "Movie not found!"}', True),
        (b'{"reason": "the body is not a film\'s JSON"}', False),
        (b'{"reason": null}', False),
        (b"[]", False),
        (b"", False),
    ],
)
def test_only_omdbs_own_refusal_is_final(rejection: bytes, final: bool) -> None:
    assert is_final_rejection(rejection) is final
