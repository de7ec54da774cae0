"""Data folder of one installation: the keys, the database, the log."""

import base64
import os
import secrets
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from scripts.bootstrap.console import ROOT, Stop
from scripts.bootstrap.log import last_error

DATABASE = "fractures.db"


def open_data_dir(data_dir: Path) -> None:
    """Make the folder when it is not there, for its owner alone, and make sure that it can be written.

    Raises:
        Stop: it cannot be made or written.
    """
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=data_dir):
            pass
    except OSError as reason:
        raise Stop(f"The data folder {data_dir} cannot be written: {reason.strerror}.") from None


def make_keys(data_dir: Path) -> bool:
    """Make `keys/master_keys` and `keys/secret_key` where they are missing; True when this made any.

    The files are for their owner alone (0600 in a folder 0700) and are never written over.

    Raises:
        Stop: the keys are gone while the database that they open is there.
    """
    keys = data_dir / "keys"
    if (data_dir / DATABASE).exists() and not (keys / "master_keys").exists():
        raise Stop(
            f"{data_dir / DATABASE} is there and its keys are not: put {keys} back from the backup, "
            "or choose another --data-dir."
        )
    keys.mkdir(mode=0o700, exist_ok=True)
    keys.chmod(0o700)
    return write_secrets(keys, mode=0o600)


def write_secrets(folder: Path, mode: int) -> bool:
    """Write `master_keys` and `secret_key` where they are missing; True when any was."""
    made = [
        write_once(folder / name, make, mode)
        for name, make in (("master_keys", new_master_key), ("secret_key", _secret_key))
    ]
    return any(made)


def administer(python: Path, environment: Mapping[str, str], *arguments: str) -> str:
    """Run one of the app's own commands (`flask --app wsgi …`) and return what it printed, without the last newline.

    Raises:
        Stop: it failed; the text is its own last line.
    """
    answer = subprocess.run(
        [str(python), "-m", "flask", "--app", "wsgi", *arguments],
        cwd=ROOT,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode:
        raise Stop(last_error(answer.stderr or answer.stdout))
    return answer.stdout.strip()


def write_once(path: Path, make: Callable[[], str], mode: int) -> bool:
    """Write a file whole or not at all, and never over one that is there; True when it was written."""
    if path.exists():
        path.chmod(mode)
        return False
    descriptor, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(make() + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        os.unlink(temporary)
    return True


def new_master_key() -> str:
    """Return a fresh master key, written as `app.security.MasterKeys` parses it: KID:KEY in base64url, not padded."""
    return f"k{secrets.token_hex(4)}:{base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b'=').decode()}"


def _secret_key() -> str:
    return secrets.token_urlsafe(48)
