"""Pixel Data to an array: what a codestream claims is checked against the header before a codec sees it."""

from io import BytesIO
from itertools import islice, pairwise
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_fragments
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import (
    ExplicitVRLittleEndian,
    JPEG2000TransferSyntaxes,
    JPEGBaseline8Bit,
    JPEGLSTransferSyntaxes,
    RLELossless,
)

from app.errors import DamagedImage, UnsupportedImage
from app.imaging.codestreams.frame import Frame
from app.imaging.codestreams.jpeg import DCT, JPEG_LS, LOSSLESS, Jpeg, parse_jpeg
from app.imaging.codestreams.jpeg2000 import closed_jpeg2000, jpeg2000_frame
from app.imaging.codestreams.jpeg_complete import check_complete, decode_twice
from app.translatable import N_

# High-Throughput JPEG 2000, DICOM PS3.5 A.4.11; same SIZ segment as JPEG 2000.
_HTJ2K = ("1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.203")
_MOST_FRAGMENTS = 10_000
# The only depth beside 8 that a DCT process may have. Source: ITU-T T.81, table B.2.
_EXTENDED_BITS = 12
NOT_SUPPORTED = N_("This DICOM file is compressed in a way that is not supported.")


def pixel_array(dataset: Dataset) -> NDArray[np.generic]:
    """The stored values, (H, W) or (H, W, 3), as integers without unused bits; colour comes as RGB.

    dataset: one frame whose header `app.imaging.dicom` has checked. Compressed pixel data is replaced in it.

    Raises:
        DamagedImage: the codestream is incomplete, or claims another size or depth than the header.
        UnsupportedImage: no decoder for this transfer syntax.
    """
    dataset.NumberOfFrames = 1
    low_bit, stored = _place_of_values(dataset)
    if dataset.file_meta.TransferSyntaxUID.is_compressed:
        low_bit, stored = _decompress(dataset, low_bit, stored)
    syntax = dataset.file_meta.TransferSyntaxUID
    if not syntax.is_compressed:
        # pydicom would take the low bits for the value, wherever HighBit says that it lies.
        dataset.BitsStored = dataset.BitsAllocated
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError:
        raise UnsupportedImage(NOT_SUPPORTED) from None
    pixels, _ = decoder.as_array(dataset, index=0, decoding_plugin=_plugin(syntax))
    dataset.BitsStored = stored
    return _values(pixels, low_bit, stored)


def _place_of_values(dataset: Dataset) -> tuple[int, int]:
    """Lowest bit and number of bits of a stored value; the lowest bits where the header makes no sense.

    Source: DICOM PS3.5 8.1.1.
    """
    allocated = int(dataset.BitsAllocated)
    stored = int(dataset.get("BitsStored") or allocated)
    if not 1 <= stored <= allocated:
        raise DamagedImage
    high = dataset.get("HighBit")
    low = (high if isinstance(high, int) else stored - 1) + 1 - stored
    return (low if 0 <= low <= allocated - stored else 0), stored


def _values(pixels: NDArray[np.generic], low_bit: int, stored: int) -> NDArray[np.generic]:
    """Values out of their containers: what lies beside them may be an overlay (PS3.5 8.1.1) or rubbish."""
    allocated = pixels.dtype.itemsize * 8
    above = allocated - low_bit - stored
    if (not above and not low_bit) or pixels.dtype.kind not in "iu" or above < 0:
        return pixels
    # The shift to the right repeats the sign of signed values.
    return np.asarray(np.right_shift(np.left_shift(cast(NDArray[np.int64], pixels), above), above + low_bit))


def _plugin(syntax: str) -> str:
    """The codec for a syntax: the ones that check their input best."""
    if syntax in JPEG2000TransferSyntaxes or syntax in _HTJ2K:
        return "pylibjpeg"
    return "pyjpegls" if syntax in JPEGLSTransferSyntaxes else "pillow" if syntax == JPEGBaseline8Bit else ""


def _decompress(dataset: Dataset, low_bit: int, stored: int) -> tuple[int, int]:
    """Check the compressed frame, and decompress it here where no decoder of pydicom's does it safely.

    Returns the place of the values, which for some codecs is that of the codestream.
    """
    syntax = dataset.file_meta.TransferSyntaxUID
    code = joined_fragments(dataset.PixelData)
    if syntax == RLELossless:
        _set_native(dataset, _rle(code, dataset), planar=1)
        return low_bit, stored
    if syntax in JPEG2000TransferSyntaxes or syntax in _HTJ2K:
        frame = jpeg2000_frame(code)
        _check_agrees(frame, dataset)
        dataset.PixelData = encapsulate([closed_jpeg2000(code)], has_bot=False)
    else:
        jpeg = parse_jpeg(code)
        frame = jpeg.frame
        _check_agrees(frame, dataset)
        _decompress_jpeg(dataset, jpeg)
    return (low_bit, stored) if low_bit + stored <= frame.bits else (0, min(stored, frame.bits))


