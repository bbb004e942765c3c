"""Columns of the Gold tables that insights write: the one home of their names, types, units and meanings.

``docs/data.md``, the Glue tables, the QuickSight data sets and the data frames are derived from these definitions.
"""

from __future__ import annotations

from pipeline.columns import RATING_SOURCES, Column, Table

TOO_FEW_YEARS = "fewer than three years"
TOO_FEW_FOR_INTERVAL = "too few years for this confidence"
NO_TEST = "fewer than three years, all medians equal, or a share of 1 in all years"

GENRE_TRENDS = Table(
    "genre_trends",
    "gold",
    "Trend of each genre's share of the listed films, ratings and box office; one row per measure and genre.",
    (
        Column("measure", "string", f"share, {', '.join(source.name for source in RATING_SOURCES)} or box_office"),
        Column("genre", "string", "Genre"),
        Column(
            "trend",
            "string",
            "rising or falling where q is at most 0.05 and the interval excludes 0, else no clear trend",
        ),
        Column(
            "slope",
            "double",
            "Least-squares slope of the yearly shares, Theil-Sen slope of ratings and of the logarithm of box office",
            "unit",
            TOO_FEW_YEARS,
        ),
        Column(
            "slope_low",
            "double",
            "Lower end of its 95% confidence interval, which allows for the number of the measure's genres as q does",
            "unit",
            TOO_FEW_FOR_INTERVAL,
        ),
        Column("slope_high", "double", "Upper end of that interval", "unit", TOO_FEW_FOR_INTERVAL),
        Column("unit", "string", "Unit of the slope: percentage points, points of 100 or per cent, a decade"),
        Column("p", "double", "p-value of no trend, corrected for ties and autocorrelation", "0-1", NO_TEST),
        Column("q", "double", "p after Benjamini-Hochberg over the measure's genres", "0-1", NO_TEST),
        Column("first_year", "int", "First year of the series", "calendar year"),
        Column("last_year", "int", "Last year of the series", "calendar year"),
        Column("years", "int", "Years with a value", "years"),
        Column("films", "bigint", "The genre's films behind the series", "films"),
    ),
    key=("measure", "genre"),
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
        Column("change", "int", "Places gained, negative for places lost", "places", "a new entry or a leaver"),
        Column("run_id", "string", "The last run"),
        Column("previous_run_id", "string", "The run before it"),
    ),
    key=("move", "imdb_id"),
)

RECOMMENDATIONS = Table(
    "recommendations",
    "gold",
    "Similar films for each film of movies, best first; films that left the list are among both.",
    (
        Column("imdb_id", "string", "Film that the recommendation is for"),
        Column("rank", "int", "Position among the film's recommendations", "1 is best"),
        Column("recommended_imdb_id", "string", "Recommended film"),
        Column(
            "similarity",
            "double",
            "Match score: likeness, standing and variety; never rises with the rank",
            "0-1",
        ),
        Column("because", "string", "What both films have in common, most telling first"),
    ),
    key=("imdb_id", "rank"),
)

NOT_REPORTED = "the service does not report it"

SUMMARIES = Table(
    "summaries",
    "gold",
    "Answers to questions about the films on the list, made of rows of Gold; one row per question.",
    (
        Column("question_id", "string", "Question, such as top_rated or genre/Drama"),
        Column("question", "string", "The question in words"),
        Column("text", "string", "The answer as plain text: sentences, notes, and who wrote them"),
        Column("written_by", "string", "model and its name when it wrote at least one sentence, else computed"),
        Column("reason", "string", "Why no model wrote it, empty when one did"),
        Column("sentences", "array<string>", "The sentences of the answer; the model's first"),
        Column("sentence_facts", "array<string>", "Ids of the facts behind each sentence, separated by spaces"),
        Column("by_model", "int", "Sentences written by the model", "sentences"),
        Column("dropped", "int", "Sentences of the model that failed the check", "sentences"),
        Column("dropped_reasons", "array<string>", "Each reason with its number of sentences"),
        Column("fact_ids", "array<string>", "Ids of all facts available for the question: table and key"),
        Column("facts_hash", "string", "SHA-256 of all these facts"),
        Column("missing", "array<string>", "Tables that had no facts for the question"),
        Column("cached", "boolean", "The model's answer was kept from an earlier report"),
        Column("tokens_in", "bigint", "Tokens sent, 0 when no model was asked", "tokens", NOT_REPORTED),
        Column("tokens_out", "bigint", "Tokens received, 0 when no model was asked", "tokens", NOT_REPORTED),
        Column("run_id", "string", "Newest run in the data", null="the data names no run"),
        Column("created_at", "timestamp", "When the summary was made", "UTC"),
    ),
    key=("question_id",),
)

