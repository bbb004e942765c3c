"""Reports call different only what differs by more than chance, and say what so few films cannot show."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from insights.reports import sentences
from insights.trends.genre_ratings import COLUMNS


def genres(**verdicts: str) -> pd.DataFrame:
    rows = [
        {
            "genre": genre, "films": 20, "mean": 90.0, "low": 88.0, "high": 92.0, "others": 92.0,
            "difference": {"higher": 2.0, "lower": -2.0 - index}.get(verdict, 0.1), "difference_low": -3.0,
            "difference_high": -1.0, "q": 0.01, "verdict": verdict,
        }
        for index, (genre, verdict) in enumerate(verdicts.items())
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


def shares(**trends: str) -> pd.DataFrame:
    rows = [
        {"genre": genre, "trend": trend, "slope": -1.5, "slope_low": -2.5, "slope_high": -0.5, "years": 18, "films": 40}
        for genre, trend in trends.items()
    ]
    return pd.DataFrame(rows, columns=["genre", "trend", "slope", "slope_low", "slope_high", "years", "films"])


def scores(**model: object) -> pd.DataFrame:
    one = {"target": "box_office_usd", "name": "Box office", "unit": "log10 US dollars", "test_films": 31}
    return pd.DataFrame(
        [
            one
            | {"method": "model", "mae": 0.5, "best_baseline": "genre mean", "beats_baseline": False}
            | {"mae_gain_low": -0.1, "mae_gain_high": 0.3}
            | model,
            one | {"method": "genre mean", "mae": 0.6},
            one | {"method": "mean", "mae": 0.7},
        ]
    )


def test_the_largest_clear_difference_is_stated_and_the_others_are_named() -> None:
    lines = sentences.rated_differently(genres(Drama="lower", War="lower", Crime="no clear difference"), "IMDb")
    assert lines == [
        "War films are rated lower than the other listed films: 90.0 against 92.0 of 100 on IMDb, a difference of 3.0"
        " (95% confidence interval 1.0 to 3.0, n = 20). Also lower: dramas."
    ]


def test_without_a_clear_difference_that_is_said() -> None:
    unclear = genres(Drama="no clear difference")
    assert sentences.rated_differently(unclear, "IMDb") == [
        "No genre's average on IMDb clearly differs from that of the other listed films."
    ]
    assert sentences.rating_title(unclear) == "No genre is clearly rated higher or lower"
    assert "a difference of less than 1.0 points cannot" in sentences.limit_of_ratings(unclear)
    assert "Too few" in sentences.rated_differently(genres(), "IMDb")[0]
    assert (sentences.rating_title(genres()), sentences.limit_of_ratings(genres())) == ("Ratings by genre", "")


def test_titles_name_what_is_clear() -> None:
    assert sentences.rating_title(genres(Drama="higher", War="lower")) == "Dramas are rated higher, war films lower"
    assert sentences.rating_title(genres(War="lower")) == "War films are rated lower"
    falling, rising = (sentences.trend_title(shares(Drama=trend)) for trend in ("falling", "rising"))
    assert falling == "One genre became less common on the list, none more common"
    assert rising == "One genre became more common on the list, none less common"
    assert sentences.trend_title(shares(Drama="no clear trend")) == (
        "No genre has become clearly more or less common on the list"
    )


def test_long_lists_of_names_are_shortened() -> None:
    many = genres(**dict.fromkeys(["War", "Crime", "Sport", "Drama", "Horror", "Music"], "lower"))
    (line,) = sentences.rated_differently(many, "IMDb")
    assert line.startswith("Music films are rated lower")
    assert line.endswith("Also lower: horror films, dramas, sport films, crime films and 1 other.")
    assert sentences.rating_title(many) == "Music films, horror films and 4 others are rated lower"
    assert sentences.genre_names(["War", "Say 99", "Drama"], 2) == "War, “Say 99” and 1 other"


def test_the_steepest_trend_is_the_largest_change_in_either_direction() -> None:
    steep = shares(Drama="falling", War="rising", Crime="no clear trend").assign(slope=[-1.5, 1.0, 9.0])
    assert sentences.steepest_trend(steep)[0].startswith(
        "Drama has the steepest clear trend: its share of the listed films falls"
    )
    rising = steep.assign(slope=[-1.5, 1.7, 9.0], slope_low=0.2)
    assert (
        "War has the steepest clear trend: its share of the listed films rises by 1.7"
        in sentences.steepest_trend(rising)[0]
    )


def test_a_trend_is_written_without_signs() -> None:
    assert sentences.steepest_trend(shares(Drama="falling", War="no clear trend")) == [
        "Drama has the steepest clear trend: its share of the listed films falls by 1.5 percentage points a decade"
        " (95% confidence interval 0.5 to 2.5, n = 40 films)."
    ]
    assert sentences.steepest_trend(shares(War="no clear trend")) == []


def test_what_few_films_cannot_show_is_said_with_its_size() -> None:
    assert sentences.limit_of_trends(shares(War="no clear trend"), 250, "points a decade") == (
        "The 250 listed films give 18 years with enough films. In half of the genres, a change of less than 1.0 points"
        " a decade cannot be told from chance. More films make the intervals narrower."
    )
    uneven = shares(War="no clear trend", Drama="falling").assign(years=[12, 18], slope_low=[-74.0, -15.0])
    assert "give 12 to 18 years" in sentences.limit_of_trends(uneven, 250, "points a decade")
    by_factors = uneven.assign(slope_high=[418.0, 81.0])  # sqrt(5.18 / 0.26) = 4.46, sqrt(1.81 / 0.85) = 1.46
    assert "a change of less than a factor of 3.0 a decade" in sentences.limit_of_trends(by_factors, 250, "% a decade")
    wider = by_factors.assign(slope_high=[39_497_969.0, 39_497_969.0])
    said = sentences.limit_of_trends(wider, 250, "% a decade")
    assert "In half of the genres, not even a change by a factor of 10 a decade can be told from chance." in said
    assert "too few for trends" in sentences.limit_of_trends(shares(), 250, "points a decade")
    same = shares(War="no clear trend").assign(slope_low=0.0, slope_high=0.0)
    assert sentences.limit_of_trends(same, 250, "points a decade") == ""
    assert sentences.in_every_film(same) == "A genre of every listed film has no trend: War."
    assert sentences.in_every_film(shares(War="rising")) == ""


def test_rows_that_are_not_clearly_below_the_highest_lead_with_it() -> None:
    means = pd.DataFrame(
        {"mean": [100.0, 95.0, 50.0, 120.0], "sem": [5.0, 4.0, 3.0, None], "count": [20, 20, 20, 1]}, index=list("abcd")
    )
    known = means.head(3)
    assert sentences.leaders(known) == ["a", "b"]
    # The t quantile of three pairs is 2.5, and the standard error of a difference 18 or 21 points.
    assert sentences.leaders(known.assign(sem=13.0)) == ["a", "b"]
    assert sentences.leaders(known.assign(sem=14.5)) == sentences.leaders(known.head(1)) == []
    assert sentences.leaders(known.assign(sem=0.0)) == ["a"]
    assert sentences.leaders(means.head(0)) == []


def test_without_a_difference_few_lists_have_a_row_that_leads() -> None:
    # given lists of eight decades of different numbers of films, all of one distribution with a heavy tail
    random, decades = np.random.default_rng(1), np.repeat(np.arange(8), [4, 11, 14, 22, 17, 18, 34, 31])
    films = pd.DataFrame({"decade": decades})
    lists = [films.assign(value=random.lognormal(17, 1.2, len(films))).groupby("decade")["value"] for _ in range(100)]
    leading = [sentences.leaders(values.agg(["mean", "sem", "count"])) for values in lists]
    # then the intervals of single decades miss the highest mean in 95 of 100 lists
    assert sum(map(bool, leading)) <= 12


def test_none_leads_where_the_highest_mean_is_one_of_few_films() -> None:
    means = pd.DataFrame({"mean": [100.0, 50.0, 120.0], "sem": [5.0, 3.0, 1.0], "count": [20, 20, 9]})
    assert sentences.leaders(means) == []
    assert sentences.leaders(means.assign(mean=[100.0, 50.0, 99.0])) == ["0"]


def test_a_prediction_is_stated_next_to_the_best_guess_in_plain_units() -> None:
    assert sentences.predictions(scores()) == [
        "Box office: the model is not clearly better than a guess at the genre's average. It is off by a factor of 3.2"
        " on average, the guess by a factor of 4.0 (n = 31 films); that may be chance."
    ]
    assert sentences.predictions(scores(beats_baseline=True))[0].endswith(
        "does better than each of three simple guesses. It is off by a factor of 3.2 on average; the best guess, at the"
        " genre's average, is off by a factor of 4.0 (n = 31 films)."
    )
    assert sentences.predictions(scores(mae=0.7, mae_gain_high=-0.01)) == [
        "Box office: the model does worse than a guess at the genre's average. It is off by a factor of 5.0 on average,"
        " the guess by a factor of 4.0 (n = 31 films)."
    ]
    assert (
        "is closer than a guess at the genre's average on average, but not by R², in which large errors count more."
        in (sentences.predictions(scores(mae_gain_low=0.01))[0])
    )
    none = scores(best_baseline=None, verdict="no model: the films before the test years are of too few years")
    assert sentences.predictions(none) == [
        "Box office: not predicted. The films before the test years are of too few years."
    ]
    both = pd.concat([none, scores().assign(target="imdb_rating", name="IMDb rating", test_films=32)])
    assert [line.partition(":")[0] for line in sentences.predictions(both)] == ["IMDb rating", "Box office"]


def test_a_coverage_comes_with_its_own_interval() -> None:
    assert sentences.coverage(0.9, 50) == "90% (79% to 96%)"
    assert sentences.coverage(0.999, 1000) == "> 99% (99% to > 99%)"


def test_intervals_that_cover_too_few_or_too_many_are_called_so() -> None:
    assert "Read them as too narrow" in sentences.coverage_verdict("Score", 0.8, 0.7, 235)
    assert "wider than need be" in sentences.coverage_verdict("Score", 0.8, 0.92, 200)
    assert sentences.coverage_verdict("Score", 0.8, 0.7, 20) == ""
    assert sentences.coverage_verdict("Score", 0.8, 0.79, 100_000) == "", "sure, but too little to matter"


@pytest.mark.parametrize(
    ("correlation", "words"),
    [
        (0.9, "predictions closely agree"),
        (0.69, "roughly"),
        (0.5, "roughly"),
        (0.3, "only loosely"),
        (-0.5, "hardly"),
        (math.nan, "actual"),
    ],
)
def test_a_correlation_is_said_in_words(correlation: float, words: str) -> None:
    assert words in sentences.agreement("Score", correlation)


def test_empty_sentences_are_left_out() -> None:
    assert sentences.joined(["One.", "", "Two."]) == "One. Two."
