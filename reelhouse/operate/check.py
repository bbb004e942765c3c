"""What ``reelhouse doctor`` says of one thing it looked at."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Check:
    """One check: ``ok`` None means that it does not apply now, or is no fault but worth a word."""

    name: str
    ok: bool | None
    found: str
    advice: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)
