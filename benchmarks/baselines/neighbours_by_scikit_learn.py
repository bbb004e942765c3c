"""The common way to similar films: scikit-learn's NearestNeighbors, brute force, by cosine, without any prior."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import scipy.sparse as sp
from sklearn.neighbors import NearestNeighbors

K = 20


def run(folder: str, asked: int) -> dict[str, Any]:
    """Find the neighbours of the first ``asked`` films among all; the features are those of ours, as one matrix."""
    features = sp.load_npz(Path(folder, "features.npz"))
    started = time.perf_counter()
    search = NearestNeighbors(n_neighbors=K + 1, algorithm="brute", metric="cosine").fit(features)
    found = search.kneighbors(features[:asked], return_distance=False)
    return {"seconds": time.perf_counter() - started, "films": len(found)}
