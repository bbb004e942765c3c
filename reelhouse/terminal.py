"""Text on a terminal: what a film's title, an error or a message could do there, it only shows.

A terminal obeys escape sequences, and turns text around at marks of direction. Rich takes care of its own markup, and
of none of these. Everything that the commands print goes through here.
"""

from __future__ import annotations

import json
import re
from typing import Any

from rich.console import Console
from rich.text import Text

# Controls but tab and line feed, DEL, C1 controls (one of them begins an escape sequence), marks of direction, and
# what separates lines for some programs and not for others.
_COMMANDS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    r"""Show what a terminal would obey as ``\x1b`` or ``\u202e``. Pure."""
    return _COMMANDS.sub(lambda found: ascii(found[0])[1:-1], text)


def json_text(text: str) -> str:
    r"""Write the same characters of a JSON text as ``\u001b``; they are in its strings, and mean the same. Pure."""
    return _COMMANDS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def print_json(value: Any) -> None:
    """Print a value as one JSON document on stdout."""
    print(json_text(json.dumps(value, ensure_ascii=False, default=str)))


class Terminal(Console):
    """A console whose texts are visible: strings, cells of tables, titles."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Turn a string into what is shown of it."""
        return super().render_str(visible(text), **options)
