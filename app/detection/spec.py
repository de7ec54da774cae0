"""`ModelSpec`: what `models/model.json` says of the weights. Nothing else knows the network's size or its regions."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

from app.errors import ModelError

Knot = tuple[float, float]

FILE_NAME = "model.json"


@dataclass(frozen=True)
class WeightsFile:
    """A file beside `model.json`, and the SHA-256 (64 lower-case hex digits) that it must have."""

    path: Path
    sha256: str


@dataclass(frozen=True)
class OpenvinoFiles:
    """The two halves of an OpenVINO IR."""

    xml: WeightsFile
    bin: WeightsFile


@dataclass(frozen=True)
class NmsRule:
    """How raw boxes become detections.

    iou: of two boxes that overlap more than this, 0–1, the one with the lower score is dropped.
    class_agnostic: boxes of different regions compete too; else a place may be called by several regions.
    most: no more detections than this per radiograph.
    floor: raw scores below this, 0–1, are not looked at.
    """

    iou: float
    class_agnostic: bool
    most: int
    floor: float


@dataclass(frozen=True)
class Calibration:
    """Raw score → probability → tier.

    knots: (raw, probability) in rising order, from raw 0 to raw 1; straight lines between them.
    possible, definite: the lowest probabilities of the two tiers.
    """

    method: str
    knots: tuple[Knot, ...]
    possible: float
    definite: float


@dataclass(frozen=True)
class ModelSpec:
    """One set of weights: its regions in the order of the network's classes, its input, its files, its calibration.

    A radiograph's long side is scaled to `input_size_px` and both sides are padded to multiples of `stride`.
    """

    name: str
    version: str
    regions: tuple[str, ...]
    input_size_px: int
    stride: int
    nms: NmsRule
    calibration: Calibration
    torch: WeightsFile | None = None
    openvino: OpenvinoFiles | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)


def load_model_spec(models_dir: Path) -> ModelSpec:
    """Read and check `models_dir/model.json`.

    Raises:
        ModelError: the file is missing, is not JSON, or one of its entries is missing or wrong; says which.
    """
    path = models_dir / FILE_NAME
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise ModelError(f"{path} cannot be read.") from None
    except ValueError:
        raise ModelError(f"{path} is not valid JSON.") from None
    return parse_model_spec(content, models_dir)


def parse_model_spec(content: object, models_dir: Path) -> ModelSpec:
    """Check the content of a `model.json` that lies, or will lie, in `models_dir`. Unknown entries are ignored.

    Raises:
        ModelError: an entry is missing or wrong; says which.
    """
    root = _Entry("", content)
    stride = root["stride"].whole(1, 1024)
    size_px = root["input_size_px"].whole(stride, 8192)
    if size_px % stride:
        root["input_size_px"].wrong(f"must be a multiple of the stride, {stride}")
    files = root["files"]
    torch_file = _weights_file(files["torch"], models_dir) if files.has("torch") else None
    pair = _openvino_files(files["openvino"], models_dir) if files.has("openvino") else None
    if torch_file is None and pair is None:
        files.wrong('must name "torch" or "openvino" weights')
    return ModelSpec(
        name=root["name"].text(),
        version=root["version"].text(),
        regions=_regions(root["regions"]),
        input_size_px=size_px,
        stride=stride,
        nms=_nms(root["nms"]),
        calibration=_calibration(root["calibration"], root["thresholds"]),
        torch=torch_file,
        openvino=pair,
        provenance=root["provenance"].table() if root.has("provenance") else {},
    )


@dataclass(frozen=True)
class _Entry:
    """A value of the file together with its name, so that a complaint can say where."""

    name: str
    value: object

    def wrong(self, rule: str) -> NoReturn:
        raise ModelError(f"{FILE_NAME}: {self.name or 'the content'} {rule}.")

    def table(self) -> dict[str, Any]:
        return self.value if isinstance(self.value, dict) else self.wrong("must be an object")

    def has(self, key: str) -> bool:
        return self.table().get(key) is not None

    def __getitem__(self, key: str) -> "_Entry":
        entry = _Entry(f"{self.name}.{key}".lstrip("."), self.table().get(key))
        return entry if self.has(key) else entry.wrong("is missing")

    def items(self) -> tuple["_Entry", ...]:
        if not isinstance(self.value, list):
            self.wrong("must be a list")
        return tuple(_Entry(f"{self.name}[{n}]", value) for n, value in enumerate(self.value))

    def text(self) -> str:
        if isinstance(self.value, str) and self.value.strip():
            return self.value
        self.wrong("must be a text that is not empty")

    def whole(self, least: int, most: int) -> int:
        if type(self.value) is int and least <= self.value <= most:
            return self.value
        self.wrong(f"must be a whole number from {least} to {most}")

    def share(self) -> float:
        if type(self.value) in (int, float) and 0 <= self.value <= 1:  # type: ignore[operator]
            return float(self.value)  # type: ignore[arg-type]
        self.wrong("must be a number from 0 to 1")

    def flag(self) -> bool:
        return self.value if isinstance(self.value, bool) else self.wrong("must be true or false")


def _regions(entry: _Entry) -> tuple[str, ...]:
    names = tuple(item.text() for item in entry.items())
    if not names or len(set(names)) != len(names):
        entry.wrong("must name at least one region, each once")
    return names


def _nms(entry: _Entry) -> NmsRule:
    return NmsRule(
        iou=entry["iou"].share(),
        class_agnostic=entry["class_agnostic"].flag(),
        most=entry["max"].whole(1, 10_000),
        floor=entry["floor"].share(),
    )


def _calibration(entry: _Entry, thresholds: _Entry) -> Calibration:
    knots = tuple(_knot(item) for item in entry["knots"].items())
    if len(knots) < 2 or knots[0][0] != 0.0 or knots[-1][0] != 1.0:
        entry["knots"].wrong("must lead from raw score 0 to raw score 1")
    if any(low[0] >= high[0] or low[1] > high[1] for low, high in pairwise(knots)):
        entry["knots"].wrong("must rise")
    possible, definite = thresholds["possible"].share(), thresholds["definite"].share()
    if not 0 < possible <= definite:
        thresholds.wrong('must be above 0, and "definite" not below "possible"')
    return Calibration(entry["method"].text(), knots, possible, definite)


def _knot(entry: _Entry) -> Knot:
    pair = entry.items()
    if len(pair) != 2:
        entry.wrong("must be [raw score, probability]")
    return pair[0].share(), pair[1].share()


def _openvino_files(entry: _Entry, models_dir: Path) -> OpenvinoFiles:
    return OpenvinoFiles(_weights_file(entry["xml"], models_dir), _weights_file(entry["bin"], models_dir))


def _weights_file(entry: _Entry, models_dir: Path) -> WeightsFile:
    name, digest = entry["path"].text(), entry["sha256"].text()
    if Path(name).name != name:
        entry["path"].wrong(f"must be the name of a file beside {FILE_NAME}")
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
        entry["sha256"].wrong("must be 64 lower-case hex digits")
    return WeightsFile(models_dir / name, digest)
