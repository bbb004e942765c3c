"""How charts and data frames look in a notebook, without a network.

Altair's own renderer loads its scripts from a CDN; here each chart is drawn with vl-convert. Notebook editors align all
columns of a data frame to the right; here text columns are aligned to the left. Data frames stay pandas' own.
"""

from __future__ import annotations

import sys
from typing import Any
from uuid import uuid4

_ALTAIR = "altair.vegalite.v6.api"
_CHARTS = ("Chart", "LayerChart", "ConcatChart", "HConcatChart", "VConcatChart", "FacetChart", "RepeatChart")


def register_formatters() -> None:
    """Format the charts and data frames of the notebook that calls this; do nothing outside of IPython.

    Neither library need be imported yet: IPython looks the types up by name.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None and shell.display_formatter is not None:
        for name in _CHARTS:
            shell.display_formatter.mimebundle_formatter.for_type_by_name(_ALTAIR, name, _bundle)
        shell.display_formatter.formatters["text/html"].for_type_by_name("pandas", "DataFrame", aligned)


def _bundle(chart: Any, **_: Any) -> dict[str, str]:
    from insights import charts  # noqa: PLC0415 (drawing is not needed where no chart is)

    return {"text/html": charts.picture(chart), "text/plain": repr(type(chart))}


def aligned(frame: Any) -> str | None:
    """Return pandas' HTML of a data frame, with its text columns aligned to the left.

    Returns
    -------
    str or None
        None where pandas' options switch HTML off.
    """
    from pandas import get_option  # noqa: PLC0415
    from pandas.api.types import is_bool_dtype, is_numeric_dtype  # noqa: PLC0415 (importing the lake loads no pandas)

    html: str | None = frame._repr_html_()
    shown = get_option("display.max_columns")
    # pandas leaves out columns in the middle of a wide frame.
    if html is None or frame.columns.nlevels > 1 or (shown and frame.shape[1] > shown):
        return html
    texts = [
        position
        for position, kind in enumerate(frame.dtypes, start=frame.index.nlevels + 1)
        if not is_numeric_dtype(kind) or is_bool_dtype(kind)
    ]
    name = f"frame-{uuid4().hex[:12]}"
    cells = [f"#{name} tr > :nth-child({position})" for position in texts]
    style = f"<style>{', '.join(cells)} {{ text-align: left; }}</style>" if cells else ""
    return f'{style}<div id="{name}">{html}</div>'
