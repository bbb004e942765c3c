"""The insights' part of ``docs/data.md``, written from their column definitions.

``python -m tools.insights_catalogue`` writes it. Their Glue tables are not in ``template.yaml``:
:func:`insights.lake.write` enters each when it writes it, since a stack without reports has none of them.
"""

from __future__ import annotations

from insights.columns import INSIGHTS_TABLES
from tools.catalogue import ROOT, with_dictionary

DATA = ROOT / "docs" / "data.md"


def document() -> str:
    """``docs/data.md`` as it should be."""
    return with_dictionary(DATA.read_text(encoding="utf-8"), "insights", tuple(INSIGHTS_TABLES.values()))


if __name__ == "__main__":
    DATA.write_text(document(), encoding="utf-8")
