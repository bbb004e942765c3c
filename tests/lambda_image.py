"""Run a container image's function without Docker: its Dockerfile's files, under Lambda's runtime interface emulator.

Linux namespaces replace the container: everything is read-only except 512 MB of ``/tmp``, ``/dev/shm`` is unusable, and
the environment is Lambda's, without a home folder.
"""

from __future__ import annotations

import contextlib
import platform
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import requests

from tests.running import wait_until

ROOT = Path(__file__).parents[1]
# A folder that exists on every Linux, in place of /var/task.
TASK = "/srv"
_ARCHITECTURE = {"x86_64": "x86_64", "aarch64": "arm64"}.get(platform.machine(), "")
_SANDBOX = f"""
set -e
mount --bind "$1" {TASK}
mount -t tmpfs -o size=512m tmpfs /tmp
mount -t tmpfs -o ro,size=4k tmpfs /dev/shm
mount -o remount,bind,ro {TASK}
mount -o remount,bind,ro /
cd {TASK}
for folder in / {TASK} /dev/shm "$HOME_OF_THE_TEST"; do
    if touch "$folder/probe" 2>/dev/null; then echo "$folder can be written"; exit 3; fi
done
unset HOME_OF_THE_TEST
shift
exec "$@"
"""


def emulator() -> Path | None:
    """Return the SAM CLI's copy of Lambda's runtime interface emulator; None if it lacks this architecture."""
    paths = list(ROOT.glob(f".sam-venv/lib/python3*/site-packages/samcli/local/rapid/aws-lambda-rie-{_ARCHITECTURE}"))
    return paths[0] if paths and sys.platform == "linux" else None


def below_tmp() -> bool:
    """Return whether Python lies below ``/tmp``, which the sandbox hides."""
    return Path(sys.prefix).resolve().is_relative_to("/tmp")


def namespaces() -> bool:
    """Return whether this machine permits mounts in a user namespace."""
    tried = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/tmp"],
        capture_output=True,
        check=False,
    )
    return tried.returncode == 0


def unpack(dockerfile: Path, folder: Path) -> None:
    """Copy the files that the Dockerfile copies into its working directory."""
    for line in dockerfile.read_text(encoding="utf-8").splitlines():
        command, *paths = line.split() or [""]
        if command != "COPY" or paths[-1].startswith("/"):
            continue
        for source in map(ROOT.joinpath, paths[:-1]):
            target = folder / paths[-1]
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"))
            else:
                target.mkdir(exist_ok=True)
                shutil.copy(source, target)


def free_ports(count: int) -> list[int]:
    """Return unused ports of 127.0.0.1."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


@contextlib.contextmanager
def running(task: Path, handler: str, environment: Mapping[str, str], log: Path) -> Iterator[str]:
    """Run a handler inside the block; yield the URL that invokes it."""
    rie = emulator()
    assert rie is not None
    shutil.copy(rie, task / "aws-lambda-rie")
    (task / "aws-lambda-rie").chmod(0o755)
    port, runtime_port = free_ports(2)
    # It listens on all interfaces unless both addresses are given.
    command = [
        "unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child",
        "sh", "-c", _SANDBOX, "sandbox", str(task),
        "./aws-lambda-rie", "--runtime-interface-emulator-address", f"127.0.0.1:{port}",
        "--runtime-api-address", f"127.0.0.1:{runtime_port}", sys.executable, "-m", "awslambdaric", handler,
    ]  # fmt: skip
    variables = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": TASK,
        "AWS_LAMBDA_FUNCTION_TIMEOUT": "300",
        "HOME_OF_THE_TEST": str(Path.home()),
        **environment,
    }
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=variables, stdout=output, stderr=output)
        try:
            wait_until(lambda: process.poll() is not None or _listens(port))
            assert process.poll() is None, log.read_text(encoding="utf-8")
            yield f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
        finally:
            process.kill()
            process.wait(10)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def invoke(address: str, event: Mapping[str, Any]) -> Any:
    """Return the handler's answer; for an error it has ``errorType`` and ``errorMessage``."""
    return requests.post(address, json=event, timeout=280).json()
