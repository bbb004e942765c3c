"""What `make environment` installs works wherever the checkout lies; `make reports-image` asks the stack's region."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("target", ["reports-image", "reports-image-codebuild"])
def test_an_image_is_built_in_the_region_of_the_settings_and_only_for_a_repository(target: str, tmp_path: Path) -> None:
    for name in ("Makefile", "lambdas/build.mk", "pyproject.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "deployments").mkdir()
    (tmp_path / "deployments" / "films.toml").write_text('region = "eu-west-1"\n', encoding="utf-8")
    # A stack without the output; Docker would get the password of ECR for its default registry.
    for name, script in {"aws": 'echo "$1 $AWS_REGION $AWS_DEFAULT_REGION" >&2', "docker": "echo docker >&2"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o700)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "AWS_REGION": "us-east-1"}

    done = subprocess.run(
        ["make", target, "STACK=films"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )

    asked, refused = done.stderr.splitlines()[:2]
    assert done.returncode != 0
    assert asked == "cloudformation eu-west-1 eu-west-1"
    assert refused.startswith("stack films has no image repository: set ReportsImageBuild = true")
    assert "docker" not in done.stderr
