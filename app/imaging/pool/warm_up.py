"""Files of a few pixels in the common encodings: decoding them loads what decoders load on their first call."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from io import BytesIO

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
)

from app.config import Limits
from app.errors import FractureError
from app.imaging.decode import decode

_SIDE_PX = 16
_INSTANCE = "2.25.1"


def decode_each(files: Iterable[bytes]) -> None:
    """Decode small files for what it loads; the images are dropped."""
    for raw in files:
        with suppress(FractureError):
            decode(raw, Limits())


def raster_files() -> Iterator[bytes]:
    """A small PNG and JPEG, which nearly every upload is."""
    for kind in ("PNG", "JPEG"):
        yield _raster(kind)


def all_files() -> Iterator[bytes]:
    """A small file of each common encoding."""
    yield from raster_files()
    yield _raster("TIFF")
    grey = _grey()
    deep = grey.astype(np.uint16) * 16
    yield _dicom(deep, ExplicitVRLittleEndian, deep.tobytes())
    yield _dicom(deep, JPEGLosslessSV1, imagecodecs.jpeg8_encode(deep, lossless=True, predictor=1, bitspersample=12))
    yield _dicom(deep, JPEGLSLossless, imagecodecs.jpegls_encode(deep))
    yield _dicom(deep, JPEG2000Lossless, imagecodecs.jpeg2k_encode(deep, level=0, codecformat="j2k"))
    yield _dicom(grey, JPEGBaseline8Bit, imagecodecs.jpeg8_encode(grey))


def _grey() -> NDArray[np.uint8]:
    return np.arange(_SIDE_PX**2, dtype=np.uint8).reshape(_SIDE_PX, _SIDE_PX)


def _raster(kind: str) -> bytes:
    out = BytesIO()
    Image.fromarray(_grey()).save(out, kind)
    return out.getvalue()


def _dicom(pixels: np.ndarray[tuple[int, ...], np.dtype[np.generic]], syntax: str, code: bytes | bytearray) -> bytes:
    dataset = Dataset()
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = pixels.dtype.itemsize * 8
    dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = (
        dataset.BitsAllocated,
        dataset.BitsAllocated - 1,
        0,
    )
    dataset.WindowCenter, dataset.WindowWidth = 2048, 4096
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.file_meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    dataset.file_meta.MediaStorageSOPInstanceUID = UID(_INSTANCE)
    is_native = syntax == ExplicitVRLittleEndian
    dataset.PixelData = bytes(code) if is_native else encapsulate([bytes(code)])
    dataset["PixelData"].is_undefined_length = not is_native
    dataset["PixelData"].VR = "OW"
    out = BytesIO()
    dataset.save_as(out, enforce_file_format=True, implicit_vr=False, little_endian=True)
    return out.getvalue()
