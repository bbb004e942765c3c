"""``python -m insights.quicksight``: write the QuickSight template from the dashboard definition."""

from __future__ import annotations

from insights.dashboard.definition import load
from insights.quicksight import template

if __name__ == "__main__":
    template.PATH.write_text(template.render(load()), encoding="utf-8")
