"""A real PostgreSQL server for the tests: its own data folder, a socket of its own, gone at the end."""

import getpass
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

# A crash would lose the data, and the data is worth nothing.
_FAST = "-c listen_addresses='' -c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=100"


def postgres_programs() -> Path | None:
    """The folder of initdb and pg_ctl, the newest of Debian's or the one on the PATH; None where there is none."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    found = debian[-1] if debian else shutil.which("initdb")
    return Path(found).parent if found else None


def require_postgres() -> Path:
    """The folder of PostgreSQL's programs; without it the test is skipped, and fails in CI."""
    programs = postgres_programs()
    if programs is None:
        missing = "PostgreSQL (Debian package postgresql) is not installed"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    return programs


@contextmanager
def postgres_server() -> Iterator[str]:
    """Start a server and give the URL of its database `postgres`, whose user may create others; stop it at the end.

    The server refuses to run as root: it then runs as the user `postgres` of Debian's package.
    """
    programs = require_postgres()
    user = "postgres" if os.geteuid() == 0 else getpass.getuser()
    # Short, as the path of a socket has at most 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    if os.geteuid() == 0:
        shutil.chown(folder, user, user)
    try:
        _run(
            user, programs / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"
        )
        options = f"{_FAST} -c unix_socket_directories={folder}"
        _run(user, programs / "pg_ctl", "-D", folder / "data", "-w", "-l", folder / "log", "-o", options, "start")
        try:
            yield f"postgresql://postgres@/postgres?host={folder}"
        finally:
            _run(user, programs / "pg_ctl", "-D", folder / "data", "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(user: str, *command: str | Path) -> None:
    prefix = ["runuser", "-u", user, "--"] if os.geteuid() == 0 else []
    # The server outlives pg_ctl and keeps what it inherits: a pipe would never end, so its words go to a file.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            [*prefix, *map(str, command)], stdout=output, stderr=output, cwd="/", timeout=120, check=False
        )
        output.seek(0)
        assert done.returncode == 0, output.read().decode(errors="replace")
