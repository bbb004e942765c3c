"""The local stack's state: one folder, ``.reelhouse`` in the checkout unless ``REELHOUSE_HOME`` names another.

``state.json`` records the stack's processes, ports and credentials; ``ministack/`` holds the emulator's data, ``logs/``
the output of each process. Only a folder that holds Reelhouse's marker file is ever changed or removed.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from pipeline import documents
from pipeline.errors import DocumentInvalid, InvalidInput, LocalStackError
from pipeline.settings import variable

ROOT = Path(__file__).parents[2]
REGION = "eu-central-1"
STACK_NAME = "reelhouse"
MARKER = "REELHOUSE"
_MARKER_TEXT = "This folder is the data of a local Reelhouse stack. `reelhouse down --delete` removes it.\n"
LOCK_SECONDS = 120
# A build takes 0.12 GB, and so does the archive that each worker of a function is unpacked from.
NEEDED_BYTES = 1024**3


@dataclass(frozen=True)
class Process:
    """A process that the stack started; ``created`` (seconds since 1970) tells it from a later one with its pid."""

    pid: int
    created: float
    port: int

    def __post_init__(self) -> None:
        """Raise InvalidInput for an impossible process id, as a damaged file may have it."""
        if self.pid < 1:
            raise InvalidInput("is not positive", subject="pid")


@dataclass
class State:
    """Everything that later commands need to know about the local stack.

    Attributes
    ----------
    access_key_id, secret_access_key : str
        Root credentials of the emulator, generated here. They open nothing outside this machine.
    deployed : str
        Digest of what was deployed; "" for nothing.
    stopped : bool
        Whether the emulator was stopped, and so saved its memory. S3 objects are saved at once.
    interrupted : bool
        Whether the emulator was killed since, so that runs have to be resumed.
    """

    ministack: Process | None = None
    omdb: Process | None = None
    access_key_id: str = field(default_factory=lambda: "RH" + secrets.token_hex(9).upper())
    secret_access_key: str = field(default_factory=lambda: secrets.token_urlsafe(30))
    deployed: str = ""
    stopped: bool = True
    interrupted: bool = False

    def connection(self) -> dict[str, str]:
        """Environment variables that point AWS clients at the emulator, and keep them from any configuration file."""
        port = self.ministack.port if self.ministack else 0
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            **NO_FILES,
        }


# AWS clients read neither a person's configuration nor a machine's metadata service.
NO_FILES = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


def home() -> Path:
    """Return the state folder, which may not exist."""
    return Path(variable("REELHOUSE_HOME") or ROOT / ".reelhouse").absolute()


def is_ours() -> bool:
    """Whether the state folder is there and marked as Reelhouse's."""
    return (home() / MARKER).is_file()


def claim() -> None:
    """Create the state folder and mark it, unless it is marked already; LocalStackError when it is not Reelhouse's."""
    folder = home()
    if is_ours():
        return
    _require_empty(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        (folder / MARKER).write_text(_MARKER_TEXT, encoding="utf-8")
    except OSError as error:
        raise _unusable(folder, error) from error


def load() -> State:
    """Return the saved state, or a new one when nothing is saved; LocalStackError when it is damaged."""
    path = home() / "state.json"
    if not path.exists():
        return State()
    try:
        return documents.read(State, path.read_bytes(), str(path))
    except DocumentInvalid as error:
        hint = "run `reelhouse down`, then remove this file: `reelhouse up` writes a new one and keeps all data"
        raise LocalStackError(f"is damaged ({error.cause})", subject=str(path), next_step=hint) from error
    except OSError as error:
        raise _unusable(path, error) from error


def save(state: State) -> None:
    """Write the state, readable by its owner only; raises as :func:`claim` does."""
    claim()
    folder = home()
    path = folder / "state.json"
    new = path.with_suffix(".new")
    try:
        (folder / "logs").mkdir(exist_ok=True, mode=0o700)
        new.touch(mode=0o600)
        new.write_text(json.dumps(asdict(state), indent=1), encoding="utf-8")
        new.replace(path)
    except OSError as error:
        raise _unusable(folder, error) from error


def delete() -> None:
    """Remove the state folder with all data in it, if there is one; raises as :func:`claim` does."""
    folder = home()
    if not is_ours():
        _require_empty(folder)
        return
    try:
        # The marker goes last: what an interrupted removal leaves is still known as ours.
        for path in folder.iterdir():
            if path.name != MARKER:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        shutil.rmtree(folder)
    except OSError as error:
        raise _unusable(folder, error) from error


@contextlib.contextmanager
def locked() -> Iterator[None]:
    """Hold the stack for one command that starts or stops it; LocalStackError when another holds it for two minutes."""
    path = home().parent / f"{home().name}.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path, timeout=LOCK_SECONDS).acquire()
    except Timeout as error:
        raise LocalStackError(
            "another command is starting or stopping it", subject="local stack", next_step="wait for it, then try again"
        ) from error
    except OSError as error:
        raise _unusable(path, error) from error
    with lock:
        yield


def _require_empty(folder: Path) -> None:
    """Raise unless a folder is missing or empty."""
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise LocalStackError(
                "was not created by Reelhouse and is left alone",
                subject=str(folder),
                next_step="set REELHOUSE_HOME to a new or empty folder",
            )
    except OSError as error:
        raise _unusable(folder, error) from error


def _unusable(path: Path, error: OSError) -> LocalStackError:
    return LocalStackError(error.strerror or type(error).__name__, subject=str(path), next_step="check the folder")


class DiskSpace(NamedTuple):
    """Whether the local stack can run, and the free space for people."""

    enough: bool
    text: str


def space(folder: Path) -> DiskSpace:
    """Measure the file system that holds a folder, or would hold it."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    usage = shutil.disk_usage(existing)
    text = f"{usage.free / 1024**3:.1f} of {usage.total / 1024**3:.1f} GB free at {folder}"
    return DiskSpace(usage.free >= NEEDED_BYTES, text)


def require_space(folder: Path) -> None:
    """Raise :class:`LocalStackError` when less than 1 GB is free."""
    free_space = space(folder)
    if not free_space.enough:
        hint = "free some space, or set REELHOUSE_HOME to a folder on another disk"
        raise LocalStackError(f"the disk is nearly full: {free_space.text}", subject="local stack", next_step=hint)
