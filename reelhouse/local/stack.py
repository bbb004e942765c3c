"""The local stack: MiniStack with IAM enforced, the OMDb-compatible server, and the deployed template.

Clients, SAM and functions take nothing from a person's own environment or AWS configuration files.
"""

from __future__ import annotations

import shutil
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil
import requests

from pipeline import aws, http, settings, source_list
from pipeline.documents import to_json
from pipeline.errors import InvalidInput, LocalStackError, ReelhouseError
from reelhouse.local import deploy, emulator, processes, state
from reelhouse.local.lifeline import Lifeline
from reelhouse.local.omdb import films as sample_films
from reelhouse.local.processes import healthy
from reelhouse.local.state import Process, State
from reelhouse.stack import find, use

REAL_LIST = "https://top-movies.s3.eu-central-1.amazonaws.com/Top250Movies.json"
REAL_OMDB = "https://www.omdbapi.com/"
SOURCE_BUCKET, SOURCE_KEY = "reelhouse-source", "Top250Movies.json"
# The sample server accepts any key.
SAMPLE_KEY = "sample"
HEALTH_TIMEOUT_SECONDS = 5
SAVE_SECONDS = 30
# Functions that do nothing for an empty batch, and the workers that each one's event source starts at most.
WARMED, WARM_WORKERS = ("EnrichAndStoreMovie", "ProcessBronzeToSilver"), 2
# Services of the emulator whose saved memory a deployment needs.
_DEPLOYED = ("cloudformation", "iam", "lambda", "s3", "secretsmanager", "sqs")
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "REELHOUSE_HOME")

# Open for as long as this process runs: the stacks that belong to it end with it.
_held: list[Lifeline] = []

Say = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """Options of ``reelhouse up``; "" stands for the sample data.

    Attributes
    ----------
    source_list : str
        A file, ``s3://…`` or ``https://…``.
    omdb_url, omdb_api_key : str
        The OMDb API to use instead of the sample server.
    schedule : str
        Schedule expression; "" leaves the schedule disabled.
    stays : bool
        Whether the stack outlives this process. When this is False, or this process ends before ``up`` returns, the
        servers that it started end with it, even if it is killed.
    """

    source_list: str = ""
    omdb_url: str = ""
    omdb_api_key: str = ""
    schedule: str = ""
    stays: bool = True


def up(options: Options, say: Say) -> State:
    """Start what is not running and deploy what is not deployed; return the state. A second call changes nothing.

    Raises
    ------
    InvalidInput
        For a source list or an address that cannot be used, before anything is started. A list in S3 is read when the
        emulator runs, before anything is deployed.
    LocalStackError
        When something does not start or deploy, with the cause.
    """
    parsed = _source(options.source_list)
    if options.omdb_url:
        http.check_url(options.omdb_url, "--omdb-url")
    state.require_space(state.home())
    with state.locked(), Lifeline() as lifeline:
        current = state.load()
        state.save(current)
        _stop_strays(current)
        before = current.ministack
        _start_ministack(current, say, lifeline)
        omdb_url = options.omdb_url or _start_omdb(current, say, lifeline)
        use(current)
        if options.source_list.startswith("s3://"):
            _check_stored(options.source_list)
        parameters = {
            "SourceListUri": parsed if isinstance(parsed, str) else _upload(parsed),
            "OmdbUrl": omdb_url,
            "OmdbApiKey": options.omdb_api_key or SAMPLE_KEY,
            "ScheduleExpression": options.schedule or "cron(0 3 * * ? *)",
            "ScheduleState": "ENABLED" if options.schedule else "DISABLED",
            "RequireTls": "false",
        }
        is_new = deploy.bring_up_to_date(current, parameters, say, lifeline)
        if options.omdb_url and current.omdb:
            # Nothing uses the sample server now, and `reelhouse doctor` checks each one that is recorded.
            processes.stop(current.omdb)
            current.omdb = None
            state.save(current)
        if is_new:
            _save_emulator(current)
            state.save(current)
        if is_new or current.ministack != before:
            _warm_up()
        if options.stays:
            lifeline.release()
        else:
            _held.append(lifeline)
    return current


def down(*, delete: bool) -> bool:
    """Stop all processes; with ``delete`` remove all data too. Return whether anything ran.

    Raises
    ------
    LocalStackError
        When there is data in the state folder that is not Reelhouse's; nothing is stopped or removed then.
    """
    with state.locked():
        try:
            current = state.load()
        except LocalStackError:
            current = None
        ran = processes.of_home(state.home())
        if current is not None:
            _stop_ministack(current, at_once=delete)
            processes.stop(current.omdb, at_once=delete)
        # Those of a start that was interrupted, or whose record is damaged.
        for process in ran:
            processes.stop(process, at_once=delete)
        if delete:
            state.delete()
        elif current is not None and ran:
            state.save(current)
    return bool(ran)


def _source(given: str) -> str | bytes:
    """Return a list's address, or its bytes, checked; the content of ``s3://…`` is checked by :func:`_check_stored`."""
    if not given:
        return to_json(sample_films.source_list())
    if given.startswith("s3://"):
        parts = http.split_url(given, "--source-list")
        if not (parts.netloc and parts.path.strip("/")):
            raise InvalidInput("must be s3://bucket/key", subject=f"--source-list {given}")
        return given
    if "://" in given:
        address = http.check_url(given, "--source-list")
        source_list.read_list(source_list.fetch_http(address).body, address)
        return address
    try:
        body = Path(given).read_bytes()
    except OSError as error:
        cause = error.strerror or "cannot be read"
        raise InvalidInput(cause, subject=given, next_step="give a file, s3://… or https://…") from error
    source_list.read_list(body, given)
    return body


