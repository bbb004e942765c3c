"""The common way to similar films: scikit-learn's NearestNeighbors, brute force, by cosine, without any prior."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import scipy.sparse as sp
from sklearn.neighbors import NearestNeighbors

K = 20


def run(folder: str) -> dict[str, Any]:
    """Find the neighbours of all films; the features are those of ours, as one matrix."""
    features = sp.load_npz(Path(folder, "features.npz"))
    started = time.perf_counter()
    search = NearestNeighbors(n_neighbors=K + 1, algorithm="brute", metric="cosine").fit(features)
    search.kneighbors(return_distance=False)
    return {"seconds": time.perf_counter() - started}
