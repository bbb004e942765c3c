"""Predictions: better than the baselines when features predict the outcome, and no claim when they do not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import sem
from scipy.stats import t as student

from insights.columns import PREDICTION_SCORES, PREDICTIONS
from insights.predictions import model as model_module
from insights.predictions.features import TARGETS
from insights.predictions.model import _latest, conformal_margins, split_by_time
from insights.predictions.predict import Prediction, baselines, predict, score_rows
from pipeline.errors import InvalidInput


def catalogue(films: int = 400, *, skill: float = 20, seed: int = 1) -> pd.DataFrame:
    """Films of 30 years by 20 directors of different skill; longer films and dramas are liked more and earn more."""
    random = np.random.default_rng(seed)
    director, drama = random.integers(0, 20, films), random.integers(0, 2, films)
    runtime = random.integers(80, 141, films)
    merit = np.linspace(-0.6, 0.6, 20)[director] + (runtime - 110) / 30 + 0.3 * drama
    return pd.DataFrame(
        {
            "imdb_id": [f"tt{number:07}" for number in range(films)],
            "year": 1980 + np.arange(films) * 30 // films,
            "genres": [["Drama"] if is_drama else ["Comedy"] for is_drama in drama],
            "directors": [[f"Director {number}"] for number in director],
            "runtime_minutes": runtime,
            "rotten_tomatoes": (50 + skill * merit + random.normal(0, 5, films)).clip(0, 100),
            "box_office_usd": 10 ** (6 + skill / 20 * merit + random.normal(0, 0.2, films)),
        }
    )


@pytest.fixture(scope="module")
def movies() -> pd.DataFrame:
    return catalogue()


@pytest.fixture(scope="module")
def rated(movies: pd.DataFrame) -> pd.DataFrame:
    """The same films without box office, so that one target is learned."""
    return movies.drop(columns="box_office_usd")


@pytest.fixture(scope="module")
def prediction(movies: pd.DataFrame) -> Prediction:
    return predict(movies)


def predict_quickly(movies: pd.DataFrame) -> Prediction:
    """Predict with a tenth of the trees, where a test does not ask how near a prediction comes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model_module, "TREES", 20)
        return predict(movies)


def score(scores: pd.DataFrame, target: str, method: str = "model") -> pd.Series:
    return scores.set_index(["target", "method"]).loc[(target, method)]


def test_model_beats_the_baselines_when_features_predict_the_outcome(prediction: Prediction) -> None:
    for target in ("rotten_tomatoes", "box_office_usd"):
        model = score(prediction.scores, target)
        assert bool(model["beats_baseline"])
        assert model["verdict"].startswith("beats the best baseline")
        assert model["r2"] > score(prediction.scores, target, model["best_baseline"])["r2"]
        assert 0.7 <= model["interval_coverage"] <= 0.9
        assert 0 < model["mae_gain_low"] < model["mae_gain"] < model["mae_gain_high"]


def test_random_outcomes_do_not_beat_the_baselines() -> None:
    # given outcomes that have nothing to do with the films
    films = catalogue(400, skill=0).drop(columns="box_office_usd")
    model = score(predict(films).scores, "rotten_tomatoes")
    assert not model["beats_baseline"]
    assert model["verdict"].startswith("does not beat the best baseline")
    assert model["mae_gain_low"] <= 0


def test_scores_can_be_computed_again_from_the_predictions(prediction: Prediction) -> None:
    for target, scale in (("rotten_tomatoes", float), ("box_office_usd", np.log10)):
        rows = prediction.predictions[prediction.predictions["target"] == target]
        columns = rows[["predicted", "low", "high", "actual", "baseline"]].map(scale)
        model, baseline = (
            score(prediction.scores, target),
            score(prediction.scores, target, rows["baseline_method"].iloc[0]),
        )
        assert (columns["predicted"] - columns["actual"]).abs().mean() == pytest.approx(model["mae"])
        assert (columns["baseline"] - columns["actual"]).abs().mean() == pytest.approx(baseline["mae"])
        residual = ((columns["predicted"] - columns["actual"]) ** 2).sum()
        total = ((columns["actual"] - columns["actual"].mean()) ** 2).sum()
        assert 1 - residual / total == pytest.approx(model["r2"])
        assert columns["actual"].between(columns["low"], columns["high"]).mean() == pytest.approx(
            model["interval_coverage"], abs=0.01
        )


