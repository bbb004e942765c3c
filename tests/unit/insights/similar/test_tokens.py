"""Tokens of films from Arrow's columns, and their weights."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer

from insights.similar import film_table, recommendations
from insights.similar.features import tfidf
from insights.similar.tokens import STOP_WORDS, Tokens, read
from pipeline.gold.columns import GOLD_TABLES
from pipeline.silver import parquet

FILMS = {
    "imdb_id": ["tt3", "tt1", None, "tt2", "tt1"],
    "title": ["The Blue Angel", "Angel's Blue blue Eyes", "Left out", None, "Seen again"],
    "year": [1930, 1931, 1932, None, 1933],
    "genres": [["Drama", "Crime"], ["Crime", "Drama", "Crime"], None, [None, "", "Drama"], []],
    "production": ["UFA, Paramount", "Paramount", None, "", None],
    "rotten_tomatoes": [90, None, 40, 50, 10],
}


def tokens(field: Tokens, film: int) -> list[str]:
    """The tokens of a film, in their order."""
    row = field.places[[film]]
    return [field.names[int(token)].as_py() for token in row.indices[np.argsort(row.data)]]


def test_each_film_has_its_tokens_in_order_and_none_twice() -> None:
    fields = read(film_table.from_frame(pd.DataFrame(FILMS)))

    assert [tokens(fields["genres"], film) for film in range(5)] == [
        ["Drama", "Crime"],
        ["Crime", "Drama"],
        [],
        ["Drama"],
        [],
    ]
    assert tokens(fields["title"], 0) == ["blue", "angel"]
    assert tokens(fields["title"], 1) == ["angel's", "blue", "eyes"]
    assert tokens(fields["production"], 0) == ["UFA", "Paramount"]
    assert fields["plot"].places.nnz == 0


@given(st.lists(st.lists(st.sampled_from("abcdefg"), unique=True, max_size=5), min_size=1, max_size=12))
def test_weights_are_those_of_scikit_learn(lists: list[list[str]]) -> None:
    if not any(lists):
        return
    ours = tfidf(read(film_table.from_frame(pd.DataFrame({"genres": lists})))["genres"].places)

    theirs = TfidfVectorizer(analyzer=list, dtype=np.float32).fit_transform(lists)
    np.testing.assert_allclose(ours.toarray(), theirs.toarray(), rtol=1e-6)


def test_stop_words_are_those_of_scikit_learn() -> None:
    assert STOP_WORDS == ENGLISH_STOP_WORDS


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    """Gold ``movies`` as DuckDB writes it."""
    path = tmp_path / "movies.parquet"
    path.write_bytes(parquet.encode(table_rows(), GOLD_TABLES["movies"]))
    return path


def table_rows() -> list[dict[str, object]]:
    return [dict(zip(FILMS, values, strict=True)) for values in zip(*FILMS.values(), strict=True)]


def test_films_in_arrow_and_in_a_data_frame_are_recommended_alike(gold: Path) -> None:
    rows = recommendations.batches(pq.ParquetFile(gold).read())

    table = pa.Table.from_batches(rows, recommendations.SCHEMA).to_pandas()
    pd.testing.assert_frame_equal(table, recommendations.build(pd.DataFrame(FILMS)))
    assert table["imdb_id"].unique().tolist() == ["tt1", "tt3"]
    assert table["because"][0] == "both 1930s crime dramas; both titles have: blue; same production company: Paramount"


def test_films_in_arrow_are_recommended_without_pandas_and_scikit_learn(gold: Path) -> None:
    """Given all that is read and made; either would take more memory than the films."""
    code = (
        "import sys, pyarrow.parquet as pq; from insights.similar import recommendations\n"
        "with pq.ParquetWriter(sys.argv[1] + '.out', recommendations.SCHEMA) as writer:\n"
        "    for batch in recommendations.batches(pq.ParquetFile(sys.argv[1]).read()): writer.write_batch(batch)\n"
        "print(sorted({'pandas', 'sklearn'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code, str(gold)], capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "[]"
