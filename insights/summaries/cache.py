"""Cache of a language model's answers, so that the same question about the same facts is paid for once.

Entries are JSON text under a hash. They are checked again each time they are read, so a modified entry cannot put
anything into a summary.
"""

from __future__ import annotations

from typing import Protocol


class SummaryCache(Protocol):
    """Answers by key; a key is 64 hexadecimal digits."""

    def get(self, key: str) -> str | None:
        """Return the entry, or None when there is none."""

    def put(self, key: str, entry: str) -> None:
        """Store an entry, replacing an older one."""


class MemoryCache:
    """A cache that lives as long as the process."""

    def __init__(self) -> None:
        self._entries: dict[str, str] = {}

    def get(self, key: str) -> str | None:
        """Return the entry, or None when there is none."""
        return self._entries.get(key)

    def put(self, key: str, entry: str) -> None:
        """Store an entry, replacing an older one."""
        self._entries[key] = entry
