"""From colour to grey, and the question whether the colour is one that a radiograph may have."""

import cv2
import numpy as np
from numpy.typing import NDArray

from app.imaging.notices import NOT_A_RADIOGRAPH

# A film's tint or a sepia scan is one curve of chroma over brightness; a scene has many colours at each brightness.
_FAR_FROM_TINT = 14.0
_MOST_COLOURED_SHARE = 0.04
# Sepia and blue film base stay under 45; nothing that was once grey is this vivid throughout.
_VIVID_CHROMA = 60.0
_SAMPLE_SIDE_PX = 256
_BRIGHTNESS_STEPS = 32
_OPAQUE = 255


def to_grey(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB → (H, W) uint8 luma (ITU-R BT.601); equal channels keep their exact value."""
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2GRAY), np.uint8)


def over_black(pixels: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Compose (H, W) or (H, W, C) uint8 pixels over black, by their (H, W) uint8 opacity."""
    if alpha.min(initial=_OPAQUE) == _OPAQUE:
        return pixels
    opacity = alpha.astype(np.uint16)
    if pixels.ndim == 3:
        opacity = opacity[..., None]
    return ((pixels * opacity + 127) // 255).astype(np.uint8)


def colour_warnings(rgb: NDArray[np.uint8]) -> tuple[str, ...]:
    """("not-a-radiograph",) for a colour image, else (); rgb is (H, W, 3) uint8.

    Grey stored as RGB, a tint over the whole image and small coloured annotations are what radiographs come with,
    and pass.
    """
    step = max(1, -(-max(rgb.shape[:2]) // _SAMPLE_SIDE_PX))
    sample = cv2.cvtColor(np.ascontiguousarray(rgb[::step, ::step]), cv2.COLOR_RGB2YCrCb)
    ycrcb = np.asarray(sample, np.uint8).reshape(-1, 3)
    if _has_one_tint(ycrcb):
        return ()
    brightness = ycrcb[:, 0] // (256 // _BRIGHTNESS_STEPS)
    chroma = ycrcb[:, 1:].astype(np.float32) - 128
    tint = np.zeros((_BRIGHTNESS_STEPS, 2), np.float32)
    for level in np.unique(brightness):
        tint[level] = np.median(chroma[brightness == level], axis=0)
    coloured = np.hypot(*(chroma - tint[brightness]).T) > _FAR_FROM_TINT
    vivid = np.median(np.hypot(*chroma.T)) > _VIVID_CHROMA
    return (NOT_A_RADIOGRAPH,) if vivid or coloured.mean() > _MOST_COLOURED_SHARE else ()


def _has_one_tint(ycrcb: NDArray[np.uint8]) -> bool:
    """Whether all chroma of (N, 3) uint8 YCrCb lies so close together, and to grey, that no pixel can be coloured.

    It does in grey stored as RGB, which spares nearly every radiograph the medians by brightness.
    """
    planes = (np.ascontiguousarray(ycrcb[:, 1]), np.ascontiguousarray(ycrcb[:, 2]))
    ends = np.array([(plane.min(), plane.max()) for plane in planes], np.float64) - 128
    spread, furthest = np.hypot(*np.ptp(ends, axis=1)), np.hypot(*np.abs(ends).max(axis=1))
    return bool(spread <= _FAR_FROM_TINT and furthest <= _VIVID_CHROMA)
