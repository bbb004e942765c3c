"""Gold ``movies`` as an Arrow table, from a data frame: what :mod:`.recommendations` reads of it, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]

from insights.similar.prior import STANDING_COLUMNS
from insights.similar.tokens import FIELDS

if TYPE_CHECKING:  # a process that has its films as Arrow does without pandas, which takes 50 MB
    import pandas as pd

ID = "imdb_id"
TEXTS = (ID, "title", "production", "plot")
# All that is read of a film.
READ = (ID, *FIELDS, *STANDING_COLUMNS)


def from_frame(movies: pd.DataFrame) -> Any:
    """Return the columns that are read, as a ``pa.Table``.

    Parameters
    ----------
    movies : pd.DataFrame
        Any of the columns :data:`READ`. Lists may be lists, tuples, arrays or None; what is no text in a column of
        texts, or no number in one of numbers, is missing.
    """
    return pa.table({name: _column(movies, name) for name in READ if name in movies})


def _column(movies: pd.DataFrame, name: str) -> Any:
    if name in STANDING_COLUMNS:
        import pandas as pd  # noqa: PLC0415 (as above)

        values = pd.to_numeric(movies[name], errors="coerce").to_numpy(float, na_value=np.nan)
        return pa.array(values, from_pandas=True)
    if name in TEXTS:
        return pa.array([_text(value) for value in movies[name].tolist()], pa.string())
    return pa.array([_names(value) for value in movies[name].tolist()], pa.list_(pa.string()))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _names(value: Any) -> list[str] | None:
    return [name for name in value if isinstance(name, str)] if isinstance(value, list | tuple | np.ndarray) else None