def _decompress_jpeg(dataset: Dataset, jpeg: Jpeg) -> None:
    """Replace the pixel data by complete native values, or by a codestream that its decoder checks itself."""
    code, frame = jpeg.encoded(), jpeg.frame
    if jpeg.process == JPEG_LS and dataset.file_meta.TransferSyntaxUID in JPEGLSTransferSyntaxes:
        dataset.PixelData = encapsulate([code], has_bot=False)
    elif jpeg.process == LOSSLESS or (jpeg.process in DCT and frame.bits == _EXTENDED_BITS):
        _set_native(dataset, _little_endian(decode_twice(jpeg), dataset), planar=0)
    elif jpeg.process not in DCT or frame.bits != 8 or dataset.file_meta.TransferSyntaxUID in JPEGLSTransferSyntaxes:
        raise UnsupportedImage(NOT_SUPPORTED)
    elif frame.components == 1:
        check_complete(jpeg)
        with Image.open(BytesIO(code), formats=("JPEG",)) as image:
            _set_native(dataset, _little_endian(np.asarray(image.convert("L")), dataset), planar=0)
    else:
        check_complete(jpeg)
        dataset.file_meta.TransferSyntaxUID, dataset.BitsAllocated, dataset.BitsStored = JPEGBaseline8Bit, 8, 8
        dataset.PixelData = encapsulate([code], has_bot=False)


def joined_fragments(value: bytes) -> bytes:
    """All fragments of the one frame, without the offset table before them. Source: DICOM PS3.5 A.4."""
    fragments = list(islice(generate_fragments(value), _MOST_FRAGMENTS + 1))
    if not 2 <= len(fragments) <= _MOST_FRAGMENTS:
        raise DamagedImage
    return b"".join(fragments[1:])


def _check_agrees(frame: Frame, dataset: Dataset) -> None:
    """Check that the codestream is as large as the header says, so that no codec allocates or writes more."""
    size = frame.width, frame.height, frame.components
    if size != (dataset.Columns, dataset.Rows, dataset.SamplesPerPixel) or not 0 < frame.bits <= dataset.BitsAllocated:
        raise DamagedImage


def _set_native(dataset: Dataset, pixels: bytes, planar: int) -> None:
    dataset.PixelData = pixels + b"\x00" * (len(pixels) % 2)
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    if dataset.SamplesPerPixel > 1:
        dataset.PlanarConfiguration = planar


def _rle(code: bytes, dataset: Dataset) -> bytes:
    """Little-endian planes of an RLE frame; never more of them than the header asks for.

    pydicom's decoder would expand a segment to 64 times its size before it looks. Source: DICOM PS3.5 G.
    """
    size, width = dataset.Rows * dataset.Columns, dataset.BitsAllocated // 8
    count = width * dataset.SamplesPerPixel
    header = np.frombuffer(code[:64], "<u4").astype(int).tolist()
    offsets = [*header[1 : count + 1], len(code)]
    if not width or header[0] != count or offsets != sorted(offsets):
        raise DamagedImage
    planes = [_rle_plane(code[start:end], size) for start, end in pairwise(offsets)]
    # Segments hold the most significant byte first; native pixels the least.
    samples = np.stack([np.frombuffer(plane, np.uint8) for plane in planes]).reshape(-1, width, size)
    return samples[:, ::-1].transpose(0, 2, 1).tobytes()


def _rle_plane(code: bytes, size: int) -> bytes:
    """Unpack one PackBits segment up to `size` bytes. Source: DICOM PS3.5 G.3.2."""
    out = bytearray()
    at = 0
    while at < len(code) and len(out) < size:
        control = code[at]
        if control < 128:
            out += code[at + 1 : at + 2 + control]
            at += 2 + control
        elif control > 128:
            out += code[at + 1 : at + 2] * (257 - control)
            at += 2
        else:
            at += 1
    if len(out) < size:
        raise DamagedImage
    return bytes(out[:size])


def _little_endian(pixels: NDArray[np.generic], dataset: Dataset) -> bytes:
    """Decoded samples in containers of the size that the header allocates."""
    return pixels.astype(f"<u{int(dataset.BitsAllocated) // 8}").tobytes()
