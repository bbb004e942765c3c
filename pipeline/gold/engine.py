"""What AggregateToGold needs of an engine that builds Gold's tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from pipeline.aws import StoredObject
from pipeline.gold.build import BuiltTable, RunCounts
from pipeline.gold.profile import Query


@dataclass(frozen=True)
class Written:
    """The tables of a new build, and the films of each run by outcome; the fields are those of ``Build``."""

    tables: dict[str, BuiltTable]
    runs: dict[str, RunCounts]


class GoldEngine(Protocol):
    """Builds all Gold tables from Silver, in a new folder that readers do not use before it is published."""

    @property
    def name(self) -> str:
        """The engine's name, as in ``GOLD_ENGINE``."""

    @property
    def once_a_run(self) -> bool:
        """Whether each build costs money, so that a run is built once; see :mod:`pipeline.gold.once_a_run`."""

    def build(
        self, build_id: str, silver: list[StoredObject], earlier: Mapping[str, BuiltTable], deadline: float
    ) -> Written:
        """Build all tables.

        Parameters
        ----------
        silver : list of StoredObject
            Silver's objects as they were listed.
        earlier : mapping of str to BuiltTable
            Tables of the published build. The new build reuses those whose content is the same.
        deadline : float
            By ``time.monotonic()``; a build that takes longer is stopped.

        Raises
        ------
        StorageFailed
            When Silver or Gold cannot be reached, memory or disk space runs out, or the deadline passes.
        SilverDamaged
            When objects of Silver cannot be used.
        InvalidInput
            When the engine refuses a statement.
        """

    def query(self, build_id: str, movies: BuiltTable | None, deadline: float) -> Query:
        """Return a function that runs statements in Trino's dialect over ``gold.*`` and ``published.movies``.

        Parameters
        ----------
        build_id : str
            The build that this engine made last; its tables are ``gold.*``.
        movies : BuiltTable or None
            Table ``movies`` of the published build; without it there is no ``published.movies``.
        deadline : float
            By ``time.monotonic()``.

        Raises
        ------
        StorageFailed
            When the published table cannot be read; the function raises it as :meth:`build` does.
        """
