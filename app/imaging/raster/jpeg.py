"""JPEG files to `Radiograph`."""

import numpy as np
from numpy.typing import NDArray

from app.config import Limits
from app.errors import UnsupportedImage
from app.imaging.codestreams.jpeg import DCT, check_is_single, parse_jpeg
from app.imaging.codestreams.jpeg_complete import check_complete, decode_strictly
from app.imaging.image_size import check_size
from app.imaging.raster.pillow import open_image, orientation_of, show
from app.imaging.raster.rendering import Shown, show_colour, to_radiograph
from app.records import Radiograph
from app.translatable import N_

_NOT_SUPPORTED = N_("This JPEG is of a kind that is not supported. Send it as a common JPEG, PNG or DICOM.")


def decode_jpeg(raw: bytes, limits: Limits) -> Radiograph:
    """Decode a JPEG of 8 bits, grey or YCbCr or RGB; raises as `app.imaging.decode` says.

    Of a file with dependent images (a phone's gain map or preview) the main one is decoded.
    """
    jpeg = parse_jpeg(raw)
    check_size(jpeg.frame.width, jpeg.frame.height, limits)
    if jpeg.frame.bits != 8 or jpeg.process not in DCT:
        raise UnsupportedImage(_NOT_SUPPORTED)
    check_is_single(jpeg)
    code = jpeg.encoded()
    image = open_image(code, "JPEG", limits)
    pixels = decode_strictly(jpeg, code)
    if pixels is None:
        check_complete(jpeg)
    return to_radiograph(show(image) if pixels is None else _shown(pixels), "jpeg", 8, orientation_of(image))


def _shown(pixels: NDArray[np.uint8]) -> Shown:
    return Shown(pixels) if pixels.ndim == 2 else show_colour(pixels)
