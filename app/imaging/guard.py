"""One guard around every image library: what they raise has a name of ours, and what they say stays unsaid."""

import logging
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import cv2
import PIL.Image
import pydicom.config
from pydicom.errors import BytesLengthException, InvalidDicomError

from app.errors import DamagedImage, TooComplex

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


class _Silence:
    """Ignores warnings of the whole process while at least one decoding goes on.

    Python before 3.14 keeps its filters per process, so the decodings of several threads share one change of them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._stack = ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            self._count += 1
            if self._count == 1:
                self._stack.enter_context(warnings.catch_warnings())
                warnings.simplefilter("ignore")

    def __exit__(self, *failure: object) -> None:
        with self._lock:
            self._count -= 1
            if not self._count:
                self._stack.close()


_silence = _Silence()


@contextmanager
def guarded() -> Iterator[None]:
    """Run image libraries: silent, failures named.

    Raises:
        DamagedImage: a library gave up on the bytes.
        TooComplex: a library asked for more memory than there is.
        FractureError: raised by the body itself, unchanged.
    """
    with _silence:
        try:
            yield
        except MemoryError:
            raise TooComplex from None
        except _LIBRARY_FAILURES:
            # "from None": the library's own message may quote the file.
            raise DamagedImage from None
