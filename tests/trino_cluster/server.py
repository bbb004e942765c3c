"""A Trino cluster on this machine: fetched once by Maven, started on 127.0.0.1, stopped with its parent.

Two nodes share one catalogue over local files (``files``) and, where a stack is given, one over the emulator's Glue and
S3 (``aws``), as Athena has it. Trino needs Java 24 or later.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from reelhouse.local.processes import free_port

VERSION = "476"
SHA256 = "cfd5accde17e8ebd251eeeb78aed1f490e77bb3a164d95a0f454bf8a7c1cbd3f"
ARTIFACT = f"io.trino:trino-server:{VERSION}:tar.gz"
MAVEN_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:get"
OLDEST_JAVA = 24
START_SECONDS = 900
HOST = "127.0.0.1"
NODE_GB, ONE_NODE_GB, TWO_NODES_GB = 2, 3, 8
DOWNLOAD_SECONDS = 600
# Starting costs more than any query of a test, and this compiler alone starts fastest.
QUICK_START = "-XX:TieredStopAtLevel=1"
_PR_SET_PDEATHSIG = 1


class Unavailable(Exception):
    """What this machine lacks, in one line."""


def java_home() -> Path:
    """Return the home of a JDK that runs Trino.

    Raises
    ------
    Unavailable
        When there is none.
    """
    named = [Path(home) for home in [os.environ.get("JAVA_HOME", "")] if home]
    on_path = [Path(java).resolve().parents[1] for java in [shutil.which("java")] if java]
    for home in [*named, *on_path, *sorted(Path("/usr/lib/jvm").glob("*"), reverse=True)]:
        if (home / "bin" / "java").is_file() and java_version(home) >= OLDEST_JAVA:
            return home
    raise Unavailable(f"no JDK {OLDEST_JAVA} or later: install one, or set JAVA_HOME")


def java_version(home: Path) -> int:
    """Return the major version of the JDK in a folder; 0 if it does not say."""
    shown = subprocess.run([home / "bin" / "java", "-version"], capture_output=True, text=True, check=False).stderr
    match = re.search(r'version "(\d+)', shown)
    return int(match[1]) if match else 0


def installed() -> Path:
    """Return the folder of the Trino server; the first time, download it and check its digest.

    Raises
    ------
    Unavailable
        When Maven is missing, the download fails or takes too long, or the digest is another.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "reelhouse"
    target = cache / f"trino-server-{VERSION}"
    if target.is_dir():
        return target
    maven = shutil.which("mvn")
    if maven is None:
        raise Unavailable("no Maven (mvn): install it to download Trino")
    cache.mkdir(parents=True, exist_ok=True)
    print(f"Downloading Trino {VERSION} (820 MB, once) …", file=sys.stderr)
    command = [maven, "-q", "-B", MAVEN_PLUGIN, f"-Dartifact={ARTIFACT}", "-Dtransitive=false"]
    try:
        subprocess.run([*command, f"-Dmaven.repo.local={cache / 'maven'}"], check=True, timeout=DOWNLOAD_SECONDS)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as failure:
        raise Unavailable(f"Maven could not download {ARTIFACT} in {DOWNLOAD_SECONDS} seconds") from failure
    archive = cache / "maven" / "io" / "trino" / "trino-server" / VERSION / f"trino-server-{VERSION}.tar.gz"
    with archive.open("rb") as body:
        if hashlib.file_digest(body, "sha256").hexdigest() != SHA256:
            raise Unavailable(f"{archive} has another digest than expected")
    with tarfile.open(archive) as packed:
        packed.extractall(cache / "unpacked", filter="data")
    (cache / "unpacked" / f"trino-server-{VERSION}").rename(target)
    shutil.rmtree(cache / "maven")
    return target


def check() -> None:
    """Check that this machine can run Trino.

    Raises
    ------
    Unavailable
        When Java, Trino or memory is missing.
    """
    java_home()
    installed()
    if psutil.virtual_memory().available < ONE_NODE_GB * 2**30:
        raise Unavailable(f"less than {ONE_NODE_GB} GB of memory are free")


def files_catalogue(lake: Path) -> dict[str, str]:
    """Return the Hive catalogue over parquet files below a folder, with its metastore beside them."""
    return {
        "connector.name": "hive",
        "hive.metastore": "file",
        "hive.metastore.catalog.dir": "local:///metastore",
        "hive.recursive-directories": "true",
        "hive.non-managed-table-writes-enabled": "true",
        "fs.native-local.enabled": "true",
        "local.location": str(lake),
    }


def aws_catalogue(connection: Mapping[str, str]) -> dict[str, str]:
    """Return the Hive catalogue over the emulator's Glue and S3: its tables are those of the deployed template."""
    endpoint, region = connection["AWS_ENDPOINT_URL"], connection["AWS_REGION"]
    key, secret = connection["AWS_ACCESS_KEY_ID"], connection["AWS_SECRET_ACCESS_KEY"]
    return {
        "connector.name": "hive",
        "hive.metastore": "glue",
        "hive.metastore.glue.region": region,
        "hive.metastore.glue.endpoint-url": endpoint,
        "hive.metastore.glue.aws-access-key": key,
        "hive.metastore.glue.aws-secret-key": secret,
        "hive.partition-projection-enabled": "true",
        "hive.recursive-directories": "true",
        **_s3(endpoint, region, key, secret),
    }


