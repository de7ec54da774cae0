"""How a request asks for a radiograph through a window: `?centre=&width=&invert=&long_side=`, all optional."""

import math
from collections.abc import Mapping

from app.errors import BadRequest
from app.usecases.studies.window import Look

# A ticked box of a plain form sends "on".
_YES, _NO = ("1", "true", "yes", "on"), ("", "0", "false", "no")


def window_query(args: Mapping[str, str]) -> Look:
    """The look that is asked for; an empty number is as an absent one, so that a plain form can be sent as it is.

    Raises:
        BadRequest: something that is not a number, or not yes or no.
    """
    side = _number(args.get("long_side", ""))
    if side is not None and not side.is_integer():
        raise BadRequest("long_side must be a whole number of pixels.")
    return Look(
        centre=_number(args.get("centre", "")),
        width=_number(args.get("width", "")),
        invert=_is_yes(args.get("invert", "")),
        long_side_px=None if side is None else int(side),
    )


def _number(text: str) -> float | None:
    if not text.strip():
        return None
    try:
        number = float(text)
    except ValueError:
        raise BadRequest("centre, width and long_side must be numbers.") from None
    if not math.isfinite(number):
        raise BadRequest("centre, width and long_side must be numbers.")
    return number


def _is_yes(text: str) -> bool:
    if text.lower() not in _YES + _NO:
        raise BadRequest("invert must be 1 or 0.")
    return text.lower() in _YES
