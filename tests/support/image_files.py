"""Image files of every format, made on the spot: no image of a patient is needed to test a decoder."""

import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, ExplicitVRLittleEndian

from app.config import Limits

LIMITS = Limits(pixels=1_000_000)

# Where the DICOM values that no log may show are planted.
SECRET = "Doe^Secret"


def ramp(height: int = 36, width: int = 48, most: int = 255, dtype: str = "u1") -> np.ndarray:
    """An image without any symmetry, from 0 to `most`."""
    y, x = np.mgrid[0:height, 0:width]
    values = (y * width + x) / (height * width - 1)
    return np.rint(values * most).astype(dtype)


def saved(pixels: np.ndarray, kind: str, mode: str | None = None, **options: Any) -> bytes:
    image = Image.fromarray(pixels)
    out = BytesIO()
    (image.convert(mode) if mode else image).save(out, kind, **options)
    return out.getvalue()


def png(rows: bytes, width: int, height: int, bits: int, colour_type: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG by hand, for the depths that Pillow does not write; `rows` start with their filter byte."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def png16(pixels: np.ndarray, colour_type: int, *chunks: tuple[bytes, bytes]) -> bytes:
    height, width = pixels.shape[:2]
    rows = b"".join(b"\x00" + row.astype(">u2").tobytes() for row in pixels)
    return png(rows, width, height, 16, colour_type, *chunks)


def tiff(pixels: np.ndarray, photometric: int, order: str = "<") -> bytes:
    """A TIFF by hand, uncompressed, one strip; (H, W) or (H, W, C)."""
    height, width = pixels.shape[:2]
    samples = pixels.shape[2] if pixels.ndim == 3 else 1
    data = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
    bits_at = 8 + 2 + 9 * 12 + 4
    bits = pixels.dtype.itemsize * 8
    at = bits_at + 2 * samples
    entries = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, samples, bits if samples == 1 else bits_at),
        (259, 3, 1, 1),
        (262, 3, 1, photometric),
        (273, 4, 1, at),
        (277, 3, 1, samples),
        (278, 4, 1, height),
        (279, 4, 1, len(data)),
    ]
    out = (b"II*\x00" if order == "<" else b"MM\x00*") + struct.pack(order + "IH", 8, len(entries))
    for tag, kind, count, value in entries:
        short = kind == 3 and count == 1
        packed = struct.pack(order + "HH", value, 0) if short else struct.pack(order + "I", value)
        out += struct.pack(order + "HHI", tag, kind, count) + packed
    return out + struct.pack(order + "I", 0) + struct.pack(order + f"{samples}H", *[bits] * samples) + data


def dataset(pixels: np.ndarray, bits: int | None = None, **tags: Any) -> Dataset:
    """A DICOM data set around pixels; (H, W) or (H, W, 3)."""
    ds = Dataset()
    ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"
    ds.SOPInstanceUID = "1.2.826.0.1.3680043.8.498.1"
    ds.PatientName = SECRET
    ds.Rows, ds.Columns = pixels.shape[:2]
    ds.SamplesPerPixel = pixels.shape[2] if pixels.ndim == 3 else 1
    ds.PhotometricInterpretation = "RGB" if pixels.ndim == 3 else "MONOCHROME2"
    if pixels.ndim == 3:
        ds.PlanarConfiguration = 0
    ds.BitsAllocated = pixels.dtype.itemsize * 8
    ds.BitsStored = bits or ds.BitsAllocated
    ds.HighBit = ds.BitsStored - 1
    ds.PixelRepresentation = int(pixels.dtype.kind == "i")
    data = pixels.tobytes()
    ds.PixelData = data + b"\x00" * (len(data) % 2)
    ds["PixelData"].VR = "OW" if ds.BitsAllocated > 8 else "OB"
    for keyword, value in tags.items():
        if value is None:
            delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    return ds


def dicom(ds: Dataset, syntax: str = ExplicitVRLittleEndian, preamble: bool = True, codestream: bytes = b"") -> bytes:
    """The file of a data set; `codestream` takes the place of its pixels."""
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    if codestream:
        ds.PixelData = encapsulate([codestream])
        ds["PixelData"].is_undefined_length = True
    out = BytesIO()
    known = UID(syntax).is_transfer_syntax
    ds.save_as(out, enforce_file_format=True, **({} if known else {"implicit_vr": False, "little_endian": True}))
    return out.getvalue() if preamble else out.getvalue()[132:]


def compressed(ds: Dataset, syntax: str, **options: Any) -> bytes:
    """The file of a data set whose pixels pydicom's encoders compress."""
    copy = dcmread(BytesIO(dicom(ds)))
    copy.compress(syntax, generate_instance_uid=False, **options)
    out = BytesIO()
    copy.save_as(out)
    return out.getvalue()


def deep_jpeg(pixels: np.ndarray, bits: int, predictor: int = 0) -> bytes:
    """A JPEG codestream of more than 8 bits: lossless with a predictor of 1–7, else extended sequential (12 bits)."""
    options = {"lossless": True, "predictor": predictor} if predictor else {"level": 100}
    return bytes(imagecodecs.jpeg8_encode(pixels, bitspersample=bits, **options))


def jxl(pixels: np.ndarray) -> bytes:
    return bytes(imagecodecs.jpegxl_encode(pixels, lossless=True))


def heic_ramp() -> bytes:
    """`ramp()` as HEIF, kept as a file: made once by pillow-heif 1.8.1, whose encoder is under the GPL."""
    return (Path(__file__).parent / "files" / "ramp.heic").read_bytes()
