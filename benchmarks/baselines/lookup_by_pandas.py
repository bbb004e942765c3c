"""The common way to look a film's recommendations up: read the tables with pandas for each call, and filter."""

from __future__ import annotations

import io
from collections.abc import Hashable
from typing import Any

import pandas as pd

from pipeline import aws, keys


def similar(bucket: str, imdb_id: str, k: int) -> list[dict[Hashable, Any]]:
    """Read both tables from S3, and give a film's recommendations with titles and years."""
    movies, recommendations = (_read(bucket, name) for name in ("movies", "recommendations"))
    found = recommendations[recommendations["imdb_id"] == imdb_id].sort_values("rank").head(k)
    titles = movies.set_index("imdb_id")[["title", "year"]]
    return found.join(titles, on="recommended_imdb_id").to_dict("records")


def _read(bucket: str, name: str) -> pd.DataFrame:
    body, _ = aws.get(aws.client("s3"), bucket, keys.gold_table(name))
    columns = {"movies": ["imdb_id", "title", "year"]}.get(name)
    return pd.read_parquet(io.BytesIO(body), columns=columns)
