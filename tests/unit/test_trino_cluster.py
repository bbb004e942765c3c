"""``python -m tests.trino_cluster`` on a machine that lacks something; the tests themselves need Java."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.trino_cluster import __main__ as command
from tests.trino_cluster import server


def test_the_short_form_is_skipped_with_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(server, "OLDEST_JAVA", 1000)

    assert command.main(["--short"]) == 0
    assert capsys.readouterr().err == "Trino: skipped, no JDK 1000 or later: install one, or set JAVA_HOME\n"


def test_the_whole_form_fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(server, "OLDEST_JAVA", 1000)

    assert command.main([]) == 2
    assert capsys.readouterr().err == "Trino: no JDK 1000 or later: install one, or set JAVA_HOME\n"


def test_a_machine_without_maven_or_network_is_told_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    maven = tmp_path / "bin" / "mvn"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(maven.parent))

    with pytest.raises(server.Unavailable, match="no Maven"):
        server.installed()

    maven.parent.mkdir()
    maven.write_text("#!/bin/sh\nexit 1\n")
    maven.chmod(0o755)
    with pytest.raises(server.Unavailable, match="could not download"):
        server.installed()
