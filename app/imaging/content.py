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
    low, high = np.percentile(grey, (0.5, 99.5))
    if high - low < _LEAST_SPAN:
        return "no-content"
    if is_text(grey):
        return "text"
    sample = _sample(grey)
    if smooth_share(sample) < _LEAST_SMOOTH_SHARE or polynomial_share(sample) > _MOST_POLYNOMIAL_SHARE:
        return "no-structure"
    return None


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
    """Share of the variance that a polynomial of second order in x, y and the distance from the middle explains."""
    ys, xs = (axis.ravel() for axis in np.mgrid[-1 : 1 : sample.shape[0] * 1j, -1 : 1 : sample.shape[1] * 1j])
    terms = np.stack([np.ones_like(xs), xs, ys, xs * ys, xs**2, ys**2, np.hypot(xs, ys)], axis=1)
    values = sample.ravel().astype(np.float64)
    normal = terms.T @ terms
    fitted = terms @ np.linalg.solve(normal, terms.T @ values)
    variance = float(values.var())
    return 1.0 - float((values - fitted).var()) / variance if variance > 0 else 1.0


def is_text(grey: NDArray[np.uint8]) -> bool:
    """Whether most pixels have one of two greys, and many edges between them are steep."""
    counts = np.bincount(grey.ravel() >> 3, minlength=32) / grey.size
    if np.sort(counts)[-2:].sum() < _LEAST_TWO_GREYS_SHARE:
        return False
    wide = grey.astype(np.int16)
    across, down = np.abs(np.diff(wide, axis=1)) > _STEEP, np.abs(np.diff(wide, axis=0)) > _STEEP
    return float(across.mean() + down.mean()) > _LEAST_STEEP_SHARE


def _sample(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The image with a long side of `_SAMPLE_PX`; taken pixel by pixel, so that noise stays noise."""
    step = max(1, max(grey.shape) // _SAMPLE_PX)
    return np.ascontiguousarray(grey[::step, ::step], dtype=np.float32)
