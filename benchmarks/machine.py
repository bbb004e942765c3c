"""What the figures were measured on: machine, load, and versions of the packages that matter."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

PACKAGES = (
    "boto3",
    "duckdb",
    "pydantic",
    "sqlglot",
    "aws-lambda-powertools",
    "pandas",
    "pyarrow",
    "numpy",
    "scikit-learn",
    "scipy",
    "ministack",
)


def machine() -> dict[str, Any]:
    """Describe this machine: memory in GB."""
    return {
        "cores": psutil.cpu_count(),
        "processor": _processor(),
        "memory_gb": round(psutil.virtual_memory().total / 1024**3, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def load() -> float:
    """Return the mean number of processes that were running or waiting to, over the last minute."""
    return round(psutil.getloadavg()[0], 2)


def _processor() -> str:
    known = Path("/proc/cpuinfo")
    lines = known.read_text(encoding="utf-8").splitlines() if known.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
