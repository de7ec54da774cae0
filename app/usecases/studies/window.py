"""Look at a radiograph through another window: on its true values, not on the grey that is shown at first."""

import math
from dataclasses import dataclass

from app import imaging
from app.errors import BadRequest
from app.records import Levels, NamedWindow, Person, WindowFunction
from app.services import Services
from app.usecases.studies.show import radiograph_of

# Far beyond 16 bits and any rescale slope; near the end of floats, arithmetic on a window would overflow.
MOST_UNITS = 1e9
# More than most screens give an image, and little enough for a slow line.
PREVIEW_LONG_SIDE_PX = 1280
LEAST_SIDE_PX, MOST_SIDE_PX = 16, 32_768


@dataclass(frozen=True)
class Look:
    """How to show a radiograph; what is None is as it is shown at first.

    centre, width: in the units of the file after its modality LUT. long_side_px: scale a larger image down.
    """

    centre: float | None = None
    width: float | None = None
    invert: bool = False
    long_side_px: int | None = None


@dataclass(frozen=True)
class Windows:
    """Windows to choose from: the range of values, the narrowest window, and windows with a name.

    The first of `choices` is the one that is shown at first. is_inverted: a lower centre makes the image darker, as
    in MONOCHROME1.
    """

    low: float
    high: float
    least_width: float
    function: WindowFunction
    is_inverted: bool
    choices: tuple[NamedWindow, ...]
    spacing_mm: tuple[float, float] | None


def window_png(services: Services, person: Person, study_id: str, image_id: str, look: Look) -> bytes:
    """The radiograph through a window, as a grey PNG; without a window exactly the radiograph as it was read.

    Raises:
        StudyNotFound, ImageNotFound: not in this person's tenant, or deleted meanwhile.
        BadRequest: a number makes no window, or no size.
    """
    radiograph = radiograph_of(services, person, study_id, image_id)
    levels = imaging.levels_of(radiograph)
    _check(look, levels)
    if look.centre is None and look.width is None and not look.invert:
        return imaging.render_png(radiograph.grey, long_side_px=look.long_side_px)
    grey = imaging.windowed(levels, look.centre, look.width, look.invert)
    return imaging.render_png(grey, long_side_px=look.long_side_px)


def preview_webp(services: Services, person: Person, study_id: str, image_id: str, long_side_px: int | None) -> bytes:
    """The radiograph as it is shown at first, scaled down and compressed with small losses.

    long_side_px: `PREVIEW_LONG_SIDE_PX` when None.

    Raises:
        StudyNotFound, ImageNotFound: not in this person's tenant, or deleted meanwhile.
        BadRequest: no size.
    """
    radiograph = radiograph_of(services, person, study_id, image_id)
    side = PREVIEW_LONG_SIDE_PX if long_side_px is None else long_side_px
    if not LEAST_SIDE_PX <= side <= PREVIEW_LONG_SIDE_PX:
        raise BadRequest(
            "long_side must be a whole number from %(least)s to %(most)s.",
            least=LEAST_SIDE_PX,
            most=PREVIEW_LONG_SIDE_PX,
        )
    return imaging.render_webp(radiograph.grey, side)


def list_windows(services: Services, person: Person, study_id: str, image_id: str) -> Windows:
    """The windows to look at a radiograph through.

    Raises:
        StudyNotFound, ImageNotFound: not in this person's tenant, or deleted meanwhile.
    """
    radiograph = radiograph_of(services, person, study_id, image_id)
    levels = imaging.levels_of(radiograph)
    choices = imaging.presets(levels)
    low, high = imaging.value_range(levels)
    least = imaging.least_width(levels)
    return Windows(low, high, least, levels.function, levels.is_inverted, choices, radiograph.spacing_mm)


def _check(look: Look, levels: Levels) -> None:
    for number in (look.centre, look.width):
        if number is not None and not (math.isfinite(number) and abs(number) <= MOST_UNITS):
            raise BadRequest("centre and width must be numbers of at most nine digits.")
    if look.width is not None and look.width < imaging.least_width(levels):
        raise BadRequest("width must be at least %(least)s for this image.", least=f"{imaging.least_width(levels):g}")
    if look.long_side_px is not None and not LEAST_SIDE_PX <= look.long_side_px <= MOST_SIDE_PX:
        raise BadRequest(
            "long_side must be a whole number from %(least)s to %(most)s.", least=LEAST_SIDE_PX, most=MOST_SIDE_PX
        )
