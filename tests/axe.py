"""Accessibility of a page by axe-core, in headless Chromium."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from importlib.resources import files
from pathlib import Path

import pytest

from tests import chromium

_RUN = """
addEventListener("load", async () => {
  const open = document.querySelectorAll("details:not([open])");
  open.forEach((one) => { one.open = true; });
  await new Promise((done) => setTimeout(done, 1000));
  const found = await axe.run(document, { resultTypes: ["violations"] });
  const said = found.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 200)}`));
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  top.document.body.dataset[`axe${innerWidth}`] = JSON.stringify({ said, dark });
});
"""
WIDTHS = (1440, 820, 390)
looks = pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])


def violations(page: str, path: Path, *, dark: bool) -> dict[int, list[str]]:
    """Return what axe-core finds wrong with a page at each of :data:`WIDTHS`, one line for each part of it.

    Parameters
    ----------
    page : str
        HTML with a content security policy, which gets the hash of axe-core's script.
    path : Path
        File to write it to.
    """
    script = f"{files('axe_playwright_python').joinpath('axe.min.js').read_text(encoding='utf-8')}\n{_RUN}"
    script = script.replace("</script", "<\\/script")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    allowed = page.replace("script-src ", f"script-src 'sha256-{digest}' ", 1)
    path.write_text(
        chromium.framed(allowed.replace("</body>", f"<script>{script}</script></body>"), *WIDTHS), encoding="utf-8"
    )
    matches = re.findall(r'data-axe(\d+)="([^"]*)"', chromium.show(path, dark=dark).document)
    results = {int(width): json.loads(html.unescape(text)) for width, text in matches}
    assert {width: result["dark"] for width, result in results.items()} == dict.fromkeys(WIDTHS, dark)
    return {width: result["said"] for width, result in results.items()}
