"""Cheap checks, before any network, of whether an image can be a radiograph of a limb."""

import re

import cv2
import numpy as np
from numpy.typing import NDArray

from app.imaging.notices import NOT_A_RADIOGRAPH
from app.records import Header, Radiograph, Reason

LEAST_SIDE_PX = 96
_SAMPLE_PX = 256
# Greys between the 0.5th and the 99.5th percentile that an image with anything on it spans at least.
_LEAST_SPAN = 16
# Share of the variance that is left after a blur over 1/32 of the long side. Radiographs of both data sets keep 0.74
# and more; white noise keeps less than 0.02, and noise that was smoothed by one pixel less than 0.2.
_LEAST_SMOOTH_SHARE = 0.2
# Share of the variance that a surface of second order explains; at most 0.93 of a radiograph.
_MOST_POLYNOMIAL_SHARE = 0.985
# The polynomial's terms: 1, x, y, xy, x² and y².
_X_POWERS, _Y_POWERS = np.array([0, 1, 0, 1, 2, 0]), np.array([0, 0, 1, 1, 0, 2])
# Text is sharp strokes between two greys: many steep edges, hardly a grey between.
_STEEP = 90
_LEAST_STEEP_SHARE = 0.035
_LEAST_TWO_GREYS_SHARE = 0.6

_OTHER_MODALITIES = frozenset({"CT", "MR", "US", "NM", "PT", "PET", "MG", "IVUS", "OCT", "OP", "ES", "SM", "XC", "ECG"})
# Body parts that no region of the weights belongs to, in the languages that descriptions come in; of a word its start.
# Source: DICOM PS3.16 Annex L for the defined terms of Body Part Examined.
_OTHER_PARTS = re.compile(
    r"\b(CHEST|THORAX|TORAX|LUNG|RIBS?\b|STERN|HEART|ABDO|STOMACH|KIDNEY|SKULL|HEAD\b|CRANI|SCHAEDEL|SCHÄDEL|BRAIN|"
    r"FACE|FACIAL|ORBIT|NASAL|NOSE|SINUS|MANDIBLE|JAW|MAXILLA|TEETH|TOOTH|DENTAL|NECK|CSPINE|TSPINE|LSPINE|SPINE|"
    r"SSPINE|CERVICAL|THORACIC|LUMBAR|LWS|HWS|BWS|SACRUM|COCCYX|VERTEBR|COLON|BREAST|MAMMO|BLADDER|UROGRA|WHOLEBODY)"
)
_PARTS = re.compile(
    r"\b(HAND|FINGER|THUMB|WRIST|CARP|RADIUS|ULNA|FOREARM|ELBOW|HUMERUS|UPPER ?ARM|ARM\b|SHOULDER|CLAVIC|SCAPULA|"
    r"ACJOINT|HIP\b|PELVI|FEMUR|THIGH|KNEE|PATELLA|TIBIA|FIBULA|LEG\b|LOWER ?LEG|ANKLE|FOOT|TOE|CALCANE|EXTREMITY|"
    r"HUEFT|HÜFT|KNIE|BECKEN|SCHULTER|ELLENBOGEN|UNTERARM|OBERARM|HANDGELENK|SPRUNGGELENK|FUSS|FUẞ|UNTERSCHENKEL)"
)


def assess_content(radiograph: Radiograph) -> Reason | None:
    """Decide whether an image must not be judged at all; None when nothing speaks against it.

    "out-of-scope" by the header alone, "too-small" under `LEAST_SIDE_PX`, "no-content" where nearly everything has one
    grey, "no-structure" for noise and gradients, "photograph" for colours that no radiograph has, "text" for a page.
    """
    if radiograph.header is not None and is_out_of_scope(radiograph.header):
        return "out-of-scope"
    if min(radiograph.grey.shape) < LEAST_SIDE_PX:
        return "too-small"
    if NOT_A_RADIOGRAPH in radiograph.warnings:
        return "photograph"
    return _assess_grey(radiograph.grey)


