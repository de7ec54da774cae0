"""Exported files compute what the weights compute, and a bad export leaves everything as it was."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("ultralytics", reason="ultralytics is not installed")
pytest.importorskip("nncf", reason="nncf is not installed")

from app.detection import Detector, load_detector, load_model_spec
from app.errors import DatasetError, ExportError, ModelError
from app.imaging import render_png
from app.learning.datasets.dataset import Dataset
from app.learning.export.engines import OnnxEngine
from app.learning.export.export import ExportPlan, export
from app.learning.export.files import Made, install, model_json
from tests.support.fake_engine import model_json as good_model_json
from tests.support.tiny_network import save_tiny

pytestmark = pytest.mark.torch

KEPT_FILE = "precious"


@pytest.fixture
def data_yaml(tmp_path: Path) -> Path:
    random = np.random.default_rng(3)
    root = tmp_path / "set"
    for split, count in (("train", 3), ("valid", 1)):
        for number in range(count):
            image, label = (root / split / kind / f"{number}.x" for kind in ("images", "labels"))
            image.parent.mkdir(parents=True, exist_ok=True)
            label.parent.mkdir(parents=True, exist_ok=True)
            image.with_suffix(".png").write_bytes(render_png(random.integers(0, 256, (64, 48), dtype=np.uint8)))
            label.with_suffix(".txt").write_text("1 0.5 0.5 0.25 0.25\n")
    path = root / "data.yaml"
    path.write_text("train: train/images\nval: valid/images\nnames: [elbow, wrist]\n")
    return path


@pytest.fixture
def plan(tmp_path: Path, data_yaml: Path) -> ExportPlan:
    out = tmp_path / "models"
    out.mkdir()
    (out / KEPT_FILE).write_text("old")
    weights = save_tiny(tmp_path / "trained.pt").path
    return ExportPlan(weights, data_yaml, out, "tiny", "1.2.3", formats=("fp16",), input_size_px=64, threads=1)


def changed(plan: ExportPlan, **values: object) -> ExportPlan:
    return replace(plan, **values)


def judge_by(points: dict[str, float]) -> Callable[[Detector, Dataset], dict[str, float]]:
    """A judge to whom only the engine's name matters."""
    return lambda detector, _: {"map50": points[detector.engine_name]}


ALIKE = judge_by({"torch": 0.4, "openvino": 0.4, "onnx": 0.4})


def listing(plan: ExportPlan) -> list[str]:
    return sorted(path.name for path in plan.out_dir.iterdir())


def test_the_app_serves_what_was_exported(plan: ExportPlan) -> None:
    summary = export(plan, ALIKE)
    assert listing(plan) == ["export.json", "model.json", KEPT_FILE, "tiny-fp16.bin", "tiny-fp16.xml", "tiny.pt"]
    assert json.loads((plan.out_dir / "export.json").read_text()) == summary
    assert set(summary["fp16"]["latency"]) == {"64x64", "64x32", "32x64"} or "64x64" in summary["fp16"]["latency"]
    for engine in ("torch", "openvino"):
        with load_detector(plan.out_dir, engine, threads=1) as detector:  # type: ignore[arg-type]
            assert detector.version.version == "1.2.3"
            assert detector.spec.calibration.method.startswith("provisional")


@pytest.mark.slow
def test_every_format_computes_what_the_weights_compute(plan: ExportPlan) -> None:
    export(changed(plan, formats=("int8", "fp16", "onnx")), ALIKE)
    spec = load_model_spec(plan.out_dir)
    assert spec.openvino is not None and spec.openvino.xml.path.name == "tiny-int8.xml"
    pixels = np.random.default_rng(5).integers(0, 256, (1, 96, 64), dtype=np.uint8)
    from app.detection import load_engine

    exact = load_engine(spec, "torch", threads=1).infer(pixels)
    onnx = OnnxEngine(plan.out_dir / "tiny.onnx", "", 1).infer(pixels)
    int8 = load_engine(spec, "openvino", threads=1).infer(pixels)
    assert np.abs(onnx - exact).max() < 1e-2
    assert np.abs(int8[:, 4:] - exact[:, 4:]).max() < 0.05
    assert np.abs(int8[:, :4] - exact[:, :4]).max() < 8


@pytest.mark.slow
def test_the_projects_own_evaluation_judges_when_nobody_else_does(plan: ExportPlan) -> None:
    summary = export(plan)
    assert 0 <= summary["fp16"]["figures"]["map50"] <= 1
    assert abs(summary["fp16"]["lost_map50"]) <= 0.005


def test_a_file_that_loses_too_much_is_refused_and_nothing_is_written(plan: ExportPlan) -> None:
    with pytest.raises(ExportError, match=r"fp16 loses 0\.60 points"):
        export(plan, judge_by({"torch": 0.4, "openvino": 0.394}))
    assert listing(plan) == [KEPT_FILE]


def test_a_loss_within_the_allowance_is_accepted(plan: ExportPlan) -> None:
    summary = export(plan, judge_by({"torch": 0.4, "openvino": 0.396}))
    assert summary["fp16"]["lost_map50"] == pytest.approx(0.004)


