"""Search: exact scores of all pairs of films, chunk by chunk, and a pool of the best candidates for each film. Pure.

Place: third stage of :mod:`.recommendations`.

Every film is a candidate for every other: similarity and prior are added before any candidate is dropped. The scores
of a chunk of films against all others fit in the CPU cache, which is faster than collecting sparse candidates.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from insights.similar.features import Features, Floats, Indices, PriorWeights, Standing

# Decimals that decide an order: further ones depend on the order in which the machine adds.
DECIMALS = 5
# Groups of columns per place of the pool: with more, fewer films pass the threshold, but finding it takes longer.
GROUPS_A_PLACE = 8
# Far below any score.
NO_CANDIDATE = np.float32(-1e6)


@dataclass(frozen=True)
class Pool:
    """The best candidates of m films, best first, in arrays of shape (m, p).

    Attributes
    ----------
    rows : Indices
        Rows of the films asked for, of shape (m,).
    films : Indices
        Rows of the candidates; 0 where there is none, and ``score`` is minus infinity.
    score : Floats
        Similarity and prior together, in the weights' units.
    similarity : Floats
        Similarity alone, in the weights' units.
    same_director, same_people : array of bool
        Whether a candidate shares a director and a genre with the film asked for, and whether it shares any name.
    """

    rows: Indices
    films: Indices
    score: Floats
    similarity: Floats
    same_director: npt.NDArray[np.bool_]
    same_people: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Similarity:
    """Weighted similarity of films: the product of their features, and the closeness of their years.

    ``years``, shape (distinct years, distinct years), is the year's part; ``year_codes`` are the films' rows in it.
    """

    features: Features
    common_transposed: Floats
    rare_transposed: sp.csr_array
    years: Floats
    year_codes: Indices

    @classmethod
    def of(cls, features: Features, year_weight: float, year_scale: float) -> Similarity:
        """Prepare; the year's part is ``year_weight * exp(-years apart / year_scale)``, 0 where a year is unknown."""
        different, codes = np.unique(features.years, return_inverse=True)
        apart = np.abs(different[:, None] - different[None, :])
        years = np.nan_to_num(year_weight * np.exp(-apart / year_scale), nan=0.0)
        common = np.ascontiguousarray(features.common.T)
        return cls(features, common, features.rare.T.tocsr(), years.astype(np.float32), codes)

    def in_order_of_years(self) -> Indices:
        """Return all rows sorted by year, so that the values of a year stay in the cache for the next film."""
        return np.argsort(self.year_codes, kind="stable")

    def shared(self, rows: Indices, out: Floats) -> None:
        """Write the similarity of m ``rows`` with all n films, without the year's part, into ``out``, shape (m, n)."""
        np.matmul(self.features.common[rows], self.common_transposed, out=out)
        rare = self.features.rare[rows] @ self.rare_transposed
        out[np.repeat(np.arange(len(out)), np.diff(rare.indptr)), rare.indices] += rare.data


@dataclass(frozen=True)
class Scorer:
    """Scorer of films against all others, by similarity and prior; it finds ``size`` candidates for each film.

    ``own``, shape (n,), is a candidate's gain by its own standing, the same for every film asked for.
    """

    similarity: Similarity
    standing: Standing
    weights: PriorWeights
    own: Floats
    size: int

    @classmethod
    def of(cls, similarity: Similarity, standing: Standing, weights: PriorWeights, size: int) -> Scorer:
        """Prepare the parts that are the same for all films."""
        return cls(similarity, standing, weights, standing.own(weights), size)

    def pools(self, chunks: Iterable[Indices]) -> Iterator[Pool]:
        """Yield the best candidates of the films of each chunk.

        Chunks are at most as long as the first, in the order of :meth:`Similarity.in_order_of_years`. A film is not
        its own candidate, and neither is one that shares no token with it, however famous or near in time.
        """
        features = self.similarity.features
        people = features.people.T.tocsr()
        n = len(self.own)
        depth = max(1, n // (GROUPS_A_PLACE * self.size))
        padded = buffer = np.empty((0, 0), np.float32)
        for rows in chunks:
            m = len(rows)
            if m > len(padded):  # once: new memory for each chunk would double the time
                padded, buffer = (np.full((m, -(-n // depth) * depth), NO_CANDIDATE) for _ in range(2))
            self._score(rows, padded[:m, :n], buffer[:m, :n])
            films, score = best(padded[:m], depth, self.size)
            similarity = score - self.standing.prior(rows, films, self.weights)
            same_director = _at(features.same_director[rows], films)
            same_people = _at(features.people[rows] @ people, films)
            yield Pool(rows, films, score, similarity, same_director, same_people)

    def _score(self, rows: Indices, scores: Floats, work: Floats) -> None:
        self.similarity.shared(rows, out=scores)
        # Adding a penalty is five times faster than assigning through a mask.
        np.multiply(scores <= 0, NO_CANDIDATE, out=work)
        scores += work
        scores[np.arange(len(rows)), rows] = NO_CANDIDATE
        years, codes = self.similarity.years, self.similarity.year_codes
        for code, first, count in zip(*np.unique(codes[rows], return_index=True, return_counts=True), strict=True):
            scores[first : first + count] += years[code, codes] + self.own
        self.standing.subtract_distance(rows, self.weights, out=scores, work=work)


def _at(pairs: sp.csr_array, films: Indices) -> npt.NDArray[np.bool_]:
    """Return whether the entries of ``pairs``, shape (m, n), at the columns ``films``, shape (m, p), are not 0."""
    nonzero: npt.NDArray[np.bool_] = pairs.astype(bool).toarray()
    return np.take_along_axis(nonzero, films, axis=1)


def best(scores: Floats, depth: int, size: int) -> tuple[Indices, Floats]:
    """Return the ``size`` highest scores of each row, highest first; ties go to the first column.

    Columns are split into groups of ``depth``. At least ``size`` scores reach the ``size``-th highest of the groups'
    maxima, so only those are sorted: partitioning whole rows takes far longer.

    Parameters
    ----------
    scores : Floats
        Shape (m, groups * depth); values near :data:`NO_CANDIDATE` are no scores.

    Returns
    -------
    films, score
        Shape (m, size); column 0 and minus infinity where a row has fewer scores.
    """
    m = len(scores)
    maxima = scores.reshape(m, depth, -1).max(axis=1)
    kth = max(0, maxima.shape[1] - size)
    threshold = np.partition(maxima, kth, axis=1)[:, kth]
    rows, columns = np.divmod(np.flatnonzero(scores >= threshold[:, None]), scores.shape[1])
    values = scores[rows, columns]
    rows, columns, values = (array[values > NO_CANDIDATE / 2] for array in (rows, columns, values))
    order = np.lexsort((-np.round(values, DECIMALS), rows))  # stable: columns stay in order
    rows, columns, values = rows[order], columns[order], values[order]
    position = np.arange(len(rows)) - np.searchsorted(rows, np.arange(m))[rows]
    kept = position < size
    films = np.zeros((m, size), dtype=np.intp)
    score = np.full((m, size), -np.inf, dtype=np.float32)
    films[rows[kept], position[kept]] = columns[kept]
    score[rows[kept], position[kept]] = values[kept]
    return films, score
