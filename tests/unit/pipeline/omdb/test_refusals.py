"""Which refusals of OMDb are final."""

from __future__ import annotations

import pytest

from pipeline.omdb.refusals import is_final_rejection


@pytest.mark.parametrize(
    ("rejection", "final"),
    [
        (b'{"reason": "Incorrect IMDb ID."}', True),
        (b'{"reason": "Error getting data."}', True),
        (b'{"reason": "Movie not found!"}', True),
        (b'{"reason": "the body is not a film\'s JSON"}', False),
        (b'{"reason": null}', False),
        (b"[]", False),
        (b"", False),
    ],
)
def test_only_omdbs_own_refusal_is_final(rejection: bytes, final: bool) -> None:
    assert is_final_rejection(rejection) is final
