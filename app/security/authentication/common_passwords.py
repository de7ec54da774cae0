"""Refuse passwords that many people use, or that follow from a name.

Source: NIST SP 800-63B-4, section 3.1.1.2: compare a new password with a list of commonly used, expected or compromised
ones. The list is that of the package zxcvbn: 30,000 passwords from breaches, by frequency.
"""

import re
from collections.abc import Collection
from functools import cache
from itertools import pairwise

# Expected of everybody who uses this app.
_OF_THE_APP = ("fracture", "fractures", "fracturedetection", "radiograph", "radiology", "hospital", "clinic", "xray")
_ENDS = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_SEPARATORS = re.compile(r"[\W_]+")
_REPEATED = re.compile(r"(.+?)\1+")


def is_common(password: str, own_words: Collection[str] = ()) -> bool:
    """Whether a password is a common one or one of `own_words`, also repeated or with digits and signs at its ends."""
    whole = password.casefold()
    core = _ENDS.sub("", whole)
    expected = {_SEPARATORS.sub("", word.casefold()) for word in (*own_words, *_OF_THE_APP)}
    forms = {_unit(form) for text in (whole, core) for form in (text, _SEPARATORS.sub("", text))}
    forms |= {_ENDS.sub("", form) for form in forms}
    return _is_run(whole) or any(form and (form in expected or form in _known()) for form in forms)


@cache
def _known() -> frozenset[str]:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415 - one megabyte, for setting passwords only

    return frozenset(FREQUENCY_LISTS["passwords"])


def _unit(text: str) -> str:
    """The part that a text repeats, or the text itself."""
    repeated = _REPEATED.fullmatch(text)
    return repeated[1] if repeated else text


def _is_run(text: str) -> bool:
    """Whether each character follows the one before by the same step, as in 1234567890 and abcdef."""
    steps = {(ord(after) - ord(before)) % (10 if text.isdigit() else 0x110000) for before, after in pairwise(text)}
    return len(steps) <= 1
