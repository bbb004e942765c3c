"""Answers computed from the facts, without a model: a few sentences each, the most telling first.

Pure: reads and writes nothing. This is the text that everyone without a key reads, and what takes the place of a
model's sentence that did not pass the check. Every number and name in a sentence is one of its facts'.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from insights import wording
from insights.summaries.check import Checked
from insights.summaries.facts import Fact
from insights.summaries.questions import Question
from insights.trends.rank_movers import CLIMBER, FALLER, LEAVER, NEW_ENTRY

MOST_SENTENCES = 5
_PLACES = ("", "", "second ", "third ", "fourth ", "fifth ")


def answer(question: Question) -> list[Checked]:
    """Answer a question in up to ``MOST_SENTENCES`` sentences."""
    by_table: dict[str, list[Fact]] = {}
    for fact in question.facts.values():
        by_table.setdefault(fact.table, []).append(fact)
    told = _WRITERS[question.id.partition("/")[0]](by_table)
    return [Checked(text, tuple(facts)) for text, facts in told][:MOST_SENTENCES]


Told = Iterator[tuple[str, Sequence[Fact]]]
ByTable = Mapping[str, Sequence[Fact]]


def _number(fact: Fact, column: str) -> float | None:
    value = fact.row.get(column)
    return float(value) if isinstance(value, int | float) else None


def _text(fact: Fact, value: str) -> str:
    return fact.values[value].text if value in fact.values else ""


def _top_rated(facts: ByTable) -> Told:
    if movies := facts.get("movies"):
        yield _first_film(movies[0]), movies[:1]
    traits = facts.get("top_rated_traits", ())
    runtime = facts.get("top_rated_runtime", ())
    more = [fact for fact in traits if (_number(fact, "difference") or 0) > 0]
    differing = [fact for fact in runtime if fact.row.get("differs") and _minutes_longer(fact)]
    if more or differing:
        yield _differences(more, differing), [*more, *differing]
    if runtime and not traits:
        yield _too_few(runtime[0]), runtime
    if less := [fact for fact in traits if fact not in more]:
        yield f"They are less often {wording.listed(_kinds(less, named=not more))}.", less
    if directors := facts.get("top_rated_directors"):
        yield _directors(directors), directors
    rated = [fact for fact in facts.get("ratings_by_genre", ()) if "mean" in fact.values]
    if rated and not runtime:
        yield _ratings(rated), rated


def _first_film(film: Fact) -> str:
    directors, rating = _text(film, "directors"), _rating(film)
    owner = f"{wording.possessive(directors)} " if directors else ""
    tops = "tops the list" if _number(film, "rank") == 1 else f"stands first, at {_text(film, 'rank')}"
    return f"{owner}{film.subject} {tops}{f', with {rating}' if rating else ''}."


def _rating(film: Fact) -> str:
    return next((text for name in ("rotten_tomatoes", "imdb_rating", "metascore") if (text := _text(film, name))), "")


def _too_few(runtime: Fact) -> str:
    """Say what this many films cannot show, where no genre, decade or country differs."""
    n = wording.number(_number(runtime, "top_films"))
    return f"Among {n} top-rated films, no genre, decade or country is clearly more or less common than on the list."


def _kinds(traits: Sequence[Fact], *, named: bool) -> list[str]:
    """Write kinds of films with their shares; the first says of what, if ``named``."""
    kinds = []
    for at, fact in enumerate(traits):
        top, everything = wording.percent(_number(fact, "top_share")), wording.percent(_number(fact, "all_share"))
        whole = " of the list" if named and at == 0 else ""
        kinds.append(f"{_kind(fact)} ({top} against {everything}{whole})")
    return kinds


def _kind(trait: Fact) -> str:
    if trait.row.get("trait") == "genre":
        return wording.kind_of_film(str(trait.row["name"]))
    return f"from {trait.subject}"


def _differences(more: Sequence[Fact], runtime: Sequence[Fact]) -> str:
    """Write in what top-rated films differ: "are more often adventures (22% against 9% of the list)"."""
    parts = [f"are more often {wording.listed(_kinds(more, named=True))}"] if more else []
    for fact in runtime:
        minutes = _minutes_longer(fact)
        unit = "minute" if abs(minutes) == 1 else "minutes"
        parts.append(f"run {wording.in_words(abs(minutes))} {unit} {'longer' if minutes > 0 else 'shorter'}")
    first = [*more, *runtime][0]
    n = f"n = {wording.number(_number(first, 'top_films'))} and {wording.number(_number(first, 'all_films'))}"
    return f"Top-rated films {', and '.join(parts)} ({n})."


def _minutes_longer(runtime: Fact) -> int:
    return round((_number(runtime, "top_median") or 0) - (_number(runtime, "all_median") or 0))


def _directors(directors: Sequence[Fact]) -> str:
    """Write who directed several of them: "A directed six of the top-rated films, B and C four each"."""
    counts: dict[int, list[str]] = {}
    for fact in directors:
        counts.setdefault(int(_number(fact, "top_films") or 0), []).append(fact.subject)
    (most, first), *others = counts.items()
    said = [f"{wording.listed(names)} {_each(count, names)}" for count, names in others]
    rest = f", {wording.listed(said)}" if said else ""
    return f"{wording.listed(first)} directed {_each(most, first)} of the top-rated films{rest}."


def _each(count: int, names: Sequence[str]) -> str:
    return f"{wording.in_words(count)}{' each' if len(names) > 1 else ''}"


def _ratings(rated: Sequence[Fact]) -> str:
    named = [f"{fact.subject} {wording.number(_number(fact, 'mean'), 1)} {_n(fact, 'films')}" for fact in rated]
    source = wording.rating_source(str(rated[0].row.get("source")))
    return f"The most common genres on the list average, on {source}: {wording.listed(named)}."


def _n(fact: Fact, column: str) -> str:
    return f"(n = {wording.number(_number(fact, column))})"


def _superlative(fact: Fact, value: str, high: str, among: str) -> str:
    """Write a place: "the second highest of the 8 decades", "7th of the 20 genres"; "" where it is tied or alone."""
    found = fact.values.get(value)
    if found is None or found.place is None or found.placed is None or found.placed < 2:
        return ""
    if found.place >= len(_PLACES):
        return f"{wording.ordinal(found.place)} of the {wording.number(found.placed)} {among}"
    return f"the {_PLACES[found.place]}{high} of the {wording.number(found.placed)} {among}"


def _genre(facts: ByTable) -> Told:
    for fact in facts.get("genres", ()):
        place, n = _superlative(fact, "share", "most common", "genres"), _n(fact, "films_with_genre")
        share = _text(fact, "share")
        if place.startswith("the"):
            yield f"{fact.subject} is {place}, with {share} {n}.", [fact]
        else:
            yield f"{share[0].upper()}{share[1:]} are {wording.kind_of_film(fact.subject)} {n}.", [fact]
    if ratings := [fact for fact in facts.get("ratings_by_genre", ()) if "mean" in fact.values]:
        yield _rating_of_genre(ratings), ratings
    yield from _trends(facts.get("genre_trends", ()))
    if movies := facts.get("movies"):
        yield f"Its highest-ranked films are {_films(movies)}.", movies


def _rating_of_genre(ratings: Sequence[Fact]) -> str:
    first = ratings[0]
    averages = []
    for fact in ratings:
        place = _superlative(fact, "mean", "highest", fact.values["mean"].among) if fact is first else ""
        n = f"n = {wording.number(_number(fact, 'films'))}{f'; {place}' if place else ''}"
        out_of = " out of 100" if fact is first else ""
        averages.append(f"{wording.number(_number(fact, 'mean'), 1)}{out_of} on {_source(fact)} ({n})")
    return f"The listed {wording.kind_of_film(first.subject)} average {wording.listed(averages)}."


def _source(fact: Fact) -> str:
    return wording.rating_source(str(fact.row.get("source")))


def _trends(trends: Sequence[Fact]) -> Told:
    clear = [fact for fact in trends if "trend" in fact.values and fact.values["trend"].trend]
    for fact in clear:
        share = fact.row.get("measure") == "share"
        what = "Its share of the listed films" if share else f"Among listed films, its {_measure(fact)}"
        direction = "rising" if fact.values["trend"].trend > 0 else "falling"
        low, high = (wording.signed()(_number(fact, name)) for name in ("slope_low", "slope_high"))
        slope = f"{wording.signed()(_number(fact, 'slope'))} {fact.row.get('unit')}"
        caveat = "" if share else "; of old films a list keeps those that are still liked"
        yield f"{what} is {direction}: {slope} (95% confidence interval {low} to {high}){caveat}.", [fact]
    if trends and not clear:
        measures = [_measure(fact) for fact in trends]
        yield f"No clear trend shows in its {wording.listed(measures)}, {_text(trends[0], 'span')}.", trends


def _measure(fact: Fact) -> str:
    measure = str(fact.row.get("measure"))
    names = {"share": "share of the listed films", "box_office": "box office"}
    return names.get(measure, f"{wording.rating_source(measure)} rating")


def _films(movies: Sequence[Fact]) -> str:
    return wording.listed([fact.subject for fact in movies])


def _decade(facts: ByTable) -> Told:
    shares = facts.get("genre_share_by_decade", ())
    for fact in facts.get("box_office_by_decade", ()):
        named = [
            f"{wording.kind_of_film(str(one.row['genre']))} ({wording.percent(_number(one, 'share'))})"
            for one in shares
        ]
        often = f", most often {wording.listed(named)}" if named else ""
        yield f"{fact.subject[0].upper()}{fact.subject[1:]} have {_text(fact, 'films')}{often}.", [fact, *shares]
        if "mean" in fact.values:
            place = _superlative(fact, "mean", "highest", fact.values["mean"].among)
            mean = _text(fact, "mean").replace("an average box office of", "Their average box office was")
            yield f"{mean} {_n(fact, 'films_with_box_office')}{f', {place}' if place else ''}.", [fact]
    if movies := facts.get("movies"):
        yield f"The highest-ranked are {_films(movies)}.", movies


def _changes(facts: ByTable) -> Told:
    for fact in facts.get("newest_runs", ())[:1]:
        parts = [f"{_was(fact, name)} {words}" for name, words in _OUTCOMES.items() if name in fact.values]
        expected = _text(fact, "expected").removesuffix(" expected")
        yield f"The newest run asked for {expected}: {wording.listed(parts)}.", [fact]
    for fact in facts.get("run_changes", ()):
        names = ("climbed", "fell", "same", "new", "left")
        moved = [_text(fact, name) for name in names if _text(fact, name) and _number(fact, name)]
        yield f"Compared with the list of the run before: {wording.listed(moved)}.", [fact]
    moves = facts.get("rank_changes", ())
    for kind, write in _MOVES.items():
        if chosen := [fact for fact in moves if fact.row.get("move") == kind]:
            yield f"{wording.listed([write(fact) for fact in chosen])}.", chosen


def _was(fact: Fact, value: str) -> str:
    n = _number(fact, value) or 0
    return f"{wording.number(n) if n else 'none'} {'was' if n <= 1 else 'were'}"


_OUTCOMES = {"stored": "stored", "rejected": "refused by OMDb", "quarantined": "quarantined"}


def _moved(verb: str) -> Callable[[Fact], str]:
    return lambda fact: f"{fact.subject} {verb} {_text(fact, 'move')} to {_text(fact, 'rank')}"


_MOVES: Mapping[Any, Callable[[Fact], str]] = {
    CLIMBER: _moved("climbed"),
    FALLER: _moved("fell"),
    NEW_ENTRY: lambda fact: f"{fact.subject} came in at {_text(fact, 'rank')}",
    LEAVER: lambda fact: f"{fact.subject} left from {_text(fact, 'previous_rank').removesuffix(' before')}",
}
_WRITERS: Mapping[str, Callable[[ByTable], Told]] = {
    "top_rated": _top_rated,
    "genre": _genre,
    "decade": _decade,
    "changes": _changes,
}