@pytest.mark.slow
def test_int8_keeps_more_in_float_before_it_gives_up(plan: ExportPlan) -> None:
    judged: list[str] = []

    def second_is_better(detector: Detector, _: Dataset) -> dict[str, float]:
        judged.append(detector.engine_name)
        return {"map50": {1: 0.4, 2: 0.3, 3: 0.4}[len(judged)]}

    summary = export(changed(plan, formats=("int8",)), second_is_better)
    assert summary["int8"]["how"] == "int8, first four layers and the head's end in float"


def test_the_same_weights_keep_their_calibration_and_others_lose_it(plan: ExportPlan) -> None:
    export(plan, ALIKE)
    path = plan.out_dir / "model.json"
    content = json.loads(path.read_text())
    content["calibration"] = {"method": "fitted", "knots": [[0, 0.1], [1, 0.9]]}
    path.write_text(json.dumps(content))
    export(changed(plan, version="2.0.0"), ALIKE)
    assert load_model_spec(plan.out_dir).calibration.method == "fitted"
    content["files"]["torch"]["sha256"] = "0" * 64
    path.write_text(json.dumps(content))
    export(plan, ALIKE)
    assert load_model_spec(plan.out_dir).calibration.method.startswith("provisional")


BAD: list[tuple[type[Exception], str, dict[str, object]]] = [
    (ModelError, "no weights", {"weights": Path("nowhere.pt")}),
    (DatasetError, "nowhere", {"data_yaml": Path("nowhere/data.yaml")}),
    (ExportError, "no folder", {"out_dir": Path("nowhere")}),
    (ExportError, "Choose formats", {"formats": ("int4",)}),
    (ExportError, "Choose formats", {"formats": ()}),
    (ExportError, "multiple of 32", {"input_size_px": 100}),
    (ExportError, "no slashes", {"name": "../tiny"}),
]


@pytest.mark.parametrize(("error", "words", "values"), BAD)
def test_what_cannot_be_exported_is_said_in_one_line(
    plan: ExportPlan, error: type[Exception], words: str, values: dict[str, object]
) -> None:
    with pytest.raises(error, match=words) as caught:
        export(changed(plan, **values), ALIKE)
    assert "\n" not in str(caught.value)
    assert listing(plan) == [KEPT_FILE]


def test_a_corrupt_checkpoint_is_refused(plan: ExportPlan) -> None:
    plan.weights.write_bytes(plan.weights.read_bytes()[:-1000])
    with pytest.raises(ModelError, match="damaged"):
        export(plan, ALIKE)
    assert listing(plan) == [KEPT_FILE]


def test_a_class_list_that_does_not_match_is_refused(plan: ExportPlan) -> None:
    text = plan.data_yaml.read_text().replace("wrist", "tail")
    plan.data_yaml.write_text(text)
    with pytest.raises(DatasetError):
        export(plan, ALIKE)
    assert listing(plan) == [KEPT_FILE]


@pytest.fixture
def staged(tmp_path: Path) -> tuple[Path, Path, list[Made], dict[str, str]]:
    """Two new files and a model.json in a folder, old ones of the same names at their place."""
    folder, out = tmp_path / "folder", tmp_path / "out"
    for place, text in ((folder, "new"), (out, "old")):
        place.mkdir()
        for name in ("tiny.pt", "tiny-int8.xml", "tiny-int8.bin"):
            (place / name).write_text(text)
    (out / "model.json").write_text("old")
    figures = {"map50": 0.5}
    made = [
        Made("torch", "as trained", (folder / "tiny.pt",), figures),
        Made("int8", "int8", (folder / "tiny-int8.xml", folder / "tiny-int8.bin"), figures),
    ]
    return folder, out, made, {"model.json": json.dumps(model_json({}, good_model_json(), made))}


def test_all_files_are_installed(staged: tuple[Path, Path, list[Made], dict[str, str]]) -> None:
    folder, out, made, texts = staged
    install(made, texts, folder, out)
    assert {path.read_text() for path in out.glob("tiny*")} == {"new"}
    assert (out / "model.json").read_text() == texts["model.json"]


def test_when_one_file_cannot_be_placed_all_old_ones_are_back(
    staged: tuple[Path, Path, list[Made], dict[str, str]],
) -> None:
    folder, out, made, texts = staged
    (out / "tiny-int8.bin").unlink()
    (out / "tiny-int8.bin").mkdir()
    with pytest.raises((ExportError, OSError)):
        install(made, texts, folder, out)
    assert (out / "tiny.pt").read_text() == (out / "model.json").read_text() == "old"
    assert (out / "tiny-int8.xml").read_text() == "old"


def test_a_folder_that_may_not_be_written_is_named(plan: ExportPlan) -> None:
    # Even root writes nothing there.
    with pytest.raises(ExportError, match="/proc"):
        export(replace(plan, out_dir=Path("/proc")), ALIKE)
