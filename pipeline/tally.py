"""Counts of one invocation of a queue function: outcomes by run, and errors of messages that return to the queue.

Filled by steps 2 and 3; their handlers log it and count it in the metrics. Reads and writes nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

# The run of a message that names none.
UNKNOWN_RUN = "unknown"


@dataclass
class Tally:
    """Counts of one invocation: messages received, IMDb ids in them, and bytes.

    By run id, ``outcomes`` counts films or objects by outcome, and ``put_back`` messages that are delivered again (or
    replaced by a copy) by the error's name.
    """

    messages: int = 0
    outcomes: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    put_back: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    films: set[str] = field(default_factory=set)
    bytes_read: int = 0
    bytes_written: int = 0

    @property
    def total(self) -> Counter[str]:
        """Outcomes of all runs."""
        return sum(self.outcomes.values(), Counter())

    @property
    def errors(self) -> Counter[str]:
        """Messages of all runs that return to the queue, by the error's name."""
        return sum(self.put_back.values(), Counter())

    def as_dict(self) -> dict[str, Any]:
        """Return the counts for the log: total and by run; ``run_id`` and ``imdb_id`` when there is only one."""
        runs = sorted({*self.outcomes, *self.put_back})
        single = {"run_id": runs[0]} if len(runs) == 1 else {}
        if len(self.films) == 1:
            single["imdb_id"] = next(iter(self.films))
        return {
            **single,
            "received": {"messages": self.messages, "films": len(self.films)},
            "outcomes": dict(self.total),
            "put_back": dict(self.errors),
            "by_run": {
                run_id: {
                    "outcomes": dict(self.outcomes.get(run_id, {})),
                    "put_back": dict(self.put_back.get(run_id, {})),
                }
                for run_id in runs
            },
            "bytes": {"read": self.bytes_read, "written": self.bytes_written},
        }
