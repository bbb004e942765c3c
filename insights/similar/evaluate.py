"""Evaluation of recommendations against people's ratings of the same films. Pure, but for reading the ratings file.

A list of similar films is good if people who like the film also like the films in the list. Users are split at random
in two halves: the first gives popularity; the likes of the second are held out and say which ten films are liked most
often together with each film (cosine). No method sees them.

The intervals are over films, and hold for other users of the same films: in simulated likes, 97% to 100% cover the
mean over all users. For a catalogue of other films they are too narrow (77% to 85%), since each film is tested and is
in the lists of others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from insights.similar import features, recommendations
from insights.similar.choice import Options
from pipeline.errors import InvalidInput

Values = npt.NDArray[np.float64]
# From the row of a film to a score of every film.
Method = Callable[[int], Values]
# Fewest held-out likes of a film whose list is tested.
FEWEST_LIKES = 10
RESAMPLES = 2_000
MOVIELENS = ("userId", "movieId", "rating")
PLAIN = ("user", "imdb_id", "rating")
FORMATS = f"columns {', '.join(PLAIN)}; or MovieLens' ratings.csv ({', '.join(MOVIELENS)}) with links.csv beside it"


@dataclass(frozen=True)
class Protocol:
    """How to evaluate: list length, lowest rating of a liked film, and the seed of the split."""

    k: int = 10
    liked_from: float = 4.0
    seed: int = 0


def read(path: Path) -> pd.DataFrame:
    """Read ratings as columns ``user``, ``imdb_id`` and ``rating``.

    Raises
    ------
    InvalidInput
        If a file cannot be read or has other columns.
    """
    ratings = _csv(path)
    if set(MOVIELENS) <= set(ratings):
        links = _csv(path.with_name("links.csv"))
        if not {"movieId", "imdbId"} <= set(links):
            raise InvalidInput("lacks movieId or imdbId", subject="links.csv", next_step=f"give {FORMATS}")
        ids = "tt" + links["imdbId"].astype(str).str.zfill(7)
        imdb_id = ratings["movieId"].map(dict(zip(links["movieId"], ids, strict=True)))
        ratings = ratings.assign(user=ratings["userId"], imdb_id=imdb_id)
    if not set(PLAIN) <= set(ratings):
        raise InvalidInput("has other columns than expected", subject=str(path), next_step=f"give {FORMATS}")
    ratings["rating"] = pd.to_numeric(ratings["rating"], errors="coerce")
    return ratings[list(PLAIN)].dropna()


def evaluate(movies: pd.DataFrame, ratings: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    """Compare the recommendations with random films, popular films, the usual metadata soup, and no prior.

    Parameters
    ----------
    movies, ratings : DataFrame
        Gold ``movies``, and what :func:`read` returns.

    Returns
    -------
    DataFrame
        One row per method: ``method``; ``ndcg`` and ``hit_rate`` (share of lists with a co-liked film), with the ends
        of their 95% confidence intervals over films (``_low``, ``_high``); ``coverage`` (share of the tested films
        that are in some list); and ``films`` and ``users`` who like some of them, which the figures stand on.

    Raises
    ------
    InvalidInput
        If fewer than two films have ten held-out likes.
    """
    movies = movies.drop_duplicates("imdb_id", ignore_index=True)
    row = pd.Series(movies.index, index=movies["imdb_id"])
    likes = ratings[(ratings["rating"] >= protocol.liked_from) & ratings["imdb_id"].isin(row.index)]
    likes = likes.drop_duplicates(["user", "imdb_id"])
    random = np.random.default_rng(protocol.seed)
    users = likes["user"].unique()
    held_out = likes["user"].isin(random.permutation(users)[: (len(users) + 1) // 2])
    popularity = np.bincount(likes.loc[~held_out, "imdb_id"].map(row), minlength=len(movies)).astype(float)
    wanted = co_liked(likes[held_out], row, protocol.k)
    if len(wanted) < 2:
        raise InvalidInput(
            f"{len(wanted)} films of the catalogue have {FEWEST_LIKES} held-out likes",
            subject="ratings",
            next_step="give ratings of more films that are in Gold, or lower the rating that counts as a like",
        )
    methods: dict[str, Method] = {
        "recommendations": _by_lists(movies, Options()),
        "without prior": _by_lists(movies, Options(prior=0)),
        "metadata soup": _by_soup(movies),
        "popularity": lambda _: popularity,
        "random": lambda _: random.random(len(movies)),
    }
    rows = [{"method": name} | measure(method, wanted, protocol) for name, method in methods.items()]
    of_tested = held_out & likes["imdb_id"].isin(movies["imdb_id"].iloc[list(wanted)])
    return pd.DataFrame(rows).assign(films=len(wanted), users=likes.loc[of_tested, "user"].nunique())


def co_liked(likes: pd.DataFrame, row: pd.Series[int], k: int) -> dict[int, npt.NDArray[np.intp]]:
    """Return the rows of the k films liked most often together with each film of ten likes, by the likes' cosine.

    ``likes`` has ``user`` and ``imdb_id``, each pair once; ``row`` the row of each film, by ``imdb_id``.
    """
    likes = likes[likes.groupby("imdb_id")["user"].transform("count") >= FEWEST_LIKES]
    if likes.empty:
        return {}
    users, films = likes["user"].astype("category"), likes["imdb_id"].astype("category")
    matrix = sp.csr_array((np.ones(len(likes)), (users.cat.codes, films.cat.codes)))
    norms = np.sqrt(matrix.sum(axis=0))
    cosine = (matrix.T @ matrix).toarray() / norms / norms[:, None]
    np.fill_diagonal(cosine, 0)
    rows = row[films.cat.categories].to_numpy()
    best = np.argsort(-cosine, axis=1, kind="stable")[:, :k]
    return {
        int(film): rows[order[cosine[number, order] > 0]]
        for number, (film, order) in enumerate(zip(rows, best, strict=True))
    }


def _csv(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path, dtype={"imdbId": str, "imdb_id": str})
    except (OSError, ValueError) as error:
        cause = " ".join(str(error).split())
        raise InvalidInput(f"cannot be read: {cause}", subject=str(path), next_step=f"give {FORMATS}") from error


def _by_lists(movies: pd.DataFrame, options: Options) -> Method:
    """Score films by their ranks in the film's list; match scores may be equal."""
    lists = recommendations.build(movies, options)
    row = pd.Series(movies.index, index=movies["imdb_id"])
    scores = 1 / lists["rank"].to_numpy(float)
    where = (lists["imdb_id"].map(row), lists["recommended_imdb_id"].map(row))
    matrix = sp.csr_array((scores, where), shape=(len(movies), len(movies)))
    return lambda film: matrix[[film]].toarray()[0]