def test_only_films_of_the_test_years_are_predicted_also_those_not_yet_rated(rated: pd.DataFrame) -> None:
    # given films of the last year without an outcome
    last = rated["year"] == 2009
    rows = predict_quickly(rated.assign(rotten_tomatoes=rated["rotten_tomatoes"].mask(last))).predictions
    rows = rows.merge(rated[["imdb_id", "year"]], on="imdb_id")
    assert rows["year"].min() == 2003
    assert rows.loc[rows["year"] == 2009, "actual"].isna().all()
    assert rows[["predicted", "low", "high", "baseline", "reasons"]].notna().all(axis=None)
    assert (rows["low"] <= rows["predicted"]).all()
    assert (rows["predicted"] <= rows["high"]).all()
    assert rows[["low", "high"]].stack().between(0, 100).all()


def test_outcomes_of_later_films_do_not_move_a_prediction(rated: pd.DataFrame) -> None:
    # given other outcomes in the last test year
    last = rated["year"] == 2009
    other = rated.assign(rotten_tomatoes=rated["rotten_tomatoes"].where(~last, 100 - rated["rotten_tomatoes"]))
    before, after = predict_quickly(rated).predictions, predict_quickly(other).predictions
    # then no prediction moves, not even those of that year, and the same films give the same predictions
    columns = ["imdb_id", "target", "predicted", "low", "high", "reasons"]
    pd.testing.assert_frame_equal(before[columns], after[columns], check_exact=True)


def test_reasons_name_what_sets_a_film_apart(movies: pd.DataFrame, prediction: Prediction) -> None:
    # given the films of the best director and of the worst
    rows = prediction.predictions[prediction.predictions["target"] == "rotten_tomatoes"].merge(movies, on="imdb_id")
    rows = rows.set_index(rows["directors"].str[0])
    assert rows.loc[["Director 19"], "reasons"].str.contains(r"director \+").all()
    assert rows.loc[["Director 0"], "reasons"].str.contains(r"director -").all()


def test_baselines_are_means_of_training_films_and_of_earlier_films() -> None:
    # given two training films, and films after them
    films = pd.DataFrame(
        {
            "year": [2000, 2000, 2001, 2002],
            "genres": [["Drama"], ["Comedy"], ["Drama"], ["Western", "Comedy"]],
            "directors": [["Ann"], ["Bo"], ["Ann"], None],
        }
    )
    learned = pd.Series([60.0, 40.0, 90.0, np.nan])
    simple = baselines(films, learned, pd.Series([True, True, False, False]))
    assert simple["mean"].tolist() == [50] * 4
    assert simple["genre mean"].tolist() == [60, 40, 60, 40]
    # then Ann's second film: her first and one at the mean of dramas
    assert simple["director's earlier films"].tolist() == [60, 40, 60, 40]
    later = baselines(films, learned.where(learned != 60, 80.0), pd.Series([False, True, False, False]))
    assert later["director's earlier films"].tolist() == [40, 40, (80 + 40) / 2, 40]


@pytest.mark.parametrize(
    "films",
    [
        pd.DataFrame(),
        catalogue(1),
        catalogue(150).assign(rotten_tomatoes=None, box_office_usd=None),
        catalogue(150).assign(year=2000),
        catalogue(150).assign(year=None),
        catalogue(90),
    ],
    ids=["none", "one", "no values", "one year", "no years", "too few"],
)
def test_too_little_data_gives_a_reason_and_no_rows(films: pd.DataFrame, prediction: Prediction) -> None:
    none = predict(films)
    assert len(none.predictions) == 0
    assert none.scores["target"].tolist() == ["rotten_tomatoes", "imdb_rating", "box_office_usd"]
    assert none.scores["verdict"].str.startswith("no model: ").all()
    assert none.predictions.dtypes.equals(prediction.predictions.dtypes)
    assert none.scores.dtypes.equals(prediction.scores.dtypes)
    assert none.predictions.columns.tolist() == PREDICTIONS.column_names
    assert none.scores.columns.tolist() == PREDICTION_SCORES.column_names


