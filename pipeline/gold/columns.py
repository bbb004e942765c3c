"""The one home of Gold's columns: those built from Silver by the SQL files beside this module, in building order."""

from __future__ import annotations

from dataclasses import replace

from pipeline import keys
from pipeline.columns import FILM, LINEAGE, NOT_GIVEN, RUN_ID, UNREADABLE, Column, Table

UNKNOWN = "not known"
DECADE = Column("decade", "int", "First year of the decade", "calendar year")
FILMS = Column("films", "bigint", "Films behind the row", "films")
BOX_OFFICE = (
    Column("films_with_box_office", "bigint", "Films whose box office is known", "films"),
    Column("box_office_mean_usd", "double", "Mean over those films, nominal", "US dollars", "no film has one"),
    Column("box_office_total_usd", "bigint", "Sum over those films, nominal", "US dollars", "no film has one"),
)
RATINGS_BY_SOURCE = tuple(
    column
    for source, label in (
        ("imdb", "IMDb"),
        ("metascore", "Metacritic"),
        ("rotten_tomatoes", "Rotten Tomatoes"),
        ("source_list", "source list"),
    )
    for column in (
        Column(f"{source}_mean", "double", f"Mean rating by {label}", "0-100", f"no film has a {label} rating"),
        Column(f"{source}_films", "bigint", f"Films with a rating by {label}", "films"),
    )
)


def films_by(column: Column, name: str, meaning: str) -> Table:
    """Gold table of films, ratings by source and box office, for each value of ``column``."""
    return Table(name, "gold", meaning, (column, FILMS, *RATINGS_BY_SOURCE, *BOX_OFFICE))


GOLD = (
    Table(
        "movies",
        "gold",
        "The newest row of each film.",
        (*FILM[:3], replace(DECADE, null=NOT_GIVEN), *FILM[3:], UNREADABLE, *LINEAGE),
        order=("rank", "imdb_id"),
    ),
    Table(
        "movie_ratings",
        "gold",
        "One row a film and rating source, on one scale; sources are never mixed.",
        (
            FILM[0],
            Column("source", "string", "imdb, metascore, rotten_tomatoes or source_list"),
            Column("rating", "double", "The source's rating", "0-100"),
            Column("votes", "bigint", "Votes or reviews behind it", "votes", UNKNOWN),
        ),
        order=("imdb_id", "source"),
    ),
    Table(
        "ratings_by_genre",
        "gold",
        "Ratings of each genre's films by source; a film counts in each of its genres.",
        (
            Column("genre", "string", "Genre"),
            Column("source", "string", "imdb, metascore, rotten_tomatoes or source_list"),
            Column("films", "bigint", "Films with a rating by this source", "films"),
            Column("mean", "double", "Mean rating", "0-100"),
            Column("median", "double", "Median rating", "0-100"),
            Column("p90", "double", "Rating that nine films of ten do not exceed", "0-100"),
        ),
    ),
    Table(
        "box_office_by_decade",
        "gold",
        "Box office of each decade's films, in the dollars of their day.",
        (
            DECADE,
            FILMS,
            BOX_OFFICE[0],
            Column("mean_usd", "double", "Mean box office, nominal", "US dollars", "no film has one"),
            Column("median_usd", "double", "Median box office, nominal", "US dollars", "no film has one"),
            Column("total_usd", "bigint", "Sum of box office, nominal", "US dollars", "no film has one"),
        ),
    ),
    films_by(Column("director", "string", "Director"), "films_by_director", "A film counts for each of its directors."),
    films_by(Column("language", "string", "Language"), "films_by_language", "A film counts for each of its languages."),
    films_by(Column("country", "string", "Country"), "films_by_country", "A film counts for each of its countries."),
    films_by(Column("year", "int", "Year of release", "calendar year"), "films_by_year", "Films by year of release."),
    Table(
        "genre_share_by_year",
        "gold",
        "How common each genre is among a year's films; shares of a year add up to more than 1.",
        (
            Column("year", "int", "Year of release", "calendar year"),
            Column("genre", "string", "Genre"),
            Column("films", "bigint", "Films of that year and genre", "films"),
            Column("films_in_year", "bigint", "Films of that year with a genre", "films"),
            Column("share", "double", "films / films_in_year", "0-1"),
        ),
    ),
    Table(
        "rank_history",
        "gold",
        "Rank of each film in each run, and its move since the run before.",
        (
            RUN_ID,
            FILM[0],
            FILM[1],
            Column("rank", "int", "Rank in this run", "1 is best"),
            Column("previous_run_id", "string", "The run before this one", null="the first run"),
            Column("previous_rank", "int", "Rank in that run", "1 is best", "the film was not in that run"),
            Column("change", "int", "Places won, negative when lost", "places", "the film was not in that run"),
        ),
        order=("run_id", "rank", "imdb_id"),
    ),
    Table(
        "pipeline_runs",
        "gold",
        "One row a run: what became of every film it expected.",
        (
            RUN_ID,
            Column("started_at", "timestamp", "When the run began", "UTC"),
            Column("finished_at", "timestamp", "When its newest film reached Silver", "UTC", "no film has"),
            Column("expected", "bigint", "Films sent to the queue", "films"),
            Column("stored", "bigint", "Films whose Bronze object has been processed", "films"),
            Column("rejected", "bigint", "Films that OMDb refused for good", "films"),
            Column("quarantined", "bigint", "Stored films kept out of Silver", "films"),
            Column("in_gold", "bigint", "Films whose newest row is of this run", "films"),
            Column("status", "string", "complete when stored + rejected = expected, else incomplete"),
        ),
    ),
    Table(
        "data_quality",
        "gold",
        "How complete and plausible each column of Gold's movies is.",
        (
            Column("column_name", "string", "Column of movies"),
            Column("rows", "bigint", "Films", "films"),
            Column("filled", "bigint", "Films with a value", "films"),
            Column("filled_share", "double", "filled / rows", "0-1", "there are no films"),
            Column("unreadable", "bigint", "Films whose value OMDb gave but nobody can read", "films"),
            Column(
                "out_of_range", "bigint", "Values outside the column's range: 0 unless Silver let one through", "films"
            ),
        ),
    ),
)

GOLD_TABLES = {table.name: table for table in GOLD}
# What Athena builds, one folder a build. Tables that are made from others read this build's, not those in use.
BUILD_ID = Column("build_id", "string", "The build, as _build.json names it; sorts by time")
GOLD_BUILDS = tuple(
    table.by_folder(table.name, BUILD_ID, layer="gold_builds", folder=keys.builds(table.name)) for table in GOLD
)
