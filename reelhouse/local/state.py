"""The local stack's state: one folder, ``.reelhouse`` in the checkout unless ``REELHOUSE_HOME`` names another.

``state.json`` says which processes, ports and credentials the stack has; ``ministack/`` is the emulator's memory,
``logs/`` what each process said.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from pipeline.errors import LocalStackError
from pipeline.settings import variable

ROOT = Path(__file__).parents[2]
REGION = "eu-central-1"
STACK_NAME = "reelhouse"


@dataclass
class Process:
    """A process that the stack started; ``created`` tells it from a later process with the same pid."""

    pid: int
    created: float
    port: int
    token: str = ""


@dataclass
class State:
    """Everything that ``reelhouse down`` needs to stop what ``reelhouse up`` started."""

    ministack: Process | None = None
    omdb: Process | None = None
    # Root credentials of the emulator, made up here: they open nothing outside this machine.
    access_key_id: str = field(default_factory=lambda: "RH" + secrets.token_hex(9).upper())
    secret_access_key: str = field(default_factory=lambda: secrets.token_urlsafe(30))
    deployed: str = ""
    built: str = ""
    # The emulator writes its memory, but for S3's objects, only when it is stopped. `stopped` tells whether it was;
    # `interrupted` that it was not, and runs have to be resumed.
    stopped: bool = True
    interrupted: bool = False

    def connection(self) -> dict[str, str]:
        """Environment variables that point boto3 at the emulator."""
        port = self.ministack.port if self.ministack else 0
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }


def home() -> Path:
    """The state folder; it need not exist."""
    return Path(variable("REELHOUSE_HOME") or ROOT / ".reelhouse").absolute()


def load() -> State:
    """The saved state, or a new one.

    Raises
    ------
    LocalStackError
        When the file is there and cannot be read.
    """
    path = home() / "state.json"
    if not path.is_file():
        return State()
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        for name in ("ministack", "omdb"):
            data[name] = Process(**data[name]) if data.get(name) else None
        return State(**data)
    except (ValueError, TypeError) as error:
        raise LocalStackError(
            "is not a state file", subject=str(path), next_step="`reelhouse down --delete` starts afresh"
        ) from error


def save(state: State) -> None:
    """Write the state, readable by its owner only."""
    folder = home()
    (folder / "logs").mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    path = folder / "state.json"
    new = path.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(json.dumps(asdict(state), indent=1), encoding="utf-8")
    new.replace(path)


def delete() -> None:
    """Remove the state folder with all data in it."""
    shutil.rmtree(home(), ignore_errors=True)


@contextlib.contextmanager
def locked() -> Iterator[None]:
    """Hold the stack for one command that starts or stops it.

    Raises
    ------
    LocalStackError
        When another command holds it for more than two minutes.
    """
    home().mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = home().parent / f"{home().name}.lock"
    try:
        with FileLock(lock, timeout=120):
            yield
    except Timeout as error:
        raise LocalStackError(
            "another command is starting or stopping it", subject="local stack", next_step="wait for it, then try again"
        ) from error
