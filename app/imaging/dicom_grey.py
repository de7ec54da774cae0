"""Stored values of a DICOM image to what a screen shows: modality LUT → VOI LUT or window → inversion once, last."""

import math
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from app.errors import DamagedImage, UnsupportedColour
from app.imaging.colour import colour_warnings, to_grey
from app.imaging.window import Lut, Values, Window, WindowFunction, ramp, stretch, stretch_limits, to_uint8

_FUNCTIONS: dict[str, WindowFunction] = {"LINEAR_EXACT": "LINEAR_EXACT", "SIGMOID": "SIGMOID"}
_MOST_TABLE_ENTRIES = 1 << 16
_MOST_LUT_BYTES = 1 << 20
_MOST_SAMPLES = 1_000_000

Step = Callable[[Values], Values]


def show_grey(pixels: NDArray[np.generic], dataset: Dataset) -> NDArray[np.uint8]:
    """(H, W) stored values of any integer type → (H, W) uint8, bone bright.

    Without a usable VOI LUT or window, robust percentiles of the picture become 0 and 255.

    Source: DICOM PS3.3 C.7.6.3.1.2, C.11.1, C.11.2.
    """
    modality = _modality(dataset)
    sample = modality(_sample(pixels, dataset))
    voi = _voi(dataset, sample)

    def shown(values: Values) -> NDArray[np.uint8]:
        light = voi(modality(values))
        return to_uint8(255.0 - light if dataset.PhotometricInterpretation == "MONOCHROME1" else light)

    low, high = int(pixels.min()), int(pixels.max())
    if high - low >= _MOST_TABLE_ENTRIES:
        return shown(pixels.astype(np.float64))
    # Every step depends on the value alone, so it is done once for each value, not for each pixel.
    table = shown(np.arange(low, high + 1, dtype=np.float64))
    return np.take(table, (pixels.astype(np.int64) - low).astype(np.uint16))


def show_colour(pixels: NDArray[np.generic], dataset: Dataset) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """(H, W, 3) RGB or (H, W) palette indices → (H, W) uint8, and the warnings that the colours give.

    Source: DICOM PS3.3 C.7.6.3.1.5 and C.7.9 for palettes.
    """
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        pixels = _painted(pixels, dataset)
    if pixels.dtype == np.uint8:
        rgb = np.asarray(pixels, np.uint8)
        return to_grey(rgb), colour_warnings(rgb)
    deep = pixels.astype(np.uint16)
    bits = int(dataset.get("BitsStored") or 16)
    rgb = np.clip(deep.astype(np.float32) * (255.0 / (2**bits - 1)), 0, 255).astype(np.uint8)
    return stretch(np.asarray(cv2.cvtColor(deep, cv2.COLOR_RGB2GRAY), np.uint16)), colour_warnings(rgb)


def _painted(pixels: NDArray[np.generic], dataset: Dataset) -> NDArray[np.uint8]:
    channels = []
    for colour in ("Red", "Green", "Blue"):
        name = f"{colour}PaletteColorLookupTable"
        lut = _lut(dataset.get(f"{name}Descriptor"), dataset.get(f"{name}Data"), signed=False, big=_is_big(dataset))
        if lut is None:
            raise UnsupportedColour("This file uses colours that no X-ray has. Send it in grey or RGB.")
        channels.append(to_uint8(_full_scale(lut, lut.apply(pixels.astype(np.float64)))))
    return np.stack(channels, axis=-1)


def _sample(pixels: NDArray[np.generic], dataset: Dataset) -> Values:
    """Enough stored values to tell the contrast from, without the padding around the picture (PS3.3 C.7.5.1.1.2)."""
    step = max(1, int(math.sqrt(pixels.size / _MOST_SAMPLES)))
    sample = pixels[::step, ::step].astype(np.float64).ravel()
    one = _number(dataset.get("PixelPaddingValue"))
    if one is None:
        return sample
    other = _number(dataset.get("PixelPaddingRangeLimit"))
    low, high = sorted((one, one if other is None else other))
    inside = sample[(sample < low) | (sample > high)]
    return inside if inside.size else sample


