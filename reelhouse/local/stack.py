"""The local stack: MiniStack with IAM enforced, the OMDb-compatible server, and the deployed template."""

from __future__ import annotations

import secrets
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import requests

from pipeline import aws, http, settings
from pipeline.documents import to_json
from pipeline.errors import InvalidInput, LocalStackError
from reelhouse.local import deploy, emulator, processes, state
from reelhouse.local.connection import use
from reelhouse.local.omdb import films as sample_films
from reelhouse.local.processes import healthy
from reelhouse.local.state import Process, State

REAL_LIST = "https://top-movies.s3.eu-central-1.amazonaws.com/Top250Movies.json"
REAL_OMDB = "https://www.omdbapi.com/"
SOURCE_BUCKET, SOURCE_KEY = "reelhouse-source", "Top250Movies.json"
# The sample server takes any key; this one opens nothing.
SAMPLE_KEY = "sample"
HEALTH_TIMEOUT_SECONDS = 5
KEEP_SECONDS = 30
# Services of the emulator whose memory a deployment cannot do without.
_DEPLOYED = ("cloudformation", "iam", "lambda", "s3", "secretsmanager", "sqs")
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "REELHOUSE_HOME")

Say = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """What ``reelhouse up`` was told; "" stands for the sample.

    Attributes
    ----------
    source_list : str
        A file, ``s3://…`` or ``https://…``.
    omdb_url : str
        Address of the OMDb API to use instead of the sample server.
    omdb_api_key : str
        Its key.
    schedule : str
        Expression of the schedule; "" leaves it switched off.
    """

    source_list: str = ""
    omdb_url: str = ""
    omdb_api_key: str = ""
    schedule: str = ""


def up(options: Options, say: Say) -> State:
    """Start what does not run, deploy what is not deployed; returns the state. Doing it twice changes nothing.

    Raises
    ------
    InvalidInput
        For a source list or an address that cannot be used, before anything is started.
    LocalStackError
        When something does not start or deploy; it says what.
    """
    parsed = _source(options.source_list)
    if options.omdb_url:
        http.check_url(options.omdb_url, "--omdb-url")
    with state.locked():
        current = state.load()
        state.save(current)
        _start_ministack(current, say)
        omdb_url = options.omdb_url or _start_omdb(current, say)
        use(current)
        parameters = {
            "SourceListUri": parsed if isinstance(parsed, str) else _upload(parsed),
            "OmdbUrl": omdb_url,
            "OmdbApiKey": options.omdb_api_key or SAMPLE_KEY,
            "ScheduleExpression": options.schedule or "cron(0 3 * * ? *)",
            "ScheduleState": "ENABLED" if options.schedule else "DISABLED",
            "RequireTls": "false",
        }
        if deploy.bring_up_to_date(current, parameters, say):
            _keep(current)
            state.save(current)
    return current


def down(*, delete: bool) -> bool:
    """Stop all processes; with ``delete`` remove all data too. Returns whether anything ran."""
    with state.locked():
        try:
            current = state.load()
        except LocalStackError:
            if not delete:
                raise
            current = State()
        ran = processes.running(current.ministack) or processes.running(current.omdb)
        _stop_ministack(current)
        processes.stop(current.omdb)
        if delete:
            state.delete()
        elif ran:
            state.save(current)
    return ran


def _source(given: str) -> str | bytes:
    """A list's address, or its bytes."""
    if not given:
        return to_json(sample_films.source_list())
    if given.startswith("s3://"):
        return given
    if "://" in given:
        return http.check_url(given, "--source-list")
    path = Path(given)
    if not path.is_file():
        raise InvalidInput("there is no such file", subject=given, next_step="give a file, s3://… or https://…")
    return path.read_bytes()


def _upload(body: bytes) -> str:
    """Put a list into the emulator's S3; returns its address."""
    s3 = aws.client("s3")
    with aws.failures_of("up", SOURCE_BUCKET):
        aws.ensure_bucket(s3, SOURCE_BUCKET, state.REGION)
        s3.put_object(Bucket=SOURCE_BUCKET, Key=SOURCE_KEY, Body=body)
    return f"s3://{SOURCE_BUCKET}/{SOURCE_KEY}"


