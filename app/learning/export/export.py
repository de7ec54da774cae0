"""Weights → files that serve: OpenVINO int8 and fp16, ONNX. Nothing that loses accuracy is kept.

Files are built in a folder beside their place and judged on validation images against the weights that they were
made from. Only when every one that was asked for has passed do they move to their place, with a new `model.json`.
"""

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.detection import NEW_NMS, Calibration, Detector, Engine, ModelSpec, load_model_spec
from app.detection.engines.checkpoint import read_checkpoint
from app.detection.engines.engine_openvino import OpenvinoEngine
from app.detection.engines.engine_torch import TorchEngine
from app.detection.spec import FILE_NAME, OpenvinoFiles
from app.errors import ExportError, ModelError
from app.imaging import model_input
from app.learning.datasets.dataset import Dataset, read_dataset
from app.learning.datasets.images import load_grey
from app.learning.evaluation.evaluate import check_regions, evaluate
from app.learning.export.engines import OnnxEngine, latency_ms, shapes_of
from app.learning.export.files import FP16, INT8, ONNX, REPORT_NAME, TORCH, Made, install, model_json, named, report
from app.learning.export.graph import HEAD_END, layers, quantized, save_graph, save_onnx, to_openvino
from app.learning.networks import STRIDE
from app.learning.networks.network import findings_of, trained_at_px

Figures = Mapping[str, float]
Judge = Callable[[Detector, Dataset], Figures]
Say = Callable[[str], None]

FORMATS = (INT8, FP16, ONNX)
# Until a calibration is fitted on these weights' own scores, the file says that none was.
NOT_FITTED = Calibration("provisional: identity, not fitted", ((0.0, 0.0), (1.0, 1.0)), 0.10, 0.40)
# What stays in float in int8 files; the next is tried when the one before loses too much. The first layers have the
# widest ranges. Measured with the YOLOv8n of fracture-yolov8l-grown on the Kaggle validation part, 60 images for the
# ranges: correlation of each image's best score with float's, and points of mAP50 lost. Everything in int8 0.94, 1.1;
# the head in float 0.95, 1.2; the first way 0.994, 0.3; the second 0.996, −0.5. With layer 2 in int8 too: 0.75, 11.8.
INT8_WAYS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("int8, first three layers and the head's end in float", (*layers(0, 1, 2), *HEAD_END)),
    ("int8, first four layers and the head's end in float", (*layers(0, 1, 2, 3), *HEAD_END)),
    ("int8, first five layers and the head in float", layers(0, 1, 2, 3, 4, 22)),
)


@dataclass(frozen=True)
class ExportPlan:
    """Formats to export, and the criteria by which they are judged.

    formats: some of `FORMATS`. input_size_px: 0 means the size that the checkpoint was trained at. threads: 0 means
    every core. calibration_images: how many training images, drawn by `seed`, int8 reads its ranges from.
    most_lost: mAP50 (0–1) that a file may lose.
    """

    weights: Path
    data_yaml: Path
    out_dir: Path
    name: str
    version: str
    formats: tuple[str, ...] = FORMATS
    input_size_px: int = 0
    single_class: bool = False
    calibration_images: int = 200
    seed: int = 0
    most_lost: float = 0.005
    threads: int = 0


def export(plan: ExportPlan, judge: Judge | None = None, say: Say = lambda _: None) -> dict[str, Any]:
    """Build, judge and place every file of the plan, with `model.json` and `export.json`, in `plan.out_dir`.

    judge: gives at least "map50" of a detector on a data set; by default the project's own evaluation.
    say: hears in one line each what is being done.

    Returns what `export.json` holds; see `export_files.report`.

    Raises:
        ModelError: the weights are missing, damaged or of another architecture.
        DatasetError: the data set cannot be used.
        ExportError: a file loses more than `plan.most_lost`, or cannot be written. Existing files are as they were.
    """
    _check(plan)
    network = read_checkpoint(_content(plan.weights), plan.weights.name)
    regions = tuple(str(network.names[number]) for number in range(len(network.names)))
    validation = read_dataset(plan.data_yaml, "val")
    check_regions(validation, regions, plan.single_class)
    try:
        with tempfile.TemporaryDirectory(prefix=".export-", dir=plan.out_dir) as folder:
            spec = ModelSpec(
                plan.name,
                plan.version,
                regions,
                plan.input_size_px or trained_at_px(network),
                STRIDE,
                NEW_NMS,
                NOT_FITTED,
                other_findings=findings_of(network),
                provisional=True,
            )
            measure = judge or _default_judge(plan)
            trial = _Trial(plan, spec, Path(folder), lambda detector: measure(detector, validation), say)
            made = [trial.weights()]
            made += [trial.made(kind, network, made[0].figures["map50"]) for kind in plan.formats]
            summary = report(made)
            # Read last: somebody may have fitted a calibration meanwhile.
            content = model_json(_old_model_json(plan.out_dir), _content_of(spec), made)
            texts = {REPORT_NAME: _text(summary), FILE_NAME: _text(content)}
            install(made, texts, Path(folder), plan.out_dir)
            return summary
    except OSError as error:
        raise ExportError(f"Nothing can be written in {plan.out_dir}: {error.strerror or error}.") from None


