"""Counts of one invocation: by run and in total."""

from __future__ import annotations

from pipeline.tally import UNKNOWN_RUN, Tally

RUN, OTHER = "20261124T030000Z-1a2b3c4d", "20261124T040000Z-1a2b3c4d"


def test_totals_are_the_sum_of_the_runs() -> None:
    tally = Tally(messages=3, films={"tt0000001", "tt0000002", "tt0000003"})
    tally.outcomes[RUN].update(stored=2, failed=1)
    tally.outcomes[OTHER].update(stored=1)
    tally.put_back[RUN].update(OmdbUnavailable=1)
    tally.put_back[UNKNOWN_RUN].update(InvalidInput=1)

    counts = tally.as_dict()

    assert counts["received"] == {"messages": 3, "films": 3}
    assert counts["outcomes"] == {"stored": 3, "failed": 1}
    assert counts["put_back"] == {"OmdbUnavailable": 1, "InvalidInput": 1}
    assert counts["by_run"][RUN] == {"outcomes": {"stored": 2, "failed": 1}, "put_back": {"OmdbUnavailable": 1}}
    assert counts["by_run"][OTHER] == {"outcomes": {"stored": 1}, "put_back": {}}
    assert counts["by_run"][UNKNOWN_RUN] == {"outcomes": {}, "put_back": {"InvalidInput": 1}}
    assert not {"run_id", "imdb_id"} & counts.keys()


def test_one_run_and_one_film_are_named() -> None:
    tally = Tally(messages=1, films={"tt0000001"})
    tally.outcomes[RUN].update(stored=1)

    counts = tally.as_dict()

    assert (counts["run_id"], counts["imdb_id"]) == (RUN, "tt0000001")


def test_an_empty_tally_has_no_counts() -> None:
    counts = Tally().as_dict()

    assert (counts["outcomes"], counts["put_back"], counts["by_run"]) == ({}, {}, {})
