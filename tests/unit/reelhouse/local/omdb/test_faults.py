import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from reelhouse.local.omdb import faults as omdb_faults
from reelhouse.local.omdb.faults import NO_FAULTS, Faults, Malformed

BODY = json.dumps({"Title": 'A "Plot":"', "Plot": "N/A", "imdbID": "tt0000001"}, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    ("switches", "status"),
    [
        ({"status": 522}, 522),
        ({"fail_rate": 1}, 503),
        ({"html": True}, 200),
        ({"reset": True}, 500),
        ({"status": 522, "fail_rate": 1, "html": True}, 522),
    ],
)
def test_an_outage_is_answered_with_html(switches: dict[str, Any], status: int) -> None:
    reply = Faults(**switches).outage(0.5)

    assert reply is not None
    assert (reply.status, reply.media_type) == (status, "text/html")


def test_without_faults_there_is_no_outage_and_no_delay() -> None:
    assert NO_FAULTS.outage(0.0) is None
    assert NO_FAULTS.delay_seconds(0.9) == 0


@given(st.floats(0, 1), st.floats(0, 1, exclude_max=True))
def test_a_request_fails_when_its_draw_is_below_the_rate(rate: float, draw: float) -> None:
    assert (Faults(fail_rate=rate).outage(draw) is not None) == (draw < rate)


def test_delay_is_latency_and_a_share_of_jitter() -> None:
    assert Faults(latency_ms=100, jitter_ms=50).delay_seconds(0.5) == pytest.approx(0.125)


def test_draws_depend_on_seed_film_and_count_alone() -> None:
    faults = Faults(seed=3)
    draws = {faults.draws(film, nth) for film in ("tt0000001", "tt0000002") for nth in range(1, 500)}

    assert len(draws) == 998
    assert faults.draws("tt0000001", 7) == Faults(seed=3, fail_rate=1).draws("tt0000001", 7)
    assert faults.draws("tt0000001", 7) != Faults(seed=4).draws("tt0000001", 7)
    assert 0.4 < sum(failure < 0.5 for failure, _ in draws) / len(draws) < 0.6


def test_only_limits_faults_to_its_films() -> None:
    faults = Faults(status=522, only=["tt0000001"])

    assert faults.of_request("tt0000001", 9) is faults
    assert faults.of_request("tt0000002", 1) is NO_FAULTS
    assert Faults(only=[]).of_request("tt0000001", 1) is NO_FAULTS


def test_first_limits_faults_to_each_films_first_requests() -> None:
    faults = Faults(status=522, first=2)

    assert [faults.of_request("tt0000001", nth) is faults for nth in (1, 2, 3)] == [True, True, False]


def test_failures_are_drawn_from_their_kinds_in_their_share() -> None:
    faults = Faults(fail_rate=0.5, fail_with=["unavailable", "html", "reset", "truncated"])
    draws = (0.0, 0.2, 0.3, 0.45)

    outcomes = [faults.drawn(draw).outage(draw) for draw in draws]

    assert [reply and reply.status for reply in outcomes] == [503, 200, 500, None]
    assert faults.drawn(0.45).malformed == "truncated"
    assert faults.drawn(0.5) is faults
    assert faults.outage(0.1) is None, "what was not drawn does not fail"


def test_keys_accept_theirs_and_show_none() -> None:
    faults = Faults.model_validate({"keys": ["first-key", "second-key"]})

    assert faults.accepts("second-key")
    assert not faults.accepts("third-key")
    assert "-key" not in repr(faults) + str(faults) + faults.model_dump_json()
    assert NO_FAULTS.accepts("any")
    assert not Faults(keys=[]).accepts("any")


@pytest.mark.parametrize("how", ["escape", "control", "truncated"])
def test_spoilt_json_is_invalid(how: Malformed) -> None:
    with pytest.raises(ValueError, match=r"line \d"):
        json.loads(omdb_faults.spoil(BODY, how))


def test_raw_control_characters_are_the_only_fault_of_such_a_body() -> None:
    record = json.loads(omdb_faults.spoil(BODY, "control"), strict=False)

    assert {key: value.strip() for key, value in record.items()} == json.loads(BODY)


@pytest.mark.parametrize(
    ("switches", "named"),
    [
        ('{"latency": 5}', "latency: there are only latency_ms, jitter_ms"),
        ('{"latency_ms": "5"}', "latency_ms: Input should be a valid number"),
        ('{"latency_ms": -1}', "latency_ms: Input should be greater than or equal to 0"),
        ('{"latency_ms": NaN}', "latency_ms"),
        ('{"fail_rate": 1.5}', "fail_rate: Input should be less than or equal to 1"),
        ('{"status": 200}', "status"),
        ('{"status": true}', "status"),
        ('{"malformed": "yes"}', "malformed: Input should be 'escape', 'control' or 'truncated'"),
        ('{"quota": 1.5}', "quota"),
        ('{"keys": "secret-key"}', "keys"),
        ('{"keys": ["secret-key", ""]}', "keys.1"),
        ('{"html": "secret-key"}', "html"),
        ("[]", "switches: Input should be an object"),
        ("{", "switches: Invalid JSON"),
    ],
)
def test_unknown_and_mistyped_switches_are_named_without_their_values(switches: str, named: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Faults.model_validate_json(switches, strict=True)

    complaint = omdb_faults.complaint(caught.value)
    assert complaint.startswith(named)
    assert "\n" not in complaint
    assert "secret-key" not in complaint
