import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pandas as pd
import pytest

from insights.columns import SUMMARIES
from insights.summaries import check, facts, prompt
from insights.summaries import language_model as lm
from insights.summaries import summarise as summaries
from insights.summaries.answer import read_answer
from insights.summaries.check import Sentence
from insights.summaries.completion import UNREADABLE, Reply
from insights.summaries.language_model import Message
from insights.summaries.summarise import MemoryCache, SummaryCache, summarise
from tests import gold_rows
from tests.openai_server import answer_text

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
QUESTION = "genre/Comedy"
HONEST = "{f1} makes up {f1.share}."
TRUE_TEXT = "Comedy makes up 33% of the listed films."
NOTE = "A film counts in each of its genres."


class Model:
    """A model that gives prepared replies, one after the other; the last one stays. ``repair`` answers repairs."""

    name = "fake-1 at nowhere"
    label = "fake-1"

    def __init__(self, *replies: Reply, repair: Reply | None = None) -> None:
        self.replies, self.repair = list(replies), repair or replies[0]
        self.asked: list[dict[str, Any]] = []
        self.repairs = 0

    def ask(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> Reply:
        assert schema == prompt.SCHEMA
        if len(messages) > 2:
            self.repairs += 1
            return self.repair
        self.asked.append(json.loads(messages[1]["content"]))
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


def said(*sentences: Sentence | str) -> Reply:
    return Reply(answer_text(*sentences), tokens_in=1000, tokens_out=100)


def saying(*sentences: Sentence | str) -> Model:
    return Model(said(*sentences))


def few_tables() -> dict[str, pd.DataFrame]:
    """Tables of some questions, which are quicker than all."""
    few = ("genre_share_by_year", "ratings_by_genre", "pipeline_runs")
    return {name: frame for name, frame in gold_rows.gold().items() if name in few}


def row(model: Model | None, cache: SummaryCache | None = None, question: str = QUESTION) -> dict[str, Any]:
    frame = summarise(few_tables(), model, cache, created_at=NOW).set_index("question_id")
    return {str(column): cell for column, cell in frame.loc[question].items()}


def test_a_summary_consists_of_the_models_true_sentences_and_names_their_facts() -> None:
    summary = row(saying(HONEST))
    assert summary["text"] == f"{TRUE_TEXT}\n{NOTE}\n1 sentence by fake-1, checked against the data."
    assert summary["sentences"] == [TRUE_TEXT]
    assert summary["sentence_facts"] == ["genres/genre=Comedy"]
    assert (summary["written_by"], summary["reason"], summary["by_model"], summary["dropped"]) == (
        "model fake-1",
        "",
        1,
        0,
    )
    assert (summary["tokens_in"], summary["tokens_out"], summary["cached"]) == (1000, 100, False)
    assert summary["run_id"] == gold_rows.RUN


def test_the_table_has_its_columns_and_types_with_and_without_films() -> None:
    for tables in (gold_rows.gold(), {}):
        frame = summarise(tables, None, created_at=NOW)
        assert frame.columns.tolist() == SUMMARIES.column_names
        assert frame["created_at"].tolist() == [pd.Timestamp("2026-11-24 03:00")] * len(frame)
        assert [str(frame[name].dtype) for name in ("tokens_in", "by_model", "cached")] == ["Int64", "Int32", "boolean"]
        assert [len(cell) for cell in frame["sentences"]] == [len(cell) for cell in frame["sentence_facts"]]


def test_the_time_of_a_summary_is_in_utc() -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=9)))
    assert summarise({}, None, created_at=elsewhere)["created_at"].unique().tolist() == [NOW.replace(tzinfo=None)]


