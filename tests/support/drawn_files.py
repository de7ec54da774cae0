"""The drawn phantom in every encoding: whole files, and files whose compressed data were cut and closed again."""

import struct
from collections.abc import Callable
from functools import cache
from io import BytesIO

import imagecodecs
import numpy as np
import tifffile
from pydicom import dcmread
from pydicom.encaps import encapsulate, generate_fragments
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLossless, JPEGLSLossless, RLELossless

from app.imaging import phantom
from tests.support.image_files import compressed, dataset, deep_jpeg, dicom, png, saved

SHAPE_HW = (120, 100)
EOI = b"\xff\xd9"
# Keeps 2 ** 12 values apart; the window shows the 8 bits that were drawn.
WINDOW = {"WindowCenter": 2048, "WindowWidth": 4096}

Cut = Callable[[float], bytes]


@cache
def drawn() -> np.ndarray:
    return phantom(5, SHAPE_HW).grey


def deep() -> np.ndarray:
    return drawn().astype(np.uint16) * 16


def whole_and_cut() -> dict[str, tuple[bytes, Cut]]:
    """By name of the encoding: the whole file, and a function of the share of compressed data to keep."""
    found: dict[str, tuple[bytes, Cut]] = {}
    for name, code in _jpegs().items():
        found[f"jpeg {name}"] = code, lambda share, code=code: _cut_code(code, share)
        wrapped = _in_dicom(code, JPEGBaseline8Bit)
        found[f"dicom jpeg {name}"] = (
            wrapped,
            lambda share, code=code: _in_dicom(_cut_code(code, share), JPEGBaseline8Bit),
        )
    for name, syntax, code in _deep_codes():
        found[f"dicom {name}"] = (
            _in_dicom(code, syntax, is_deep=True),
            lambda share, code=code, syntax=syntax: _in_dicom(_cut_code(code, share), syntax, is_deep=True),
        )
    tiles = saved(drawn(), "JPEG2000", tile_size=(64, 64), no_jp2=True)
    found["dicom jpeg 2000 tiles"] = (
        _in_dicom(tiles, JPEG2000Lossless),
        lambda share: _in_dicom(_cut_code(tiles, share), JPEG2000Lossless),
    )
    found["dicom rle"] = compressed(dataset(deep(), 12, **WINDOW), RLELossless), _cut_rle
    for name, rows, raw in _pngs():
        found[f"png {name}"] = raw(rows), lambda share, rows=rows, raw=raw: raw(rows[: int(len(rows) * share)])
    for name, options in _TIFFS.items():
        found[f"tiff {name}"] = _tiff(options), lambda share, options=options: _cut_tiff(_tiff(options), share)
    return found


def _jpegs() -> dict[str, bytes]:
    return {
        "baseline": saved(drawn(), "JPEG", quality=95),
        "progressive": saved(drawn(), "JPEG", quality=95, progressive=True),
        "restarts": saved(drawn(), "JPEG", quality=95, restart_marker_rows=1),
        "without end": saved(drawn(), "JPEG", quality=95)[:-2],
    }


def _deep_codes() -> list[tuple[str, str, bytes]]:
    lossless = [(f"lossless {n}", JPEGLossless, deep_jpeg(deep(), 12, n)) for n in (1, 2, 7)]
    return [
        *lossless,
        ("extended", JPEGExtended12Bit, deep_jpeg(deep(), 12)),
        ("jpeg-ls", JPEGLSLossless, bytes(imagecodecs.jpegls_encode(deep()))),
        ("jpeg 2000", JPEG2000Lossless, bytes(imagecodecs.jpeg2k_encode(deep(), level=0, codecformat="j2k"))),
    ]


def _in_dicom(code: bytes, syntax: str, is_deep: bool = False) -> bytes:
    ds = dataset(deep(), 12, **WINDOW) if is_deep else dataset(drawn(), WindowCenter=128, WindowWidth=256)
    return dicom(ds, syntax, codestream=code)


def _cut_code(code: bytes, share: float) -> bytes:
    """A codestream whose data end early, with its end marker where data went on."""
    start = max(code.rfind(b"\xff\xda"), code.find(b"\xff\x93"))
    if b"\xff\xc2" in code:
        start = code.find(b"\xff\xda")
    body = code.removesuffix(EOI)
    cut = body[: start + 14 + int((len(body) - start - 14) * share)]
    return cut.rstrip(b"\xff") + EOI


def _cut_rle(share: float) -> bytes:
    ds = dcmread(BytesIO(compressed(dataset(deep(), 12, **WINDOW), RLELossless)))
    code = list(generate_fragments(ds.PixelData))[1]
    ds.PixelData = encapsulate([code[: 64 + int((len(code) - 64) * share)]])
    out = BytesIO()
    ds.save_as(out)
    return out.getvalue()


def _pngs() -> list[tuple[str, bytes, Callable[[bytes], bytes]]]:
    height, width = SHAPE_HW
    grey = b"".join(b"\x00" + row.tobytes() for row in drawn())
    wide = b"".join(b"\x00" + np.repeat(row, 3).astype(">u2").tobytes() for row in deep())
    return [
        ("8 bits", grey, lambda rows: png(rows, width, height, 8, 0)),
        ("16 bits rgb", wide, lambda rows: png(rows, width, height, 16, 2)),
    ]


_TIFFS: dict[str, dict[str, object]] = {
    "plain": {"rowsperstrip": 16},
    "lzw": {"compression": "lzw", "predictor": True, "rowsperstrip": 16},
    "deflate": {"compression": "zlib", "rowsperstrip": 16},
    "packbits": {"compression": "packbits", "rowsperstrip": 16},
    "tiles": {"compression": "zlib", "tile": (64, 64)},
    "big-endian": {"compression": "lzw", "byteorder": ">", "rowsperstrip": 16},
    "planes": {"planarconfig": "separate", "photometric": "rgb", "rowsperstrip": 16},
    "jpeg": {"compression": "jpeg", "rowsperstrip": 16, "photometric": "minisblack"},
}


def _tiff(options: dict[str, object]) -> bytes:
    pixels: np.ndarray = drawn() if options.get("compression") == "jpeg" else deep()
    if options.get("planarconfig"):
        pixels = np.stack([pixels] * 3)
    out = BytesIO()
    tifffile.imwrite(out, pixels, metadata=None, **{"photometric": "minisblack", **options})
    return out.getvalue()


def _cut_tiff(raw: bytes, share: float) -> bytes:
    """A TIFF whose last strip or tile is shorter than it was, by its own byte count."""
    with tifffile.TiffFile(BytesIO(raw)) as file:
        page = file.pages.first
        counts = page.tags["StripByteCounts"] if "StripByteCounts" in page.tags else page.tags["TileByteCounts"]
        order, size = file.byteorder, counts.dtype.name
    kept = max(1, int(page.databytecounts[-1] * share))
    code = struct.pack(order + ("H" if size == "SHORT" else "I"), kept)
    at = counts.valueoffset + (counts.count - 1) * len(code)
    return raw[:at] + code + raw[at + len(code) :]
