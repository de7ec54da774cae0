"""From a published data set to a study that is read: every command of the chain, as somebody types it."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from app.config import Settings
from tests.support.drawn_sets import BOX, POLYGON, kaggle
from tests.web.conftest import multipart

pytestmark = [pytest.mark.torch, pytest.mark.slow]
pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("nncf", reason="nncf is not installed")

ROOT = Path(__file__).resolve().parents[2]
SIZE = "64"
EPOCHS = 5
FIRST_EPOCH_WITHIN_S = 240


def command(name: str, *arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", f"scripts.{name}", *map(str, arguments)]


def run(name: str, *arguments: str | Path) -> str:
    """Run a command to its end; what it printed."""
    done = subprocess.run(command(name, *arguments), cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, f"{name}: {done.stderr[-2000:]}"
    return done.stdout


def killed_after_an_epoch(folder: Path, *arguments: str | Path) -> None:
    """Start a run and kill it as the machine would, once the first epoch is on disk and another has begun."""
    started = command("train", *arguments, "--out", folder)
    with subprocess.Popen(started, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as training:
        until_s = time.monotonic() + FIRST_EPOCH_WITHIN_S
        while not epochs_of(folder):
            assert training.poll() is None, "the run ended before it could be killed"
            assert time.monotonic() < until_s, "no epoch ended in time"
            time.sleep(0.05)
        os.kill(training.pid, signal.SIGKILL)
    assert training.returncode == -signal.SIGKILL


def epochs_of(folder: Path) -> list[str]:
    curves = folder / "curves.csv"
    if not curves.exists():
        return []
    return [row["epoch"] for row in csv.DictReader(curves.read_text(encoding="utf-8").splitlines())]


def test_what_is_trained_from_a_published_set_serves_in_the_app(settings: Settings, tmp_path: Path) -> None:
    raw = kaggle(tmp_path / "raw", [BOX, POLYGON, BOX, BOX, "", ""], [BOX, POLYGON, ""])
    data, runs, models = tmp_path / "set" / "data.yaml", tmp_path / "run", tmp_path / "models"
    models.mkdir()

    run("prepare_data", "--kaggle", raw, "--out", data.parent)
    size = ("--model", "n", "--image-size", SIZE, "--batch", "2", "--epochs", str(EPOCHS), "--threads", "1")
    killed_after_an_epoch(runs, "--data", data, "--device", "cpu", *size)
    assert not (runs / "final.pt").exists()
    run("train", "--resume", runs, "--device", "cpu")
    assert epochs_of(runs) == [str(number + 1) for number in range(EPOCHS)]

    export = ("--formats", "int8", "--size", SIZE, "--images", "4", "--most-lost", "100", "--threads", "1")
    run("export", "--weights", runs / "final.pt", "--data", data, "--out", models, "--name", "chain", *export)
    report = ("--models-dir", models, "--resamples", "0", "--report", tmp_path / "report", "--threads", "1")
    summary = json.loads(run("evaluate", "--data", data, "--split", "val", *report).splitlines()[-1])
    assert (summary["images"], summary["boxes"]) == (3, 2)
    assert (tmp_path / "report" / "report.html").is_file()

    assert_serves(replace(settings, models_dir=models, detector_engine="openvino", detector_threads=1))


def assert_serves(settings: Settings) -> None:
    """The app starts with the exported weights, reads a radiograph, and says by which weights."""
    from app.imaging import phantom, render_png
    from app.records import Actor
    from app.storage import migrate
    from app.usecases.administration import people, tokens
    from app.web import create_app

    migrate(settings.database_url)
    app = create_app(settings)
    services = app.extensions["services"]
    people.add_person(services, Actor("default", "test"), "Ada", "clinician", None)
    bearer = {"Authorization": f"Bearer {tokens.add_token(services, Actor('default', 'test'), 'Ada')}"}
    try:
        sent = multipart(("wrist.png", render_png(phantom(1, (160, 128)).grey)))
        answer = app.test_client().post("/api/v1/studies", headers=bearer, **sent)
    finally:
        services.detector.close()
        services.store.close()
    study = answer.get_json()
    assert answer.status_code == 201
    assert (study["images"][0]["width"], study["images"][0]["height"]) == (128, 160)
    files = json.loads((settings.models_dir / "model.json").read_text(encoding="utf-8"))["files"]
    assert study["model"] == {"name": "chain", "version": "1.0.0", "sha256": files["openvino"]["bin"]["sha256"]}
