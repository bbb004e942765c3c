"""Keeps answers of language models, so that the same question on the same facts is paid for once.

Reads and writes JSON text under a key that is a hash. The model's words are kept as they came and checked again
each time they are read, so a changed entry can put nothing into a summary.
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
        """Keep an entry, in place of an older one."""


class MemoryCache:
    """Answers kept while the process lives."""

    def __init__(self) -> None:
        self._entries: dict[str, str] = {}

    def get(self, key: str) -> str | None:
        """Return the entry, or None when there is none."""
        return self._entries.get(key)

    def put(self, key: str, entry: str) -> None:
        """Keep an entry, in place of an older one."""
        self._entries[key] = entry


class FolderCache:
    """Answers kept as files of a folder, which is made when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: str) -> str | None:
        """Return the entry, or None when there is none or it is no text."""
        try:
            return (self._folder / f"{key}.json").read_text(encoding="utf-8")
        except (FileNotFoundError, UnicodeDecodeError):
            return None

    def put(self, key: str, entry: str) -> None:
        """Keep an entry; a reader sees the old one or the new one, never half."""
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self._folder, suffix=".part")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(entry)
        Path(temporary).replace(self._folder / f"{key}.json")