def _check_stored(uri: str) -> None:
    """Raise InvalidInput unless the local stack's S3 has a list at this address."""
    try:
        source_list.read_list(source_list.fetch(uri, aws.client("s3")).body, uri)
    except ReelhouseError as error:
        next_step = "nothing was deployed; the list must be in the local stack's own S3"
        raise InvalidInput(error.cause, subject=f"--source-list {uri}", next_step=next_step) from error


def _upload(body: bytes) -> str:
    """Put a list into the emulator's S3; returns its address."""
    s3 = aws.client("s3")
    with aws.failures_of("up", SOURCE_BUCKET):
        aws.ensure_bucket(s3, SOURCE_BUCKET, state.REGION)
        s3.put_object(Bucket=SOURCE_BUCKET, Key=SOURCE_KEY, Body=body)
    return f"s3://{SOURCE_BUCKET}/{SOURCE_KEY}"


def _environment(**more: str) -> dict[str, str]:
    """Return the environment of a server. Functions inherit the emulator's: it holds no key or setting of a person."""
    return {name: value for name in _INHERITED if (value := settings.variable(name))} | state.NO_FILES | more


def _stop_ministack(current: State, *, at_once: bool = False) -> None:
    """Stop the emulator, which saves its memory if it is running, unless ``at_once``."""
    running = processes.running(current.ministack)
    processes.stop(current.ministack, at_once=at_once)
    # Unpacked functions and copies of tables, which the emulator does not all remove.
    shutil.rmtree(_temporary(), ignore_errors=True)
    current.stopped = current.stopped or running


def _temporary() -> Path:
    """Return the folder of the emulator's temporary files, which is removed when it stops."""
    return state.home() / "ministack" / "tmp"


def _save_emulator(current: State) -> None:
    """Let the emulator save what was deployed, so that it is there even after a kill; LocalStackError if it fails."""
    folder, asked = state.home() / "ministack" / "state", time.time()
    wanted = [folder / emulator.SAVED, *(folder / f"{service}.json" for service in _DEPLOYED)]
    wanted[0].unlink(missing_ok=True)
    alive = processes.signalled(current.ministack, signal.SIGUSR1)
    while alive and not wanted[0].is_file() and time.time() < asked + SAVE_SECONDS:
        time.sleep(0.1)
    # File times come from the kernel's last tick, slightly before the clock.
    if not all(path.is_file() and path.stat().st_mtime > asked - 1 for path in wanted):
        raise LocalStackError("did not save its memory", subject="MiniStack", next_step="run `reelhouse up` again")


def _warm_up() -> None:
    """Start the workers of :data:`WARMED` with empty batches: else they start during the next run, and slow it."""
    deployed = find(None)
    functions = [deployed[f"{step}Name"] for step in WARMED] * WARM_WORKERS
    invoke = aws.client("lambda").invoke
    # Concurrent invocations of a function start a worker each.
    with aws.failures_of("up", "workers"), ThreadPoolExecutor(len(functions)) as pool:
        list(pool.map(lambda name: invoke(FunctionName=name, Payload=b'{"Records": []}'), functions))


def _stop_strays(current: State) -> None:
    """Stop processes of this stack that no record names: their start was interrupted."""
    recorded = {process.pid for process in (current.ministack, current.omdb) if process}
    family = {child.pid for pid in recorded if psutil.pid_exists(pid) for child in psutil.Process(pid).children(True)}
    for process in processes.of_home(state.home()):
        if process.pid not in recorded | family:
            processes.stop(process)


def _start_ministack(current: State, say: Say, lifeline: Lifeline) -> None:
    if healthy(current.ministack):
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
        lambda _: [sys.executable, "-m", emulator.MODULE, "--home", str(state.home())],
        environment,
        state.home() / "logs" / "ministack.log",
        port=current.ministack.port if current.ministack else 0,
        lifeline=lifeline,
    )
    current.stopped = False
    state.save(current)
    _require_ready(current.ministack)
    say(f"MiniStack, an AWS emulator with IAM enforced, on 127.0.0.1:{current.ministack.port}")


def _start_omdb(current: State, say: Say, lifeline: Lifeline) -> str:
    if current.omdb is None or not healthy(current.omdb):
        module, home = "reelhouse.local.omdb.server", str(state.home())
        current.omdb = processes.start(
            "OMDb-compatible server",
            lambda port: [sys.executable, "-m", module, "--port", str(port), "--home", home],
            _environment(),
            state.home() / "logs" / "omdb.log",
            port=current.omdb.port if current.omdb else 0,
            lifeline=lifeline,
        )
        state.save(current)
        films = len(sample_films.films_by_id())
        say(f"OMDb-compatible server with {films:,} real films on 127.0.0.1:{current.omdb.port}")
    return f"http://127.0.0.1:{current.omdb.port}/"


def _require_ready(ministack: Process) -> None:
    """Raise LocalStackError unless MiniStack, which listens, says that it is ready."""
    url = f"http://{processes.HOST}:{ministack.port}/_ministack/ready"
    try:
        with http.session() as web:  # reads no proxy settings
            if web.get(url, timeout=HEALTH_TIMEOUT_SECONDS).ok:
                return
        cause = "is not ready"
    except requests.RequestException as error:
        cause = f"does not answer ({type(error).__name__})"
    raise LocalStackError(cause, subject="MiniStack", next_step=f"see {state.home() / 'logs'}")
