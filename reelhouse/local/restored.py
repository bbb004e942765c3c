"""Whether the emulator restored all of Bronze, after a full disk or a kill may have cost it objects.

The emulator acknowledges an object before it is on the disk, and only logs a failed write. Gold's newest build says how
many films of each run were stored, which is compared with what is there.
"""

from __future__ import annotations

from collections import Counter

from pipeline import aws, keys
from reelhouse.stack import Stack


def losses(stack: Stack) -> list[str]:
    """Return one sentence for each run of which Bronze lost films, with the command that fetches them again."""
    build = stack.build()
    if build is None:
        return []
    with aws.failures_of("up", stack["BronzeBucketName"]):
        objects = aws.list_objects(aws.client("s3"), stack["BronzeBucketName"], f"{keys.MOVIES}/")
    present = Counter(keys.run_of(entry.key) for entry in objects if entry.size)
    lost = {run_id: counts.stored - present[run_id] for run_id, counts in build.runs.items()}
    return [
        f"Bronze lost {count} of {build.runs[run_id].stored} films of run {run_id}: "
        f"`reelhouse run --resume {run_id}` fetches them again"
        for run_id, count in sorted(lost.items())
        if count > 0
    ]
