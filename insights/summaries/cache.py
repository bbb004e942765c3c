"""Cache of a language model's answers, so that the same question about the same facts is paid for once.

Entries are JSON text under a hash. They are checked again each time they are read, so a modified entry cannot put
anything into a summary.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
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


class FolderCache:
    """A cache in a folder, which is created when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: str) -> str | None:
        """Return the entry, or None when there is none or it is not text."""
        try:
            return (self._folder / f"{key}.json").read_text(encoding="utf-8")
        except (FileNotFoundError, UnicodeDecodeError):
            return None

    def put(self, key: str, entry: str) -> None:
        """Store an entry atomically."""
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self._folder, suffix=".part")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(entry)
        Path(temporary).replace(self._folder / f"{key}.json")