def test_a_lie_is_dropped_counted_and_replaced_by_a_computed_sentence() -> None:
    summary = row(saying(HONEST, "{f2} has 99.9.", "{f2} has {f1.share} now."))
    assert summary["sentences"][0] == TRUE_TEXT
    assert summary["by_model"] == 1
    assert summary["dropped_reasons"] == [f"{check.OWN_WORDS}: 4", f"{check.REPEATED}: 1"]
    assert summary["sentences"][1].startswith("The listed comedies average 54.6 out of 100 on Rotten Tomatoes")
    assert summary["text"].endswith(
        "1 sentence by fake-1, checked against the data, and 1 generated from the data, without AI."
    )
    assert "99.9" not in summary["text"]


def test_the_model_may_replace_refused_sentences_once() -> None:
    model = Model(said(HONEST, "{f2} is a wonderful genre."), repair=said("{f2} has {f2.mean}."))
    cache = MemoryCache()
    summary = row(model, cache)
    assert model.repairs == len(model.asked)
    assert (summary["by_model"], summary["dropped"]) == (2, 1)
    assert summary["sentences"] == [TRUE_TEXT, "Comedy has an average of 54.6 out of 100 on Rotten Tomatoes."]
    assert (summary["tokens_in"], summary["tokens_out"]) == (2000, 200)
    again = row(Model(Reply(fault=lm.TOO_SLOW)), cache)
    assert (again["text"], again["tokens_in"]) == (summary["text"], 0)


def test_without_a_true_sentence_the_text_is_computed_and_says_so() -> None:
    lying, without = row(saying("Drama has 99.9.", "{f1} has 98.")), row(None)
    assert lying["sentences"] == without["sentences"]
    assert (lying["written_by"], lying["reason"]) == ("computed", summaries.ALL_DROPPED)
    assert lying["text"].endswith(f"\n{summaries.SIGNATURE}: {summaries.ALL_DROPPED}.")
    assert without["text"].endswith(f"\n{summaries.SIGNATURE}.")


def test_no_word_of_a_rejected_sentence_is_stored() -> None:
    summary = row(saying("<script>Pwned 4711</script> {f1} has {f1.share}."))
    assert not re.search("4711|Pwned|script", str(summary))


def test_more_sentences_than_asked_for_are_dropped() -> None:
    values = [f"{{f{fact}}} has {{f{fact}.{value}}}." for fact in (2, 3) for value in ("mean", "median", "films")]
    summary = row(saying(*values))
    assert (summary["by_model"], summary["dropped_reasons"]) == (5, [f"{summaries.TOO_MANY}: 1"])


@pytest.mark.parametrize("fault", [lm.TOO_SLOW, lm.LIMIT_REACHED, lm.KEY_REFUSED])
def test_the_model_is_not_asked_again_after_a_permanent_error(fault: str) -> None:
    model = Model(Reply(fault=fault, ask_again=False))
    frame = summarise(gold_rows.gold(), model, created_at=NOW)
    assert len(model.asked) == 1
    assert frame["reason"].tolist() == [fault] * len(frame)
    assert set(frame["written_by"]) == {"computed"}


@pytest.mark.parametrize("content", ["hello", '{"sentences": [{"text": 1}]}', "[" * 9999])
def test_an_unreadable_answer_affects_only_its_question_and_is_not_cached(content: str) -> None:
    model, cache = Model(Reply(content, tokens_in=5, tokens_out=6)), MemoryCache()
    tables = few_tables() | {"box_office_by_decade": gold_rows.box_office_by_decade()}
    frame = summarise(tables, model, cache, created_at=NOW)
    assert len(model.asked) == len(frame) > 1
    assert set(frame["reason"]) == {UNREADABLE}
    assert set(frame["tokens_in"]) == {5}
    summarise(tables, model, cache, created_at=NOW)
    assert len(model.asked) == 2 * len(frame)


def test_a_claim_may_have_a_string_where_a_list_is_expected() -> None:
    claim = {"kind": "greater", "of": "f2.mean", "than": "f3.mean"}
    (read_sentence,) = read_answer(json.dumps({"sentences": [{"text": "x", "claims": claim}]})) or []
    assert read_sentence.claims == (facts.Claim("greater", ("f2.mean",), ("f3.mean",)),)


