"""The committed weights: both engines agree, and company changes nothing."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from app.detection import Detector, Engine, ModelSpec, load_detector, load_engine, load_model_spec
from app.detection.boxes import box_iou
from app.errors import ModelError
from app.imaging import model_input, phantom
from app.records import ModelInput

MODELS = Path(__file__).resolve().parents[2] / "models"
SHAPES = [(512, 512), (512, 384), (300, 500), (700, 250)]

# The int8 network is an approximation. Over project-made images its best score stays this close to float's.
INT8_SCORE = 0.15
# Boxes of float32 engines that say the same, in pixels.
FLOAT_BOX_PX = 0.05

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def spec() -> ModelSpec:
    return load_model_spec(MODELS)


@pytest.fixture(scope="module")
def inputs(spec: ModelSpec) -> list[ModelInput]:
    greys = [phantom(seed, shape).grey for seed, shape in enumerate(SHAPES)]
    return [model_input(grey, spec.input_size_px, spec.stride) for grey in greys]


@pytest.fixture(scope="module")
def detector(spec: ModelSpec) -> Iterator[Detector]:
    pytest.importorskip("openvino", reason="openvino is not installed")
    with load_detector(MODELS, "openvino", queue=64) as loaded:
        yield loaded


@pytest.fixture(scope="module")
def engines(spec: ModelSpec, detector: Detector) -> tuple[Engine, Engine]:
    pytest.importorskip("torch", reason="torch is not installed")
    return load_engine(spec, "torch"), load_engine(spec, "openvino")


def test_sixteen_threads_read_exactly_what_one_thread_reads(detector: Detector, inputs: list[ModelInput]) -> None:
    alone = [detector.detect(one) for one in inputs]
    with ThreadPoolExecutor(16) as pool:
        together = list(pool.map(detector.detect, inputs * 8))
    assert together == alone * 8


def test_loading_again_gives_the_same_answer(detector: Detector, inputs: list[ModelInput]) -> None:
    with load_detector(MODELS, "openvino") as other:
        assert [other.detect(one) for one in inputs] == [detector.detect(one) for one in inputs]


@pytest.mark.torch
def test_the_engines_agree_within_the_stated_tolerance(
    engines: tuple[Engine, Engine], inputs: list[ModelInput]
) -> None:
    for one in inputs:
        by_torch, by_openvino = (engine.infer(one.pixels[None])[0] for engine in engines)
        assert by_torch.shape == by_openvino.shape
        assert by_torch[4:].max() == pytest.approx(by_openvino[4:].max(), abs=INT8_SCORE)


@pytest.mark.torch
def test_where_both_engines_are_sure_they_mean_the_same_place(
    engines: tuple[Engine, Engine], inputs: list[ModelInput], spec: ModelSpec
) -> None:
    for one in inputs:
        by_torch, by_openvino = (engine.infer(one.pixels[None])[0] for engine in engines)
        best = int(by_torch[4:].max(axis=0).argmax())
        if by_torch[4:, best].max() >= spec.calibration.definite:
            first, second = (_corners(raw[:4, best]) for raw in (by_torch, by_openvino))
            assert box_iou(first, second)[0, 0] > 0.6


@pytest.mark.torch
@pytest.mark.parametrize("shape", [(64, 64), (64, 160)])
def test_the_float_graph_is_the_torch_network(tmp_path: Path, shape: tuple[int, int]) -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    pytest.importorskip("openvino", reason="openvino is not installed")
    from app.detection.engines.checkpoint import read_checkpoint
    from app.detection.engines.engine_openvino import OpenvinoEngine
    from app.detection.engines.engine_torch import TorchEngine
    from app.learning.export.graph import save_graph, to_openvino
    from tests.support.tiny_network import openvino_files, save_tiny

    file = save_tiny(tmp_path / "tiny.pt")
    network = read_checkpoint(file.path.read_bytes(), "tiny.pt")
    save_graph(to_openvino(network, 64), tmp_path / "tiny.xml", half=False)
    pixels = np.random.default_rng(5).integers(0, 256, (1, *shape), dtype=np.uint8)
    by_torch = TorchEngine(file, ("elbow", "wrist"), 0).infer(pixels)
    by_openvino = OpenvinoEngine(openvino_files(tmp_path / "tiny.xml"), 0, "float32").infer(pixels)
    assert np.abs(by_torch[:, :4] - by_openvino[:, :4]).max() < FLOAT_BOX_PX
    assert np.abs(by_torch[:, 4:] - by_openvino[:, 4:]).max() < 1e-4


@pytest.mark.torch
def test_automatic_precision_stays_near_float(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    pytest.importorskip("openvino", reason="openvino is not installed")
    from app.detection.engines.checkpoint import read_checkpoint
    from app.detection.engines.engine_openvino import OpenvinoEngine
    from app.learning.export.graph import save_graph, to_openvino
    from tests.support.tiny_network import openvino_files, save_tiny

    file = save_tiny(tmp_path / "tiny.pt")
    network = read_checkpoint(file.path.read_bytes(), "tiny.pt")
    save_graph(to_openvino(network, 64), tmp_path / "tiny.xml", half=False)
    pixels = np.random.default_rng(5).integers(0, 256, (1, 64, 96), dtype=np.uint8)
    files = openvino_files(tmp_path / "tiny.xml")
    automatic, exact = OpenvinoEngine(files, 0).infer(pixels), OpenvinoEngine(files, 0, "float32").infer(pixels)
    assert np.abs(automatic[:, 4:] - exact[:, 4:]).max() < 0.02


def test_a_graph_that_is_no_graph_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("openvino", reason="openvino is not installed")
    from app.detection.engines.engine_openvino import OpenvinoEngine
    from tests.support.tiny_network import openvino_files

    (tmp_path / "tiny.xml").write_text("<net/>")
    (tmp_path / "tiny.bin").write_bytes(b"\x00" * 64)
    with pytest.raises(ModelError, match=r"cannot read the network in tiny\.xml"):
        OpenvinoEngine(openvino_files(tmp_path / "tiny.xml"), 0)


def _corners(box: np.ndarray) -> np.ndarray:
    x, y, width, height = box.astype(np.float64)
    return np.array([x - width / 2, y - height / 2, x + width / 2, y + height / 2])
