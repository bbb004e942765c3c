"""``python -m insights.quicksight``: check the dashboard definition and write the QuickSight template."""

from __future__ import annotations

from insights.dashboard import checks
from insights.dashboard.definition import load
from insights.quicksight import template

if __name__ == "__main__":
    definition = load()
    checks.check(definition)
    template.PATH.write_text(template.render(definition), encoding="utf-8")
