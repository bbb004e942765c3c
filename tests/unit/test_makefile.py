"""What `make environment` installs works wherever the checkout lies."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Stands for uv, which takes seconds: it installs the checkout as hatchling does, by its absolute path.
INSTALL = '#!/bin/sh\n[ "$2" = sync ] || pwd > "$(echo .venv/lib/python*/site-packages)"/_editable_impl_reelhouse.pth\n'


def test_a_checkout_is_found_in_a_locale_without_the_letters_of_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "Müller's films"
    (folder / "lambdas").mkdir(parents=True)
    for name in ("Makefile", "lambdas/build.mk", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "checkout.py").touch()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", ".venv"], cwd=folder, check=True)
    uv = folder / ".venv" / "bin" / "uv"
    uv.write_text(INSTALL, encoding="utf-8")
    uv.chmod(0o700)

    subprocess.run(["make", ".venv/.ready"], cwd=folder, check=True)

    python, environment = folder / ".venv" / "bin" / "python", {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0"}
    subprocess.run([python, "-c", "import checkout"], cwd=tmp_path, env=environment, check=True)
