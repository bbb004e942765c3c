"""What of a film is compared: for each field its names or words, as numbers in a sparse matrix and one list of texts.

Place: first stage of :mod:`.recommendations`. Reads Gold ``movies`` as an Arrow table; writes nothing. As Python's own
lists and texts the names of 100 thousand films would take more memory than everything else together.
"""

from __future__ import annotations

import re
import runpy
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
import scipy.sparse as sp

from insights.similar import arrow_arrays
from insights.similar.content import FieldWeights, Indices

FIELDS = tuple(field for field in asdict(FieldWeights()) if field != "year")
# Texts split at a time.
AT_ONCE = 10_000
WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


def _english_stop_words() -> frozenset[str]:
    """Scikit-learn's ENGLISH_STOP_WORDS, from the one file that has them: to import the package takes 100 MB."""
    package = find_spec("sklearn")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("scikit-learn is not installed")
    module = Path(package.origin).with_name("feature_extraction") / "_stop_words.py"
    return frozenset(runpy.run_path(str(module))["ENGLISH_STOP_WORDS"])


STOP_WORDS = _english_stop_words()


@dataclass(frozen=True)
class Tokens:
    """The tokens of n films in one field.

    Attributes
    ----------
    places : sp.csr_array
        Shape (n, different tokens), int32: where in its film's list a token stands, counted from 1; 0 for not there.
        Indices are sorted.
    names : pa.StringArray
        The different tokens, in alphabetical order.
    """

    places: sp.csr_array
    names: Any

    def of(self, films: Indices) -> Tokens:
        """Those of some of the films, in the order given."""
        return Tokens(self.places[films], self.names)


def read(movies: Any) -> dict[str, Tokens]:
    """Names, or the words of titles and plots, of each film by field; never the same one twice in a film.

    Parameters
    ----------
    movies : pa.Table
        Columns of texts, and of lists of texts; one that is not there is empty.
    """
    return {field: _field(movies, field) for field in FIELDS}


def numbers(movies: Any, column: str) -> npt.NDArray[np.float64]:
    """Values of a numeric column of an Arrow table; NaN where there is none, or where the column is not there."""
    values = np.full(len(movies), np.nan)
    if column in movies.column_names:
        rows, there = arrow_arrays.known(movies[column].cast(pa.float64()))
        values[rows] = arrow_arrays.to_numpy(there)
    return values


def words(text: str) -> list[str]:
    """Words of a text in lower case, without English stop words."""
    return [word for word in WORD.findall(text.lower()) if word not in STOP_WORDS]


def studios(text: str) -> list[str]:
    """Companies of a production column's value, which separates them by commas."""
    return [part.strip() for part in text.split(",")]


_SPLIT: dict[str, Callable[[str], list[str]]] = {"title": words, "plot": words, "production": studios}


def _field(movies: Any, field: str) -> Tokens:
    if field not in movies.column_names:
        return numbered(np.zeros(0, np.intp), arrow_arrays.texts([]), len(movies))
    if split := _SPLIT.get(field):
        films, entries = _split(movies.select([field]), split)
    else:
        rows, lists = arrow_arrays.known(movies[field].cast(pa.list_(pa.string())))
        films, entries = np.repeat(rows, arrow_arrays.to_numpy(lists.value_lengths())), lists.flatten()
    return numbered(films, entries, len(movies))


def _split(column: Any, split: Callable[[str], list[str]]) -> tuple[Indices, Any]:
    """Split the texts of a table of one column, some at a time."""
    lengths, entries = [np.zeros(0, np.intp)], [arrow_arrays.texts([])]
    for batch in column.to_batches(max_chunksize=AT_ONCE):
        found = [split(text or "") for text in batch.column(0).to_pylist()]
        lengths.append(np.fromiter(map(len, found), np.intp, len(found)))
        entries.append(arrow_arrays.texts(list(chain.from_iterable(found))))
    return np.repeat(np.arange(len(column)), np.concatenate(lengths)), pa.concat_arrays(entries)


def numbered(films: Indices, entries: Any, n: int) -> Tokens:
    """Number the tokens of n films; what is missing, empty or there before is left out.

    Parameters
    ----------
    films : Indices
        The film of each entry; never falls.
    entries : pa.StringArray
        Tokens.
    """
    given = arrow_arrays.nonzero(pc.binary_length(entries))  # neither missing nor empty
    films, entries = films[given], entries.take(arrow_arrays.numbers(given)).dictionary_encode()
    alphabetical = pc.sort_indices(entries.dictionary)
    width = len(alphabetical)
    number = np.empty(width, np.int64)
    number[arrow_arrays.to_numpy(alphabetical)] = np.arange(width)
    # Sorted by film and token; of a token's places in a film the first.
    token = number[arrow_arrays.to_numpy(entries.indices)]
    key, place = np.unique(films * max(1, width) + token, return_index=True)
    film, token = np.divmod(key, max(1, width))
    place -= np.searchsorted(films, np.arange(n))[film] - 1
    starts = np.searchsorted(film, np.arange(n + 1))
    places = sp.csr_array((place.astype(np.int32), token.astype(np.int32), starts.astype(np.int32)), shape=(n, width))
    return Tokens(places, entries.dictionary.take(alphabetical))
