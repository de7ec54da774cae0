"""How long each step of an inference takes on this machine, beside ultralytics on the same weights."""

import gc
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from app.config import Limits
from app.detection import Detector
from app.errors import ModelError
from app.imaging import InProcessDecoder, model_input, render_png
from app.learning.benchmark.peers import predict_by_torch
from app.learning.benchmark.samples import Sample
from app.reports import overlay
from app.security import AssociatedData, MasterKeys, UploadKeys, Vault, new_master_key, seal_upload
from app.storage import NewImage, NewStudy, Store, migrate, open_store
from app.usecases import stored_assessment
from app.usecases.studies.infer import infer

Say = Callable[[str], None]

STEPS = ("open", "decode", "detect", "draw", "seal", "store")
TENANT = "benchmark"
_SENDER = ("default", "benchmark")


@dataclass(frozen=True)
class Times:
    """Milliseconds of every run: by step, of all steps but detection together, and of ultralytics' predict.

    peer_missing says in one line why ultralytics was not measured.
    """

    steps: dict[str, list[float]]
    others: list[float]
    peer: list[float] = field(default_factory=list)
    peer_missing: str = ""


def measure(detector: Detector, samples: Sequence[Sample], repeats: int, threads: int, say: Say) -> Times:
    """Infer every sample `repeats` times as the server does, then let ultralytics detect as often.

    Every shape is run once before, so that what is measured is the steady state.
    """
    spec = detector.spec
    for sample in {sample.shape_hw: sample for sample in samples}.values():
        detector.detect(model_input(sample.grey, spec.input_size_px, spec.stride))
    say(f"Inferring {len(samples)} images {repeats} times")
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'benchmark.db'}"
        migrate(url)
        with closing(open_store(url)) as store:
            server = _Server(detector, store)
            rows = [server.infer(sample) for _ in range(repeats) for sample in samples]
    steps = {step: [row[step] for row in rows] for step in STEPS}
    others = [sum(row.values()) - row["detect"] for row in rows]
    try:
        say("The same by ultralytics")
        return Times(steps, others, _peer(detector, samples, repeats, threads))
    except ModelError as error:
        return Times(steps, others, peer_missing=str(error))


class _Server:
    """The parts of a server without HTTP: keys, a database, a detector."""

    def __init__(self, detector: Detector, store: Store) -> None:
        keys = MasterKeys.parse(new_master_key())
        self._detector, self._store = detector, store
        self._vault, self._uploads = Vault(keys), UploadKeys(keys, lambda: datetime.now(UTC))
        self._count = 0

    def infer(self, sample: Sample) -> dict[str, float]:
        """Infer, draw and store one radiograph; milliseconds by step."""
        self._count += 1
        study_id, image_id = f"{self._count:032x}", f"{self._count:031x}f"
        key = self._uploads.current(*_SENDER)
        sealed = seal_upload(key, sample.raw)
        inference = infer(
            self._detector, lambda: self._uploads.open(key.kid, sealed, *_SENDER), InProcessDecoder(Limits())
        )
        assessment, grey = inference.assessment, inference.radiograph.grey
        timing = assessment.timing_ms
        watch = _Watch({"open": timing.open, "decode": timing.decode, "detect": timing.detect})
        render_png(grey, overlay(assessment.findings, (assessment.height, assessment.width)))
        watch.stop("draw")
        wrapped = self._vault.new_study_key(TENANT, study_id)
        plain = stored_assessment.to_bytes("benchmark", assessment)
        sealed_assessment = self._vault.seal(plain, wrapped, AssociatedData(TENANT, study_id, "reading", image_id))
        sealed_original = self._vault.seal(
            inference.raw, wrapped, AssociatedData(TENANT, study_id, "original", image_id)
        )
        watch.stop("seal")
        now = datetime.now(UTC)
        image = NewImage(image_id, now, sealed_assessment=sealed_assessment, sealed_original=sealed_original)
        self._store.studies.add(TENANT, NewStudy(study_id, now, TENANT, wrapped, (image,)))
        watch.stop("store")
        return watch.laps


class _Watch:
    """Laps in milliseconds, after those that were measured already."""

    def __init__(self, laps: dict[str, float]) -> None:
        self.laps = laps
        self._since = time.perf_counter()

    def stop(self, step: str) -> None:
        now = time.perf_counter()
        self.laps[step] = (now - self._since) * 1e3
        self._since = now


def _peer(detector: Detector, samples: Sequence[Sample], repeats: int, threads: int) -> list[float]:
    """Milliseconds of ultralytics' predict from decoded pixels to boxes, weights and cores the same.

    Raises:
        ModelError: ultralytics or torch is not installed, or model.json names no torch weights.
    """
    predict = predict_by_torch(detector.spec, threads)
    gc.collect()
    times: list[float] = []
    for lap in range(repeats + 1):
        for sample in samples:
            image = np.repeat(sample.grey[:, :, None], 3, axis=2)
            start = time.perf_counter()
            predict(image)
            if lap:
                times.append((time.perf_counter() - start) * 1e3)
    return times


def median_p95(times: Sequence[float]) -> tuple[float, float]:
    """Median and 95th percentile, in the unit of `times`."""
    return float(np.median(times)), float(np.quantile(times, 0.95))


def summary(times: Times, about: dict[str, Any]) -> dict[str, Any]:
    """Summary for the last line: milliseconds, and the ratio to the time of ultralytics."""
    rows = {**times.steps, "everything but detect": times.others}
    out: dict[str, Any] = dict(about)
    out["steps_ms"] = {name: dict(zip(("median", "p95"), _rounded(row), strict=True)) for name, row in rows.items()}
    if times.peer:
        out["ultralytics_ms"] = dict(zip(("median", "p95"), _rounded(times.peer), strict=True))
        out["times_faster"] = round(median_p95(times.peer)[0] / median_p95(times.steps["detect"])[0], 2)
    else:
        out["ultralytics_missing"] = times.peer_missing
    return out


def markdown(result: dict[str, Any]) -> str:
    """The summary as a table."""
    lines = ["| step | median ms | p95 ms |", "|---|---:|---:|"]
    lines += [f"| {name} | {row['median']:.1f} | {row['p95']:.1f} |" for name, row in result["steps_ms"].items()]
    if "ultralytics_ms" in result:
        row = result["ultralytics_ms"]
        lines.append(f"| ultralytics predict, instead of detect | {row['median']:.1f} | {row['p95']:.1f} |")
        lines += ["", f"Detection takes 1/{result['times_faster']:.1f} of ultralytics' time."]
    else:
        lines += ["", result["ultralytics_missing"]]
    return "\n".join(lines)


def _rounded(times: Sequence[float]) -> tuple[float, float]:
    median, p95 = median_p95(times)
    return round(median, 2), round(p95, 2)