def test_films_without_genres_or_people_are_predicted_from_the_rest(rated: pd.DataFrame) -> None:
    predicted = predict_quickly(rated.assign(genres=None, directors=None))
    assert score(predicted.scores, "rotten_tomatoes")["r2"] > 0
    assert len(predicted.predictions) > 0


def test_films_of_the_test_years_without_outcomes_are_predicted_too(rated: pd.DataFrame) -> None:
    coming = rated.assign(rotten_tomatoes=rated["rotten_tomatoes"].where(rated["year"] < 2009))
    predicted = predict_quickly(coming)
    model = score(predicted.scores, "rotten_tomatoes")
    assert len(predicted.predictions) == (rated["year"] >= model["first_test_year"]).sum() > model["test_films"]
    assert predicted.predictions["actual"].isna().sum() == (rated["year"] >= 2009).sum()


def test_years_are_never_split_and_come_in_order() -> None:
    year, known = pd.Series([float(2000 + number // 30) for number in range(300)] + [np.nan]), pd.Series([True] * 301)
    split = split_by_time(year, known)
    years = [set(year[mask]) for mask in (split.fitting, split.calibration, split.test)]
    assert [(min(part), max(part)) for part in years] == [(2000, 2005), (2006, 2007), (2008, 2009)]
    assert not (split.training | split.test).iloc[-1]


def test_margins_are_the_conformal_rank_of_each_quarter_of_the_predictions() -> None:
    # given four quarters of nine films, whose values lie 1 to 9, 11 to 19, ... outside their intervals
    calibrated = np.repeat([1.0, 2.0, 3.0, 4.0], 9) + np.tile(np.arange(9) / 100, 4)
    outside = np.repeat([0.0, 10.0, 20.0, 30.0], 9) + np.tile(np.arange(1.0, 10.0), 4)
    # when
    earlier = pd.DataFrame({"predicted": calibrated, "outside": outside})
    margins = conformal_margins(earlier, np.array([0.0, 2.05, 3.05, 9.0]), 0.8)
    # then each is the one of rank ceil(10 * 0.8) of its quarter
    assert margins.tolist() == [8, 18, 28, 38]
    assert conformal_margins(earlier, np.array([0.0, 9.0]), 0.9).tolist() == [9, 39], "9 is that rank"
    # and of all films where a quarter is too small: nine films have no rank ceil(10 * 0.95)
    assert conformal_margins(earlier, np.array([0.0, 9.0]), 0.95).tolist() == [39, 39]
    few = pd.DataFrame({"predicted": [1.0, 1.0], "outside": [3.0, 1.0]})
    assert conformal_margins(few, np.array([1.0]), 0.8).tolist() == [3]


def test_margins_come_from_the_last_whole_years_that_hold_enough_films() -> None:
    films = pd.DataFrame({"year": [2002.0, 2000.0, 2001.0, 2001.0]})
    assert _latest(films, 2)["year"].tolist() == [2002, 2001, 2001]


def test_intervals_cover_the_stated_share_where_the_spread_grows_with_the_prediction() -> None:
    # given scores that vary by 3 points for short films and by 12 for long ones
    films = catalogue(3000, skill=0)
    random = np.random.default_rng(2)
    runtime = films["runtime_minutes"]
    films["rotten_tomatoes"] = (runtime - 60) + random.normal(0, 1, 3000) * np.interp(runtime, [80, 140], [3, 12])
    # when
    rows = predict(films.drop(columns="box_office_usd")).predictions
    # then in each quarter of the predictions, and the intervals are wider where the scores vary more
    quarter = pd.qcut(rows["predicted"], 4, labels=False)
    covered = rows["actual"].between(rows["low"], rows["high"]).groupby(quarter).mean()
    width = (rows["high"] - rows["low"]).groupby(quarter).mean()
    assert covered.between(0.7, 0.9).all()
    assert width[3] > 2 * width[0]


def test_intervals_keep_up_with_scores_that_vary_more_in_the_test_years() -> None:
    # given scores that vary by 4 points before the test years and by 10 in them
    films = catalogue(2000, skill=0).drop(columns="box_office_usd")
    spread = np.where(films["year"] < 2004, 4, 10)
    films["rotten_tomatoes"] = 50 + np.random.default_rng(4).normal(0, 1, 2000) * spread
    # when
    rows = predict(films).predictions.merge(films[["imdb_id", "year"]], on="imdb_id")
    # then the first test year is not covered, but the last ones have learned from it
    covered = rows["actual"].between(rows["low"], rows["high"]).groupby(rows["year"]).mean()
    assert covered[2004] < 0.6
    assert covered.loc[2008:].mean() > 0.7


def test_intervals_cover_the_stated_share_of_exchangeable_films() -> None:
    """Mutation: models that have seen the films to calibrate on; with all trees, 74% are covered then."""
    # given lists whose films differ by chance alone; one list has too few test films to judge by
    covered = []
    for seed in range(4):
        films = catalogue(250, seed=seed).drop(columns="box_office_usd")
        rows = predict(films).predictions
        covered.append(rows["actual"].between(rows["low"], rows["high"]).mean())
    assert 0.77 < np.mean(covered) < 0.86


def test_the_gains_interval_and_the_best_baseline_are_those_of_scipy_and_plain_means() -> None:
    # given forty films on which the director's rule is best and the mean worst
    random = np.random.default_rng(3)
    actual = pd.Series(random.normal(60, 15, 40))
    simple = pd.DataFrame(
        {
            "mean": 60.0,
            "genre mean": actual + random.normal(0, 12, 40),
            "director's earlier films": actual + random.normal(0, 8, 40),
        }
    )
    close = actual + random.normal(0, 7.9, 40)
    for predicted, beats in ((actual + random.normal(0, 2, 40), True), (close, False)):
        intervals = pd.DataFrame(
            {"predicted": predicted, "low": predicted - 1, "high": predicted + 1, "actual": actual}
        )
        # when
        model = score_rows(TARGETS[0], intervals, simple, 0.8)[0]
        # then
        errors = {name: (column - actual).abs() for name, column in simple.items()}
        gain = errors["director's earlier films"] - (predicted - actual).abs()
        low, high = student.interval(0.95, 39, gain.mean(), sem(gain))
        assert model["best_baseline"] == min(errors, key=lambda name: errors[name].mean()) == "director's earlier films"
        assert (model["mae_gain_low"], model["mae_gain_high"]) == pytest.approx((low, high))
        assert model["beats_baseline"] is beats
        within = (predicted - actual).abs() <= 1
        assert (model["interval_aim"], model["interval_coverage"]) == (0.8, pytest.approx(within.mean()))
        assert model["interval_width"] == pytest.approx(2)
    assert model["mae_gain"] > 0 > model["mae_gain_low"], "a gain that may be chance beats nothing"


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (0.0, "beats the best baseline (mean): mean error lower by 10.00 points of 100 (95% interval 0.81 to 19.19)"),
        (20.0, "does not beat the best baseline (mean): mean error higher by 10.00 points of 100 "
               "(95% interval 0.81 to 19.19)"),
    ],
)  # fmt: skip
def test_the_verdict_says_by_how_much_the_error_is_lower_or_higher(error: float, verdict: str) -> None:
    """The baseline's errors are 15, 5, 5 and 15, 10 on average; t of 3 degrees of freedom is 3.182 at 95%."""
    actual = pd.Series([50.0, 60.0, 70.0, 80.0])
    model = pd.DataFrame({"predicted": actual + error, "low": actual, "high": actual, "actual": actual})

    row = score_rows(TARGETS[0], model, pd.DataFrame({"mean": [65.0] * 4}), 0.8)[0]

    assert row["verdict"] == verdict


@pytest.mark.parametrize("coverage", [0, 1, -1])
def test_a_coverage_out_of_range_is_refused(coverage: float) -> None:
    with pytest.raises(InvalidInput):
        predict(pd.DataFrame(), coverage)
