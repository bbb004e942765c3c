"""Which build another one is compared with when only one is named."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from insights.lake import Lake
from insights.why import explain
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


@pytest.mark.parametrize(
    ("published", "compared"),
    # A build is named by its run and its number.
    [(["A1"], None), (["A1", "A2"], "A1"), (["A1", "A2", "B1", "B2"], "A2"), (["A1", "B1", "A1"], "B1"), ([], None)],
    ids=str,
)
def test_the_newest_run_is_compared_with_the_run_before(
    published: list[str], compared: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    builds: dict[str, Any] = {name: SimpleNamespace(build_id=name, newest_run=name[0]) for name in published}
    history = [SimpleNamespace(build_id=name) for name in published]
    pointer = SimpleNamespace(build=builds[published[-1]] if published else None, history=history)
    monkeypatch.setattr(explain, "read_pointer", lambda bucket: pointer)
    monkeypatch.setattr(explain, "records", lambda bucket, ids, **_: {name: builds[name] for name in ids})

    both = explain.builds_of_two_runs(Lake("gold", "gold"))

    assert (both and both[0].build_id) == compared
