"""JPEG, PNG and TIFF: every depth and colour type comes back as the grey image that was saved."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from app.imaging import decode
from app.imaging.display.window import stretch
from tests.support.image_files import LIMITS, png, png16, ramp, saved, tiff

GREY = ramp()
DEEP = ramp(most=4095, dtype="u2")
RGB = np.repeat(GREY[..., None], 3, axis=2)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("mode", [None, "RGB", "RGBA", "LA", "P"])
def test_eight_bits_come_back_unchanged(kind, mode):
    if mode == "P":
        raw = saved(GREY // 16 * 17, kind, "P")
        expected = GREY // 16 * 17
    else:
        raw, expected = saved(GREY, kind, mode), GREY
    radiograph = decode(raw, LIMITS)
    np.testing.assert_array_equal(radiograph.grey, expected)
    assert (radiograph.format, radiograph.bits, radiograph.spacing_mm) == (kind.lower(), 8, None)
    assert radiograph.warnings == ()
    assert radiograph.grey.dtype == np.uint8
    assert radiograph.grey.flags.c_contiguous


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 2}])
@pytest.mark.parametrize("mode", [None, "RGB"])
def test_a_jpeg_comes_back_nearly_unchanged(options, mode):
    radiograph = decode(saved(GREY, "JPEG", mode, quality=95, **options), LIMITS)
    assert np.abs(radiograph.grey.astype(int) - GREY).max() <= 4
    assert (radiograph.format, radiograph.bits, radiograph.warnings) == ("jpeg", 8, ())


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_a_png_of_few_bits_fills_the_range(bits):
    levels = 2**bits
    row = np.arange(8) % levels
    packed = np.packbits(np.unpackbits(row.astype("u1")[:, None], axis=1)[:, -bits:]).tobytes()
    radiograph = decode(png(b"\x00" + packed, 8, 1, bits, 0), LIMITS)
    np.testing.assert_array_equal(radiograph.grey[0], row * 255 // (levels - 1))
    assert radiograph.bits == bits


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(saved(DEEP, "PNG"), id="png grey"),
        pytest.param(png16(np.repeat(DEEP[..., None], 3, 2), 2), id="png rgb"),
        pytest.param(png16(np.dstack([DEEP, np.full_like(DEEP, 65535)]), 4), id="png grey alpha"),
        pytest.param(png16(np.dstack([DEEP] * 3 + [np.full_like(DEEP, 65535)]), 6), id="png rgba"),
        pytest.param(saved(DEEP, "TIFF"), id="tiff grey"),
        pytest.param(saved(DEEP, "TIFF", compression="tiff_lzw"), id="tiff lzw"),
        pytest.param(tiff(DEEP, 1, ">"), id="tiff big-endian"),
        pytest.param(tiff(np.repeat(DEEP[..., None], 3, 2), 2), id="tiff rgb"),
        pytest.param(tiff(65535 - DEEP, 0), id="tiff white is zero"),
        pytest.param(tiff(65535 - DEEP, 0, ">"), id="tiff white is zero, big-endian"),
    ],
)
def test_sixteen_bits_are_windowed_and_not_truncated(raw):
    radiograph = decode(raw, LIMITS)
    assert np.abs(radiograph.grey.astype(int) - stretch(DEEP)).max() <= 1
    assert len(np.unique(radiograph.grey)) > 200
    assert (radiograph.bits, radiograph.warnings) == (16, ())


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_tiff_whose_white_is_zero_is_turned_bone_bright(order):
    np.testing.assert_array_equal(decode(tiff(255 - GREY, 0, order), LIMITS).grey, GREY)


def test_alpha_is_composed_over_black():
    rgba = np.full((1, 3, 4), 200, np.uint8)
    rgba[0, :, 3] = 0, 128, 255
    assert decode(saved(rgba, "PNG"), LIMITS).grey.tolist() == [[0, 100, 200]]


def test_transparency_of_one_grey_is_composed_over_black():
    assert decode(saved(GREY, "PNG", transparency=255), LIMITS).grey.max() == 254
    deep = png16(DEEP, 0, (b"tRNS", b"\x0f\xff"))
    assert decode(deep, LIMITS).grey[-1, -1] == 0


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_honoured(kind, orientation):
    # How an image is stored for each orientation: CIPA DC-008, orientation tag.
    stored = {
        1: GREY,
        2: GREY[:, ::-1],
        3: GREY[::-1, ::-1],
        4: GREY[::-1],
        5: GREY.T,
        6: np.rot90(GREY, 1),
        7: GREY[::-1, ::-1].T,
        8: np.rot90(GREY, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 100} if kind == "JPEG" else {}
    radiograph = decode(saved(np.ascontiguousarray(stored), kind, exif=exif.tobytes(), **options), LIMITS)
    assert radiograph.grey.shape == GREY.shape
    assert np.abs(radiograph.grey.astype(int) - GREY).max() <= 3


def test_broken_exif_is_no_reason_to_refuse():
    assert decode(saved(GREY, "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff"), LIMITS).grey.shape == GREY.shape


def test_a_tiff_of_floats_is_stretched():
    out = BytesIO()
    Image.fromarray(GREY.astype(np.float32) / 1000).save(out, "TIFF")
    assert np.ptp(decode(out.getvalue(), LIMITS).grey) == 255
