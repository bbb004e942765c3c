"""The common way to similar films: scikit-learn's NearestNeighbors, brute force, by cosine, without any prior."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.neighbors import NearestNeighbors

K = 20


def run(folder: str, asked: int) -> dict[str, Any]:
    """Find the neighbours of ``asked`` films among all; the features are those of ours, as one matrix.

    The films asked for are spread evenly over the catalogue, since its parts may be unlike.
    """
    features = sp.load_npz(Path(folder, "features.npz"))
    chosen = np.linspace(0, features.shape[0] - 1, asked).astype(int)
    started = time.perf_counter()
    search = NearestNeighbors(n_neighbors=K + 1, algorithm="brute", metric="cosine").fit(features)
    found = search.kneighbors(features[chosen], return_distance=False)
    return {"seconds": time.perf_counter() - started, "films": len(found)}
