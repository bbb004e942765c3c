import json
import socket
from typing import Any

import pytest
from starlette.testclient import TestClient

from reelhouse.local.omdb import films
from reelhouse.local.omdb import server as omdb_server

FILM = "tt0111161"
OTHER = "tt0068646"
KEY = "sample-key"


@pytest.fixture
def omdb() -> TestClient:
    """A server without faults that accepts one key."""
    client = TestClient(omdb_server.OmdbServer().app())
    set_faults(client)
    return client


def ask(omdb: TestClient, imdb_id: str = FILM, key: str = KEY, **query: str) -> Any:
    return omdb.get("/", params={"i": imdb_id, "apikey": key, **query})


def set_faults(omdb: TestClient, **faults: Any) -> None:
    """Set these faults on the server, which accepts one key unless they say otherwise."""
    assert omdb.put("/faults", json={"keys": [KEY], **faults}).status_code == 200


def error_of(answer: Any) -> tuple[int, str]:
    assert list(answer.json()) == ["Response", "Error"]
    assert answer.json()["Response"] == "False"
    return answer.status_code, answer.json()["Error"]


def test_a_film_is_answered_as_omdb_does(omdb: TestClient) -> None:
    answer = ask(omdb, plot="full")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.text.startswith('{"Title":"The Shawshank Redemption","Year":"1994",')
    assert answer.json() == films.omdb_record(films.films_by_id()[FILM])
    assert ask(omdb, tomatoes="true").json()["tomatoReviews"] == "146"


@pytest.mark.parametrize(
    ("query", "status", "error"),
    [
        ({"i": FILM}, 401, "No API key provided."),
        ({"i": FILM, "apikey": ""}, 401, "No API key provided."),
        ({"i": FILM, "apikey": "wrong"}, 401, "Invalid API key!"),
        ({"i": "tt9999999", "apikey": KEY}, 200, "Error getting data."),
        ({"i": "tt123", "apikey": KEY}, 200, "Incorrect IMDb ID."),
        ({"i": "../../etc", "apikey": KEY}, 200, "Incorrect IMDb ID."),
        ({"i": "tt٠١٢٣٤٥٦", "apikey": KEY}, 200, "Incorrect IMDb ID."),
        ({"i": "", "apikey": KEY}, 200, "Incorrect IMDb ID."),
        ({"apikey": KEY}, 200, "Incorrect IMDb ID."),
    ],
)
def test_errors_are_omdbs(omdb: TestClient, query: dict[str, str], status: int, error: str) -> None:
    assert error_of(omdb.get("/", params=query)) == (status, error)


def test_an_id_with_letters_is_answered_with_invalid_json(omdb: TestClient) -> None:
    answer = ask(omdb, "tt01x")

    assert answer.status_code == 200
    assert '"Response":"False"' in answer.text
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_quota_counts_down_and_only_accepted_calls_use_it(omdb: TestClient) -> None:
    set_faults(omdb, quota=2)

    ask(omdb, key="wrong")
    assert ask(omdb).status_code == 200
    assert omdb.get("/faults").json()["quota"] == 1
    assert ask(omdb, "tt9999999").status_code == 200
    assert error_of(ask(omdb)) == (401, "Request limit reached!")
    assert omdb.get("/stats").json()["refused"] == {"Invalid API key!": 1, "Request limit reached!": 1}


def test_an_outage_uses_no_quota(omdb: TestClient) -> None:
    set_faults(omdb, quota=1, status=503)

    assert ask(omdb).status_code == 503
    assert omdb.get("/faults").json()["quota"] == 1


def test_keys_can_be_rotated_and_are_never_shown(omdb: TestClient) -> None:
    set_faults(omdb, keys=["new-key"])

    assert error_of(ask(omdb)) == (401, "Invalid API key!")
    assert ask(omdb, key="new-key").status_code == 200
    assert "new-key" not in omdb.get("/faults").text + omdb.get("/stats").text


def test_put_replaces_all_faults_and_delete_clears_them(omdb: TestClient) -> None:
    set_faults(omdb, status=522)
    set_faults(omdb, html=True)

    assert ask(omdb).status_code == 200
    assert omdb.get("/faults").json()["status"] is None
    assert omdb.delete("/faults").status_code == 200
    assert ask(omdb, key="any").json()["imdbID"] == FILM


def test_refused_switches_change_nothing(omdb: TestClient) -> None:
    set_faults(omdb, status=522)

    refused = omdb.put("/faults", json={"html": True, "no_such_switch": 1})

    assert refused.status_code == 400
    assert refused.json()["error"].startswith("no_such_switch: there are only latency_ms")
    assert ask(omdb).status_code == 522


@pytest.mark.parametrize(
    ("switches", "status"),
    [
        ({"status": 522}, 522),
        ({"fail_rate": 1}, 503),
        ({"html": True}, 200),
    ],
)
def test_an_outage_is_html(omdb: TestClient, switches: dict[str, Any], status: int) -> None:
    set_faults(omdb, **switches, only=[FILM])

    answer = ask(omdb)

    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.text.startswith("<!DOCTYPE html>")
    assert ask(omdb, OTHER).json()["imdbID"] == OTHER


@pytest.mark.parametrize("how", ["escape", "control", "truncated"])
def test_malformed_answers_have_status_200_and_invalid_json(omdb: TestClient, how: str) -> None:
    set_faults(omdb, malformed=how)

    answer = ask(omdb)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_wrong_film_is_another_films_record(omdb: TestClient) -> None:
    set_faults(omdb, wrong_film=True)

    for imdb_id in (FILM, next(iter(films.films_by_id()))):
        assert ask(omdb, imdb_id).json()["imdbID"] not in {imdb_id, None}


def test_a_share_of_requests_fails_and_the_same_ones_each_time() -> None:
    def statuses() -> list[int]:
        omdb = TestClient(omdb_server.OmdbServer().app())
        set_faults(omdb, fail_rate=0.5, seed=1)
        return [ask(omdb).status_code for _ in range(60)]

    assert set(statuses()) == {200, 503}
    assert statuses() == statuses()


def test_calls_are_counted_by_film_until_they_are_reset(omdb: TestClient) -> None:
    for imdb_id in (FILM, FILM, OTHER):
        ask(omdb, imdb_id)

    assert omdb.get("/stats").json()["calls"] == {FILM: 2, OTHER: 1}
    assert omdb.delete("/stats").json() == {"calls": {}, "refused": {}}


def test_the_port_is_taken_on_this_machine_only() -> None:
    with omdb_server.listen(0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"
        assert listener.proto == socket.IPPROTO_TCP  # else asyncio leaves TCP_NODELAY off
        with pytest.raises(OSError, match="in use"):
            omdb_server.listen(listener.getsockname()[1])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--port", "70000"], "from 0 to 65535"),
        (["--port", "1", "--host", "0.0.0.0"], "--host"),
        ([], "--port"),
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        omdb_server.main(arguments)

    assert stopped.value.code == 2
    assert said in capsys.readouterr().err.splitlines()[-1]
