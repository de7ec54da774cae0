"""The windows that a DICOM file carries: as many as it has, with what it calls them."""

import math
from collections.abc import Callable

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from app.imaging.display.contrast import tells_apart
from app.imaging.display.window import Values, Window
from app.records import NamedWindow, WindowFunction

Step = Callable[[Values], Values]

_FUNCTIONS: dict[str, WindowFunction] = {"LINEAR_EXACT": "LINEAR_EXACT", "SIGMOID": "SIGMOID"}
_MOST_WINDOWS = 16
# A value of type LO has at most 64 characters (PS3.5 6.2); what is longer is no name.
_LONGEST_NAME = 64


def file_windows(dataset: Dataset, sample: Values) -> tuple[NamedWindow, ...]:
    """The valid windows of a file, in its order, that tell any values of this image apart.

    sample: values of the image after the modality LUT.
    Source: DICOM PS3.3 C.11.2.1.2; the n-th centre goes with the n-th width and the n-th explanation.
    """
    centres, widths = _numbers(dataset.get("WindowCenter")), _numbers(dataset.get("WindowWidth"))
    names = _texts(dataset.get("WindowCenterWidthExplanation"))
    found = []
    for n, (centre, width) in enumerate(zip(centres, widths, strict=False)):
        if centre is None or width is None:
            continue
        window = Window(centre, width, voi_function(dataset))
        if window.is_valid() and tells_apart(window.apply, sample):
            found.append(NamedWindow("file", names[n] if n < len(names) else "", centre, width))
    return tuple(found)


def voi_function(dataset: Dataset) -> WindowFunction:
    """How the windows of a file become curves; one for all of them. Source: DICOM PS3.3 C.11.2.1.3."""
    return _FUNCTIONS.get(str(dataset.get("VOILUTFunction")), "LINEAR")


def number(value: object) -> float | None:
    """The first finite number of a value that may be multiple, absent or malformed."""
    return next(iter(_numbers(value)), None)


def _numbers(value: object) -> list[float | None]:
    values = list(value)[:_MOST_WINDOWS] if isinstance(value, (list, tuple, MultiValue)) else [value]
    return [_finite(one) for one in values]


def _finite(value: object) -> float | None:
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def _texts(value: object) -> list[str]:
    values = list(value)[:_MOST_WINDOWS] if isinstance(value, (list, tuple, MultiValue)) else [value]
    texts = ("" if one is None else "".join(c for c in str(one) if c.isprintable()).strip() for one in values)
    return [text if len(text) <= _LONGEST_NAME else "" for text in texts]
