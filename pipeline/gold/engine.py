"""What AggregateToGold needs of an engine that builds Gold's tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from pipeline.aws import StoredObject
from pipeline.gold.build import Build, RunCounts


@dataclass(frozen=True)
class Written:
    """The tables that an engine wrote; the fields are those of :class:`Build`."""

    tables: dict[str, int]
    runs: dict[str, RunCounts]
    size: int | None = None
    etags: dict[str, str] = field(default_factory=dict)
    locations: dict[str, str] = field(default_factory=dict)


class GoldEngine(Protocol):
    """Builds all Gold tables from Silver."""

    @property
    def name(self) -> str:
        """The engine's name, as in ``GOLD_ENGINE``."""

    def build(self, build_id: str, silver: list[StoredObject], deadline: float) -> Written:
        """Build all tables and let readers find them.

        Parameters
        ----------
        build_id : str
            Id of the new build.
        silver : list of StoredObject
            Silver's objects as they were listed.
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

    def is_intact(self, build: Build) -> bool:
        """Whether Gold's tables are still those of this build of this engine: a slower build may have replaced them."""

    def retire(self, build: Build) -> None:
        """Let a replaced build expire, once no query can still be reading it."""