def test_the_same_question_about_the_same_facts_is_answered_from_the_cache() -> None:
    cache = MemoryCache()
    first, second = saying(HONEST), saying("{f1} has 99.9.")
    paid, free = row(first, cache), row(second, cache)
    assert second.asked == []
    assert (free["cached"], free["tokens_in"], free["tokens_out"]) == (True, 0, 0)
    assert free["text"] == paid["text"]


def test_changed_facts_or_another_model_miss_the_cache() -> None:
    cache, first, second, third = MemoryCache(), saying(HONEST), saying(HONEST), saying(HONEST)
    summarise(few_tables(), first, cache, created_at=NOW)
    changed = {**few_tables(), "pipeline_runs": gold_rows.pipeline_runs().assign(rejected=2)}
    summarise(changed, second, cache, created_at=NOW)
    assert [asked["question"] for asked in second.asked] == ["What changed since the last run?"]
    third.name = "fake-2 at nowhere"
    summarise(few_tables(), third, cache, created_at=NOW)
    assert len(third.asked) == len(first.asked)


@pytest.mark.parametrize("entry", ["", "no json", answer_text("Everything has 99.9.")])
def test_a_tampered_cache_entry_is_checked_again(entry: str) -> None:
    class Poisoned(MemoryCache):
        def get(self, key: str) -> str | None:
            assert re.fullmatch("[0-9a-f]{64}", key)
            return entry

    summary = row(saying(HONEST), Poisoned())
    assert "99.9" not in summary["text"]


def test_text_of_films_is_sent_as_data_and_never_as_an_instruction() -> None:
    model = saying(HONEST)
    summarise(gold_rows.gold(), model, created_at=NOW)
    (decade,) = [asked for asked in model.asked if asked["question"] == "What marks the 1970s?"]
    assert f"“{gold_rows.ATTACK}” (1970)" in [fact["subject"] for fact in decade["facts"]]
    assert gold_rows.ATTACK not in prompt.INSTRUCTIONS


@pytest.mark.parametrize(
    "tables",
    [
        {},
        {name: frame.iloc[:0] for name, frame in gold_rows.gold().items()},
        {name: pd.DataFrame() for name in gold_rows.gold()},
        {name: pd.DataFrame({"unknown": [1]}) for name in gold_rows.gold()},
    ],
    ids=["no tables", "no rows", "no columns", "other columns"],
)
def test_without_films_each_question_says_what_is_missing(tables: dict[str, pd.DataFrame]) -> None:
    model = saying(HONEST)
    computed = summarise(tables, model, created_at=NOW)
    assert model.asked == []
    assert computed["question_id"].tolist() == ["top_rated", "genre", "decade", "changes"]
    assert set(computed["reason"]) == {summaries.NO_FACTS}
    assert all("yet" in text for text in computed["text"])
    assert all(computed["missing"])


def test_one_film_is_summarised() -> None:
    film = gold_rows.movies(1).assign(genres=None)
    frame = summarise({"movies": film}, None, created_at=NOW).set_index("question_id")
    assert "Bob Bay A's “Film 1” (1970) tops the list, with 96% on Rotten Tomatoes." in str(
        frame.loc["top_rated", "text"]
    )


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("movies", "year"),
        ("movies", "rank"),
        ("movies", "genres"),
        ("movies", "title"),
        ("ratings_by_genre", "source"),
        ("ratings_by_genre", "mean"),
        ("box_office_by_decade", "decade"),
        ("genre_share_by_year", "films"),
        ("genre_trends", "trend"),
        ("rank_history", "run_id"),
        ("pipeline_runs", "run_id"),
    ],
)
def test_a_missing_or_empty_column_raises_nothing(table: str, column: str) -> None:
    gold = gold_rows.gold()
    read = {name: gold[name] for name in ("movies", "pipeline_runs", table)}
    for changed in (gold[table].drop(columns=column), gold[table].assign(**{column: None})):
        assert len(summarise(read | {table: changed}, None, created_at=NOW)) >= 4
