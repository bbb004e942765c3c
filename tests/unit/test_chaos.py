"""The faults of `make chaos` can be listed and chosen; it runs none of them."""

from __future__ import annotations

import pytest

from tests.chaos import __main__ as chaos


def test_every_kind_has_scenarios_with_names_of_their_own() -> None:
    names = [scenario.name for scenario in chaos.chosen([])]

    assert len(names) == len(set(names)) > 30
    assert all(chaos.chosen([kind]) for kind in chaos.KINDS)


def test_a_word_of_a_name_chooses() -> None:
    assert {scenario.name for scenario in chaos.chosen(["SIGKILL"])} == {
        scenario.name for scenario in chaos.chosen([]) if "SIGKILL" in scenario.name
    }


def test_an_unknown_word_chooses_nothing() -> None:
    assert chaos.chosen(["nonsense"]) == []


@pytest.mark.parametrize("words", [["nonsense"]])
def test_an_unknown_word_is_wrong_usage(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["chaos", *words])

    with pytest.raises(SystemExit, match="2"):
        chaos.main()
