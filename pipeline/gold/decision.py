"""Whether a new build is published: the one place where publication can be stopped.

Called after the build and its record are written and before the pointer moves.
"""

from __future__ import annotations

from pipeline.gold.build import Build
from pipeline.gold.publication import Pointer


def reasons_to_hold(bucket: str, build: Build, pointer: Pointer) -> tuple[str, ...]:  # noqa: ARG001
    """Return why a build must not be published, one sentence each; () publishes it.

    Parameters
    ----------
    bucket : str
        The Gold bucket, to read the records of earlier builds.
    build : Build
        The new build; its objects can be read.
    pointer : Pointer
        What is published, what was, and what is held.
    """
    if build.reasons:
        return build.reasons
    until_after = pointer.held.until_after if pointer.held else None
    if until_after is not None and not any(run_id > until_after for run_id in build.complete_runs):
        return (f"Gold was rolled back to build {pointer.history[-1].build_id}; the next complete run ends that",)
    return ()
