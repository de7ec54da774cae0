"""The measurement of the node runs end to end, and leaves nothing behind."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from app.config import Settings
from app.hospital.benchmark import measure_node
from app.hospital.commands import Archive


@pytest.mark.slow
def test_images_are_stored_inferred_and_compared(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("openvino", reason="openvino is not installed")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = threading.active_count()
    figures = measure_node(replace(settings, detector_engine="openvino", detector_threads=1), Archive, 3, (256, 192))
    assert (figures.images, figures.width, figures.height) == (3, 192, 256)
    assert min(figures.stored_per_s, figures.inferred_per_s, figures.bare_detector_per_s) > 0
    assert figures.ratio == pytest.approx(figures.bare_detector_per_s / figures.inferred_per_s, rel=0.05)
    assert list(tmp_path.iterdir()) == []
    assert threading.active_count() <= before
