"""One guard around every image library: what they raise has a name of ours, and what they say stays unsaid."""

import logging
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import PIL.Image
import pydicom.config
from pydicom.errors import BytesLengthException, InvalidDicomError

from app.errors import DamagedImage, ImageTooLarge

# Their messages quote tags and values, so none may reach a log (DESIGN §4.6).
for _name in ("pydicom", "PIL", "pylibjpeg", "openjpeg", "tifffile", "pi_heif"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
# The size is checked from the header, against MAX_PIXELS instead of a constant of Pillow's.
PIL.Image.MAX_IMAGE_PIXELS = None

# What Pillow, pydicom, tifffile, imagecodecs, openjpeg, CharLS and OpenCV were seen to raise on mutated files.
_LIBRARY_FAILURES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BufferError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    StopIteration,
    SyntaxError,
    TypeError,
    ValueError,
    BytesLengthException,
    InvalidDicomError,
    cv2.error,
    struct.error,
    zlib.error,
)

# Python before 3.14 keeps warning filters per process, and gdcm does not promise to be thread-safe.
_one_at_a_time = threading.RLock()


@contextmanager
def guarded() -> Iterator[None]:
    """Run image libraries: silent, one thread at a time, failures named.

    Raises:
        DamagedImage: a library gave up on the bytes.
        ImageTooLarge: a library asked for more memory than there is.
        FractureError: whatever the body itself raised of our own errors, unchanged.
    """
    with _one_at_a_time, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except MemoryError:
            raise ImageTooLarge from None
        except _LIBRARY_FAILURES:
            # "from None": the library's own message may quote the file.
            raise DamagedImage from None
