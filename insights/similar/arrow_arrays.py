"""NumPy's arrays and texts as Arrow's, and back, without pandas.

``pa.array`` and ``to_numpy`` import pandas wherever it is installed, which takes 38 MB: a fifth of what recommending
films for 17 thousand films takes in all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]


def known(column: Any) -> tuple[npt.NDArray[np.intp], Any]:
    """Rows of an Arrow column that have a value, and these values as one Arrow array."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return nonzero(array.is_valid()), array.drop_null()


def nonzero(array: Any) -> npt.NDArray[np.intp]:
    """Places of an Arrow array that are true, or neither 0 nor missing."""
    # Arrow 25 crashes where there are none at all.
    return to_numpy(pc.indices_nonzero(array)).astype(np.intp) if len(array) else np.zeros(0, np.intp)


def to_numpy(array: Any) -> npt.NDArray[Any]:
    """Return the numbers of an Arrow array in which none is missing, in the same memory: read only."""
    return np.from_dlpack(array)


def numbers(values: npt.NDArray[Any]) -> Any:
    """Return the numbers as an Arrow array, in the same memory if they lie together."""
    lying = np.ascontiguousarray(values)
    return pa.Array.from_buffers(pa.from_numpy_dtype(lying.dtype), len(lying), [None, pa.py_buffer(lying)])


def texts(values: Sequence[str]) -> Any:
    """Return the texts as an Arrow array."""
    encoded = [value.encode() for value in values]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    return pa.Array.from_buffers(pa.string(), len(encoded), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))])
