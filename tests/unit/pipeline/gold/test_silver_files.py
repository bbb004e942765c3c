"""Silver's objects as files: parts of older and newer schemas, small and large, and what is damaged among them."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.columns import SILVER_TABLES, Column, Table
from pipeline.errors import SilverDamaged
from pipeline.gold import silver_files as module
from pipeline.gold.engine import DuckdbEngine
from pipeline.silver.parquet import encode
from tests.silver_rows import FILMS, REJECTED, engine_of, film, silver_files

MOVIES, REJECTED_TABLE = SILVER_TABLES["movies"], SILVER_TABLES["rejected"]


@pytest.fixture(params=["small", "large"])
def size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Parts are merged as they come, or each is large enough to stay as it is."""
    monkeypatch.setattr(module, "LARGE_BYTES", {"small": 10**9, "large": 1}[request.param])
    return str(request.param)


def part(rows: list[dict[str, Any]], *columns: Column) -> bytes:
    return encode(rows, Table("movies", "silver", "", columns))


def test_an_older_part_lacks_a_column_and_a_newer_one_has_more(size: str) -> None:
    older = tuple(column for column in MOVIES.columns if column.name != "metascore")
    newer = (*MOVIES.columns, Column("mood", "string", ""))
    engine = DuckdbEngine(256)
    engine.load(
        MOVIES,
        {
            "movies/a.parquet": ("1", part([film(1, metascore=50)], *older)),
            "movies/b.parquet": ("1", part([film(2, metascore=60) | {"mood": "glad"}], *newer)),
        },
    )
    engine.load(MOVIES, {"movies/c.parquet": ("1", part([film(3, metascore=70)], *reversed(MOVIES.columns)))})

    movies = engine.query("SELECT imdb_id, metascore FROM silver.movies ORDER BY imdb_id")
    assert movies == [("tt0000001", None), ("tt0000002", 60), ("tt0000003", 70)]
    assert "mood" not in [row[0] for row in engine.query("DESCRIBE silver.movies")]


def test_what_is_loaded_is_known_and_reset_forgets_it() -> None:
    engine = engine_of(movies=FILMS)
    assert engine.loaded == {"movies/part-1.parquet": "1"}

    engine.reset()

    assert engine.loaded == {}
    assert engine.build()["movies"] == 0


def test_nothing_to_load_is_nothing_done() -> None:
    engine = DuckdbEngine(256)

    engine.load(MOVIES, {})

    assert engine.loaded == {}


def test_a_broken_part_loads_none_of_its_batch(size: str) -> None:
    engine = DuckdbEngine(256)
    good = silver_files([film(1)], "movies")

    with pytest.raises(SilverDamaged, match=r"movies/broken\.parquet: cannot be read .* `reelhouse replay --all`"):
        engine.load(MOVIES, good | {"movies/broken.parquet": ("1", b"PAR1 broken")})

    assert engine.loaded == {}
    assert engine.query("SELECT count(*) FROM silver.movies") == [(0,)]


@pytest.mark.parametrize("reason", ["é 😀", "\x00", 'a "b" \\ c', "'; DROP TABLE x; --", "x" * 1_000_000])
def test_a_reason_of_any_characters_can_be_loaded(reason: str) -> None:
    engine = DuckdbEngine(256)

    engine.load(REJECTED_TABLE, silver_files([REJECTED[0] | {"reason": reason}], "rejected"))

    assert engine.query("SELECT count(*) FROM silver.rejected WHERE reason IS NOT NULL") == [(1,)]


def cut_in_the_middle(body: bytes) -> bytes:
    """A part whose footer is whole, and whose rows are not."""
    middle = len(body) // 3
    return body[:middle] + bytes(200) + body[middle + 200 :]


def test_a_part_damaged_in_the_middle_is_named_before_any_table_stands_on_it(size: str) -> None:
    rows = [film(number, plot=f"{number} {'x' * (number * 37 % 400)}") for number in range(500)]
    parts = {f"movies/{name}.parquet": ("1", encode(rows, MOVIES)) for name in ("a", "b", "c")}
    parts["movies/b.parquet"] = ("1", cut_in_the_middle(parts["movies/b.parquet"][1]))
    engine = DuckdbEngine(256)

    def build() -> None:
        engine.load(MOVIES, parts)
        engine.build()

    with pytest.raises(SilverDamaged) as caught:
        build()

    assert caught.value.subject == "movies/b.parquet"
    assert engine.loaded == {}


def test_small_parts_take_one_file_a_load_and_large_ones_their_own(size: str) -> None:
    engine = DuckdbEngine(256)
    for batch in range(2):
        engine.load(MOVIES, {f"movies/{batch}-{n}.parquet": ("1", encode([film(n)], MOVIES)) for n in range(5)})

    files = engine.query("SELECT count(DISTINCT filename) FROM read_parquet('{}/**/*.parquet', filename = true)".format(
        engine.path("movies").parent.parent / "silver"))  # fmt: skip
    assert files == [({"small": 2, "large": 10}[size],)]
    assert engine.query("SELECT count(*) FROM silver.movies") == [(10,)]
