"""A PostgreSQL of one's own for tests: in a temporary folder, spoken to by a socket in it, thrown away."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_FOLDERS: Final = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
_PATIENCE_S: Final = 60.0
_ROOM_BYTES: Final = 2 << 30


class NoPostgres(Exception):
    """There is no PostgreSQL on this machine, or nobody it would run as."""


class PostgresServer:
    """A server over a folder; it can be killed and started again, what is committed stays."""

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        self._bin = _programs()
        self._folder = folder
        self._data = folder / "data"
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None

    def create(self) -> None:
        """Make the cluster."""
        self._run("initdb", "--pgdata", str(self._data), "--auth=trust", "--username=relevo", "--no-sync")

    def start(self) -> None:
        """Run it; returns once it answers."""
        quick = () if self._durable else ("-c", "fsync=off", "-c", "max_wal_size=32MB")
        self._process = subprocess.Popen(
            [
                *(str(self._bin / "postgres"), "-D", str(self._data)),
                *("-k", str(self._folder), "-c", "listen_addresses=", "-c", "log_min_messages=fatal"),
                *quick,
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=_as_whom(),
        )
        limit = time.monotonic() + _PATIENCE_S
        while True:
            try:
                self.execute("SELECT 1")
            except subprocess.CalledProcessError as error:
                if time.monotonic() > limit or self._process.poll() is not None:
                    raise NoPostgres(f"PostgreSQL did not start: {error.stderr!r}") from error
                time.sleep(0.05)
            else:
                return

    def stop(self, *, kill: bool = False) -> None:
        """End it: in order, or as a crash (the postmaster and with it everything)."""
        if self._process is None:
            return
        # SIGINT is its "fast shutdown", SIGQUIT its "immediate" one: without a checkpoint, as after a crash.
        self._process.send_signal(signal.SIGQUIT if kill else signal.SIGINT)
        self._process.wait(_PATIENCE_S)
        self._process = None

    def make_database(self, name: str, template: str = "template1") -> str:
        """Add a database; its URL."""
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def url(self, name: str) -> str:
        """How the server reaches one of its databases."""
        return f"postgresql://relevo@/{name}?host={self._folder}"

    def execute(self, statement: str) -> None:
        """Run one statement as its administrator."""
        where = ("--host", str(self._folder), "--username=relevo", "--dbname=postgres")
        self._run("psql", *where, "--no-psqlrc", "--quiet", "--command", statement)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._bin / program), *arguments],
            check=True,
            capture_output=True,
            cwd=self._folder,
            user=_as_whom(),
        )


@contextmanager
def running_postgres(*, durable: bool = False) -> Generator[PostgresServer]:
    """A new server for as long as the block; raises NoPostgres. ``durable``: with fsync, as in earnest."""
    # A socket's path has at most 107 bytes: pytest's folders are too deep.
    folder = Path(tempfile.mkdtemp(prefix="relevo-pg-", dir=None if durable else _memory()))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, _somebody())
        server = PostgresServer(folder, durable=durable)
        server.create()
        server.start()
        try:
            yield server
        finally:
            server.stop(kill=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _memory() -> Path | None:
    """Where files are kept in memory, if there is room for some dozens of databases."""
    memory = Path("/dev/shm")  # noqa: S108 - the folder in it is made by mkdtemp
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > _ROOM_BYTES else None


def _programs() -> Path:
    for folder in (*_FOLDERS, *(Path(one) for one in os.get_exec_path())):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise NoPostgres("no PostgreSQL here: apt-get install postgresql")


def _somebody() -> str:
    """Whom it runs as where we are root, which it refuses."""
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise NoPostgres("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")


def _as_whom() -> str | None:
    return _somebody() if os.geteuid() == 0 else None
