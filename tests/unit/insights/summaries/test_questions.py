import pandas as pd

from insights.summaries import questions as asked
from insights.summaries.facts import rules
from insights.summaries.questions import Question, questions
from tests import gold_rows


def by_id(tables: dict[str, pd.DataFrame]) -> dict[str, Question]:
    return {question.id: question for question in questions(tables)}


def ids(question: Question) -> list[str]:
    return [fact.id for fact in question.facts.values()]


def test_a_question_is_asked_for_each_leading_genre_and_each_decade() -> None:
    all_questions = by_id({**gold_rows.gold()})
    assert list(all_questions) == [
        "top_rated",
        "genre/Drama",
        "genre/Comedy",
        "genre/Horror",
        "decade/1970",
        "decade/1980",
        "changes",
    ]
    assert all_questions["decade/1970"].asks == "What marks the 1970s?"


def test_a_question_has_the_rows_that_its_entry_selects_in_order() -> None:
    question = by_id({**gold_rows.gold()})["genre/Comedy"]
    assert ids(question) == [
        "genres/genre=Comedy",
        "ratings_by_genre/genre=Comedy/source=rotten_tomatoes",
        "ratings_by_genre/genre=Comedy/source=metascore",
        "movies/imdb_id=tt0000022",
        "movies/imdb_id=tt0000024",
        "movies/imdb_id=tt0000026",
    ]
    assert list(question.facts) == ["f1", "f2", "f3", "f4", "f5", "f6"]
    assert question.missing == ("genre_trends",)


def test_rows_of_one_rank_are_in_the_order_of_their_ids_and_rows_without_are_left_out() -> None:
    for ranked, expected in (({9: 1, 5: 2, 8: 2}, [10, 6, 9]), ({9: 1}, [10])):
        films = gold_rows.movies().assign(rank=[ranked.get(film) for film in range(200)])
        named = [name for name in ids(by_id({"movies": films})["top_rated"]) if name.startswith("movies/")]
        assert named == [f"movies/imdb_id=tt{film:07}" for film in expected]


def test_the_preferred_rating_source_is_used() -> None:
    question = by_id({"ratings_by_genre": gold_rows.ratings_by_genre()})["top_rated"]
    assert {fact_id.split("source=")[1] for fact_id in ids(question)} == {"rotten_tomatoes"}
    only_metascore = gold_rows.ratings_by_genre().iloc[4:]
    question = by_id({"ratings_by_genre": only_metascore})["top_rated"]
    assert {fact_id.split("source=")[1] for fact_id in ids(question)} == {"metascore"}


def test_without_tables_each_question_says_what_is_missing() -> None:
    all_questions = by_id({})
    assert list(all_questions) == ["top_rated", "genre", "decade", "changes"]
    for question in all_questions.values():
        assert question.facts == {}
        assert len(question.notes) == 1
        assert question.missing
    assert all_questions["decade"].asks == "What marks each decade?"


def test_missing_facts_are_noted() -> None:
    first_run = gold_rows.rank_history().iloc[:4]
    question = by_id({"rank_history": first_run, "pipeline_runs": gold_rows.pipeline_runs().iloc[:1]})["changes"]
    assert ids(question) == [f"newest_runs/run_id={gold_rows.RUN_BEFORE}"]
    assert question.notes == ("There is no earlier run to compare with.",)


def test_a_hostile_genre_stays_a_quotation_in_the_question() -> None:
    shares = gold_rows.genre_share_by_year().assign(genre=gold_rows.ATTACK)
    texts = [question.asks for question in questions({"genre_share_by_year": shares}) if "genre/" in question.id]
    assert texts == [f"What stands out among the “{gold_rows.ATTACK}” films?"]


def test_every_entry_names_tables_that_facts_are_made_of() -> None:
    for entry in asked.entries():
        assert {selection["table"] for selection in entry["facts"]} <= set(rules())
        assert entry["missing"]
        assert (
            ("{value}" in entry["asks"] or "{films}" in entry["asks"]) == ("for_each" in entry) == ("asks_all" in entry)
        )
