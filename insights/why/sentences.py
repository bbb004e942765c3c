"""Explanations in words, and the few sentences with which the report of Gold opens."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime

from insights import rating_sources, wording
from insights.lake import Lake
from insights.reports.tables import heading
from insights.why.explain import builds_of_two_runs, snapshot
from insights.why.films import changes
from insights.why.split import Cause, Snapshot, Split, split

# A genre with fewer rated films moves with every film.
FEWEST_FILMS = 20
_COLUMNS_NAMED = 3
_LEAST_MOVE = 0.005  # points; less is written as 0.00, and may be the rounding of a sum in another order
_VERBS = {"came": "came onto", "left": "left"}


def cause(change: Cause) -> str:
    """Return a cause in words, without its contribution."""
    films = wording.count(len(change.films), "film")
    versions = f"code {change.code_versions[1]} instead of {change.code_versions[0]}" if change.code_versions else ""
    return {
        "came": f"{films} came onto the list",
        "left": f"{films} left the list",
        "source": f"{change.column} of {films}: new answers or list entries",
        "code": f"{change.column} of {films}: the same answers, read by {versions}",
        "source or code": f"{change.column} of {films}: fetched again, and read by {versions}",
        "definition": f"no film: the table was built by {versions}",
    }[change.origin]


def what_changed(lake: Lake) -> list[str]:
    """Say in a few sentences what changed since the run before the newest one, and why.

    They name films that came and left, values that changed, another code version, and the genre whose mean rating moved
    most, with the main cause. There are none without an earlier build, or where that has no films: Gold is published
    once before the films of a first run arrive.
    """
    builds = builds_of_two_runs(lake)
    if builds is None:
        return []
    old, new = (snapshot(lake, build, "ratings_by_genre") for build in builds)
    return [] if old.movies.empty else describe(old, new)


def describe(before: Snapshot, after: Snapshot) -> list[str]:
    """Say what changed between two snapshots with the table ``ratings_by_genre``. Pure."""
    causes = changes(before, after)
    sentences = [_films(before, causes)]
    if changed := _values(causes):
        sentences.append(changed)
    if before.code_version != after.code_version:
        sentences.append(f"The code changed from version {before.code_version} to {after.code_version}.")
    if moved := _largest_move(before, after):
        sentences.append(moved)
    return sentences


def _films(before: Snapshot, causes: tuple[Cause, ...]) -> str:
    since = f"Since the data of {wording.moment(datetime.fromisoformat(before.built_at))}"
    parts = []
    for change in causes:
        if change.origin in _VERBS:
            titles = [wording.quoted(film.title) for film in change.films]
            films = wording.count(len(titles), "film")
            parts.append(f"{films} {_VERBS[change.origin]} the list ({wording.shortened(titles)})")
    return f"{since}, {' and '.join(parts) or 'no film came onto the list or left it'}."


def _values(causes: tuple[Cause, ...]) -> str:
    """Count films whose values changed, by column; "" when there are none."""
    counts: Counter[str] = Counter()
    for change in causes:
        if change.column:
            counts[change.column] += len(change.films)
    changed = counts.most_common()
    if not changed:
        return ""
    named = [f"{heading(column)} of {wording.count(films, 'film')}" for column, films in changed[:_COLUMNS_NAMED]]
    more = len(changed) - len(named)
    others = [wording.count(more, "other column")] if more else []
    return f"Values changed in {wording.listed([*named, *others])}."


def _largest_move(before: Snapshot, after: Snapshot) -> str:
    """Name the genre whose mean rating moved most, by the source with the most films; "" when none moved."""
    if before.table.empty or after.table.empty:
        return ""
    source = rating_sources.widest(after.table)
    rows = rating_sources.of(after.table, source).merge(
        rating_sources.of(before.table, source), on="genre", suffixes=("", "_before")
    )
    rows = rows[(rows["films"] >= FEWEST_FILMS) & (rows["films_before"] >= FEWEST_FILMS)]
    rows = rows.assign(move=(rows["mean"] - rows["mean_before"]).abs()).sort_values(["move", "genre"])
    if rows.empty or rows.iloc[-1]["move"] < _LEAST_MOVE:
        return ""
    row = rows.iloc[-1]
    splits = split(before, after, "ratings_by_genre", {"genre": row["genre"], "source": source})
    mean = next(each for each in splits if each.number == "mean")
    return _move_in_words(str(row["genre"]), source, mean, int(row["films"]))


def _move_in_words(genre: str, source: str, mean: Split, films: int) -> str:
    change, main = mean.change or 0.0, replace(mean.causes[0], column=heading(mean.causes[0].column))
    name = f"{wording.plain_name(genre)}'s {wording.rating_source(source)} mean"
    moved = f"{'rose' if change > 0 else 'fell'} by {abs(change):.2f} points to {mean.after:.1f} of 100"
    part = f"Main cause: {cause(main)} ({wording.signed(2)(main.contribution)} points)"
    among = f"Of the genres with {FEWEST_FILMS} rated films or more"
    return f"{among}, {name} moved most: it {moved} (n = {films:,}). {part}."
