"""``reelhouse report --every`` on the deployed stack, ended with Ctrl-C."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from pipeline import aws, keys
from reelhouse.stack import Stack
from tests.running import WATCH_SECONDS, reelhouse, wait_until


def test_ctrl_c_ends_it_cleanly_after_a_round(stack: Stack, tmp_path: Path) -> None:
    errors = tmp_path / "stderr"
    arguments = ["report", "01", "--every", "1h", "--output", str(tmp_path / "reports")]
    with errors.open("wb") as stderr, subprocess.Popen(
        [sys.executable, "-m", "reelhouse", *arguments], stdout=subprocess.DEVNULL, stderr=stderr,
        # Where the tests themselves run in the background, what they start would be deaf to Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 (no threads here)
    ) as process:  # fmt: skip
        try:
            wait_until(lambda: process.poll() is not None or "again every" in errors.read_text())
            process.send_signal(signal.SIGINT)
            code = process.wait(WATCH_SECONDS)
        finally:
            process.kill()

    assert code == 0, errors.read_text()
    assert "Traceback" not in errors.read_text()
    assert (tmp_path / "reports" / "index.html").is_file()
    page = keys.report("01_gold_aggregates", keys.LATEST, "report.html")
    stored = aws.client("s3").get_object(Bucket=stack["GoldBucketName"], Key=page)
    assert stored["ContentType"].startswith("text/html")
    assert stored["Body"].read() == (tmp_path / page).read_bytes()


def test_an_interval_that_is_none_is_refused_before_anything_runs(stack: Stack, tmp_path: Path) -> None:
    done = reelhouse("report", "--every", "soon", "--output", str(tmp_path / "reports"))

    assert done.returncode == 2
    assert "30d" in done.stderr
    assert not (tmp_path / "reports").exists()
