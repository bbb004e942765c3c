"""What one invocation of a queue function came to: outcomes by run, and why messages were put back.

Filled by steps 2 and 3; the handlers log it, and count it in the metrics. Reads and writes nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

# Stands for the run of a message that names none.
UNKNOWN_RUN = "unknown"


@dataclass
class Tally:
    """Counts of one invocation.

    Attributes
    ----------
    messages : int
        Messages received.
    outcomes : dict of str to Counter
        By run: films or objects by what became of them.
    put_back : dict of str to Counter
        By run: messages that are delivered again (or wait on as a copy), by the name of the error.
    films : set of str
        IMDb ids that it was about.
    bytes_read, bytes_written : int
        Of bodies and objects.
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
        """Messages put back, of all runs, by the name of the error."""
        return sum(self.put_back.values(), Counter())

    def as_dict(self) -> dict[str, Any]:
        """For the log: totals, the same by run, and ``run_id`` and ``imdb_id`` where it was about one only."""
        runs = sorted({*self.outcomes, *self.put_back})
        about = {"run_id": runs[0]} if len(runs) == 1 else {}
        if len(self.films) == 1:
            about["imdb_id"] = next(iter(self.films))
        return {
            **about,
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
