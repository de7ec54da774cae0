"""Make the secrets that `compose.yaml` mounts: `python3 scripts/make_secrets.py [FOLDER] [--new-master-key]`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse
import secrets
import stat
from collections.abc import Sequence

from scripts.bootstrap.console import ROOT, Stop, say
from scripts.bootstrap.instance import new_master_key, write_once, write_secrets

DATABASE_URL = "postgresql+psycopg://fractures:{password}@database:5432/fractures"


def main(arguments: Sequence[str]) -> int:
    """Write the four files; 0 when all of them are there."""
    parser = argparse.ArgumentParser(prog="make_secrets.py", description=__doc__)
    parser.add_argument(
        "folder", nargs="?", type=Path, default=ROOT / "secrets", help="default: secrets, in the project"
    )
    parser.add_argument(
        "--new-master-key", action="store_true", help="put a fresh master key before those that are there"
    )
    options = parser.parse_args(arguments)
    folder = options.folder
    try:
        make(folder)
        if options.new_master_key:
            add_master_key(folder / "master_keys")
    except (Stop, OSError) as reason:
        print(f"Error: {reason}", file=sys.stderr)
        return 1
    say(f"The secrets are in {folder}: keep a copy of master_keys, without it nothing stored opens again.")
    return 0


def make(folder: Path) -> None:
    """Write what is missing, and nothing over what is there.

    Containers read the files as another user, so the folder is what keeps others out.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    write_secrets(folder, mode=0o444)
    password = folder / "database_password"
    write_once(password, lambda: secrets.token_hex(24), mode=0o444)
    url = DATABASE_URL.format(password=password.read_text(encoding="ascii").strip())
    write_once(folder / "database_url", lambda: url, mode=0o444)


def add_master_key(path: Path) -> None:
    """Put a fresh master key before those in the file, which is replaced whole and keeps its mode."""
    keys = f"{new_master_key()},{path.read_text(encoding='ascii').strip()}"
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    write_once(fresh, lambda: keys, mode=stat.S_IMODE(path.stat().st_mode))
    fresh.replace(path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
