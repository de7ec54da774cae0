"""The grey of unusual headers, compared with DCMTK's: an independent implementation of the standard."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import JPEGLosslessSV1

from app.config import Limits
from app.imaging import decode
from tests.support.drawn_files import WINDOW, deep, drawn
from tests.support.image_files import dataset, deep_jpeg, dicom

XA = "1.2.840.10008.5.1.4.1.1.12.1"


def lut(entries: np.ndarray, first: int, bits: int) -> Dataset:
    item = Dataset()
    item.LUTDescriptor = [len(entries), first, bits]
    item.LUTData = entries.astype("<u2").tobytes()
    item.ModalityLUTType = "US"
    item["LUTDescriptor"].VR, item["LUTData"].VR = "US", "OW"
    return item


RISING = np.arange(4096)
BENT = np.rint(4095 * (RISING / 4095) ** 0.6)
SIGNED = deep().astype("i2") - 2000
# By name: the data set, and the options that have DCMTK take the file's window or its LUT.
KINDS: dict[str, tuple[Dataset, list[str]]] = {
    "window": (dataset(deep(), 12, **WINDOW), ["+Wi", "1"]),
    "second window": (dataset(deep(), 12, WindowCenter=[1500, 9], WindowWidth=[2500, 9]), ["+Wi", "1"]),
    "inverted": (dataset(deep(), 12, PhotometricInterpretation="MONOCHROME1", **WINDOW), ["+Wi", "1"]),
    "left-justified": (dataset(deep() << 4, 12, HighBit=15, **WINDOW), ["+Wi", "1"]),
    "in the middle": (dataset(deep() << 2, 12, HighBit=13, **WINDOW), ["+Wi", "1"]),
    "rubbish above": (dataset(deep() | 0xA000, 12, **WINDOW), ["+Wi", "1"]),
    "signed": (dataset(SIGNED, WindowCenter=0, WindowWidth=4000), ["+Wi", "1"]),
    "rescaled": (
        dataset(deep(), 12, RescaleSlope=2, RescaleIntercept=-100, WindowCenter=4000, WindowWidth=8000),
        ["+Wi", "1"],
    ),
    "VOI LUT": (dataset(deep(), 12, VOILUTSequence=[lut(BENT, 0, 12)]), ["+Wl", "1"]),
    "modality LUT": (dataset(deep(), 12, ModalityLUTSequence=[lut(BENT, 0, 16)], **WINDOW), ["+Wi", "1"]),
    "angiography": (
        dataset(
            deep(),
            12,
            SOPClassUID=XA,
            PixelIntensityRelationship="LOG",
            ModalityLUTSequence=[lut(4095 - RISING, 0, 16)],
            **WINDOW,
        ),
        ["+Wi", "1"],
    ),
}


def by_dcmtk(raw: bytes, options: list[str], folder: Path) -> np.ndarray:
    program = shutil.which("dcmj2pnm")
    if program is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("dcmj2pnm (dcmtk) is not installed")
    (folder / "in.dcm").write_bytes(raw)
    subprocess.run([program, *options, folder / "in.dcm", folder / "out.pgm"], check=True, capture_output=True)
    return np.asarray(Image.open(folder / "out.pgm"))


def assert_alike(grey: np.ndarray, other: np.ndarray) -> None:
    assert grey.shape == other.shape
    assert np.corrcoef(grey.ravel(), other.ravel())[0, 1] > 0.999
    assert np.abs(grey.astype(int) - other).mean() < 1


@pytest.mark.parametrize("name", KINDS)
def test_the_grey_is_that_of_dcmtk(name, tmp_path):
    ds, options = KINDS[name]
    raw = dicom(ds)
    assert_alike(decode(raw, Limits()).grey, by_dcmtk(raw, options, tmp_path))


@pytest.mark.parametrize("predictor", range(1, 8))
def test_a_lossless_jpeg_is_that_of_dcmtk(predictor, tmp_path):
    syntax = JPEGLosslessSV1 if predictor == 1 else "1.2.840.10008.1.2.4.57"
    raw = dicom(dataset(deep(), 12, **WINDOW), syntax, codestream=deep_jpeg(deep(), 12, predictor))
    assert_alike(decode(raw, Limits()).grey, by_dcmtk(raw, ["+Wi", "1"], tmp_path))


def show(pixels: np.ndarray, bits: int | None = None, **tags) -> tuple[np.ndarray, tuple[str, ...]]:
    radiograph = decode(dicom(dataset(pixels, bits, **tags)), Limits())
    return radiograph.grey, radiograph.warnings


def test_a_lut_of_fewer_bits_than_it_declares_fills_the_range():
    narrow, _ = show(deep(), 12, VOILUTSequence=[lut(BENT, 0, 16)])
    right, _ = show(deep(), 12, VOILUTSequence=[lut(BENT, 0, 12)])
    np.testing.assert_array_equal(narrow, right)


@pytest.mark.parametrize(
    "tags",
    [
        {"WindowCenter": 2048, "WindowWidth": 4096},
        {"WindowCenter": 60_000, "WindowWidth": 10},
        {"WindowCenter": 128, "WindowWidth": 0},
        {"VOILUTSequence": [lut(np.full(256, 4000), 0, 12)]},
    ],
    ids=["too wide", "beyond", "no width", "one grey"],
)
def test_a_window_that_shows_nothing_gives_way_to_percentiles_and_says_so(tags):
    grey, warnings = show(drawn(), **tags)
    assert np.ptp(grey) == 255
    assert np.corrcoef(grey.ravel(), drawn().ravel())[0, 1] > 0.99
    assert warnings == ("window-not-used",)


def test_a_useless_window_gives_way_to_the_next_of_the_file():
    grey, warnings = show(drawn(), WindowCenter=[60_000, 128], WindowWidth=[10, 256])
    assert np.abs(grey.astype(int) - drawn()).max() <= 1
    assert warnings == ("window-not-used",)


@pytest.mark.parametrize("signed", [True, False])
def test_padding_of_the_other_sign_does_not_decide_the_contrast(signed):
    padding = -2000 if signed else 63_536
    pixels = (deep().astype(int) + 100).astype("i2" if signed else "u2")
    padded = pixels.copy()
    padded[:, :30] = padding
    raw = dicom(dataset(padded))
    element = b"\x28\x00\x20\x01" + (b"US" if signed else b"SS") + b"\x02\x00" + (63_536).to_bytes(2, "little")
    at = raw.index(b"\xe0\x7f\x10\x00")
    grey = decode(raw[:at] + element + raw[at:], Limits()).grey
    inner, _ = show(np.ascontiguousarray(pixels[:, 30:]))
    assert np.abs(grey[:, 30:].astype(int) - inner).mean() < 2


@pytest.mark.parametrize(
    ("tags", "shape_hw"),
    [
        ({"PixelAspectRatio": [2, 1]}, (240, 100)),
        ({"PixelAspectRatio": [1, 2]}, (120, 200)),
        ({"PixelAspectRatio": [1, 1]}, (120, 100)),
        ({"PixelSpacing": [0.3, 0.2]}, (180, 100)),
        ({"PixelAspectRatio": [0, 1]}, (120, 100)),
        ({"PixelAspectRatio": [1000, 1]}, (120, 100)),
    ],
)
def test_pixels_that_are_not_square_are_shown_in_proportion(tags, shape_hw):
    radiograph = decode(dicom(dataset(deep(), 12, **WINDOW, **tags)), Limits())
    assert radiograph.grey.shape == shape_hw
    assert radiograph.header is not None
    assert radiograph.header.aspect_scale == pytest.approx((shape_hw[0] / 120, shape_hw[1] / 100))
    if radiograph.spacing_mm is not None:
        assert radiograph.spacing_mm == pytest.approx((0.2, 0.2))


@pytest.mark.parametrize(
    "tags",
    [
        {
            "ShutterShape": "RECTANGULAR",
            "ShutterLeftVerticalEdge": 21,
            "ShutterRightVerticalEdge": 80,
            "ShutterUpperHorizontalEdge": 21,
            "ShutterLowerHorizontalEdge": 100,
        },
        {"ShutterShape": "CIRCULAR", "CenterOfCircularShutter": [60, 50], "RadiusOfCircularShutter": 40},
        {"ShutterShape": "POLYGONAL", "VerticesOfThePolygonalShutter": [21, 21, 21, 80, 100, 80, 100, 21]},
    ],
    ids=["rectangular", "circular", "polygonal"],
)
def test_outside_the_shutter_is_dark_and_inside_unchanged(tags):
    open_grey, _ = show(deep(), 12, **WINDOW)
    grey, _ = show(deep(), 12, **WINDOW, **tags)
    np.testing.assert_array_equal(grey[40:80, 40:60], open_grey[40:80, 40:60])
    assert grey[:10].max() <= open_grey.min() + 1
    assert grey[:, :8].max() <= open_grey.min() + 1


def test_an_overlay_is_not_drawn_and_is_said():
    raw = dicom(dataset(deep(), 12, **WINDOW))
    at = raw.index(b"\xe0\x7f\x10\x00")
    overlay = b"\x00\x60\x10\x00US\x02\x00\x78\x00"
    radiograph = decode(raw[:at] + overlay + raw[at:], Limits())
    assert radiograph.warnings == ("overlay-not-shown",)
    np.testing.assert_array_equal(radiograph.grey, decode(raw, Limits()).grey)
