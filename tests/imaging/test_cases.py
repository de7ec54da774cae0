"""The damaged and unusual files of `shared/cases`: each is shown as an independent reader shows it, or refused."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.encaps import encapsulate, generate_fragments

from app.config import Limits
from app.errors import DamagedImage
from app.imaging import decode

CASES = Path(__file__).resolve().parents[3] / "shared" / "cases"
AS_EXPECTED = sorted(path.name for path in CASES.glob("*.expected.png"))
READABLE = (
    "j2k-without-eoc.dcm",
    "jpeg-lossless-whole.dcm",
    "pixel-aspect-2-1.dcm",
    "thumbnail-32x32.png",
    "tiff-float64.tif",
    "tiff-grey10.tif",
    "tiff-grey_alpha_16.tif",
    "tiff-uint32_miniswhite.tif",
)


def case(name: str) -> bytes:
    path = CASES / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return path.read_bytes()


def as_grey(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(png)).convert("L"))


def assert_alike(grey: np.ndarray, other: np.ndarray) -> None:
    assert grey.shape == other.shape
    assert np.corrcoef(grey.ravel(), other.ravel())[0, 1] > 0.99
    assert np.abs(grey.astype(int) - other).mean() < 3


@pytest.mark.parametrize("expected", AS_EXPECTED or ["voi-lut-12-declared-16.expected.png"])
def test_a_case_is_shown_as_an_independent_reader_shows_it(expected):
    png = case(expected)
    [source] = [path for path in CASES.glob(expected.replace(".expected.png", ".*")) if "expected" not in path.name]
    assert_alike(decode(source.read_bytes(), Limits()).grey, as_grey(png))


@pytest.mark.parametrize("name", READABLE)
def test_a_case_without_a_reference_is_decoded_to_a_whole_range_of_greys(name):
    grey = decode(case(name), Limits()).grey
    assert np.ptp(grey) > 150
    assert len(np.unique(grey)) > 60


def test_padding_in_the_other_sign_is_the_padding():
    control = decode(case("padding-unsigned-on-signed.control.dcm"), Limits()).grey
    assert_alike(decode(case("padding-unsigned-on-signed.dcm"), Limits()).grey, control)


def test_pixels_that_are_not_square_get_their_proportions_back():
    radiograph = decode(case("pixel-aspect-2-1.dcm"), Limits())
    assert radiograph.grey.shape == (294, 293)
    assert radiograph.warnings == ("proportions-restored",)


def test_a_window_that_shows_nothing_is_passed_over_with_a_warning():
    assert "window-not-used" in decode(case("window-12-bit-on-8-bit.dcm"), Limits()).warnings


def test_half_a_png_with_its_end_is_refused():
    with pytest.raises(DamagedImage):
        decode(case("png-130-of-293-rows.png"), Limits())


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.9, 0.99, 0.999])
def test_a_lossless_jpeg_that_was_cut_and_closed_is_refused(share):
    dataset = dcmread(BytesIO(case("jpeg-lossless-whole.dcm")))
    code = b"".join(list(generate_fragments(dataset.PixelData))[1:]).rstrip(b"\x00")[:-2]
    dataset.PixelData = encapsulate([code[: int(len(code) * share)] + b"\xff\xd9"])
    out = BytesIO()
    dataset.save_as(out)
    with pytest.raises(DamagedImage):
        decode(out.getvalue(), Limits())
