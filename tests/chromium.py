"""A page in headless Chromium: its document after its scripts have run, and what it complained of."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
from dataclasses import dataclass
from html import escape
from pathlib import Path

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WHY_NOT = "no Chromium on this machine (Debian: apt-get install chromium)"
SECONDS = 120
_QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--enable-logging=stderr",
    # Whatever the page asks for beyond itself is refused by name, and complained of.
    "--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=20000", "--dump-dom",
)  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """The document as it became, and the lines of its console."""

    document: str
    console: list[str]

    def data(self, visual: str, name: str) -> str:
        """A data attribute of a visual."""
        (tag,) = re.findall(rf'<figure[^>]* id="visual-{visual}"[^>]*>', self.document)
        (value,) = re.findall(rf'data-{name}="([^"]*)"', tag)
        return str(value)

    def part(self, element_id: str) -> str:
        """Markup from an element to the end of its section or figure."""
        after = self.document.split(f'id="{element_id}"', 1)[1]
        return re.split(r"</(?:section|figure|form)>", after, maxsplit=1)[0]


def framed(page: str, *widths: int) -> str:
    """Put a page into frames of these widths in pixels, since a window of Chromium has 500 at least.

    A script of the page reaches the document that :class:`Shown` has as ``top.document``.
    """
    frames = "".join(f'<iframe width="{width}" height="900" srcdoc="{escape(page)}"></iframe>' for width in widths)
    return f'<!DOCTYPE html><meta charset="utf-8"><body>{frames}</body>'


def acting(page: str, script: str) -> str:
    """Return the page with a script of a test's, which its policy allows by its hash."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    page = page.replace("script-src ", f"script-src 'sha256-{digest}' ", 1)
    return page.replace("</body>", f"<script>{script}</script></body>")


def show(page: Path, address: str = "", *, width: int = 1280, dark: bool = False) -> Shown:
    """Open a file, with ``address`` behind its ``#``, in a window of ``width`` pixels on a light or dark screen."""
    assert PROGRAM is not None, WHY_NOT
    profile = page.parent / "profile"
    command = [
        PROGRAM,
        *_QUIET,
        f"--user-data-dir={profile}",
        f"--window-size={width},900",
        f"--blink-settings=preferredColorScheme={0 if dark else 1}",
        f"{page.as_uri()}#{address}",
    ]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    console = [line.split("CONSOLE", 1)[1] for line in ran.stderr.splitlines() if "CONSOLE" in line]
    return Shown(ran.stdout, console)
