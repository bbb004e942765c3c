from reelhouse.local.omdb.stats import Connections, Stats


def test_requests_are_counted_while_under_way_and_by_film() -> None:
    stats = Stats(Connections())

    with stats.request("tt0000001") as first, stats.request("tt0000001") as second:
        assert (first, second) == (1, 2)
        assert stats.as_dict(calls=False)["under_way"] == 2
    with stats.request("tt0000002"):
        stats.outcomes["film"] += 1

    assert stats.as_dict(calls=True) == {
        "requests": 1,
        "outcomes": {"film": 1},
        "under_way": 0,
        "most_under_way": 2,
        "connections": 0,
        "calls": {"tt0000001": 2, "tt0000002": 1},
    }


def test_a_failed_request_is_no_longer_in_progress() -> None:
    stats = Stats(Connections())

    try:
        with stats.request("tt0000001"):
            raise TimeoutError
    except TimeoutError:
        pass

    assert stats.under_way == 0


def test_clear_keeps_what_is_under_way() -> None:
    stats = Stats(Connections())

    with stats.request("tt0000001"):
        with stats.request("tt0000002"):
            pass
        stats.clear()
        assert stats.as_dict(calls=True)["calls"] == {}
        assert (stats.under_way, stats.most_under_way) == (1, 1)

    assert stats.under_way == 0
