"""Charts and pages that need no network in a notebook: Altair as SVG, and one style for tables and headlines.

Altair's own renderer loads its scripts from a CDN. The one registered here draws each chart with vl-convert.
"""

from __future__ import annotations

import sys
from typing import Any

_ALTAIR = "altair.vegalite.v6.api"
_CHARTS = ("Chart", "LayerChart", "ConcatChart", "HConcatChart", "VConcatChart", "FacetChart", "RepeatChart")


def use_offline_charts() -> None:
    """Show Altair's charts as SVG in the notebook that calls this; do nothing outside of IPython.

    Altair need not be imported yet: IPython looks the types up by name.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None and shell.display_formatter is not None:
        for name in _CHARTS:
            shell.display_formatter.mimebundle_formatter.for_type_by_name(_ALTAIR, name, _bundle)


def _bundle(chart: Any, **_: Any) -> dict[str, str]:
    from insights import charts  # noqa: PLC0415 (drawing is not needed where no chart is)

    return {"text/html": charts.picture(chart), "text/plain": repr(type(chart))}
