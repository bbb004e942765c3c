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
from insights.trends.genre_ratings import HIGHER, LOWER
from insights.trends.rank_movers import CLIMBER, FALLER, LEAVER, NEW_ENTRY

MOST_SENTENCES = 5
_PLACES = ("", "", "second ", "third ", "fourth ", "fifth ")


def answer(question: Question) -> list[Checked]:
    """Answer a question in up to ``MOST_SENTENCES`` sentences."""
    by_table: dict[str, list[Fact]] = {}
    for fact in question.facts.values():
        by_table.setdefault(fact.table, []).append(fact)
    written = _WRITERS[question.id.partition("/")[0]](by_table)
    return [Checked(text, tuple(facts)) for text, facts in written][:MOST_SENTENCES]


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
        subject, n = ("They", "") if more else ("Top-rated films", f" ({_n_of_top(less)})")
        yield f"{subject} are less often {wording.listed(_kinds(less, named=not more))}{n}.", less
    if directors := facts.get("top_rated_directors"):
        yield _directors(directors), directors
    rated = [fact for fact in facts.get("ratings_by_genre", ()) if "mean" in fact.values]
    if rated and not runtime:
        yield _ratings(rated), rated


def _first_film(film: Fact) -> str:
    directors, rating = _text(film, "directors"), _rating(film)
    owner = f"{directors}'s " if directors else ""
    tops = "tops the list" if film.values["rank"].place == 1 else f"stands first, at {_text(film, 'rank')}"
    return f"{owner}{film.subject} {tops}{f', with {rating}' if rating else ''}."


def _rating(film: Fact) -> str:
    return next((text for name in ("rotten_tomatoes", "imdb_rating", "metascore") if (text := _text(film, name))), "")


def _too_few(runtime: Fact) -> str:
    """Say what this many films cannot show, where no genre and no decade differs."""
    n, points = (wording.number(_number(runtime, column)) for column in ("top_films", "detectable"))
    return (
        "No genre or decade is clearly more or less common among the top-rated films than on the list: with"
        f" {n} top-rated films, differences of less than about {points} percentage points may be chance."
    )


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
        whole = "" if more else " than the list as a whole"
        parts.append(f"run {wording.in_words(abs(minutes))} {unit} {'longer' if minutes > 0 else 'shorter'}{whole}")
    return f"Top-rated films {', and '.join(parts)} ({_n_of_top([*more, *runtime])})."


def _n_of_top(compared: Sequence[Fact]) -> str:
    """Write how many of the top-rated and of the listed films are behind comparisons; a range where it differs."""
    return f"n = {_least_to_most(compared, 'top_films')} and {_least_to_most(compared, 'all_films')}"


def _least_to_most(facts: Sequence[Fact], column: str) -> str:
    numbers = [_number(fact, column) or 0 for fact in facts]
    return " to ".join(dict.fromkeys(wording.number(number) for number in (min(numbers), max(numbers))))


def _minutes_longer(runtime: Fact) -> int:
    return round((_number(runtime, "top_median") or 0) - (_number(runtime, "all_median") or 0))


def _directors(directors: Sequence[Fact]) -> str:
    """Write who directed several of them: "A directed six of the top-rated films, B and C four each"."""
    counts: dict[int, list[str]] = {}
    for fact in directors:
        counts.setdefault(int(_number(fact, "top_films") or 0), []).append(fact.subject)
    (top_count, first), *others = counts.items()
    said = [f"{wording.listed(names)} {_each(count, names)}" for count, names in others]
    rest = f", {wording.listed(said)}" if said else ""
    return f"{wording.listed(first)} directed {_each(top_count, first)} of the top-rated films{rest}."


def _each(count: int, names: Sequence[str]) -> str:
    return f"{wording.in_words(count)}{' each' if len(names) > 1 else ''}"


