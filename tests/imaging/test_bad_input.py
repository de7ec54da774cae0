"""Every file that cannot be used is refused with the error that says why; nothing else escapes."""

import logging
import struct
import subprocess
import sys
import time
import tracemalloc
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from pydicom.uid import (
    MPEG4HP41,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from app import errors
from app.config import Limits
from app.imaging import decode
from app.records import Radiograph
from tests.support.image_files import (
    LIMITS,
    SECRET,
    compressed,
    dataset,
    deep_jpeg,
    dicom,
    heic_ramp,
    jxl,
    png,
    png16,
    ramp,
    saved,
    tiff,
)

GREY = ramp()
DEEP = ramp(most=4095, dtype="u2")


def animated(kind: str, **options) -> bytes:
    out = BytesIO()
    first, second = Image.fromarray(GREY), Image.fromarray(GREY[::-1].copy())
    first.save(out, kind, save_all=True, append_images=[second], **options)
    return out.getvalue()


def without_pixels() -> bytes:
    return dicom(dataset(GREY, PixelData=None, Rows=None, Columns=None))


def dicom_that_claims(syntax: str, rows: int, columns: int) -> bytes:
    raw = compressed(dataset(DEEP, 12), syntax)
    claim = b"\x28\x00\x10\x00US\x02\x00", b"\x28\x00\x11\x00US\x02\x00"
    for tag, old, new in zip(claim, DEEP.shape, (rows, columns), strict=True):
        assert tag + struct.pack("<H", old) in raw
        raw = raw.replace(tag + struct.pack("<H", old), tag + struct.pack("<H", new))
    return raw


def jpeg_that_claims(height: int, width: int) -> bytes:
    raw = saved(GREY, "JPEG")
    at = raw.index(b"\xff\xc0") + 5
    return raw[:at] + struct.pack(">HH", height, width) + raw[at + 4 :]


def tiff_that_claims(height: int, width: int) -> bytes:
    raw = tiff(GREY, 1)
    return raw[:18] + struct.pack("<I", width) + raw[22:30] + struct.pack("<I", height) + raw[34:]


def mpf_of_kind(kind: int) -> bytes:
    """A JPEG with a second image of this MP type."""
    raw = animated("MPO")
    at = raw.index(b"MPF\x00") + 4
    order = "little" if raw[at : at + 2] == b"II" else "big"
    entries = at + int.from_bytes(raw[raw.index((0xB002).to_bytes(2, order), at) + 8 :][:4], order)
    return raw[:entries] + kind.to_bytes(4, order) + raw[entries + 4 :]


def tiff_of_strips(count: int) -> bytes:
    """A TIFF of one column, a strip for each of its rows."""
    at = 8 + 2 + 9 * 12 + 4
    entries = [(256, 1, 1), (257, 1, count), (258, 1, 8), (259, 1, 1), (262, 1, 1), (273, count, at), (277, 1, 1)]
    entries += [(278, 1, 1), (279, count, at + 4 * count)]
    out = b"II*\x00" + struct.pack("<IH", 8, len(entries))
    out += b"".join(struct.pack("<HHII", tag, 4, number, value) for tag, number, value in entries) + bytes(4)
    return out + struct.pack("<I", 8) * count + struct.pack("<I", 1) * count


LOSSLESS = deep_jpeg(DEEP, 12, predictor=1)
FILES = {
    "jpeg": saved(GREY, "JPEG"),
    "progressive jpeg": saved(GREY, "JPEG", progressive=True),
    "png": saved(GREY, "PNG"),
    "png rgba": saved(GREY, "PNG", "RGBA"),
    "png 16": saved(DEEP, "PNG"),
    "png rgb 16": png16(np.repeat(DEEP[..., None], 3, 2), 2),
    "tiff": saved(GREY, "TIFF"),
    "tiff lzw": saved(GREY, "TIFF", compression="tiff_lzw"),
    "tiff 16": tiff(DEEP, 1),
    "bmp": saved(GREY, "BMP"),
    "webp": saved(GREY, "WEBP", lossless=True),
    "avif": saved(GREY, "AVIF"),
    "heif": heic_ramp(),
    "jxl": jxl(GREY),
    "jxl 16": jxl(DEEP),
    "dicom": dicom(dataset(DEEP, 12)),
    "dicom implicit": dicom(dataset(DEEP, 12), ImplicitVRLittleEndian, preamble=False),
    "dicom big-endian": dicom(dataset(DEEP, 12), ExplicitVRBigEndian),
    "dicom deflated": dicom(dataset(DEEP, 12), DeflatedExplicitVRLittleEndian),
    "dicom rle": compressed(dataset(DEEP, 12), RLELossless),
    "dicom jpeg": dicom(dataset(GREY), JPEGBaseline8Bit, codestream=saved(GREY, "JPEG")),
    "dicom jpeg lossless": dicom(dataset(DEEP, 12), JPEGLosslessSV1, codestream=LOSSLESS),
    "dicom jpeg-ls": compressed(dataset(DEEP, 12), JPEGLSLossless),
    "dicom jpeg 2000": compressed(dataset(DEEP, 12), JPEG2000Lossless),
}

BAD = {
    "nothing": (b"", errors.EmptyFile),
    "one byte": (b"\x00", errors.UnsupportedImage),
    "text": (b"this is not an image, whatever its name\n" * 50, errors.UnsupportedImage),
    "gif": (saved(GREY, "GIF"), errors.UnsupportedImage),
    "jpeg 2000 without dicom": (saved(GREY, "JPEG2000"), errors.UnsupportedImage),
    "pdf": (b"%PDF-1.7\n", errors.UnsupportedImage),
    "animated webp": (animated("WEBP"), errors.MultiFrame),
    "packed bitmap": (FILES["bmp"][:30] + b"\x01" + FILES["bmp"][31:], errors.UnsupportedImage),
    "heif with a tail of zeros": (FILES["heif"][:-100] + bytes(100), errors.DamagedImage),
    "stereo jpeg": (mpf_of_kind(0x020002), errors.MultiFrame),
    "panorama jpeg": (mpf_of_kind(0x020001), errors.MultiFrame),
    "jpeg signature alone": (b"\xff\xd8", errors.DamagedImage),
    "png signature alone": (b"\x89PNG\r\n\x1a\n", errors.DamagedImage),
    "part of the png signature": (b"\x89PNG\r", errors.DamagedImage),
    "lossless jpeg": (FILES["jpeg"].replace(b"\xff\xc0", b"\xff\xc3"), errors.UnsupportedImage),
    "jpeg of a thousand scans": (FILES["jpeg"][:-2] + b"\xff\xda\x00\x02" * 1000, errors.DamagedImage),
    "apng": (animated("PNG"), errors.MultiFrame),
    "tiff of two pages": (animated("TIFF"), errors.MultiFrame),
    "cmyk jpeg": (saved(GREY, "JPEG", "CMYK"), errors.UnsupportedColour),
    "cmyk tiff": (saved(GREY, "TIFF", "CMYK"), errors.UnsupportedColour),
    "lab tiff": (saved(np.repeat(GREY[..., None], 3, 2), "TIFF", "LAB"), errors.UnsupportedColour),
    "png without width": (png(b"", 0, 5, 8, 0), errors.NoPixels),
    "jpeg without height": (jpeg_that_claims(0, 32), errors.NoPixels),
    "tiff without height": (tiff_that_claims(0, 32), errors.NoPixels),
    "dicom without height": (dicom(dataset(GREY, Rows=0)), errors.NoPixels),
    "png without its end": (FILES["png"][:-12], errors.DamagedImage),
    "huge png": (png(b"\x00", 50_000, 50_000, 8, 0), errors.ImageTooLarge),
    "huge jpeg": (jpeg_that_claims(50_000, 50_000), errors.ImageTooLarge),
    "huge tiff": (tiff_that_claims(50_000, 50_000), errors.ImageTooLarge),
    "huge dicom": (dicom(dataset(GREY, Rows=50_000, Columns=50_000)), errors.ImageTooLarge),
    "huge jpeg 2000 in dicom": (dicom_that_claims(JPEG2000Lossless, 50_000, 50_000), errors.ImageTooLarge),
    "dicom smaller than its codestream": (dicom_that_claims(JPEG2000Lossless, 5, 5), errors.DamagedImage),
    "dicom smaller than its jpeg-ls": (dicom_that_claims(JPEGLSLossless, 5, 5), errors.DamagedImage),
    "dicom larger than its rle": (dicom_that_claims(RLELossless, 900, 900), errors.DamagedImage),
    "dicom without pixels": (without_pixels(), errors.NoPixels),
    "dicom with empty pixels": (dicom(dataset(GREY, PixelData=b"")), errors.NoPixels),
    "multi-frame": (dicom(dataset(GREY, NumberOfFrames=2)), errors.MultiFrame),
    "video": (dicom(dataset(GREY), MPEG4HP41, codestream=b"\x00" * 64), errors.MultiFrame),
    "unknown compression": (dicom(dataset(GREY), "1.2.3.4", codestream=b"\x00" * 64), errors.UnsupportedImage),
    "pixels elsewhere": (
        dicom(dataset(GREY), "1.2.840.10008.1.2.4.94", codestream=b"\x00" * 64),
        errors.UnsupportedImage,
    ),
    "cmyk dicom": (dicom(dataset(GREY, PhotometricInterpretation="CMYK")), errors.UnsupportedColour),
    "dicom with too few pixels": (dicom(dataset(GREY, Rows=37)), errors.DamagedImage),
}


@pytest.mark.parametrize("name", FILES)
def test_the_files_that_are_damaged_below_are_good(name):
    assert decode(FILES[name], LIMITS).grey.shape == GREY.shape


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_with_its_own_error(name):
    raw, error = BAD[name]
    with pytest.raises(errors.FractureError) as refused:
        decode(raw, LIMITS)
    assert type(refused.value) is error


def test_the_main_image_of_a_phones_jpeg_is_decoded():
    np.testing.assert_array_equal(decode(mpf_of_kind(0x030000), LIMITS).grey, decode(FILES["jpeg"], LIMITS).grey)


def test_bytes_between_segments_and_behind_the_end_are_passed_over():
    raw = FILES["jpeg"]
    at = raw.index(b"\xff\xdb")
    for other in (raw[:at] + b"junk" + raw[at:], raw + bytes(64), raw + b" ", raw[:-2]):
        np.testing.assert_array_equal(decode(other, LIMITS).grey, decode(raw, LIMITS).grey)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.97])
