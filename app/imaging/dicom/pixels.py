"""Pixel Data to an array: what a codestream claims is checked against the header before a codec sees it."""

from itertools import islice, pairwise

import gdcm  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_fragments
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import (
    ExplicitVRLittleEndian,
    JPEG2000TransferSyntaxes,
    JPEGExtended12Bit,
    JPEGLSTransferSyntaxes,
    RLELossless,
)

from app.errors import DamagedImage, UnsupportedImage
from app.imaging.codestreams.headers import Frame, has_too_many_scans, is_complete, jpeg2000_frame, jpeg_frame
from app.translatable import N_

# High-Throughput JPEG 2000, DICOM PS3.5 A.4.11; same SIZ segment as JPEG 2000.
_HTJ2K = ("1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.203")
_MOST_FRAGMENTS = 10_000
_NOT_SUPPORTED = N_("This DICOM file is compressed in a way that is not supported.")


def pixel_array(dataset: Dataset) -> NDArray[np.generic]:
    """The stored values, (H, W) or (H, W, 3), as integers; colour comes as RGB.

    dataset: one frame whose header `app.imaging.dicom` has checked. Compressed pixel data is replaced in it.

    Raises:
        DamagedImage: the codestream is truncated, or claims another size or depth than the header.
        UnsupportedImage: no decoder for this transfer syntax.
    """
    dataset.NumberOfFrames = 1
    if dataset.file_meta.TransferSyntaxUID.is_compressed:
        _prepare(dataset)
    syntax = dataset.file_meta.TransferSyntaxUID
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError:
        raise UnsupportedImage(_NOT_SUPPORTED) from None
    pixels, _ = decoder.as_array(dataset, index=0, decoding_plugin=_plugin(syntax))
    return pixels


def _plugin(syntax: str) -> str:
    """The codec for a syntax: the ones that check their input best; gdcm only where there is no other."""
    if syntax in JPEG2000TransferSyntaxes or syntax in _HTJ2K:
        return "pylibjpeg"
    if syntax in JPEGLSTransferSyntaxes:
        return "pyjpegls"
    return "pillow" if syntax in ("1.2.840.10008.1.2.4.50", JPEGExtended12Bit) else "gdcm"


def _prepare(dataset: Dataset) -> None:
    """Check the compressed frame, and decompress it here where no decoder of pydicom's does it safely."""
    syntax = dataset.file_meta.TransferSyntaxUID
    code = _joined_fragments(dataset.PixelData)
    if syntax == RLELossless:
        _set_native(dataset, _rle(code, dataset), planar=1)
        return
    is_jpeg2000 = syntax in JPEG2000TransferSyntaxes or syntax in _HTJ2K
    frame = jpeg2000_frame(code) if is_jpeg2000 else jpeg_frame(code)
    if not is_complete(code) or not _agrees(frame, dataset) or (not is_jpeg2000 and has_too_many_scans(code)):
        raise DamagedImage
    if syntax == JPEGExtended12Bit and frame.bits > 8:
        _set_native(dataset, _extended(code, frame), planar=0)
    else:
        dataset.PixelData = encapsulate([code], has_bot=False)


def _joined_fragments(value: bytes) -> bytes:
    """All fragments of the one frame, without the offset table before them. Source: DICOM PS3.5 A.4."""
    fragments = list(islice(generate_fragments(value), _MOST_FRAGMENTS + 1))
    if not 2 <= len(fragments) <= _MOST_FRAGMENTS:
        raise DamagedImage
    return b"".join(fragments[1:])


def _agrees(frame: Frame, dataset: Dataset) -> bool:
    """Whether the codestream is as large as the header says, so that no codec allocates or writes more."""
    return (frame.width, frame.height, frame.components) == (
        dataset.Columns,
        dataset.Rows,
        dataset.SamplesPerPixel,
    ) and 0 < frame.bits <= dataset.BitsAllocated


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


def _extended(code: bytes, frame: Frame) -> bytes:
    """Little-endian pixels of a JPEG with 12 bits per sample; pydicom refuses it, gdcm reads it when told the depth.

    Source: DICOM PS3.5 8.2.1 (JPEG Extended, process 2 & 4).
    """
    if frame.components != 1:
        raise UnsupportedImage(_NOT_SUPPORTED)
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(code)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((frame.width, frame.height, 1))
    image.SetDataElement(element)
    grey = gdcm.PhotometricInterpretation(gdcm.PhotometricInterpretation.MONOCHROME2)
    image.SetPhotometricInterpretation(grey)
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.JPEGExtendedProcess2_4))
    image.SetPixelFormat(gdcm.PixelFormat(1, 16, frame.bits, frame.bits - 1, 0))
    # gdcm's Python binding hands bytes out as text.
    return bytes(image.GetBuffer().encode("utf-8", "surrogateescape"))