def _by_soup(movies: pd.DataFrame) -> Method:
    """Score films by the TF-IDF cosine of all their names and words in one bag, the usual tutorial's baseline."""
    fields = features.read(movies)
    bags = [[token for field in film for token in field] for film in zip(*fields.values(), strict=True)]
    soup = features.tfidf(bags) if any(bags) else sp.csr_array((len(movies), 1))
    return lambda film: (soup @ soup[[film]].T).toarray()[:, 0]


def measure(method: Method, wanted: dict[int, npt.NDArray[np.intp]], protocol: Protocol) -> dict[str, float]:
    """Measure the lists of one method on films with their co-liked films; see :func:`evaluate`."""
    discounts = 1 / np.log2(np.arange(protocol.k) + 2)
    ndcg, given = [], set[int]()
    for film, co_liked_films in wanted.items():
        scores = np.array(method(film), dtype=float)
        scores[film] = 0
        best = np.argsort(-scores, kind="stable")[: protocol.k]
        best = best[scores[best] > 0]
        gain = discounts[: len(best)] @ np.isin(best, co_liked_films)
        ndcg.append(float(gain / discounts[: max(1, len(co_liked_films))].sum()))
        given.update(best.tolist())
    values = np.array(ndcg)
    hits = (values > 0).astype(float)
    low, high = _interval(values, protocol.seed)
    hit_low, hit_high = _interval(hits, protocol.seed)
    return {
        "ndcg": values.mean(),
        "ndcg_low": low,
        "ndcg_high": high,
        "hit_rate": hits.mean(),
        "hit_rate_low": hit_low,
        "hit_rate_high": hit_high,
        "coverage": len(given & set(wanted)) / len(wanted),
    }


def _interval(values: Values, seed: int) -> tuple[float, float]:
    """Return the 95% bootstrap interval of the mean."""
    drawn = np.random.default_rng(seed).integers(len(values), size=(RESAMPLES, len(values)))
    low, high = np.quantile(values[drawn].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)