def _environment(**more: str) -> dict[str, str]:
    """Environment of a server: no key of the person's, since functions inherit it from the emulator."""
    return {name: value for name in _INHERITED if (value := settings.variable(name))} | more


def _stop_ministack(current: State) -> None:
    """Stop the emulator; one that ran until now writes what it has in memory."""
    running = processes.running(current.ministack)
    processes.stop(current.ministack)
    # The emulator unpacks each function for each of its workers, 140 MB at a time, and leaves that behind.
    shutil.rmtree(_temporary(), ignore_errors=True)
    current.stopped = current.stopped or running


def _temporary() -> Path:
    """Folder for the emulator's temporary files, which are gone when it is stopped."""
    return state.home() / "ministack" / "tmp"


def _keep(current: State) -> None:
    """Have the emulator write what was deployed, so that it is there after a kill too.

    Raises
    ------
    LocalStackError
        When it does not.
    """
    folder, asked = state.home() / "ministack" / "state", time.time()
    wanted = [folder / emulator.SAVED, *(folder / f"{service}.json" for service in _DEPLOYED)]
    wanted[0].unlink(missing_ok=True)
    alive = processes.signalled(current.ministack, signal.SIGUSR1)
    while alive and not wanted[0].is_file() and time.time() < asked + KEEP_SECONDS:
        time.sleep(0.1)
    # A file's time is that of the kernel's last tick, a moment before ours.
    if not all(path.is_file() and path.stat().st_mtime > asked - 1 for path in wanted):
        raise LocalStackError("did not write its memory", subject="MiniStack", next_step="run `reelhouse up` again")


def _start_ministack(current: State, say: Say) -> None:
    if healthy(current.ministack) and processes.runs_module(current.ministack, emulator.MODULE):
        return
    _stop_ministack(current)
    current.interrupted = current.interrupted or not current.stopped
    folder = state.home() / "ministack"
    _temporary().mkdir(parents=True, exist_ok=True)
    environment = _environment(
        TMPDIR=str(_temporary()),
        BIND_HOST=processes.HOST,
        MINISTACK_REGION=state.REGION,
        IOT_MTLS_ENABLED="0",
        SFTP_ENABLED="0",
        AUTH="true",
        AWS_ACCESS_KEY_ID=current.access_key_id,
        AWS_SECRET_ACCESS_KEY=current.secret_access_key,
        PERSIST_STATE="1",
        STATE_DIR=str(folder / "state"),
        S3_PERSIST="1",
        S3_DATA_DIR=str(folder / "s3"),
        LOG_LEVEL="WARNING",
    )
    current.ministack = processes.start(
        "MiniStack",
        lambda _: [sys.executable, "-m", emulator.MODULE],
        environment,
        state.home() / "logs" / "ministack.log",
        port=current.ministack.port if current.ministack else 0,
    )
    current.stopped = False
    state.save(current)
    _await_health("MiniStack", current.ministack, "/_ministack/ready")
    say(f"MiniStack, an AWS emulator with IAM enforced, on 127.0.0.1:{current.ministack.port}")


def _start_omdb(current: State, say: Say) -> str:
    if current.omdb is None or not healthy(current.omdb):
        token = secrets.token_hex(8)
        current.omdb = processes.start(
            "OMDb-compatible server",
            lambda port: [sys.executable, "-m", "reelhouse.local.omdb.server", "--port", str(port), "--token", token],
            _environment(),
            state.home() / "logs" / "omdb.log",
            port=current.omdb.port if current.omdb else 0,
            token=token,
        )
        state.save(current)
        films = len(sample_films.films_by_id())
        say(f"OMDb-compatible server with {films:,} real films on 127.0.0.1:{current.omdb.port}")
    return f"http://127.0.0.1:{current.omdb.port}/"


def _await_health(name: str, process: Process, path: str) -> None:
    url = f"http://{processes.HOST}:{process.port}{path}"
    try:
        if requests.get(url, timeout=HEALTH_TIMEOUT_SECONDS).ok:
            return
        cause = "is not ready"
    except requests.RequestException as error:
        cause = f"does not answer ({type(error).__name__})"
    raise LocalStackError(cause, subject=name, next_step=f"see {state.home() / 'logs'}")
