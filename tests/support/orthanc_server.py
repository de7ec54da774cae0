"""A real Orthanc with its DICOMweb plugin, for tests: its own folder, ports that the system chooses."""

import json
import os
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

_PLUGINS = Path("/usr/share/orthanc/plugins")
_READY_LINE = "Orthanc has started"


@dataclass(frozen=True)
class Orthanc:
    """The ports of a server that runs."""

    dicom_port: int
    http_port: int

    def get(self, path: str) -> Any:
        """The JSON answer of its REST API."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}{path}", timeout=20) as answer:
            return json.load(answer)

    def file(self, instance: str) -> bytes:
        """The DICOM file of an instance."""
        url = f"http://127.0.0.1:{self.http_port}/instances/{instance}/file"
        with urllib.request.urlopen(url, timeout=20) as answer:
            return bytes(answer.read())


@contextmanager
def orthanc(folder: Path) -> Iterator[Orthanc]:
    """Start Orthanc, wait until it says that it is ready, and stop it at the end."""
    program = shutil.which("Orthanc")
    if program is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("Orthanc is not installed")
    server = Orthanc(_free_port(), _free_port())
    settings = {
        "Name": "tests",
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "index"),
        "DicomAet": "ORTHANC",
        "DicomPort": server.dicom_port,
        "HttpPort": server.http_port,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "DicomAlwaysAllowStore": True,
        "DicomAlwaysAllowFind": True,
        "DicomModalities": {},
        "Plugins": [str(path) for path in sorted(_PLUGINS.glob("libOrthancDicomWeb.so*"))[:1]],
    }
    path = folder / "orthanc.json"
    path.write_text(json.dumps(settings))
    process = subprocess.Popen([program, str(path)], stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        lines: list[str] = []
        for line in process.stderr:
            lines.append(line)
            if _READY_LINE in line:
                break
        else:
            pytest.fail("Orthanc did not start:\n" + "".join(lines[-20:]))
        yield server
    finally:
        process.terminate()
        process.communicate(timeout=30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
