"""The format of `models/model.json`, as pydantic models: what each entry must be, and which entry is wrong."""

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from app.errors import ModelError

Text = Annotated[str, StringConstraints(strict=True, min_length=1, pattern=r"\S")]
Share = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]
Sha256 = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9a-f]{64}$")]


class _Entry(BaseModel):
    """An object of the file; unknown entries are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class WeightsEntry(_Entry):
    """A weights file beside `model.json`."""

    path: Text
    sha256: Sha256

    @field_validator("path")
    @classmethod
    def _is_a_name(cls, path: str) -> str:
        if Path(path).name != path:
            raise ValueError("must be the name of a file beside model.json")
        return path


class OpenvinoEntry(_Entry):
    """The two files of an OpenVINO IR."""

    xml: WeightsEntry
    bin: WeightsEntry


class FilesEntry(_Entry):
    """The weights, for one engine or both."""

    torch: WeightsEntry | None = None
    openvino: OpenvinoEntry | None = None

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if self.torch is None and self.openvino is None:
            raise ValueError('must name "torch" or "openvino" weights')
        return self


class NmsEntry(_Entry):
    """Settings of non-maximum suppression."""

    iou: Share
    class_agnostic: StrictBool
    most: Annotated[StrictInt, Field(alias="max", ge=1, le=10_000)]
    floor: Share


class CalibrationEntry(_Entry):
    """The piecewise linear curve from raw score to probability."""

    method: Text
    knots: Annotated[tuple[tuple[Share, Share], ...], Field(min_length=2)]

    @field_validator("knots")
    @classmethod
    def _rises(cls, knots: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
        if knots[0][0] != 0.0 or knots[-1][0] != 1.0:
            raise ValueError("must lead from raw score 0 to raw score 1")
        if any(low[0] >= high[0] or low[1] > high[1] for low, high in pairwise(knots)):
            raise ValueError("must rise")
        return knots


class ThresholdsEntry(_Entry):
    """The lowest probabilities of the two tiers."""

    possible: Annotated[Share, Field(gt=0)]
    definite: Share

    @model_validator(mode="after")
    def _are_ordered(self) -> Self:
        if self.possible > self.definite:
            raise ValueError('must not have "definite" below "possible"')
        return self


class ModelFile(_Entry):
    """The whole file."""

    name: Text
    version: Text
    regions: Annotated[tuple[Text, ...], Field(min_length=1)]
    input_size_px: Annotated[StrictInt, Field(ge=1, le=8192)]
    stride: Annotated[StrictInt, Field(ge=1, le=1024)]
    nms: NmsEntry
    files: FilesEntry
    calibration: CalibrationEntry
    thresholds: ThresholdsEntry
    provenance: dict[str, Any] = Field(default_factory=dict)
    other_findings: tuple[Text, ...] = ()
    provisional: StrictBool | None = None

    @model_validator(mode="after")
    def _can_find_fractures(self) -> Self:
        if not set(self.other_findings) < set(self.regions):
            raise ValueError("must name some of the regions, not all, under other_findings")
        return self

    @field_validator("regions")
    @classmethod
    def _are_different(cls, regions: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(regions)) != len(regions):
            raise ValueError("must name each region once")
        return regions

    @model_validator(mode="after")
    def _fits_the_stride(self) -> Self:
        if self.input_size_px % self.stride:
            raise ValueError("must have an input_size_px that is a multiple of its stride")
        return self


def parse_model_file(content: object) -> ModelFile:
    """Check JSON text, or what was parsed from it.

    Raises:
        ModelError: not JSON, or an entry is missing or wrong; names the first such entry.
    """
    try:
        return ModelFile.model_validate_json(content) if isinstance(content, str) else ModelFile.model_validate(content)
    except ValidationError as invalid:
        first = invalid.errors(include_input=False, include_url=False)[0]
        entry = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).lstrip(".")
        message = first["msg"].removeprefix("Value error, ")
        raise ModelError(f"model.json: {entry or 'the content'}: {message}.") from None
