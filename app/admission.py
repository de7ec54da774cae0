"""Terms between the web server and the application about a request whose body has not arrived."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

# Urgent requests have threads of their own; heavy ones decode or infer, and few of them are in flight at a time.
Lane = Literal["urgent", "light", "heavy"]
Refusal = Literal["busy", "slow", "too-large"]

# Keys of the WSGI environment. ASKED: the body has not arrived, may it come? The application sets ADMITTED if so.
# REFUSED: a `Refusal` that the application puts into words.
ASKED = "admission.asked"
ADMITTED = "admission.admitted"
REFUSED = "admission.refused"

# Key of `Gate` in the extensions of the application.
EXTENSION = "admission"


@dataclass(frozen=True)
class Admission:
    """How one request is served. body_bytes: the longest body that it may have."""

    lane: Lane
    body_bytes: int


@dataclass(frozen=True)
class Gate:
    """The application's rules of admission.

    admit: returns the admission of a request with this method, path and content type.
    in_flight_bytes: the bound on the bytes of all bodies and answers in memory. heavy: the bound on heavy requests.
    """

    admit: Callable[[str, str, str], Admission]
    in_flight_bytes: int
    heavy: int