def _ratings(rated: Sequence[Fact]) -> str:
    named = [f"{fact.subject} {wording.number(_number(fact, 'mean'), 1)} ({_n(fact, 'films')})" for fact in rated]
    source = wording.rating_source(str(rated[0].row.get("source")))
    return f"Average ratings on {source} of the genres with the most rated films: {wording.listed(named)}."


def _n(fact: Fact, column: str) -> str:
    return f"n = {wording.number(_number(fact, column))}"


def _place(fact: Fact, value: str) -> str | None:
    """Write a place before "most common": "", "second "; None where it is tied, alone, or far down."""
    fact_value = fact.values.get(value)
    if fact_value is None or fact_value.place is None or fact_value.placed is None or fact_value.placed < 2:
        return None
    return _PLACES[fact_value.place] if fact_value.place < len(_PLACES) else None


def _genre(facts: ByTable) -> Told:
    for fact in facts.get("genres", ()):
        kind, ordinal = wording.kind_of_film(fact.subject), _place(fact, "share")
        share, n = wording.percent(_number(fact, "share")), wording.number(_number(fact, "films_with_genre"))
        listed = f"{share} of the {n} listed films with a genre and a year"
        if ordinal is not None:
            yield f"{fact.subject} is the {ordinal}most common genre on the list: {listed} are {kind}.", [fact]
        else:
            yield f"{wording.capitalised(listed)} are {kind}.", [fact]
    if ratings := [fact for fact in facts.get("ratings_by_genre", ()) if "mean" in fact.values]:
        yield _rating_of_genre(ratings), ratings
    yield from _trends(facts.get("genre_trends", ()))
    if movies := facts.get("movies"):
        yield f"The highest-ranked {'are' if len(movies) > 1 else 'is'} {_films(movies)}.", movies


def _rating_of_genre(ratings: Sequence[Fact]) -> str:
    first = ratings[0]
    averages = [
        f"{wording.number(_number(fact, 'mean'), 1)}{' out of 100' if fact is first else ''} on {_source(fact)}"
        f" ({_n(fact, 'films')})"
        for fact in ratings
    ]
    sentence = f"The listed {wording.kind_of_film(first.subject)} average {wording.listed(averages)}"
    verdict, others = first.row.get("verdict"), wording.number(_number(first, "others"), 1)
    if verdict in (HIGHER, LOWER):
        that = f"; on {_source(first)} that is" if len(ratings) > 1 else ","
        return f"{sentence}{that} clearly {verdict} than the {others} of the other listed films."
    return f"{sentence}."


def _source(fact: Fact) -> str:
    return wording.rating_source(str(fact.row.get("source")))


def _trends(trends: Sequence[Fact]) -> Told:
    tested = [fact for fact in trends if "trend" in fact.values]
    clear = [fact for fact in tested if fact.values["trend"].trend]
    for fact in clear:
        yield _trend(fact), [fact]
    if tested and not clear:
        spans = {_text(fact, "span") for fact in tested}
        measures = [_measure(fact) + (f" ({_text(fact, 'span')})" if len(spans) > 1 else "") for fact in tested]
        shows = "shows" if len(measures) == 1 else "show"
        years = f" from {''.join(spans)}" if len(spans) == 1 and any(spans) else ""
        yield f"Their {wording.listed(measures)} {shows} no clear trend{years}.", tested


def _trend(fact: Fact) -> str:
    """Write a clear trend with its interval and what it may only seem to say."""
    low, high = sorted(abs(_number(fact, name) or 0) for name in ("slope_low", "slope_high"))
    rises = "rises" if fact.values["trend"].trend > 0 else "falls"
    size = abs(_number(fact, "slope") or 0)
    places = wording.places_of(size, low, high)
    slope = f"{size:.{places}f} {fact.row.get('unit')}".replace(" per cent", "%")
    change = f"{rises} by {slope} (95% confidence interval {low:.{places}f} to {high:.{places}f}, {_n(fact, 'films')})"
    if fact.row.get("measure") == "share":
        return f"Their share of the listed films {change}."
    if fact.row.get("measure") == "box_office":
        prices = "so part of that is only prices" if rises == "rises" else "although prices rose"
        return f"Their median box office {change}, in dollars of the day, {prices}."
    liked = "old films on a list are mostly those still liked"
    return f"Among listed films, their {_measure(fact)} {change}; {liked}."


