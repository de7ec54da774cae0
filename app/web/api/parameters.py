"""Query parameters and headers of `/api/v1`, as the OpenAPI document lists them."""

from typing import get_args

from app.records import WORST_FIRST, Outcome, State
from app.usecases.studies.window import LEAST_SIDE_PX, PREVIEW_LONG_SIDE_PX
from app.web.api.description import Json, Parameter
from app.web.http.requests.query import DEFAULT_STUDIES, MOST_STUDIES
from app.web.http.requests.worklist_query import LONGEST_CODE, LONGEST_TEXT
from app.web.i18n.language import LANGUAGES

_TEXT: Json = {"type": "string"}
_DAY: Json = {"type": "string", "format": "date", "pattern": "^(19[0-9][0-9]|[2-8][0-9]{3})-"}
_NAME: Json = {"type": "string", "maxLength": LONGEST_CODE}
_SEARCH: Json = {"type": "string", "maxLength": LONGEST_TEXT}
_NUMBER: Json = {"type": "number"}

PAGE = (
    Parameter(
        "limit",
        "Most studies of a page.",
        {"type": "integer", "minimum": 1, "maximum": MOST_STUDIES, "default": DEFAULT_STUDIES},
    ),
    Parameter("after", "`next` of the page before.", _TEXT),
)
FILTERS = (
    Parameter("state", "Only these.", {"type": "string", "enum": list(get_args(State))}),
    Parameter("verdict", "Only studies with this verdict.", {"type": "string", "enum": list(WORST_FIRST)}),
    Parameter(
        "outcome",
        "Only studies with this outcome of their readers.",
        {"type": "string", "enum": list(get_args(Outcome))},
    ),
    Parameter("patient", "A number, or beginnings of parts of a name; case and accents are ignored.", _SEARCH),
    Parameter("accession", "Only studies of this accession number.", _SEARCH),
    Parameter("region", "Only studies on which the software marked this region.", _NAME),
    Parameter("reader", "Only studies that the person of this id has read.", _NAME),
    Parameter("from", "Only studies that came on this day (TIME_ZONE of the server) or later.", _DAY),
    Parameter("to", "Only studies that came on this day (TIME_ZONE of the server) or earlier.", _DAY),
    Parameter(
        "order",
        "newest: by time alone; name, number: in triage, each page by its patients.",
        {"type": "string", "enum": ["triage", "newest", "name", "number"]},
    ),
)
WINDOW = (
    Parameter(
        "centre",
        "Centre of the window, in the file's units after its modality LUT; as shown at first if absent.",
        _NUMBER,
    ),
    Parameter("width", "Its width, at least `least_width` of window.json; as shown at first if absent.", _NUMBER),
    Parameter("invert", "1: the other way round than it is shown at first.", {"type": "string", "enum": ["0", "1"]}),
    Parameter(
        "long_side",
        "Scale a larger image down to so many pixels.",
        {"type": "integer", "minimum": 16, "maximum": 32768},
    ),
)
PREVIEW = (
    Parameter(
        "long_side",
        "Scale a larger image down to so many pixels.",
        {"type": "integer", "minimum": LEAST_SIDE_PX, "maximum": PREVIEW_LONG_SIDE_PX},
    ),
)
LANGUAGE = (
    Parameter(
        "lang",
        "The language of what is written in it; without it Accept-Language decides, or else it is English.",
        {"type": "string", "enum": list(LANGUAGES)},
    ),
)
FINDING = (
    Parameter(
        "finding",
        "Its index in `findings`, from 0.",
        {"type": "integer", "minimum": 0, "maximum": 999_999},
        required=True,
    ),
)
REPEAT = Parameter(
    "Idempotency-Key",
    "At most 255 characters; the same key with the same files within a day is answered with the first one's study.",
    _TEXT,
    "header",
)
CSRF = Parameter("X-CSRFToken", "Only with a browser's session, not with a token.", _TEXT, "header")
SEALED = (
    Parameter("X-Key-Id", "Only with application/hpke: the kid that the body is sealed for.", _TEXT, "header"),
    Parameter(
        "X-Sealed-Name",
        "Only with application/hpke: the file name as base64url, sealed with the upload's info followed by /name.",
        _TEXT,
        "header",
    ),
)
WHY = (
    (
        "X-Why",
        {
            "description": "shown; even: no site stands out; unmarked: the weights in use do not see this finding.",
            "schema": {"type": "string", "enum": ["shown", "even", "unmarked"]},
        },
    ),
)
