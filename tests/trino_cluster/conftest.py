"""Fixtures: one Trino cluster a session, with Silver made by hand and, for some tests, the deployed stack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.silver_rows import FILMS, QUARANTINE, REJECTED, RUNS, silver_files
from tests.trino_cluster.lake import Silver
from tests.trino_cluster.server import Trino, aws_catalogue, files_catalogue, unload_catalogue


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the catalogue ``files`` reads."""
    return tmp_path_factory.mktemp("lake")


@pytest.fixture(scope="session")
def trino(folder: Path, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trino]:
    """Trino over local files and, where a test needs the deployed stack, over its own Glue and S3."""
    catalogues = {"files": files_catalogue(folder)}
    if any("local" in item.fixturenames for item in request.session.items if isinstance(item, pytest.Function)):
        connection = request.getfixturevalue("local").connection()
        catalogues |= {
            "aws": aws_catalogue(connection),
            "unload": unload_catalogue(connection, tmp_path_factory.mktemp("unload")),
        }
    cluster = Trino(tmp_path_factory.mktemp("trino"), catalogues)
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="session")
def small(folder: Path, trino: Trino) -> Silver:
    """Silver made by hand: two runs, films processed twice, nulls, empty lists, every outcome."""
    silver = Silver(folder, "small")
    for name, rows in (("movies", FILMS), ("quarantine", QUARANTINE), ("rejected", REJECTED), ("runs", RUNS)):
        files = {Path(key).name: body for key, (_, body) in silver_files(rows, name).items()}
        silver.write(name, files)
    silver.register(trino)
    return silver
