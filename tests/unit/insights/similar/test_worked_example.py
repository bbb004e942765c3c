"""Six films whose recommendations are computed here by hand, step by step."""

from __future__ import annotations

import math
from itertools import product

import pandas as pd
import pytest

from insights.similar import features
from insights.similar.choice import Options
from insights.similar.features import FieldWeights, PriorWeights
from insights.similar.recommendations import build

Film = dict[str, list[str] | int | float]
# Weights that differ from the defaults and from each other, so that none can stand in for another.
WEIGHTS = {"genres": 1.3, "actors": 2.1, "writers": 0.7, "year": 0.9}
NOTICE, RATING, SAME_NOTICE, SAME_RATING = 0.6, 0.45, 0.35, 0.25
RELEVANCE, YEAR_SCALE = 0.6, 8.0
COLUMNS = ("genres", "actors", "writers", "year", "votes", "rating")
ROWS = [
    ("tt1", ["Crime", "Drama"], ["A", "B"], ["X"], 1970, 900, 9.0),
    ("tt2", ["Crime", "Drama"], ["A", "B"], ["Y"], 1974, 700, 8.1),
    ("tt3", ["Crime", "Drama"], ["A", "B"], ["Y"], 1975, 650, 6.0),
    ("tt4", ["Crime"], ["C"], ["X"], 1990, 800, 8.8),
    ("tt5", ["Drama"], ["B"], ["Z"], 1971, 100, 7.0),
    ("tt6", ["Drama", "Comedy"], ["D"], ["Z"], 2001, 400, 3.0),
]
FILMS: dict[str, Film] = {row[0]: dict(zip(COLUMNS, row[1:], strict=True)) for row in ROWS}  # type: ignore[arg-type]


def cosine(field: str, one: str, other: str, asked: str = "") -> float:
    """TF-IDF cosine of two films in one field; a token of f of n films weighs ln((1 + n) / (1 + f)) + 1.

    With ``asked``, only tokens that this film has too are shared.
    """

    def weight(token: str) -> float:
        films = sum(token in film[field] for film in FILMS.values())  # type: ignore[operator]
        return math.log((1 + len(FILMS)) / (1 + films)) + 1

    def length(film: str) -> float:
        return math.sqrt(sum(weight(token) ** 2 for token in FILMS[film][field]))  # type: ignore[union-attr]

    shared = set(FILMS[one][field]) & set(FILMS[other][field]) & set(FILMS[asked or one][field])  # type: ignore[arg-type]
    return sum(weight(token) ** 2 for token in shared) / length(one) / length(other)


def likeness(one: str, other: str, asked: str = "") -> float:
    """Weighted similarity of two films, years included; with ``asked`` as in :func:`cosine`."""
    years = abs(FILMS[one]["year"] - FILMS[other]["year"])  # type: ignore[operator]
    fields = sum(WEIGHTS[field] * cosine(field, one, other, asked) for field in ("genres", "actors", "writers"))
    return fields + WEIGHTS["year"] * math.exp(-years / YEAR_SCALE)


def standing(film: str, column: str) -> float:
    """Rarity of a film's percentile; with six films, all are compared with all."""
    values = [other[column] for other in FILMS.values()]
    own = FILMS[film][column]
    percentile = (sum(v < own for v in values) + sum(v == own for v in values) / 2) / len(values)  # type: ignore[operator]
    return math.log((1 - percentile + 0.02) / 1.02) / math.log(0.02 / 1.02)


def score(asked: str, film: str) -> float:
    """Similarity and prior together."""
    notice, rating = standing(film, "votes"), standing(film, "rating")
    apart = abs(notice - standing(asked, "votes")), abs(rating - standing(asked, "rating"))
    return likeness(asked, film) + NOTICE * notice + RATING * rating - SAME_NOTICE * apart[0] - SAME_RATING * apart[1]


def worked_out(asked: str, *, rare: bool = False, least: float = 0) -> list[tuple[str, float]]:
    """The list of a film: by maximal marginal relevance, each film with its match score.

    Of ``rare`` tokens, variety counts those of the film asked for. Films less similar than ``least`` are left out.
    """
    left, chosen = (
        [
            film
            for film in FILMS
            if film != asked
            and any(cosine(f, asked, film) for f in ("genres", "actors", "writers"))
            and likeness(asked, film) >= least * sum(WEIGHTS.values())
        ],
        [],
    )
    while left:

        def value(film: str) -> float:
            nearest = max((likeness(film, before, asked if rare else "") for before, _ in chosen), default=0.0)
            return RELEVANCE * score(asked, film) - (1 - RELEVANCE) * nearest

        best = max(left, key=value)
        left.remove(best)
        chosen.append((best, value(best) / RELEVANCE / (sum(WEIGHTS.values()) + NOTICE + RATING)))
    return chosen


def built(least: float) -> pd.DataFrame:
    movies = pd.DataFrame.from_dict(FILMS, orient="index").rename_axis("imdb_id").reset_index()
    others = dict.fromkeys(set(FieldWeights.__dataclass_fields__) - set(WEIGHTS), 0.0)
    options = Options(
        weights=FieldWeights(**WEIGHTS, **others),
        prior_weights=PriorWeights(NOTICE, RATING, SAME_NOTICE, SAME_RATING),
        relevance_share=RELEVANCE,
        year_scale=YEAR_SCALE,
        min_similarity=least,
    )
    return build(movies.rename(columns={"votes": "imdb_votes", "rating": "imdb_rating"}), options)


@pytest.mark.parametrize(
    ("common_share", "least"),
    [(0.0, 0.0), (1.0, 0.0), (0.0, 0.27), (0.0, 0.35)],
    ids=["common tokens", "rare tokens", "similar", "very similar"],
)
def test_films_and_scores_are_those_worked_out(
    monkeypatch: pytest.MonkeyPatch, common_share: float, least: float
) -> None:
    monkeypatch.setattr(features, "COMMON_SHARE", common_share)
    rows = built(least)

    for asked in FILMS:
        expected = worked_out(asked, rare=bool(common_share), least=least)
        recommended = rows[rows["imdb_id"] == asked]
        assert recommended["recommended_imdb_id"].tolist() == [film for film, _ in expected]
        assert recommended["similarity"].tolist() == pytest.approx([max(0, match) for _, match in expected], abs=2e-5)


def test_each_part_of_the_score_changes_the_example() -> None:
    """Given the example's own numbers: without variety, years or prior the order of some film would be another."""
    lists = {asked: [film for film, _ in worked_out(asked)] for asked in FILMS}

    by_score = {asked: sorted(lists[asked], key=lambda film: -score(asked, film)) for asked in FILMS}
    by_likeness = {asked: sorted(lists[asked], key=lambda film: -likeness(asked, film)) for asked in FILMS}
    assert lists != by_score
    assert lists != {asked: [film for film, _ in worked_out(asked, rare=True)] for asked in FILMS}
    fewer = sum(len(worked_out(asked, least=0.35)) for asked in FILMS)
    assert 0 < fewer < sum(map(len, lists.values()))
    assert by_score != by_likeness
    assert len({round(likeness(*pair), 6) for pair in product(FILMS, FILMS) if pair[0] < pair[1]}) == 15