TARGET = Column("target", "string", "What is predicted: rotten_tomatoes, imdb_rating or box_office_usd")
NOT_SCORED = "no model was trained"
BASELINE_ROW = "a baseline, or not scored"
NO_KNOWN_VALUE = "no film has a known value"

PREDICTIONS = Table(
    "predictions",
    "gold",
    "Predictions for the films of the test years, on the list or not, from what was known before their release.",
    (
        Column("imdb_id", "string", "IMDb id"),
        TARGET,
        Column("unit", "string", "Unit of the values: points of 100, points of 10 or US dollars"),
        Column("predicted", "double", "The model's prediction", "unit"),
        Column("low", "double", "Lower end of the interval that should cover 80% of films", "unit"),
        Column("high", "double", "Upper end of that interval", "unit"),
        Column("actual", "double", "The film's actual value", "unit", "not known"),
        Column("baseline", "double", "Prediction of the best baseline", "unit"),
        Column("baseline_method", "string", "That baseline: mean, genre mean or director's earlier films"),
        Column(
            "reasons",
            "string",
            "The three things known of the film that move the prediction most, and by how much: in points, for box "
            "office as a factor",
            null="nothing known of it moves the prediction",
        ),
    ),
    key=("imdb_id", "target"),
)

PREDICTION_SCORES = Table(
    "prediction_scores",
    "gold",
    "How good the model and the baselines are on the films of the test years; one row per target and method.",
    (
        TARGET,
        Column("method", "string", "model, mean, genre mean or director's earlier films"),
        Column("unit", "string", "Unit of the errors: points of 100, points of 10 or log10 US dollars"),
        Column(
            "r2",
            "double",
            "Share of the test films' variance explained; below 0 is worse than their mean",
            "",
            NOT_SCORED,
        ),
        Column("mae", "double", "Mean absolute error; a log10 of 0.3 is a factor of 2", "unit", NOT_SCORED),
        Column("interval_aim", "double", "Share of films that the interval should cover", "0-1", "a baseline"),
        Column("interval_coverage", "double", "Share of the test films that it covers", "0-1", BASELINE_ROW),
        Column("interval_width", "double", "Mean width of the interval", "unit", BASELINE_ROW),
        Column("best_baseline", "string", "Baseline with the lowest mae, which the model must beat", null=BASELINE_ROW),
        Column("mae_gain", "double", "mae of the best baseline minus that of the model", "unit", BASELINE_ROW),
        Column("mae_gain_low", "double", "Lower end of the gain's 95% confidence interval", "unit", BASELINE_ROW),
        Column("mae_gain_high", "double", "Upper end of the gain's 95% confidence interval", "unit", BASELINE_ROW),
        Column(
            "beats_baseline",
            "boolean",
            "The gain's interval is above 0, and r2 above the best baseline's",
            null=BASELINE_ROW,
        ),
        Column("verdict", "string", "The same in a sentence, or why there is no model or no score", null="a baseline"),
        Column("training_films", "bigint", "Films with a known value before the test years", "films"),
        Column("test_films", "bigint", "Films of the test years with a known value", "films"),
        Column("first_test_year", "int", "First test year", "calendar year", NO_KNOWN_VALUE),
        Column("last_test_year", "int", "Last test year", "calendar year", NO_KNOWN_VALUE),
    ),
    key=("target", "method"),
)

INSIGHTS_TABLES = {
    table.name: table
    for table in (GENRE_TRENDS, RANK_MOVERS, RECOMMENDATIONS, SUMMARIES, PREDICTIONS, PREDICTION_SCORES)
}
