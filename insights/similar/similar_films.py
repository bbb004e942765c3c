"""Which films come first: exact scores of all pairs, chunk by chunk, and a pool of the best for each film.

Place: third stage of :mod:`.recommendations`; arrays in, arrays out.

Every film is a candidate for every other: similarity and prior are added before anything is left out. A chunk of
films against all others fits the processor's cache, which is faster than collecting sparse candidates, and exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from insights.similar.catalogue_prior import PriorWeights, Standing
from insights.similar.film_content import Content, Floats

Indices = npt.NDArray[np.intp]

# Decimals that decide an order: further ones differ by the machine's way of adding.
DECIMALS = 5
# Groups for each place of the pool: more let fewer films pass the threshold, and take longer to look through.
GROUPS_A_PLACE = 8
# Far below any score.
NO_CANDIDATE = np.float32(-1e6)


@dataclass(frozen=True)
class Pool:
    """The best candidates of m films, best first, in arrays of shape (m, p).

    Attributes
    ----------
    rows : slice
        The films asked for.
    films : Indices
        Places of the candidates; 0 where there is none, and ``score`` is minus infinity.
    score : Floats
        Similarity and prior together, in the weights' units.
    similarity : Floats
        Similarity alone, in the weights' units.
    """

    rows: slice
    films: Indices
    score: Floats
    similarity: Floats


@dataclass(frozen=True)
class Similarity:
    """Weighted similarity of films: the product of their features, and the closeness of their years.

    Attributes
    ----------
    years : Floats
        Shape (different years, different years): the part that two years give.
    year_codes : Indices
        Shape (n,): each film's row in ``years``.
    """

    content: Content
    common_transposed: Floats
    rare_transposed: sp.csr_array
    years: Floats
    year_codes: Indices

    @classmethod
    def of(cls, content: Content, year_weight: float, year_scale: float) -> Similarity:
        """Prepare: the years' part is ``year_weight * exp(-years apart / year_scale)``, 0 where a year is unknown."""
        different, codes = np.unique(content.years, return_inverse=True)
        apart = np.abs(different[:, None] - different[None, :])
        years = np.nan_to_num(year_weight * np.exp(-apart / year_scale), nan=0.0)
        common = np.ascontiguousarray(content.common.T)
        return cls(content, common, content.rare.T.tocsr(), years.astype(np.float32), codes)

    def shared(self, rows: slice, out: Floats) -> None:
        """Similarity of ``rows`` (m of them) with all n films but for the years' part, into ``out`` of shape (m, n)."""
        np.matmul(self.content.common[rows], self.common_transposed, out=out)
        rare = self.content.rare[rows] @ self.rare_transposed
        out[np.repeat(np.arange(len(out)), np.diff(rare.indptr)), rare.indices] += rare.data


@dataclass(frozen=True)
class Scorer:
    """Scores films against all others, by similarity and prior.

    Attributes
    ----------
    start : Floats
        Shape (different years, n): what a candidate gains whatever it shares, for each year that is asked from.
    size : int
        Candidates to find for each film.
    """

    similarity: Similarity
    standing: Standing
    weights: PriorWeights
    start: Floats
    size: int

    @classmethod
    def of(cls, similarity: Similarity, standing: Standing, weights: PriorWeights, size: int) -> Scorer:
        """Prepare what is the same for all films."""
        start = similarity.years[:, similarity.year_codes] + standing.own(weights)
        return cls(similarity, standing, weights, start, size)

    def pools(self, chunks: Iterable[slice]) -> Iterator[Pool]:
        """Find the best candidates of the films of each chunk; chunks are at most as long as the first.

        No film is its own candidate, and none that shares no token with it, however famous or near in time.
        """
        n = self.start.shape[1]
        depth = max(1, n // (GROUPS_A_PLACE * self.size))
        padded = room = np.empty((0, 0), np.float32)
        for rows in chunks:
            m = rows.stop - rows.start
            if m > len(padded):  # once: fresh memory for each chunk would double the time
                padded, room = (np.full((m, -(-n // depth) * depth), NO_CANDIDATE) for _ in range(2))
            self._score(rows, padded[:m, :n], room[:m, :n])
            films, score = best(padded[:m], depth, self.size)
            yield Pool(rows, films, score, score - self.standing.prior(rows, films, self.weights))

    def _score(self, rows: slice, scores: Floats, work: Floats) -> None:
        self.similarity.shared(rows, out=scores)
        # Adding a penalty is five times faster than writing a value where a mask says so.
        np.multiply(scores <= 0, NO_CANDIDATE, out=work)
        scores += work
        scores[np.arange(len(scores)), np.arange(rows.start, rows.stop)] = NO_CANDIDATE
        for line, code in zip(scores, self.similarity.year_codes[rows], strict=True):
            np.add(line, self.start[code], out=line)
        self.standing.subtract_distance(rows, self.weights, out=scores, work=work)


def best(scores: Floats, depth: int, size: int) -> tuple[Indices, Floats]:
    """Find the ``size`` highest scores of each row, highest first; of equals the first column.

    A row's columns fall into groups of ``depth``. The ``size``-th highest of the groups' maxima is a threshold that
    at least ``size`` scores reach, so only the few that do are sorted: partitioning the whole row takes far longer.

    Parameters
    ----------
    scores : Floats
        Shape (m, groups * depth); far below 0, as :data:`NO_CANDIDATE`, is no score.
    depth, size : int
        Columns in a group, and places to fill.

    Returns
    -------
    films, score
        Shape (m, size); column 0 and minus infinity where a row has fewer scores.
    """
    m = len(scores)
    maxima = scores.reshape(m, depth, -1).max(axis=1)
    place = max(0, maxima.shape[1] - size)
    threshold = np.partition(maxima, place, axis=1)[:, place]
    rows, columns = np.divmod(np.flatnonzero(scores >= threshold[:, None]), scores.shape[1])
    values = scores[rows, columns]
    rows, columns, values = (array[values > NO_CANDIDATE / 2] for array in (rows, columns, values))
    order = np.lexsort((columns, -np.round(values, DECIMALS), rows))
    rows, columns, values = rows[order], columns[order], values[order]
    position = np.arange(len(rows)) - np.searchsorted(rows, np.arange(m))[rows]
    kept = position < size
    films = np.zeros((m, size), dtype=np.intp)
    score = np.full((m, size), -np.inf, dtype=np.float32)
    films[rows[kept], position[kept]] = columns[kept]
    score[rows[kept], position[kept]] = values[kept]
    return films, score
