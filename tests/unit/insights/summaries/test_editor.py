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


def test_genres_decades_and_changes_are_described() -> None:
    assert texts(QUESTIONS["genre/Drama"])[:3] == [
        "Drama is the most common genre on the list: 60% of the 150 listed films with a genre are dramas.",
        "The listed dramas average 65.2 out of 100 on Rotten Tomatoes (n = 8,913) and 62.7 on Metacritic (n = 3,906).",
        "Their share of the listed films rises by 1.2 percentage points a decade (95% interval 0.8 to 1.6).",
    ]
    assert texts(QUESTIONS["decade/1970"])[1] == (
        "The 178 whose box office is known earned $57.5 million on average, in dollars of the day."
    )
    assert texts(QUESTIONS["changes"])[0] == (
        "The newest run asked for 5 films: 4 were stored, 1 was refused by OMDb and none was quarantined."
    )


def test_too_few_films_for_a_comparison_are_reported_as_too_few() -> None:
    films = gold_rows.movies().assign(genres=[["Drama"] if film % 2 else ["Comedy"] for film in range(200)])
    (top_rated, *_) = questions({"movies": films})
    assert (
        "No genre, decade or country is clearly more or less common among them than on the list: with 20 top-rated "
        "films, differences of less than about 22 percentage points may be chance." in texts(top_rated)
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
