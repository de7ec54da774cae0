"""Stored values of a DICOM image to what a screen shows: modality LUT → VOI LUT or window → inversion once, last."""

import math
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from app.errors import DamagedImage, UnsupportedColour
from app.imaging.dicom.windows import Step, file_windows, number, shows_something, voi_function
from app.imaging.display.colour import colour_warnings, to_grey
from app.imaging.display.levels import between, count_values, is_exact, look_up, nearest_window, stretched
from app.imaging.display.window import Lut, Values, Window, ramp, stretch_limits, to_uint8
from app.records import Levels, NamedWindow

_MOST_LUT_BYTES = 1 << 20
_MOST_SAMPLES = 1_000_000


def show_grey(pixels: NDArray[np.generic], dataset: Dataset) -> tuple[NDArray[np.uint8], Levels]:
    """(H, W) stored values of any integer type → (H, W) uint8, bone bright, and the levels behind it.

    Without a usable VOI LUT or window, robust percentiles of the image become 0 and 255.

    Source: DICOM PS3.3 C.7.6.3.1.2, C.11.1, C.11.2.
    """
    modality = _modality(dataset)
    sample = modality(_sample(pixels, dataset))
    windows = file_windows(dataset, sample)
    is_inverted = dataset.PhotometricInterpretation == "MONOCHROME1"
    index, values = count_values(pixels)
    units = modality(values)
    voi, shown = _voi(dataset, sample, units, windows)

    def show(light: Values) -> NDArray[np.uint8]:
        return to_uint8(255.0 - light if is_inverted else light)

    function = voi_function(dataset) if windows else "LINEAR_EXACT"
    levels = Levels(index, units, show(voi(units)), is_inverted, function, shown, windows)
    if is_exact(pixels, levels):
        return look_up(levels.table, index), levels
    return show(voi(modality(pixels.astype(np.float64)))), levels


def show_colour(
    pixels: NDArray[np.generic], dataset: Dataset
) -> tuple[NDArray[np.uint8], Levels | None, tuple[str, ...]]:
    """(H, W, 3) RGB or (H, W) palette indices → (H, W) uint8, its levels beyond 8 bits, and the colours' warnings.

    Source: DICOM PS3.3 C.7.6.3.1.5 and C.7.9 for palettes.
    """
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        pixels = _painted(pixels, dataset)
    if pixels.dtype == np.uint8:
        rgb = np.asarray(pixels, np.uint8)
        return to_grey(rgb), None, colour_warnings(rgb)
    deep = pixels.astype(np.uint16)
    bits = int(dataset.get("BitsStored") or 16)
    rgb = np.clip(deep.astype(np.float32) * (255.0 / (2**bits - 1)), 0, 255).astype(np.uint8)
    return *stretched(np.asarray(cv2.cvtColor(deep, cv2.COLOR_RGB2GRAY), np.uint16)), colour_warnings(rgb)


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
    """Enough stored values to tell the contrast from, without the padding around the image (PS3.3 C.7.5.1.1.2)."""
    step = max(1, int(math.sqrt(pixels.size / _MOST_SAMPLES)))
    sample = pixels[::step, ::step].astype(np.float64).ravel()
    one = number(dataset.get("PixelPaddingValue"))
    if one is None:
        return sample
    other = number(dataset.get("PixelPaddingRangeLimit"))
    low, high = sorted((one, one if other is None else other))
    inside = sample[(sample < low) | (sample > high)]
    return inside if inside.size else sample


def _modality(dataset: Dataset) -> Step:
    """Stored values to the values that the VOI is given in: a LUT, or slope and intercept. Source: PS3.3 C.11.1."""
    lut = _first_lut(dataset, "ModalityLUTSequence", signed=dataset.get("PixelRepresentation") == 1)
    if lut is not None:
        return lut.apply
    slope, intercept = number(dataset.get("RescaleSlope")), number(dataset.get("RescaleIntercept"))
    if slope is None or slope == 0 or intercept is None:
        return lambda values: values
    return lambda values: values * slope + intercept


def _voi(dataset: Dataset, sample: Values, units: Values, windows: Sequence[NamedWindow]) -> tuple[Step, NamedWindow]:
    """Values after the modality LUT to 0–255: the file's VOI LUT, its first window, or else the percentiles.

    A window that shows this image as one single grey is not for this image, and is passed over.
    """
    lut = _first_lut(dataset, "VOILUTSequence", signed=bool(sample.min() < 0))
    if lut is not None:
        table = lut

        def curve(values: Values) -> Values:
            return _full_scale(table, table.apply(values))

        if shows_something(curve, sample):
            return curve, nearest_window(curve, units)
    if windows and (windows[0].centre, windows[0].width) == _first_window(dataset):
        first = windows[0]
        return Window(first.centre, first.width, voi_function(dataset)).apply, replace(first, kind="shown")
    low, high = stretch_limits(sample)
    return lambda values: ramp(values, low, high), between("shown", low, high)


def _first_window(dataset: Dataset) -> tuple[float | None, float | None]:
    return number(dataset.get("WindowCenter")), number(dataset.get("WindowWidth"))


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
