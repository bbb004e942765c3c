"""The columns of the Gold tables that :mod:`.predictions` makes."""

from __future__ import annotations

from pipeline.columns import Column, Table

TARGET = Column("target", "string", "What is predicted: rotten_tomatoes, imdb_rating or box_office_usd")
NO_MODEL = "no model was trained"
NOT_SCORED = "no model was trained, or too few test films have a known value"
BASELINE_ROW = "a baseline, or not scored"

PREDICTIONS = Table(
    "predictions",
    "gold",
    "What was to be expected of each film of the test years, from what was known before its release.",
    (
        Column("imdb_id", "string", "IMDb id"),
        TARGET,
        Column("unit", "string", "Unit of the values: points of 100, points of 10 or US dollars"),
        Column("predicted", "double", "The model's prediction", "unit"),
        Column("low", "double", "Lower end of the prediction's interval", "unit"),
        Column("high", "double", "Upper end of the prediction's interval", "unit"),
        Column("actual", "double", "What became of it", "unit", "not known"),
        Column("baseline", "double", "Prediction of the best baseline", "unit"),
        Column("baseline_method", "string", "That baseline: mean, genre mean or director's earlier films"),
        Column(
            "reasons",
            "string",
            "The three things known of the film that move the model's prediction most, and by how much: in points, "
            "for box office as a factor",
            null="nothing known of it moves the prediction",
        ),
    ),
)

PREDICTION_SCORES = Table(
    "prediction_scores",
    "gold",
    "How good the model and the baselines are on the films of the test years; one row a target and method.",
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
        Column("interval_aim", "double", "Share of films the interval is made to cover", "0-1", "a baseline"),
        Column("interval_coverage", "double", "Share of the test films it covers", "0-1", BASELINE_ROW),
        Column("interval_width", "double", "Mean width of the interval", "unit", BASELINE_ROW),
        Column(
            "best_baseline", "string", "The baseline with the lowest mae, which the model must beat", null=BASELINE_ROW
        ),
        Column("mae_gain", "double", "mae of the best baseline less that of the model", "unit", BASELINE_ROW),
        Column("mae_gain_low", "double", "Lower end of the gain's 95 % interval", "unit", BASELINE_ROW),
        Column("mae_gain_high", "double", "Upper end of the gain's 95 % interval", "unit", BASELINE_ROW),
        Column(
            "beats_baseline",
            "boolean",
            "The gain's interval is above 0, and r2 above the best baseline's",
            null=BASELINE_ROW,
        ),
        Column("verdict", "string", "The same in a sentence, or why there is no model or no score", null="a baseline"),
        Column("training_films", "bigint", "Films with a known value before the test years", "films"),
        Column("test_films", "bigint", "Films of the test years with a known value", "films"),
        Column("first_test_year", "int", "First test year", "calendar year", "no film has a known value"),
        Column("last_test_year", "int", "Last test year", "calendar year", "no film has a known value"),
    ),
)
