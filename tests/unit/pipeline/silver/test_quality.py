"""Quality: what a Silver row may be, and how each fault is worded."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from pipeline.columns import FILM
from pipeline.silver.quality import SilverMovie, reasons

CONTEXT = {"asked_for": "tt0111161", "this_year": 2026}
NOTHING: dict[str, Any] = {column.name: None for column in FILM} | {"imdb_id": "tt0111161", "rank": 1}


def check(**values: Any) -> SilverMovie:
    return SilverMovie.model_validate({**NOTHING, **values}, context=CONTEXT)


def test_the_fields_are_the_columns() -> None:
    assert list(SilverMovie.model_fields) == [column.name for column in FILM]


def test_a_film_of_which_nothing_is_known_is_clean() -> None:
    assert check().model_dump() == NOTHING


@pytest.mark.parametrize(
    ("column", "good", "bad"),
    [
        ("year", [1870, 1994, 2036], [0, -1, 1869, 2037, 3994]),
        ("released", [date(1994, 10, 14), date(2036, 12, 31)], [date(1, 1, 1), date(2037, 1, 1)]),
        ("runtime_minutes", [1, 142, 60_000], [0, -142, 60_001]),
        ("imdb_rating", [0.0, 9.3, 10.0], [-0.1, 10.1, 93.0, float("nan"), float("inf")]),
        ("imdb_votes", [0, 2_400_369], [-5, 10**12 + 1]),
        ("metascore", [0, 100], [-1, 101]),
        ("rotten_tomatoes", [0, 100], [-1, 101]),
        ("rotten_tomatoes_average", [0.0, 10.0], [-0.5, 10.5]),
        ("rotten_tomatoes_reviews", [0, 584], [-1, 2_000_000]),
        ("box_office_usd", [0, 2_923_706_026], [-1, 10**10 + 1]),
        ("rank", [1, 250], [0, -1, None, 2**31]),
        ("source_rating", [0.0, 9.2], [-1.0, 10.5]),
        ("source_rating_count", [0, 2_757_004], [-1]),
    ],
)
def test_ranges(column: str, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        assert getattr(check(**{column: value}), column) == value
    for value in bad:
        with pytest.raises(ValidationError) as caught:
            check(**{column: value})
        (reason,) = reasons(caught.value)
        assert reason.startswith(f"{column}: {str(value)[:60]!r}: ")


def test_an_answer_about_another_film_is_kept_out() -> None:
    with pytest.raises(ValidationError) as caught:
        check(imdb_id="tt0068646")

    assert reasons(caught.value) == ["imdb_id: 'tt0068646': the answer is about another film than tt0111161"]


def test_every_fault_is_named() -> None:
    with pytest.raises(ValidationError) as caught:
        check(year=3994, metascore=101, imdb_votes=-5)

    assert [reason.split(":")[0] for reason in reasons(caught.value)] == ["year", "imdb_votes", "metascore"]


def test_a_number_too_long_to_be_written_is_named() -> None:
    with pytest.raises(ValidationError) as caught:
        check(runtime_minutes=10**5000)

    assert reasons(caught.value)[0].startswith("runtime_minutes: 'a number of more than 60 digits': ")


def test_a_long_value_is_shortened() -> None:
    with pytest.raises(ValidationError) as caught:
        check(imdb_id="x" * 10_000)

    assert len(reasons(caught.value)[0]) < 200
