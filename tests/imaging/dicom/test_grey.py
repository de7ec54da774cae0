"""DICOM of one frame: every transfer syntax, and the order modality LUT, VOI, inversion."""

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from app.imaging import decode
from tests.support.image_files import LIMITS, compressed, dataset, deep_jpeg, dicom, ramp, saved

DEEP = ramp(most=4095, dtype="u2")
# The whole range of 12 bits: 0 → 0, 4095 → 255.
FULL = {"WindowCenter": 2048, "WindowWidth": 4096}
SHOWN = np.rint(DEEP * (255 / 4095)).astype(np.uint8)


def item(**tags) -> Dataset:
    ds = Dataset()
    for keyword, value in tags.items():
        setattr(ds, keyword, value)
    return ds


def shown(pixels: np.ndarray, bits: int | None = None, **tags) -> np.ndarray:
    return decode(dicom(dataset(pixels, bits, **tags)), LIMITS).grey


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]
)
@pytest.mark.parametrize("preamble", [True, False])
def test_uncompressed_pixels_come_back(syntax, preamble):
    pixels = DEEP.byteswap() if syntax == ExplicitVRBigEndian else DEEP
    radiograph = decode(dicom(dataset(pixels, 12, **FULL), syntax, preamble), LIMITS)
    np.testing.assert_array_equal(radiograph.grey, SHOWN)
    assert (radiograph.format, radiograph.bits, radiograph.warnings) == ("dicom", 12, ())


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
@pytest.mark.parametrize("bits", [8, 12, 16])
def test_lossless_compression_shows_what_no_compression_shows(syntax, bits):
    pixels = ramp(most=2**bits - 1, dtype="u1" if bits == 8 else "u2")
    ds = dataset(pixels, bits)
    np.testing.assert_array_equal(decode(compressed(ds, syntax), LIMITS).grey, decode(dicom(ds), LIMITS).grey)


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
def test_signed_pixels_survive_compression(syntax):
    pixels = ramp(most=2000, dtype="i2") - 1000
    ds = dataset(pixels)
    np.testing.assert_array_equal(decode(compressed(ds, syntax), LIMITS).grey, decode(dicom(ds), LIMITS).grey)


def test_rle_holds_colour_in_planes():
    rgb = np.dstack([ramp(), ramp() // 2, ramp() // 3])
    ds = dataset(rgb)
    np.testing.assert_array_equal(decode(compressed(ds, RLELossless), LIMITS).grey, decode(dicom(ds), LIMITS).grey)


@pytest.mark.parametrize(
    ("syntax", "predictor"), [(JPEGLossless, 1), (JPEGLossless, 4), (JPEGLossless, 7), (JPEGLosslessSV1, 1)]
)
def test_jpeg_lossless_comes_back_unchanged(syntax, predictor):
    raw = dicom(dataset(DEEP, 12, **FULL), syntax, codestream=deep_jpeg(DEEP, 12, predictor))
    np.testing.assert_array_equal(decode(raw, LIMITS).grey, SHOWN)


def test_jpeg_extended_of_twelve_bits_comes_back_nearly_unchanged():
    raw = dicom(dataset(DEEP, 12, **FULL), JPEGExtended12Bit, codestream=deep_jpeg(DEEP, 12))
    assert np.abs(decode(raw, LIMITS).grey.astype(int) - SHOWN).max() <= 2


@pytest.mark.parametrize("syntax", [JPEGBaseline8Bit, JPEGExtended12Bit])
def test_jpeg_of_eight_bits_comes_back_nearly_unchanged(syntax):
    grey = ramp()
    tags = {"WindowCenter": 128, "WindowWidth": 256}
    raw = dicom(dataset(grey, **tags), syntax, codestream=saved(grey, "JPEG", quality=95))
    assert np.abs(decode(raw, LIMITS).grey.astype(int) - grey).max() <= 4


def test_a_frame_in_several_fragments_is_joined():
    from io import BytesIO

    from pydicom import dcmread
    from pydicom.encaps import encapsulate, generate_fragments

    raw = compressed(dataset(DEEP, 12, **FULL), JPEG2000Lossless)
    ds = dcmread(BytesIO(raw))
    code = list(generate_fragments(ds.PixelData))[1]
    ds.PixelData = encapsulate([code], fragments_per_frame=3)
    out = BytesIO()
    ds.save_as(out)
    np.testing.assert_array_equal(decode(out.getvalue(), LIMITS).grey, SHOWN)


def test_monochrome1_is_inverted_once_and_last():
    # A window of the stored values that is not symmetric shows whether the inversion came before it.
    pixels = np.array([[0, 100, 200, 1000]], np.uint16)
    window = {"WindowCenter": 100.5, "WindowWidth": 201}
    assert shown(pixels, **window).tolist() == [[0, 128, 255, 255]]
    inverted = shown(pixels, PhotometricInterpretation="MONOCHROME1", PresentationLUTShape="INVERSE", **window)
    assert inverted.tolist() == [[255, 128, 0, 0]]


def test_the_window_is_in_units_after_rescale():
    pixels = np.array([[0, 1024, 2048]], np.uint16)
    tags = {"RescaleSlope": 2, "RescaleIntercept": -1024, "WindowCenter": 1024.5, "WindowWidth": 4097}
    assert shown(pixels, **tags).tolist() == [[0, 128, 255]]


@pytest.mark.parametrize(
    ("function", "expected"), [("LINEAR", [0, 128, 255]), ("LINEAR_EXACT", [0, 127, 255]), ("SIGMOID", [30, 127, 225])]
)
def test_the_voi_function_of_the_file_is_used(function, expected):
    # c = 128, w = 256; SIGMOID: 255 / (1 + e^±2) = 30.4 and 224.6, 255 / (1 + e^(−4·−0.5/256)) = 127.5 − ε
    pixels = np.array([[0, 128, 256]], np.uint16)
    grey = shown(pixels, WindowCenter=128, WindowWidth=256, VOILUTFunction=function)
    np.testing.assert_allclose(grey[0], expected, atol=1)


def test_the_first_of_several_windows_is_used():
    pixels = np.array([[0, 100, 4000]], np.uint16)
    grey = shown(pixels, WindowCenter=[50.5, 2000], WindowWidth=[101, 4000])
    assert grey.tolist() == [[0, 255, 255]]


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian])
def test_a_modality_lut_comes_before_the_window(syntax):
    order = ">u2" if syntax == ExplicitVRBigEndian else "<u2"
    pixels = np.array([[9, 10, 11, 12, 13]], order)
    lut = item(LUTDescriptor=[3, 10, 16], ModalityLUTType="US", LUTData=np.array([0, 50, 100], order).tobytes())
    ds = dataset(pixels, ModalityLUTSequence=[lut], WindowCenter=50.5, WindowWidth=101)
    lut["LUTDescriptor"].VR = "US"
    lut["LUTData"].VR = "OW"
    assert decode(dicom(ds, syntax), LIMITS).grey.tolist() == [[0, 0, 128, 255, 255]]


