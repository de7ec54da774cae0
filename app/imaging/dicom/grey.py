"""Stored values of a DICOM image to what a screen shows: modality LUT → VOI LUT or window → inversion once, last."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from app.errors import UnsupportedColour
from app.imaging.dicom.extent import closed, in_proportion, patient_sample, shutter
from app.imaging.dicom.luts import full_scale, is_big_endian, lut_of, modality, voi_lut
from app.imaging.dicom.windows import Step, file_windows, number, voi_function
from app.imaging.display.contrast import shows_something
from app.imaging.display.levels import between, count_values, is_exact, look_up, nearest_window, stretched
from app.imaging.display.window import Lut, Values, Window, ramp, stretch_limits, to_uint8
from app.imaging.notices import WINDOW_NOT_USED
from app.imaging.raster.rendering import Shown, show_colour
from app.records import Levels, NamedWindow

_NO_XRAY_COLOUR = "This file uses colours that no X-ray has. Send it in grey or RGB."


def show_grey(pixels: NDArray[np.generic], dataset: Dataset, scale: tuple[float, float] = (1.0, 1.0)) -> Shown:
    """(H, W) stored values of any integer type → uint8 grey, bone bright, and the levels behind it.

    The VOI LUT, the file's windows in their order, and at last robust percentiles of the patient's pixels: the first
    of them that shows this image. Another than the file's first is a warning. scale: as `aspect_scale` gives it.

    Source: DICOM PS3.3 C.7.6.3.1.2, C.11.1, C.11.2.
    """
    is_inverted = dataset.PhotometricInterpretation == "MONOCHROME1"
    inside = shutter(dataset)
    to_units = modality(dataset)
    sample = to_units(patient_sample(pixels, dataset, inside))
    if inside is not None:
        pixels = closed(pixels, inside, is_inverted)
    pixels = in_proportion(pixels, scale)
    index, values = count_values(pixels)
    units = to_units(values)
    windows = file_windows(dataset, sample)
    voi, shown, warnings = _voi(dataset, sample, units, windows)

    def show(light: Values) -> NDArray[np.uint8]:
        return to_uint8(255.0 - light if is_inverted else light)

    function = voi_function(dataset) if windows else "LINEAR_EXACT"
    levels = Levels(index, units, show(voi(units)), is_inverted, function, shown, windows)
    if is_exact(pixels, levels):
        return Shown(look_up(levels.table, index), levels, warnings)
    return Shown(show(voi(to_units(pixels.astype(np.float64)))), levels, warnings)


def show_dicom_colour(pixels: NDArray[np.generic], dataset: Dataset, scale: tuple[float, float] = (1.0, 1.0)) -> Shown:
    """(H, W, 3) RGB or (H, W) palette indices → uint8 grey, its levels beyond 8 bits, and the colours' warnings.

    Source: DICOM PS3.3 C.7.6.3.1.5 and C.7.9 for palettes.
    """
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        pixels = _painted(pixels, dataset)
    pixels = in_proportion(pixels, scale)
    if pixels.dtype == np.uint8:
        return show_colour(np.asarray(pixels, np.uint8))
    deep = pixels.astype(np.uint16)
    bits = int(dataset.get("BitsStored") or 16)
    rgb = np.clip(deep.astype(np.float32) * (255.0 / (2**bits - 1)), 0, 255).astype(np.uint8)
    luma = np.asarray(cv2.cvtColor(deep, cv2.COLOR_RGB2GRAY), np.uint16)
    return Shown(*stretched(luma), show_colour(rgb).warnings)


def _voi(
    dataset: Dataset, sample: Values, units: Values, windows: Sequence[NamedWindow]
) -> tuple[Step, NamedWindow, tuple[str, ...]]:
    """Values after the modality LUT to 0–255, the window that this is, and a warning where the file asked for another.

    windows: those of the file that tell any values of this image apart.
    """
    lut = voi_lut(dataset, signed=bool(sample.min() < 0))
    if lut is not None and shows_something(lut, sample):
        return lut, nearest_window(lut, units), ()
    asked = number(dataset.get("WindowCenter")), number(dataset.get("WindowWidth"))
    for window in windows:
        curve = Window(window.centre, window.width, voi_function(dataset)).apply
        if shows_something(curve, sample):
            is_asked = lut is None and (window.centre, window.width) == asked
            return curve, replace(window, kind="shown"), () if is_asked else (WINDOW_NOT_USED,)
    low, high = stretch_limits(sample)
    is_asked = lut is None and None in asked
    return (
        lambda values: ramp(values, low, high),
        between("shown", low, high),
        () if is_asked else (WINDOW_NOT_USED,),
    )


def _painted(pixels: NDArray[np.generic], dataset: Dataset) -> NDArray[np.uint8]:
    luts = [_palette(dataset, colour) for colour in ("Red", "Green", "Blue")]
    # Eight bits declared as sixteen, for all three or for none.
    is_narrow = all(lut.bits == 16 and lut.entries.max() < 256 for lut in luts)
    channels = []
    for lut in luts:
        table = Lut(lut.first, 8 if is_narrow else lut.bits, lut.entries)
        channels.append(to_uint8(full_scale(table, table.apply(pixels.astype(np.float64)))))
    return np.stack(channels, axis=-1)


def _palette(dataset: Dataset, colour: str) -> Lut:
    name = f"{colour}PaletteColorLookupTable"
    big = is_big_endian(dataset)
    lut = lut_of(dataset.get(f"{name}Descriptor"), dataset.get(f"{name}Data"), signed=False, big=big)
    if lut is None:
        raise UnsupportedColour(_NO_XRAY_COLOUR)
    return lut