def _assess_grey(grey: NDArray[np.uint8]) -> Reason | None:
    counts = histogram(grey)
    low, high = (percentile(counts, percent) for percent in (0.5, 99.5))
    if high - low < _LEAST_SPAN:
        return "no-content"
    if has_two_greys(counts) and has_steep_edges(grey):
        return "text"
    sample = _sample(grey)
    if smooth_share(sample) < _LEAST_SMOOTH_SHARE or polynomial_share(sample) > _MOST_POLYNOMIAL_SHARE:
        return "no-structure"
    return None


def histogram(grey: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Pixels of each of the 256 greys; a thirtieth of the time that `np.bincount` takes."""
    return cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel().astype(np.float64)


def percentile(counts: NDArray[np.float64], percent: float) -> float:
    """A percentile of the pixels that `counts` counts by grey, interpolated as `np.percentile` does."""
    up_to = np.cumsum(counts)
    rank = percent / 100 * (up_to[-1] - 1)
    low, high = np.searchsorted(up_to, (np.floor(rank), np.ceil(rank)), side="right")
    return float(low + (high - low) * (rank % 1))


def is_out_of_scope(header: Header) -> bool:
    """Whether the header names another modality, or a part of the body that no region of the weights belongs to.

    The coded part counts before the descriptions, which may name several; a part that is known overrules.
    """
    if header.modality in _OTHER_MODALITIES:
        return True
    for text in header.body_parts:
        named = text.upper().replace("_", " ")
        if _PARTS.search(named):
            return False
        if _OTHER_PARTS.search(named):
            return True
    return False


def smooth_share(sample: NDArray[np.float32]) -> float:
    """Share of the variance that a blur leaves, 0–1."""
    variance = float(sample.var())
    return float(cv2.GaussianBlur(sample, (0, 0), _SAMPLE_PX / 128).var()) / variance if variance > 0 else 0.0


def polynomial_share(sample: NDArray[np.float32]) -> float:
    """Share of the variance that a polynomial of second order in x, y and the distance from the middle explains.

    Least squares by the normal equations, whose sums over the image fall apart into one over x and one over y.
    """
    ys, xs = (np.linspace(-1, 1, side) for side in sample.shape)
    by_y, by_x = (axis ** np.arange(5)[:, None] for axis in (ys, xs))
    radius = np.sqrt(np.add.outer(ys**2, xs**2))
    centred = sample.astype(np.float64)
    centred -= centred.mean()
    moments = np.outer(by_y.sum(axis=1), by_x.sum(axis=1))
    # Not by matrix products: BLAS would start threads of its own beside the detector's, for a tenth of a millisecond.
    of_radius, of_grey = (
        np.einsum("yw,xw->yx", np.einsum("yh,hw->yw", by_y[:3], plane), by_x[:3]) for plane in (radius, centred)
    )
    normal = np.empty((7, 7))
    normal[:6, :6] = moments[np.add.outer(_Y_POWERS, _Y_POWERS), np.add.outer(_X_POWERS, _X_POWERS)]
    normal[6, :6] = normal[:6, 6] = of_radius[_Y_POWERS, _X_POWERS]
    normal[6, 6] = np.einsum("hw,hw", radius, radius)
    grey = np.append(of_grey[_Y_POWERS, _X_POWERS], np.einsum("hw,hw", radius, centred))
    total = float(np.einsum("hw,hw", centred, centred))
    return float(grey @ np.linalg.solve(normal, grey)) / total if total > 0 else 1.0


def has_two_greys(counts: NDArray[np.float64]) -> bool:
    """Whether most pixels have one of two greys, in steps of eight, as a page of text has; `counts` by grey."""
    steps = counts.reshape(32, 8).sum(axis=1)
    return float(np.sort(steps)[-2:].sum()) >= _LEAST_TWO_GREYS_SHARE * float(counts.sum())


def has_steep_edges(grey: NDArray[np.uint8]) -> bool:
    """Whether many neighbours differ as much as a stroke and the paper."""
    across = cv2.absdiff(grey[:, 1:], grey[:, :-1]) > _STEEP
    down = cv2.absdiff(grey[1:], grey[:-1]) > _STEEP
    return float(across.mean() + down.mean()) > _LEAST_STEEP_SHARE


def _sample(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The image with a long side of `_SAMPLE_PX`; taken pixel by pixel, so that noise stays noise."""
    step = max(1, max(grey.shape) // _SAMPLE_PX)
    return np.ascontiguousarray(grey[::step, ::step], dtype=np.float32)
