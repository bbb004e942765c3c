"""What is made of Gold: trends, recommendations, summaries, predictions, reports and the dashboard."""

import sys

# jsonschema, which Altair and nbformat import, compiles the grammar of international addresses if this optional package
# is installed. That takes two seconds of CPU in every process, and no schema here uses it.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