def _modality(dataset: Dataset) -> Step:
    """Stored values to the values that the VOI is given in: a LUT, or slope and intercept. Source: PS3.3 C.11.1."""
    lut = _first_lut(dataset, "ModalityLUTSequence", signed=dataset.get("PixelRepresentation") == 1)
    if lut is not None:
        return lut.apply
    slope, intercept = _number(dataset.get("RescaleSlope")), _number(dataset.get("RescaleIntercept"))
    if slope is None or slope == 0 or intercept is None:
        return lambda values: values
    return lambda values: values * slope + intercept


def _voi(dataset: Dataset, sample: Values) -> Step:
    """Values after the modality LUT to 0–255: the file's VOI LUT, its first window, or else the percentiles.

    A window that shows this picture as one single grey is not for this picture, and is passed over.
    """
    candidates: list[Step] = []
    lut = _first_lut(dataset, "VOILUTSequence", signed=bool(sample.min() < 0))
    if lut is not None:
        table = lut
        candidates.append(lambda values: _full_scale(table, table.apply(values)))
    window = _window(dataset)
    if window is not None and window.is_valid():
        candidates.append(window.apply)
    for candidate in candidates:
        if sample.min() == sample.max() or np.ptp(candidate(sample)) >= 1.0:
            return candidate
    low, high = stretch_limits(sample)
    return lambda values: ramp(values, low, high)


def _window(dataset: Dataset) -> Window | None:
    centre, width = _number(dataset.get("WindowCenter")), _number(dataset.get("WindowWidth"))
    if centre is None or width is None:
        return None
    return Window(centre, width, _FUNCTIONS.get(str(dataset.get("VOILUTFunction")), "LINEAR"))


def _first_lut(dataset: Dataset, keyword: str, signed: bool) -> Lut | None:
    """The first LUT of a sequence; the length is looked at before pydicom parses its items."""
    if keyword not in dataset:
        return None
    raw_items = getattr(dataset.get_item(keyword), "value", None)
    if isinstance(raw_items, bytes) and len(raw_items) > _MOST_LUT_BYTES:
        raise DamagedImage
    items = dataset[keyword].value
    if not items:
        return None
    return _lut(items[0].get("LUTDescriptor"), items[0].get("LUTData"), signed, _is_big(dataset))


def _lut(descriptor: object, data: object, signed: bool, big: bool) -> Lut | None:
    """A LUT from its descriptor (entries, first value, bits) and data; None where they make no sense.

    Source: DICOM PS3.3 C.11.1.1 and C.7.6.3.1.5.
    """
    order = ">" if big else "<"
    numbers = _words(descriptor, order)
    if numbers is None or len(numbers) != 3 or data is None:
        return None
    count, first, bits = int(numbers[0]) or 65536, int(numbers[1]), int(numbers[2])
    if signed and first > 32767:
        first -= 65536
    if isinstance(data, bytes) and bits <= 8 and len(data) in (count, count + 1):
        entries: Values | None = np.frombuffer(data, np.uint8).astype(np.float64)
    else:
        entries = _words(data, order)
    if entries is None or not entries.size or not 1 <= bits <= 16:
        return None
    return Lut(first, bits, np.minimum(entries[:count], 2.0**bits - 1))


def _words(value: object, order: str) -> Values | None:
    """16-bit unsigned words, whichever of its types pydicom gave them."""
    if isinstance(value, bytes):
        return np.frombuffer(value[: len(value) // 2 * 2], f"{order}u2").astype(np.float64)
    if isinstance(value, int):
        value = [value]
    if isinstance(value, (list, tuple, MultiValue)):
        return (np.asarray(value, np.int64) & 0xFFFF).astype(np.float64)
    return None


def _full_scale(lut: Lut, values: Values) -> Values:
    return values * (255.0 / (2.0**lut.bits - 1))


def _is_big(dataset: Dataset) -> bool:
    return not dataset.original_encoding[1]


def _number(value: object) -> float | None:
    """The first finite number of a value that may be multiple, absent or malformed."""
    if isinstance(value, (list, tuple, MultiValue)):
        value = value[0] if len(value) else None
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