class _Trial:
    """Builds files in a folder of its own and judges them."""

    def __init__(
        self, plan: ExportPlan, spec: ModelSpec, folder: Path, judge: Callable[[Detector], Figures], say: Say
    ) -> None:
        self._plan, self._spec, self._folder, self._judge, self._say = plan, spec, folder, judge, say
        self._images: list[NDArray[np.uint8]] = []

    def weights(self) -> Made:
        """The checkpoint itself: what the others are measured against."""
        path = Path(shutil.copyfile(self._plan.weights, self._folder / f"{self._spec.name}.pt"))
        self._say("Judging the weights as they are")
        return self._judged(TORCH, "as trained", (path,))

    def made(self, kind: str, network: Any, before: float) -> Made:  # noqa: ANN401 - a DetectionModel, heavy to name
        """One format, in the first way that keeps the accuracy.

        Raises:
            ExportError: no way does.
        """
        lost: list[str] = []
        for how, files in self._ways(kind, network):
            self._say(f"Judging {how}")
            one = self._judged(kind, how, files)
            if before - one.figures["map50"] <= self._plan.most_lost:
                return one
            lost.append(f"{how} loses {100 * (before - one.figures['map50']):.2f} points of mAP50")
        raise ExportError(f"Refused: {'; '.join(lost)}; {100 * self._plan.most_lost:.2f} are allowed.")

    def _ways(self, kind: str, network: Any) -> Iterator[tuple[str, tuple[Path, ...]]]:  # noqa: ANN401
        """Build the format, once for every way there is; a later one overwrites the files of the one before."""
        stem = self._spec.name
        if kind == ONNX:
            path = self._folder / f"{stem}.onnx"
            save_onnx(network, path, self._spec.input_size_px)
            yield "onnx", (path,)
            return
        graph = to_openvino(network, self._spec.input_size_px)
        xml = self._folder / f"{stem}-{kind}.xml"
        for how, in_float in INT8_WAYS if kind == INT8 else (("fp16", ()),):
            self._say(f"Making {how}")
            save_graph(quantized(graph, self._ranges(), in_float) if kind == INT8 else graph, xml, half=True)
            yield how, (xml, xml.with_suffix(".bin"))

    def _judged(self, kind: str, how: str, files: tuple[Path, ...]) -> Made:
        start = time.perf_counter()
        engine = self._engine(kind, files)
        with Detector(self._spec, engine, queue=1) as detector:
            load_s = time.perf_counter() - start
            figures = dict(self._judge(detector))
        times = latency_ms(engine, shapes_of(self._spec.input_size_px, self._spec.stride))
        return Made(kind, how, files, figures, times, load_s)

    def _engine(self, kind: str, files: tuple[Path, ...]) -> Engine:
        checked = [named(path) for path in files]
        if kind == TORCH:
            return TorchEngine(checked[0], self._spec.regions, self._plan.threads)
        if kind == ONNX:
            return OnnxEngine(files[0], checked[0].sha256, self._plan.threads)
        return OpenvinoEngine(OpenvinoFiles(*checked), self._plan.threads)

    def _ranges(self) -> list[NDArray[np.uint8]]:
        """Training images as the network sees them, drawn once."""
        if not self._images:
            images = read_dataset(self._plan.data_yaml, "train").images
            order = np.random.default_rng(self._plan.seed).permutation(len(images))
            chosen = [images[number] for number in order[: self._plan.calibration_images]]
            size_px, stride = self._spec.input_size_px, self._spec.stride
            self._images = [model_input(load_grey(image.path), size_px, stride).pixels for image in chosen]
        return self._images


def _check(plan: ExportPlan) -> None:
    unknown = [kind for kind in plan.formats if kind not in FORMATS]
    if unknown or not plan.formats:
        raise ExportError(f"Choose formats from {', '.join(FORMATS)}, not {', '.join(unknown) or 'none'}.")
    if plan.input_size_px % STRIDE:
        raise ExportError(f"The input size must be a multiple of {STRIDE}.")
    if not plan.name or Path(plan.name).name != plan.name:
        raise ExportError("The name of the model becomes the name of its files: no slashes, not empty.")
    if not plan.out_dir.is_dir():
        raise ExportError(f"There is no folder {plan.out_dir}.")


def _content(weights: Path) -> bytes:
    try:
        return weights.read_bytes()
    except OSError:
        raise ModelError(f"There are no weights at {weights}.") from None


def _default_judge(plan: ExportPlan) -> Judge:
    def judge(detector: Detector, dataset: Dataset) -> dict[str, float]:
        # The interval is not asked for: the fewest resamples that there can be.
        found = evaluate(detector, dataset, single_class=plan.single_class, resamples=1)
        figures = {"map50": found.map50, "map50_95": found.map50_95, "auroc": found.auroc}
        return {name: figure.value for name, figure in figures.items() if figure.value is not None}

    return judge


def _old_model_json(out_dir: Path) -> dict[str, Any]:
    """The existing `model.json`; a broken one is not kept, and is not replaced before all is well."""
    try:
        load_model_spec(out_dir)
        content: dict[str, Any] = json.loads((out_dir / FILE_NAME).read_text(encoding="utf-8"))
    except (ModelError, OSError, ValueError):
        return {}
    return content


def _content_of(spec: ModelSpec) -> dict[str, Any]:
    rule, calibration = spec.nms, spec.calibration
    return {
        "name": spec.name,
        "version": spec.version,
        "regions": list(spec.regions),
        "input_size_px": spec.input_size_px,
        "stride": spec.stride,
        "nms": {"iou": rule.iou, "class_agnostic": rule.class_agnostic, "max": rule.most, "floor": rule.floor},
        "calibration": {"method": calibration.method, "knots": [list(knot) for knot in calibration.knots]},
        "thresholds": {"possible": calibration.possible, "definite": calibration.definite},
        "other_findings": list(spec.other_findings),
        "provisional": spec.provisional,
    }


def _text(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
