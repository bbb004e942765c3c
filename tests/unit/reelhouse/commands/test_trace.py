"""Which message of a run carried a film, compared with the messages themselves."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline import messages
from pipeline.runs import Manifest
from reelhouse.commands.trace import message_of

RUN = "20261124T030000Z-1a2b3c4d"


@given(st.integers(1, 60), st.integers(1, 100), st.sampled_from([0, 60_000]))
def test_the_number_is_the_messages_own_or_unknown(films: int, batch_size: int, length: int) -> None:
    items = [{"id": f"tt{n:07}", "rank": str(n), "title": "x" * length} for n in range(1, films + 1)]
    sent = messages.make(RUN, items, batch_size)
    manifest = Manifest(
        run_id=RUN,
        started_at="2026-11-24T03:00:00Z",
        source_uri="",
        source_etag=None,
        source_sha256="",
        top_n=films,
        batch_size=batch_size,
        messages=len(sent),
        expected={item["id"]: int(item["rank"]) for item in items},
        skipped=[],
        code_version="",
    )

    for message in sent:
        for movie in message["movies"]:
            computed = message_of(manifest, movie["id"])
            assert computed.of == message["batches"]
            assert computed.rank == int(movie["rank"])
            assert computed.number in ({message["batch"]} if not length else {message["batch"], None})
