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
  top.document.body.dataset.axe = JSON.stringify({ said, width: innerWidth, dark });
});
"""
looks = pytest.mark.parametrize(
    ("width", "dark"), [(width, dark) for width in (1440, 820, 390) for dark in (False, True)]
)


def violations(page: str, path: Path, *, width: int, dark: bool) -> list[str]:
    """Return what axe-core finds wrong with a page, one line for each part of it.

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
        chromium.framed(allowed.replace("</body>", f"<script>{script}</script></body>"), width), encoding="utf-8"
    )
    (told,) = re.findall(r'data-axe="([^"]*)"', chromium.show(path, dark=dark).document)
    result = json.loads(html.unescape(told))
    assert (result["width"], result["dark"]) == (width, dark), "Chromium shows another look"
    return [str(one) for one in result["said"]]
