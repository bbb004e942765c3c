"""``environment.yml``: the environment of ``pyproject.toml`` for conda, with the versions of ``requirements.lock``.

``python -m tools.conda_environment`` writes it; ``make lock`` does so after each change.
"""

from __future__ import annotations

import re
import tomllib

from reelhouse.local.state import ROOT

_HEAD = """\
# The same environment for conda: `conda env create --file environment.yml`, then `conda activate reelhouse`.
# Written by `make lock` from pyproject.toml and requirements.lock.
name: reelhouse
channels:
  - conda-forge
dependencies:
  - python=3.13
  - make
  - pip
  - pip:
"""
_REQUIREMENT = re.compile(r"([a-z0-9-]+)(\[[^\]]+\])?")
_LOCKED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^ ;\\]+)", re.MULTILINE)


def text() -> str:
    """The file's text. Where the lock has a version for each Python, the one for the newest is taken."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    locked = dict(_LOCKED.findall((ROOT / "requirements.lock").read_text(encoding="utf-8")))
    lines = []
    for requirement in project["dependencies"]:
        name, extra = _REQUIREMENT.match(requirement).groups(default="")  # type: ignore[union-attr]
        lines.append(f"      - {name}{extra}=={locked[name]}\n")
    return _HEAD + "".join(lines) + "      - --editable .\n"


if __name__ == "__main__":
    (ROOT / "environment.yml").write_text(text(), encoding="utf-8")
