import re
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.summaries import check, language
from insights.summaries.check import Sentence
from insights.summaries.facts import Fact, facts_of
from tests import gold_rows
from tests.lies import LIES


def named_facts() -> Mapping[str, Fact]:
    """f1 Drama, f2 Comedy, f3 Horror, f4 Western by Rotten Tomatoes; f5 Drama, f6 Comedy by Metacritic; f7 1970s."""
    facts = facts_of("ratings_by_genre", gold_rows.ratings_by_genre())
    facts += facts_of("box_office_by_decade", gold_rows.box_office_by_decade())[:1]
    facts += facts_of("movies", gold_rows.movies().iloc[2:3])
    return {f"f{place}": fact for place, fact in enumerate(facts, start=1)}


FACTS = named_facts()


def said(text: str, *facts: str) -> Sentence:
    """A sentence that names the facts it uses, unless others are given."""
    return Sentence(text, facts or tuple(sorted(set(re.findall(r"\{(f\d+)", text)))))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("{f1} has {f1.mean}.", "Drama has a Rotten Tomatoes mean of 65.2 out of 100 (8,913 films)."),
        (" {f1}\n has  {f1.mean} ", "Drama has a Rotten Tomatoes mean of 65.2 out of 100 (8,913 films)."),
        (
            "By contrast, {f3} stands at {f3.median} and {f3.p90}.",
            "By contrast, Horror stands at a Rotten Tomatoes median of 40.0 out of 100 (1,917 films) and a Rotten "
            "Tomatoes 90th percentile of 88.0 out of 100 (1,917 films).",
        ),
        (
            "{f1} has {f1.mean}, ahead of {f2} with {f2.mean}; {f3} has {f3.mean}.",
            "Drama has a Rotten Tomatoes mean of 65.2 out of 100 (8,913 films), ahead of Comedy with a Rotten "
            "Tomatoes mean of 54.6 out of 100 (5,561 films); Horror has a Rotten Tomatoes "
            "mean of 44.0 out of 100 (1,917 films).",
        ),
        (
            "{f7} shows {f7.total}.",
            "The decade of the 1970s shows a total box office of $10.24 billion in the dollars of the day (178 films "
            "with a known box office).",
        ),
        ("{f8} has {f8.rank}.", f"“{gold_rows.ATTACK}” (1970) has rank 3 on the source list."),
    ],
)
def test_a_true_sentence_is_written_out_from_gold(text: str, written: str) -> None:
    assert check.check(said(text), FACTS).text == written


@pytest.mark.parametrize(("text", "reason"), LIES)
def test_a_lie_is_refused(text: str, reason: str) -> None:
    assert check.check(said(text), FACTS) == check.Checked(reason=reason)


@pytest.mark.parametrize("facts", [(), ("f2",), ("f1", "f2"), ("ratings_by_genre/genre=Drama",)])
def test_a_sentence_names_exactly_the_facts_it_uses(facts: tuple[str, ...]) -> None:
    assert check.check(Sentence("{f1} has {f1.mean}.", facts), FACTS) == check.Checked(reason=check.OTHER_FACTS)


def test_values_that_look_equal_are_not_compared() -> None:
    rows = gold_rows.ratings_by_genre().iloc[:2].assign(mean=[65.24, 65.21])
    facts = dict(zip(["f1", "f2"], facts_of("ratings_by_genre", rows), strict=True))
    found = check.check(said("{f1} has {f1.mean}, above {f2} with {f2.mean}."), facts)
    assert found.reason == check.FALSE_COMPARISON


def test_the_same_is_not_said_twice() -> None:
    sentence = said("{f1} has {f1.mean}.")
    assert [found.reason for found in check.check_all([sentence] * 3, FACTS)] == ["", check.REPEATED, check.REPEATED]


def test_no_phrase_of_the_language_holds_a_number_or_a_mark() -> None:
    groups = (language.OPENERS, language.JOINTS, language.BETWEENS, language.NEUTRAL_CONNECTORS)
    phrases = [phrase for group in (*groups, language.COMPARING_CONNECTORS) for phrase in group]
    assert all(re.fullmatch(r"[A-Za-z ,;:]*", phrase) for phrase in phrases)


WORDS = st.sampled_from(
    [
        *[f"{{{name}}}" for name in FACTS],
        *[f"{{{name}.{value}}}" for name, fact in FACTS.items() for value in fact.values],
        *language.OPENERS,
        *language.JOINTS,
        *language.BETWEENS,
        *language.NEUTRAL_CONNECTORS,
        *language.COMPARING_CONNECTORS,
        *[".", "99.9", " not ", " Comedy ", "%", "{f1", "}", "½"],
    ]
)


@given(st.lists(WORDS, min_size=1, max_size=12) | st.tuples(st.text(max_size=30), st.text(max_size=30)))
def test_whatever_is_said_every_number_of_a_kept_sentence_is_one_of_its_facts(pieces: list[str]) -> None:
    text = "".join(pieces)
    found = check.check(said(text), FACTS)
    if found.text:
        known = {number for fact in found.facts for text in _texts(fact) for number in _numbers(text)}
        assert set(_numbers(found.text)) <= known
        assert not _numbers(re.sub(r"\{[^{}]*\}", "", text))


def _texts(fact: Fact) -> list[str]:
    return [fact.subject, *(value.text for value in fact.values.values())]


def _numbers(text: str) -> list[str]:
    return re.findall(r"[\d½][\d.,½]*", text)


CLAUSES = st.lists(st.sampled_from(["f1", "f2", "f3", "f4"]), min_size=2, max_size=4)


@given(CLAUSES, st.data())
def test_every_kept_comparison_is_true_of_all_before_and_after_it(names: list[str], data: st.DataObject) -> None:
    connectors = [*language.COMPARING_CONNECTORS, *language.NEUTRAL_CONNECTORS]
    gaps = data.draw(st.lists(st.sampled_from(connectors), min_size=len(names) - 1, max_size=len(names) - 1))
    text = "".join(f"{{{name}}} has {{{name}.mean}}{gap}" for name, gap in zip(names, [*gaps, "."], strict=True))
    means = dict(zip(["f1", "f2", "f3", "f4"], gold_rows.ratings_by_genre()["mean"], strict=False))

    true = all(
        means[before] * sign > means[after] * sign
        for place, gap in enumerate(gaps)
        if (sign := language.COMPARING_CONNECTORS.get(gap))
        for before in names[: place + 1]
        for after in names[place + 1 :]
    )
    assert bool(check.check(said(text), FACTS).text) == true