def _measure(fact: Fact) -> str:
    measure = str(fact.row.get("measure"))
    names = {"share": "share of the listed films", "box_office": "median box office"}
    return names.get(measure, f"median {wording.rating_source(measure)} rating")


def _films(movies: Sequence[Fact]) -> str:
    return wording.listed([fact.subject for fact in movies])


def _decade(facts: ByTable) -> Told:
    shares = facts.get("genre_share_by_decade", ())
    for fact in facts.get("box_office_by_decade", ()):
        named = [_share_of_decade(one, fact, first=one is shares[0]) for one in shares]
        often = f", most often {wording.listed(named)}" if named else ""
        yield f"{wording.capitalised(fact.subject)} have {_text(fact, 'films')}{often}.", [fact, *shares]
        if "mean" in fact.values:
            yield _earned(fact), [fact]
    if movies := facts.get("movies"):
        yield f"The highest-ranked {'are' if len(movies) > 1 else 'is'} {_films(movies)}.", movies


def _share_of_decade(genre: Fact, decade: Fact, *, first: bool) -> str:
    """Write a genre with its share of a decade's films; the first says of which films, if not all have a genre."""
    some = _number(genre, "films_in_decade") != _number(decade, "films")
    of = " of those with a genre" if first and some else ""
    return f"{wording.kind_of_film(str(genre.row['genre']))} ({wording.percent(_number(genre, 'share'))}{of})"


def _earned(decade: Fact) -> str:
    """Write what the films of known box office earned; decades are not compared, since prices rose."""
    known = _number(decade, "films_with_box_office") or 0
    mean = wording.dollars(_number(decade, "mean_usd"))
    if known == 1:
        return f"The one whose box office is known earned {mean}, in dollars of the day."
    return f"The {wording.number(known)} whose box office is known earned {mean} on average, in dollars of the day."


def _changes(facts: ByTable) -> Told:
    for fact in facts.get("newest_runs", ())[:1]:
        yield _newest_run(fact), [fact]
    for fact in facts.get("run_changes", ()):
        moved = [f"{wording.number(n)} {words}" for name, words in _CHANGES.items() if (n := _number(fact, name))]
        same = "no film has moved" if len(moved) == 1 and _number(fact, "same") else wording.listed(moved)
        yield f"Between the last two lists, {same}.", [fact]
    moves = facts.get("rank_changes", ())
    for kind, write in _MOVES.items():
        if chosen := [fact for fact in moves if fact.row.get("move") == kind]:
            yield f"{wording.listed([write(fact) for fact in chosen])}.", chosen


def _newest_run(run: Fact) -> str:
    """Write what became of the films that a run asked for; quarantined films are stored ones."""
    expected, stored, rejected, quarantined = (
        int(_number(run, name) or 0) for name in ("expected", "stored", "rejected", "quarantined")
    )
    apart = f"; {_was(quarantined)} quarantined" if quarantined else ""
    if expected and expected == stored:
        films = f"All {expected:,} films" if expected > 1 else "The one film"
        return f"{films} of the newest run {'were' if expected > 1 else 'was'} stored{apart}."
    outcomes = {"stored": stored, "refused by OMDb": rejected, "missing": expected - stored - rejected}
    parts = [f"{_was(n)} {words}" for words, n in outcomes.items() if n > 0 or words == "stored"]
    return f"The newest run asked for {wording.count(expected, 'film')}: {wording.listed(parts)}{apart}."


def _was(n: int) -> str:
    return f"{wording.number(n) if n else 'none'} {'was' if n <= 1 else 'were'}"


_CHANGES = {"climbed": "climbed", "fell": "fell", "same": "kept their place", "new": "came in", "left": "dropped out"}


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
