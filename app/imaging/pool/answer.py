"""The answer of a decoder process: a radiograph or a refusal, taken apart, and put together only if it makes sense."""

import math
import mmap
from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from app import errors
from app.config import Limits
from app.errors import FractureError
from app.imaging import notices
from app.imaging.pool.channel import BadMessage
from app.records import Format, Header, Levels, NamedWindow, Radiograph, WindowFunction, WindowKind

Memory = bytes | mmap.mmap

_REFUSALS: dict[str, type[FractureError]] = {
    each.code: each
    for each in (
        errors.EmptyFile,
        errors.DamagedImage,
        errors.NoPixels,
        errors.MultiFrame,
        errors.UnsupportedColour,
        errors.UnsupportedImage,
        errors.ImageTooLarge,
        errors.TooComplex,
    )
}
_NOTICES = {value for name, value in vars(notices).items() if name.isupper()}
# Non-square pixels are enlarged by at most this; see `app.imaging.dicom.extent`.
_MOST_ENLARGED = 8
_LONGEST_TEXT = 400
_MOST_TEXTS = 64
_MOST_VALUES = 1 << 16


def refusal_message(refusal: FractureError) -> dict[str, Any]:
    """A failure as a message."""
    return {"refused": refusal.code, "template": refusal.template}


def radiograph_message(radiograph: Radiograph) -> tuple[dict[str, Any], list[memoryview]]:
    """A radiograph as a message and the memory of its arrays."""
    levels = radiograph.levels
    arrays = {"grey": radiograph.grey}
    if levels is not None:
        arrays |= {"index": levels.index, "units": levels.units, "table": levels.table}  # type: ignore[dict-item]
    message = {
        "arrays": {name: [array.dtype.str, list(array.shape)] for name, array in arrays.items()},
        "spacing_mm": radiograph.spacing_mm,
        "format": radiograph.format,
        "bits": radiograph.bits,
        "warnings": radiograph.warnings,
        "header": asdict(radiograph.header) if radiograph.header is not None else None,
        "levels": None
        if levels is None
        else {
            "is_inverted": levels.is_inverted,
            "function": levels.function,
            "shown": asdict(levels.shown),
            "of_file": [asdict(window) for window in levels.of_file],
        },
    }
    return message, [np.ascontiguousarray(array).data for array in arrays.values()]


def refusal_of(message: dict[str, Any]) -> FractureError | None:
    """The failure that a message tells of, or None.

    Raises:
        BadMessage: a failure that no decoder has.
    """
    code = message.get("refused")
    if code is None:
        return None
    template = message.get("template")
    if code not in _REFUSALS or not _is_text(template):
        raise BadMessage
    return _REFUSALS[code](template)


def radiograph_of(message: dict[str, Any], memory: Memory, limits: Limits) -> Radiograph:
    """The radiograph that a message and its memory describe; the arrays are read-only views of the memory.

    Raises:
        BadMessage: a value is missing, of another type or out of its range.
    """
    try:
        return _radiograph(message, memory, limits)
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        raise BadMessage from None


def _radiograph(message: dict[str, Any], memory: Memory, limits: Limits) -> Radiograph:
    arrays = _arrays(message["arrays"], memory)
    grey, levels = arrays["grey"], message["levels"]
    spacing = message["spacing_mm"]
    _check(grey.dtype == np.uint8 and grey.ndim == 2 and 0 < grey.size <= limits.pixels * _MOST_ENLARGED)
    _check(message["format"] in get_args(Format) and type(message["bits"]) is int and 1 <= message["bits"] <= 64)
    _check(isinstance(message["warnings"], list) and set(message["warnings"]) <= _NOTICES)
    _check((set(arrays) == {"grey"}) if levels is None else (set(arrays) == {"grey", "index", "units", "table"}))
    return Radiograph(
        grey,
        None if spacing is None else _two_positive(spacing),
        message["format"],
        message["bits"],
        tuple(message["warnings"]),
        None if levels is None else _levels(levels, arrays),
        None if message["header"] is None else _header(message["header"]),
    )


def _arrays(shapes: dict[str, Any], memory: Memory) -> dict[str, NDArray[Any]]:
    """Views of the memory, which they must fill exactly."""
    found, at = {}, 0
    for name, (code, shape) in shapes.items():
        _check(code in ("|u1", "<u2", "<f8") and all(type(side) is int and side > 0 for side in shape))
        count = math.prod(shape)
        found[name] = np.frombuffer(memory, code, count, at).reshape(shape)
        at += found[name].nbytes
    _check(at == len(memory))
    return found


def _levels(message: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Levels:
    index, units, table = arrays["index"], arrays["units"], arrays["table"]
    _check(index.shape == arrays["grey"].shape and index.dtype in (np.uint8, np.uint16))
    _check(units.dtype == np.float64 and table.dtype == np.uint8 and units.ndim == 1 and units.shape == table.shape)
    _check(len(units) <= _MOST_VALUES and int(index.max()) < len(units) and bool(np.isfinite(units).all()))
    _check(type(message["is_inverted"]) is bool and message["function"] in get_args(WindowFunction))
    windows = tuple(_window(each) for each in message["of_file"][:_MOST_TEXTS])
    return Levels(index, units, table, message["is_inverted"], message["function"], _window(message["shown"]), windows)


def _window(message: dict[str, Any]) -> NamedWindow:
    _check(message["kind"] in get_args(WindowKind) and _is_text(message["name"]))
    centre, width = float(message["centre"]), float(message["width"])
    _check(math.isfinite(centre) and math.isfinite(width))
    return NamedWindow(message["kind"], message["name"], centre, width)


def _header(message: dict[str, Any]) -> Header:
    _check(set(message) == {each.name for each in fields(Header)} and len(message["body_parts"]) <= _MOST_TEXTS)
    _check(all(_is_text(text) for text in _texts(message)))
    values = message | {
        "body_parts": tuple(message["body_parts"]),
        "aspect_scale": _two_positive(message["aspect_scale"]),
    }
    return Header(**values)


def _texts(message: dict[str, Any]) -> Iterator[object]:
    for name, value in message.items():
        if name == "body_parts":
            yield from value
        elif name != "aspect_scale":
            yield value


def _two_positive(values: list[float]) -> tuple[float, float]:
    one, other = (float(value) for value in values)
    _check(math.isfinite(one) and math.isfinite(other) and one > 0 and other > 0)
    return one, other


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_TEXT and value.isprintable()


def _check(is_right: bool) -> None:
    if not is_right:
        raise BadMessage
