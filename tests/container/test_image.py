"""The image for a CPU, locked down: small, without tools, every format and every export, and data that stays."""

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import imagecodecs
import pytest
from pydicom.uid import (
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from app.imaging import phantom, render_png
from scripts import make_secrets
from tests.container.conftest import IMAGE
from tests.support.container_engine import PYTHON, Engine
from tests.support.image_files import compressed, dataset, deep_jpeg, dicom, ramp, saved

# The first test of the folder waits for the image.
pytestmark = [pytest.mark.container, pytest.mark.slow, pytest.mark.timeout(1800)]

CLIENT = Path(__file__).with_name("client.py").read_text(encoding="utf-8")
READY = "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"
LOCKED = ("--cap-drop=ALL", "--security-opt=no-new-privileges", "--network=none", "--tmpfs=/tmp")
# On top of the base image, and of it what changes with new weights and code.
MOST_BYTES, MOST_CHANGING_BYTES = 520_000_000, 60_000_000
MADE = (
    *("images/IMAGE/annotated.png", "images/IMAGE/original.png", "images/IMAGE/window.png", "images/IMAGE/sr.dcm"),
    *("images/IMAGE/sc.dcm", "report.pdf", "fhir.json"),
)


def test_what_is_added_to_the_base_is_small_and_what_changes_is_smaller(engine: Engine) -> None:
    def layer_bytes(image: str) -> list[int]:
        return [int(layer["size"]) for layer in json.loads(engine.podman("history", "--format", "json", image))]

    newest_first = layer_bytes(IMAGE)[: -len(layer_bytes(PYTHON))]
    packages = newest_first.index(max(newest_first))
    logging.getLogger(__name__).info("layers, newest first: %s; base: %s", newest_first, sum(layer_bytes(PYTHON)))
    assert sum(newest_first) < MOST_BYTES
    assert sum(newest_first[:packages]) < MOST_CHANGING_BYTES


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder for keys and database that the user of the image owns."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    make_secrets.make(folder / "keys")
    return folder


@pytest.fixture
def app(engine: Engine, data: Path) -> Iterator[str]:
    for path in (data, *data.rglob("*")):
        os.chown(path, 10001, 10001)
    engine.create("single", IMAGE, *LOCKED, f"--volume={data}:/data")
    engine.wait_until(lambda: engine.python("single", READY))
    yield "single"
    engine.remove("single")


def files() -> dict[str, bytes]:
    """One file of each format, and of each compression that a DICOM may have."""
    twelve_bits = dataset(ramp(most=4095, dtype="u2"), bits=12)
    return {
        "png": render_png(phantom(1).grey),
        "jpeg": saved(ramp(), "JPEG"),
        "jpeg-xl": bytes(imagecodecs.jpegxl_encode(ramp())),
        **{
            f"tiff-{kind}": saved(ramp(), "TIFF", compression=kind)
            for kind in ("raw", "packbits", "tiff_lzw", "tiff_adobe_deflate", "zstd", "lzma")
        },
        "dicom": dicom(twelve_bits, ExplicitVRLittleEndian),
        "rle": compressed(twelve_bits, RLELossless),
        "jpeg-ls": compressed(twelve_bits, JPEGLSLossless),
        "jpeg-2000": compressed(twelve_bits, JPEG2000Lossless),
        "jpeg-lossless": dicom(twelve_bits, JPEGLosslessSV1, codestream=deep_jpeg(ramp(most=4095, dtype="u2"), 12, 1)),
    }


def test_it_serves_every_format_and_export_locked_down_and_keeps_its_data(engine: Engine, app: str, data: Path) -> None:
    status = engine.podman("exec", app, "cat", "/proc/1/status")
    assert "Uid:\t10001\t10001" in status
    assert "CapBnd:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status
    for program in ("pip", "npm", "node", "gcc"):
        assert engine.podman("exec", app, "sh", "-c", f"test -z \"$(find /venv -name '{program}')\" && echo none")

    flask = ("exec", app, "flask", "--app", "wsgi")
    engine.podman(*flask, "people", "add", "ada", "--role", "clinician", "--no-password")
    token = engine.podman(*flask, "tokens", "add", "ada").strip()
    studies = []
    for name, content in files().items():
        (data / name).write_bytes(content)
        (data / name).chmod(0o644)
        paths = [f"/api/v1/studies/STUDY/{each}" for each in MADE] if name == "png" else []
        study = json.loads(engine.python(app, CLIENT, "http://127.0.0.1:8000", token, f"/data/{name}", *paths))
        assert study["images"][0]["verdict"], name
        studies.append(study["id"])

    assert engine.stop(app, 40) == 0
    engine.podman("start", app)
    engine.wait_until(lambda: engine.python(app, READY))
    page = "import sys, urllib.request as u; r = u.Request(sys.argv[1], headers={'Authorization': sys.argv[2]}); "
    page += "print(u.urlopen(r, timeout=60).status)"
    for study_id in studies:
        address = f"http://127.0.0.1:8000/api/v1/studies/{study_id}"
        assert engine.python(app, page, address, f"Bearer {token}").strip() == "200"
