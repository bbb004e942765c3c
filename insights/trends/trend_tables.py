"""The columns of the Gold tables that :mod:`.trends` and :mod:`.rank_movers` make."""

from __future__ import annotations

from pipeline.columns import Column, Table

TOO_FEW_YEARS = "fewer than three years"
NO_TEST = "fewer than three years, or all values equal"

GENRE_TRENDS = Table(
    "genre_trends",
    "gold",
    "Trend over the years of each genre's share of films, ratings and box office; one row a measure and genre.",
    (
        Column("measure", "string", "share, imdb, metascore, rotten_tomatoes, source_list or box_office"),
        Column("genre", "string", "Genre"),
        Column("trend", "string", "rising, falling or no clear trend: by q_autocorrelated and the slope's sign"),
        Column(
            "slope",
            "double",
            "Theil-Sen slope of the yearly values; of box office, of their logarithm",
            "unit",
            TOO_FEW_YEARS,
        ),
        Column("slope_low", "double", "Lower end of the slope's 95 % interval", "unit", TOO_FEW_YEARS),
        Column("slope_high", "double", "Upper end of the slope's 95 % interval", "unit", TOO_FEW_YEARS),
        Column("unit", "string", "Unit of the slope: percentage points, points of 100 or per cent, a decade"),
        Column("p", "double", "p of the Mann-Kendall test, corrected for ties", "0-1", NO_TEST),
        Column("q", "double", "p after Benjamini-Hochberg over the measure's genres", "0-1", NO_TEST),
        Column("p_autocorrelated", "double", "p with Hamed and Rao's variance, never below p", "0-1", NO_TEST),
        Column("q_autocorrelated", "double", "That p after Benjamini-Hochberg; decides on trend", "0-1", NO_TEST),
        Column("first_year", "int", "First year of the series", "calendar year"),
        Column("last_year", "int", "Last year of the series", "calendar year"),
        Column("years", "int", "Years with a value", "years"),
        Column("films", "bigint", "The genre's films behind the series", "films"),
    ),
)

RANK_MOVERS = Table(
    "rank_movers",
    "gold",
    "The biggest moves on the list between the last two runs.",
    (
        Column("move", "string", "climber, faller, new entry or leaver"),
        Column("imdb_id", "string", "IMDb id"),
        Column("title", "string", "Title", null="OMDb gives none"),
        Column("rank", "int", "Rank in the last run", "1 is best", "a leaver"),
        Column("previous_rank", "int", "Rank in the run before", "1 is best", "a new entry"),
        Column("change", "int", "Places won, negative when lost", "places", "a new entry or a leaver"),
        Column("run_id", "string", "The last run"),
        Column("previous_run_id", "string", "The run before it"),
    ),
)