def unload_catalogue(connection: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return the catalogue in which UNLOAD's stand-in writes to the emulator's S3, its metastore in a folder."""
    endpoint, region = connection["AWS_ENDPOINT_URL"], connection["AWS_REGION"]
    key, secret = connection["AWS_ACCESS_KEY_ID"], connection["AWS_SECRET_ACCESS_KEY"]
    return {**files_catalogue(folder), **_s3(endpoint, region, key, secret)}


def _s3(endpoint: str, region: str, key: str, secret: str) -> dict[str, str]:
    return {
        "fs.native-s3.enabled": "true",
        "s3.endpoint": endpoint,
        "s3.region": region,
        "s3.path-style-access": "true",
        "s3.aws-access-key": key,
        "s3.aws-secret-key": secret,
    }


class Trino:
    """A running cluster.

    Parameters
    ----------
    folder : Path
        Its configuration, data and logs.
    catalogues : mapping of str to mapping
        Properties of each catalogue, by its name.
    java_options : sequence of str
        Memory and compilers of each node.

    Attributes
    ----------
    bytes_read : int
        Bytes that all statements read from files.
    """

    def __init__(
        self,
        folder: Path,
        catalogues: Mapping[str, Mapping[str, str]],
        java_options: Sequence[str] = (f"-Xmx{NODE_GB}G", QUICK_START),
    ) -> None:
        self.home, self.server = java_home(), installed()
        self.folder, self.catalogues, self.java_options = folder, catalogues, java_options
        self.port = free_port()
        self.nodes: list[subprocess.Popen[bytes]] = []
        self.bytes_read = 0

    def start(self) -> None:
        """Start the coordinator and, where there is memory for it, a worker; wait until both are ready."""
        nodes = 2 if psutil.virtual_memory().available > TWO_NODES_GB * 2**30 else 1
        self._start("coordinator", self.port)
        if nodes == 2:
            self._start("worker", free_port())
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready(nodes):
            if time.monotonic() > deadline or any(node.poll() is not None for node in self.nodes):
                self.stop()
                raise Unavailable(f"Trino did not start: see {self.folder / 'coordinator' / 'server.log'}")
            time.sleep(0.5)

    def stop(self) -> None:
        """End all nodes and wait for them."""
        for node in self.nodes:
            node.kill()
        for node in self.nodes:
            node.wait()
        self.nodes.clear()

    def _start(self, name: str, port: int) -> None:
        folder = self.folder / name
        (folder / "etc" / "catalog").mkdir(parents=True)
        (folder / "plugin").mkdir()
        # The Hive connector alone: the other forty plugins would double the time to start.
        (folder / "plugin" / "hive").symlink_to(self.server / "plugin" / "hive")
        _write(
            folder / "etc" / "config.properties",
            {
                "coordinator": str(name == "coordinator").lower(),
                **({"node-scheduler.include-coordinator": "true"} if name == "coordinator" else {}),
                "http-server.http.port": str(port),
                "discovery.uri": f"http://{HOST}:{self.port}",
                "catalog.management": "static",
            },
        )
        for catalogue, properties in self.catalogues.items():
            _write(folder / "etc" / "catalog" / f"{catalogue}.properties", properties)
        with (folder / "server.log").open("wb") as log:
            self.nodes.append(
                subprocess.Popen(
                    self._command(name, folder),
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    preexec_fn=_die_with_parent,  # noqa: PLW1509 (no threads run yet)
                )
            )

    def _command(self, name: str, folder: Path) -> list[str]:
        properties = {
            "node.environment": "reelhouse",
            "node.id": name,
            "node.data-dir": str(folder / "data"),
            "node.bind-ip": HOST,
            "node.internal-address": HOST,
            "plugin.dir": str(folder / "plugin"),
            "config": "etc/config.properties",
            "jdk.attach.allowAttachSelf": "true",
        }
        return [
            str(self.home / "bin" / "java"),
            *self.java_options,
            "-XX:+UseSerialGC",
            "--enable-native-access=ALL-UNNAMED",
            "--add-modules=jdk.incubator.vector",
            *(f"-D{key}={value}" for key, value in properties.items()),
            "-cp",
            f"{self.server / 'lib'}/*",
            "io.trino.server.TrinoServer",
        ]

    def _is_ready(self, nodes: int) -> bool:
        try:
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(f"http://{HOST}:{self.port}/v1/info", timeout=5) as answer:
                if json.load(answer)["starting"]:
                    return False
        except OSError:
            return False
        return len(self.rows("SELECT node_id FROM system.runtime.nodes WHERE state = 'active'")) == nodes

    def answer(self, sql: str) -> tuple[list[str], list[tuple[object, ...]]]:
        """Run a statement; return the names of its columns and its rows.

        Raises
        ------
        trino.exceptions.TrinoQueryError
            When Trino refuses it.
        """
        from trino.dbapi import connect  # noqa: PLC0415 (only here; its types are of no use elsewhere)

        with connect(host=HOST, port=self.port, user="reelhouse", catalog="aws") as connection:
            cursor = connection.cursor()
            cursor.execute(sql)
            rows = [tuple(row) for row in cursor.fetchall()]
            self.bytes_read += int(cursor.stats.get("physicalInputBytes", 0))
            return [column[0] for column in cursor.description or []], rows

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """Run a statement; return its rows."""
        return self.answer(sql)[1]


def _write(path: Path, properties: Mapping[str, str]) -> None:
    path.write_text("".join(f"{name}={value}\n" for name, value in properties.items()), encoding="utf-8")


def _die_with_parent() -> None:
    """Have the kernel end this process when its parent ends, however it ends (Linux; elsewhere stop() has to do)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