@pytest.mark.parametrize("name", FILES)
def test_a_truncated_file_is_refused(name, share):
    raw = FILES[name]
    with pytest.raises((errors.UnusableImage, errors.UnsupportedImage)):
        decode(raw[: int(len(raw) * share)], LIMITS)


@pytest.mark.parametrize("name", [name for name in BAD if name.startswith("huge")])
def test_a_bomb_is_refused_from_its_header_with_memory_bounded(name):
    tracemalloc.start()
    started = time.perf_counter()
    with pytest.raises(errors.ImageTooLarge):
        decode(BAD[name][0], Limits())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000
    assert time.perf_counter() - started < 1


def test_a_tiff_of_four_million_strips_is_refused_without_parsing_them():
    raw = tiff_of_strips(4_000_000)
    tracemalloc.start()
    started = time.perf_counter()
    with pytest.raises(errors.DamagedImage):
        decode(raw, Limits())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000 + len(raw)
    assert time.perf_counter() - started < 0.5
    assert decode(tiff_of_strips(300), Limits()).grey.shape == (300, 1)


def test_a_deflated_bomb_is_not_inflated():
    raw = FILES["dicom deflated"]
    end = 144 + int.from_bytes(raw[140:144], "little")
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    bomb = raw[:end] + deflater.compress(bytes(200_000_000)) + deflater.flush()
    tracemalloc.start()
    with pytest.raises(errors.ImageTooLarge):
        decode(bomb, LIMITS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60_000_000


def test_an_rle_bomb_is_not_expanded():
    header = struct.pack("<16I", 1, 64, *[0] * 14)
    raw = dicom(dataset(GREY), RLELossless, codestream=header + b"\x81\x00" * 500_000)
    tracemalloc.start()
    assert decode(raw, LIMITS).grey.shape == GREY.shape
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000


def test_a_header_of_a_million_elements_is_given_up_on():
    raw = FILES["dicom"] + b"\xff\x7f\x01\x00LO\x00\x00" * 1_000_000
    started = time.perf_counter()
    with pytest.raises(errors.DamagedImage):
        decode(raw, LIMITS)
    assert time.perf_counter() - started < 3


def test_sequences_nested_a_thousand_deep_are_given_up_on():
    item = b"\x08\x00\x40\x11SQ\x00\x00\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    with pytest.raises(errors.FractureError):
        decode(bytes(128) + b"DICM" + item * 20_000, LIMITS)


def test_no_error_and_no_log_carries_a_dicom_value(caplog, capfd):
    caplog.set_level(logging.DEBUG)
    raw = FILES["dicom"]
    broken = [
        raw.replace(b"\x28\x00\x10\x00US\x02\x00", b"\x28\x00\x10\x00US\x03\x00"),
        raw.replace(b"\x10\x00\x10\x00PN", b"\x28\x00\x10\x00PN"),
        raw[:300],
    ]
    for each in [raw, *broken]:
        try:
            decode(each, LIMITS)
        except errors.FractureError as refused:
            assert SECRET not in repr(refused)
            assert refused.__suppress_context__ or refused.__context__ is None
    assert SECRET not in caplog.text
    assert SECRET not in "".join(capfd.readouterr())


def test_no_warning_reaches_a_process_that_shows_them_all(tmp_path):
    # Four rows more than the header says: pydicom warns of excess padding.
    (tmp_path / "a").write_bytes(dicom(dataset(DEEP, 12, Rows=DEEP.shape[0] - 4)))
    code = (
        "import sys; from pathlib import Path; from app.imaging import decode; from app.config import Limits\n"
        "decode(Path(sys.argv[1]).read_bytes(), Limits())"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(tmp_path / "a")], cwd=root, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def mutated(raw: bytes, changes: list[tuple[int, int, int]], cut: int) -> bytes:
    out = bytearray(raw)
    for place, kind, value in changes:
        at = place % len(out)
        if kind == 0:
            out[at] = value
        elif kind == 1:
            out[at : at + 4] = bytes([value]) * 4
        elif kind == 2:
            del out[at : at + value % 16]
        else:
            out[at:at] = out[at : at + value]
        out = out or bytearray(b"\x00")
    return bytes(out[: len(out) - cut])


@settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    name=st.sampled_from(sorted(FILES)),
    changes=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 3), st.integers(0, 255)), min_size=1, max_size=6),
    cut=st.integers(0, 40),
)
def test_a_mutated_file_gives_a_radiograph_or_one_of_our_errors(name, changes, cut):
    try:
        radiograph = decode(mutated(FILES[name], changes, cut), LIMITS)
    except errors.FractureError:
        return
    assert isinstance(radiograph, Radiograph)
    assert radiograph.grey.dtype == np.uint8
    assert radiograph.grey.ndim == 2
    assert 0 < radiograph.grey.size <= LIMITS.pixels


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    start=st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\x00", b"MM\x00*", bytes(128) + b"DICM"]),
    rest=st.binary(max_size=300),
)
def test_arbitrary_bytes_give_only_our_errors(start, rest):
    with pytest.raises(errors.FractureError):
        decode(start + rest, LIMITS)