def test_a_voi_lut_goes_before_the_window():
    pixels = np.array([[0, 1, 2, 3]], np.uint16)
    lut = item(LUTDescriptor=[4, 0, 12], LUTData=[4095, 0, 2048, 1024])
    lut["LUTDescriptor"].VR = lut["LUTData"].VR = "US"
    grey = shown(pixels, VOILUTSequence=[lut], WindowCenter=1, WindowWidth=4)
    assert grey.tolist() == [[255, 0, 128, 64]]


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"WindowCenter": 100, "WindowWidth": 0},
        {"WindowCenter": 60_000, "WindowWidth": 10},
        {"VOILUTSequence": []},
    ],
    ids=["none", "zero width", "beyond the image", "empty LUT"],
)
def test_without_a_usable_window_the_image_is_stretched(tags):
    grey = shown(DEEP, 12, **tags)
    assert (grey.min(), grey.max()) == (0, 255)
    assert len(np.unique(grey)) > 200


def test_padding_does_not_decide_the_contrast():
    pixels = ramp(40, 40, most=500, dtype="i2") + 1000
    pixels[:, :20] = -2000
    grey = shown(pixels, PixelPaddingValue=-2000)
    assert abs(int(grey[20, 30]) - 128) <= 5
    assert grey[:, :20].max() == 0


def test_values_of_32_bits_are_shown():
    pixels = ramp(most=255, dtype="u4") * 1_000_000
    assert np.abs(shown(pixels).astype(int) - ramp()).max() <= 3


def test_a_palette_gives_its_grey():
    ds = dataset(np.array([[0, 1, 2]], np.uint8), PhotometricInterpretation="PALETTE COLOR")
    for colour in ("Red", "Green", "Blue"):
        setattr(ds, f"{colour}PaletteColorLookupTableDescriptor", [3, 0, 16])
        ds[f"{colour}PaletteColorLookupTableDescriptor"].VR = "US"
        setattr(ds, f"{colour}PaletteColorLookupTableData", np.array([0, 32768, 65535], "<u2").tobytes())
    assert decode(dicom(ds), LIMITS).grey.tolist() == [[0, 128, 255]]


@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_colour_becomes_its_luma(dtype):
    most = np.iinfo(dtype).max
    rgb = np.zeros((1, 3, 3), dtype)
    rgb[0, 1] = most
    rgb[0, 2] = most // 2
    assert decode(dicom(dataset(rgb)), LIMITS).grey.tolist() == [[0, 255, 127]]


@pytest.mark.parametrize(
    ("tags", "spacing_mm"),
    [
        ({}, None),
        ({"ImagerPixelSpacing": [0.2, 0.199]}, (0.2, 0.199)),
        ({"ImagerPixelSpacing": [0.2, 0.2], "PixelSpacing": [0.15, 0.149]}, (0.15, 0.149)),
        ({"PixelSpacing": [0, 0.14], "ImagerPixelSpacing": [0.2, 0.2]}, (0.2, 0.2)),
        ({"PixelSpacing": [-1, 1]}, None),
        ({"PixelSpacing": "0.1"}, None),
    ],
)
def test_spacing_is_row_then_column_and_only_when_it_makes_sense(tags, spacing_mm):
    assert decode(dicom(dataset(DEEP, 12, **tags)), LIMITS).spacing_mm == spacing_mm


def test_a_preamble_that_looks_like_a_tiff_does_not_hide_a_dicom_file():
    raw = dicom(dataset(DEEP, 12, **FULL))
    np.testing.assert_array_equal(decode(b"II*\x00" + raw[4:], LIMITS).grey, SHOWN)
