"""The server as a separate process on a free port of 127.0.0.1."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import requests

from reelhouse.local.omdb import server as omdb_server
from tests.running import wait_until

FILM = "tt0111161"
OTHER = "tt0068646"
KEY = "sample-key"
EXIT_SECONDS = 30


@contextmanager
def running(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server in a process of its own, on a free port, and its address."""
    command = [sys.executable, "-m", "reelhouse.local.omdb.server", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().split()[-1]
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(EXIT_SECONDS)


def test_a_real_server_breaks_connections_off() -> None:
    with running() as (process, url), requests.Session() as web:
        web.trust_env = False
        query = {"i": FILM, "apikey": KEY}
        assert web.get(url, params=query).json()["imdbID"] == FILM

        web.put(f"{url}/faults", json={"reset": True})
        with pytest.raises(requests.ConnectionError):
            web.get(url, params=query)
        web.delete(f"{url}/faults")
        assert web.get(url, params=query).json()["imdbID"] == FILM

        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=EXIT_SECONDS) == ("", "")
        assert process.returncode == 0


def test_a_real_server_stops_at_once_with_requests_under_way() -> None:
    with running() as (process, url), ThreadPoolExecutor(2) as pool, requests.Session() as web:
        web.trust_env = False
        web.put(f"{url}/faults", json={"latency_ms": 600_000, "quota": 0})
        waiting = [pool.submit(requests.get, url, params={"i": film, "apikey": KEY}) for film in (FILM, OTHER)]
        wait_until(lambda: len(web.get(f"{url}/stats").json()["calls"]) == 2)
        process.send_signal(signal.SIGTERM)
        assert [type(request.exception(EXIT_SECONDS)) for request in waiting] == [requests.ConnectionError] * 2
        assert process.wait(EXIT_SECONDS) == 0


def test_a_port_in_use_is_reported_in_one_line() -> None:
    with omdb_server.listen(0) as listener:
        port = str(listener.getsockname()[1])
        command = [sys.executable, "-m", "reelhouse.local.omdb.server", "--port", port]
        refused = subprocess.run(command, capture_output=True, text=True, timeout=EXIT_SECONDS, check=False)

    assert refused.returncode == 1
    assert refused.stdout == ""
    assert refused.stderr == f"cannot listen on 127.0.0.1:{port}: Address already in use; give another --port\n"
