"""One look for tables, figures and headlines, in JupyterLab, VS Code and the pages of reports. Pure.

An output brings its style with it, because a notebook has no page of ours around it. A report's page has the style once
and takes it out of the outputs.
"""

from __future__ import annotations

import re
from functools import cache
from html import escape
from pathlib import Path

_FILE = Path(__file__).parent / "template" / "output.css"


def styled(html: str) -> str:
    """Wrap the HTML of an output so that it looks the same wherever it is shown."""
    return f'{_element()}<div class="reelhouse">{html}</div>'


def only_in_notebooks(text: str) -> str:
    """Show a line in a notebook that a report's page does not need."""
    return f'<p class="note in-notebook">{escape(text)}</p>'


def for_page(html: str) -> str:
    """Take out of outputs what a report's page has already, or does not need."""
    return re.sub(r'<p class="note in-notebook">[^<]*</p>', "", html.replace(_element(), ""))


@cache
def _element() -> str:
    return f"<style>{_FILE.read_text(encoding='utf-8')}</style>"
