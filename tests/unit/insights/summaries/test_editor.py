"""Computed answers are short, begin with the most telling, and say nothing that is not in their facts."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from insights.summaries import editor
from insights.summaries.questions import Question, questions
from tests import gold_rows

QUESTIONS = {question.id: question for question in questions(gold_rows.gold())}


def texts(question: Question) -> list[str]:
    return [sentence.text for sentence in editor.answer(question)]


def test_the_top_film_comes_first_and_n_is_stated_once() -> None:
    assert texts(QUESTIONS["top_rated"]) == [
        "Ann Ash's “Film 1” (1970) tops the list, with 96% on Rotten Tomatoes.",
        "Top-rated films are more often dramas (100% against 55% of the list), and run 30 minutes longer "
        "(n = 20 and 200).",
        "They are less often comedies (0% against 45%).",
        "Ann Ash directed 20 of the top-rated films.",
    ]


def test_a_film_that_shares_the_first_rank_does_not_top_the_list() -> None:
    gold = gold_rows.gold()
    tied = gold["movies"].assign(rank=gold["movies"]["rank"].replace(2, 1))
    (top_rated,) = (question for question in questions({**gold, "movies": tied}) if question.id == "top_rated")

    assert texts(top_rated)[0].startswith("Ann Ash's “Film 1” (1970) stands first, at rank 1 on the list, with")


def test_genres_decades_and_changes_are_described() -> None:
    assert texts(QUESTIONS["genre/Drama"])[:3] == [
        "Drama is the most common genre on the list: 60% of the 150 listed films with a genre and a year are dramas.",
        "The listed dramas average 65.2 out of 100 on Rotten Tomatoes (n = 8,913) and 62.7 on Metacritic (n = 3,906).",
        "Their share of the listed films rises by 1.2 percentage points a decade (95% confidence interval 0.8 to 1.6,"
        " n = 8,913).",
    ]
    assert texts(QUESTIONS["decade/1970"])[1] == (
        "The 178 whose box office is known earned $57.5 million on average, in dollars of the day."
    )
    assert texts(QUESTIONS["changes"]) == [
        "The newest run asked for 5 films: 4 were stored and 1 was refused by OMDb.",
        "Between the last two lists, 1 climbed, 1 fell, 1 kept their place, 1 came in and 1 dropped out.",
        "“Up” climbed 2 places to rank 1.",
        "“Down” fell 2 places to rank 3.",
        f"“{gold_rows.ATTACK}” came in at rank 4.",
    ]


def test_films_that_left_and_lists_without_moves_are_mentioned() -> None:
    history = gold_rows.rank_history()
    still = history.assign(rank=history["previous_rank"].fillna(history["rank"]))
    (*_, changes) = questions({"rank_history": still})
    assert texts(changes) == [
        "Between the last two lists, 3 kept their place, 1 came in and 1 dropped out.",
        f"“{gold_rows.ATTACK}” came in at rank 4.",
        "“Gone” left from rank 4.",
    ]
    (*_, changes) = questions({"rank_history": still[~still["imdb_id"].isin(["tt4", "tt5"])]})
    assert texts(changes) == ["Between the last two lists, no film has moved."]


@pytest.mark.parametrize(
    ("expected", "stored", "rejected", "quarantined", "text"),
    [
        (1000, 1000, 0, 0, "All 1,000 films of the newest run were stored."),
        (5, 5, 0, 2, "All 5 films of the newest run were stored; 2 were quarantined."),
        (1, 1, 0, 1, "The one film of the newest run was stored; 1 was quarantined."),
        (9, 4, 2, 1, "The newest run asked for 9 films: 4 were stored, 2 were refused by OMDb and 3 were missing; "
                     "1 was quarantined."),
        (1, 0, 1, 0, "The newest run asked for 1 film: none was stored and 1 was refused by OMDb."),
    ],
)  # fmt: skip
def test_quarantined_films_are_stored_ones_and_missing_films_are_counted(
    expected: int, stored: int, rejected: int, quarantined: int, text: str
) -> None:
    counts = {"expected": [expected], "stored": stored, "rejected": rejected, "quarantined": quarantined}
    (*_, changes) = questions({"pipeline_runs": pd.DataFrame({"run_id": [gold_rows.RUN], **counts})})
    assert texts(changes) == [text]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"measure": ["share"], "slope": [None], "slope_low": [None]}, []),
        ({"measure": ["box_office"], "slope_low": [None]}, []),  # too few years for an interval
        ({"measure": ["share"]}, ["Their share of the listed films shows no clear trend from 1950 to 2014."]),
        ({"measure": ["share", "imdb"], "first_year": [1950, 1980]},
         ["Their share of the listed films (1950 to 2014) and median IMDb rating (1980 to 2014) show no clear trend."]),
        ({"measure": ["imdb"], "trend": "falling", "unit": "points of 100 a decade"},
         ["Among listed films, their median IMDb rating falls by 12.0 points of 100 a decade (95% confidence interval "
          "3.0 to 30.0, n = 80); old films on a list are mostly those still liked."]),
        ({"measure": ["box_office"], "trend": "rising"},
         ["Their median box office rises by 12.0% a decade (95% confidence interval 3.0 to 30.0, n = 80), in dollars "
          "of the day, so part of that is only prices."]),
        ({"measure": ["box_office"], "trend": "falling"},
         ["Their median box office falls by 12.0% a decade (95% confidence interval 3.0 to 30.0, n = 80), in dollars "
          "of the day, although prices rose."]),
    ],
)  # fmt: skip
def test_a_trend_has_its_interval_and_no_trend_is_claimed_beyond_the_years_tested(
    changed: dict[str, object], expected: list[str]
) -> None:
    row = {"genre": "Drama", "trend": "no clear trend", "slope": 12.0, "slope_low": 3.0, "slope_high": 30.0,
           "unit": "per cent a decade", "first_year": 1950, "last_year": 2014, "films": 80}  # fmt: skip
    trends = pd.DataFrame({"measure": changed["measure"]}).assign(**row | changed)
    asked = questions({"genre_share_by_year": gold_rows.genre_share_by_year(), "genre_trends": trends})
    (drama,) = [question for question in asked if question.id == "genre/Drama"]
    assert texts(drama)[1:] == expected


def test_a_share_of_a_decade_says_of_which_films_it_is() -> None:
    shares = gold_rows.genre_share_by_year()
    office = gold_rows.box_office_by_decade().head(1).assign(films=[150])
    for listed, whole in ((150, ""), (160, " of those with a genre")):
        asked = questions({"genre_share_by_year": shares, "box_office_by_decade": office.assign(films=[listed])})
        (decade,) = [question for question in asked if question.id == "decade/1970"]
        assert f"have {listed} films on the list, most often dramas (60%{whole}), comedies (33%)" in texts(decade)[0]


def test_genres_are_placed_in_order() -> None:
    shares = gold_rows.genre_share_by_year()
    more = pd.DataFrame({"year": 1971, "genre": ["War", "Crime"], "films": [5, 3], "films_in_year": 100, "share": 0.05})
    asked = questions({"genre_share_by_year": pd.concat([shares, more], ignore_index=True)})
    first = [texts(question)[0].partition(" genre")[0] for question in asked if "genre/" in question.id]
    assert first == [
        "Drama is the most common", "Comedy is the second most common", "Horror is the third most common",
        "War is the fourth most common", "Crime is the fifth most common",
    ]  # fmt: skip
    (only, *_) = [
        question
        for question in questions({"genre_share_by_year": shares[shares["genre"] == "Drama"]})
        if "genre/" in question.id
    ]
    assert texts(only)[0] == "60% of the 150 listed films with a genre and a year are dramas."


def test_what_top_films_are_less_often_stands_alone_with_its_n() -> None:
    # Comedies are a third of the list but none of the top tenth; no other genre is known.
    genres = [["Comedy"] if film >= 20 and film % 2 else [] if film % 3 else None for film in range(200)]
    directors = [["Ann"] if film < 4 else ["Bob"] if film < 8 else ["Cy"] if film < 10 else None for film in range(200)]
    films = gold_rows.movies().assign(genres=genres, directors=directors, runtime_minutes=90)
    (top_rated, *_) = questions({"movies": films})
    known = sum(genre is not None for genre in genres)
    known_top = sum(genre is not None for genre in genres[:20])
    assert texts(top_rated)[1:] == [
        f"Top-rated films are less often comedies (0% against {90 / known:.0%} of the list) "
        f"(n = {known_top} and {known}).",
        "Ann and Bob directed four each of the top-rated films, Cy two.",
    ]


def test_n_is_a_range_where_comparisons_have_different_films() -> None:
    runtimes = [120 if film < 20 else 119 if film < 150 else None for film in range(200)]
    (top_rated, *_) = questions({"movies": gold_rows.movies().assign(runtime_minutes=runtimes)})
    assert texts(top_rated)[1].endswith("and run one minute longer (n = 20 and 150 to 200).")


def test_too_few_films_for_a_comparison_are_reported_as_too_few() -> None:
    films = gold_rows.movies().assign(genres=[["Drama"] if film % 2 else ["Comedy"] for film in range(200)])
    (top_rated, *_) = questions({"movies": films})
    assert (
        "No genre or decade is clearly more or less common among the top-rated films than on the list: with 20 "
        "top-rated films, differences of less than about 22 percentage points may be chance." in texts(top_rated)
    )


def test_a_genre_that_is_rated_significantly_higher_is_named() -> None:
    genres = [["Documentary"] if film % 4 == 0 else ["Drama"] for film in range(200)]
    ratings = [95 + film % 3 if film % 4 == 0 else 80 + film % 5 for film in range(200)]
    films = gold_rows.movies().assign(genres=genres, rotten_tomatoes=ratings)
    rated = pd.DataFrame({"genre": ["Documentary"], "source": ["rotten_tomatoes"], "films": [50], "mean": [96.0]})
    shares = gold_rows.genre_share_by_year().assign(genre="Documentary")
    asked = questions({"movies": films, "ratings_by_genre": rated, "genre_share_by_year": shares})
    (documentaries,) = [question for question in asked if question.id == "genre/Documentary"]
    assert texts(documentaries)[1] == (
        "The listed documentaries average 96 out of 100 on Rotten Tomatoes (n = 50), clearly higher than the 82 of "
        "the other listed films."
    )
    two = pd.concat([rated, rated.assign(source="metascore", films=40, mean=70.0)])
    asked = questions({"movies": films, "ratings_by_genre": two, "genre_share_by_year": shares})
    (documentaries,) = [question for question in asked if question.id == "genre/Documentary"]
    assert texts(documentaries)[1] == (
        "The listed documentaries average 96 out of 100 on Rotten Tomatoes (n = 50) and 70 on Metacritic (n = 40); "
        "on Rotten Tomatoes that is clearly higher than the 82 of the other listed films."
    )


@pytest.mark.parametrize("name", list(QUESTIONS))
def test_a_computed_summary_has_at_most_five_sentences_and_only_numbers_of_its_facts(name: str) -> None:
    sentences = editor.answer(QUESTIONS[name])
    assert 1 <= len(sentences) <= editor.MOST_SENTENCES
    for sentence in sentences:
        fact_text = " ".join(
            f"{fact.subject} {' '.join(value.text + str(value.placed) for value in fact.values.values())} {fact.row}"
            for fact in sentence.facts
        )
        rounded = {f"{float(number):.{places}f}" for number in _numbers(fact_text) for places in (0, 1)}
        shares = {f"{100 * float(number):.0f}" for number in _numbers(fact_text) if float(number) <= 1}
        known = rounded | shares | {"30", "10", "95"}  # 30 minutes are 120 less 90; 95% is the interval's
        assert _numbers(sentence.text) <= known | {"100", "65.2"}


def _numbers(text: str) -> set[str]:
    return set(re.findall(r"\d+(?:\.\d+)?", text.replace(",", "")))
