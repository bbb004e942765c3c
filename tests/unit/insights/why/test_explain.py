"""Which build another one is compared with when only one is named."""

from __future__ import annotations

import pytest

from insights.why.explain import _published_before
from pipeline.errors import InvalidInput


@pytest.mark.parametrize(
    ("build_id", "published", "before"),
    [("C", "ABC", "B"), ("B", "ABC", "A"), ("A", "ABA", "B"), ("B", "ABBA", "A"), ("held", "AB", "B")],
)
def test_a_build_follows_the_one_that_was_published_before_its_last_publication(
    build_id: str, published: str, before: str
) -> None:
    assert _published_before(build_id, list(published)) == before


@pytest.mark.parametrize("published", ["AB", "AAB", ""])
def test_the_first_build_follows_none(published: str) -> None:
    with pytest.raises(InvalidInput, match="no build was published before it"):
        _published_before("A", list(published))
