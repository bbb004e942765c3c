"""Reading ``insights/dashboard.yaml`` into :class:`insights.dashboard.definition.Dashboard`; writes nothing."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from insights.dashboard.definition import Dashboard
from pipeline.errors import InvalidInput

PATH = Path(__file__).parent.parent / "dashboard.yaml"


class _OnceOnly(yaml.SafeLoader):
    """YAML whose keys occur once: of two visuals with one id, YAML itself would drop the first in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise InvalidInput(f"{key!r} is there twice", subject=f"line {key_node.start_mark.line + 1}")
            seen.add(key)
        return super().construct_mapping(node, deep)


def parse(text: str) -> Dashboard:
    """Read a definition.

    Raises
    ------
    InvalidInput
        When it is no YAML, has a key twice, or breaks the language above; every fault names its place.
    """
    try:
        return Dashboard.model_validate(yaml.load(text, Loader=_OnceOnly))  # noqa: S506 (a SafeLoader)
    except yaml.YAMLError as error:
        raise InvalidInput(str(error), subject="dashboard definition") from error
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_input=False)]
        raise InvalidInput("; ".join(faults), subject="dashboard definition") from error


def load(path: Path = PATH) -> Dashboard:
    """Read the definition of a file; see :func:`parse`."""
    return parse(path.read_text(encoding="utf-8"))
