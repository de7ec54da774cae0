"""Query parameters of searches (DICOM PS3.18 8.3.4): attributes by keyword or tag, and the part that is asked for."""

import re
from collections.abc import Collection, Mapping
from datetime import date

from app.errors import BadRequest
from app.usecases.dicomweb.search import MOST_ANSWERS, Span, StudyKeys
from app.web.api.description import Json, Parameter

_TAGS = {
    "PatientName": "00100010",
    "PatientID": "00100020",
    "AccessionNumber": "00080050",
    "StudyInstanceUID": "0020000D",
    "StudyDate": "00080020",
    "ModalitiesInStudy": "00080061",
    "SeriesInstanceUID": "0020000E",
    "Modality": "00080060",
    "SOPInstanceUID": "00080018",
    "SOPClassUID": "00080016",
}
_OF_SERIES = ("SeriesInstanceUID", "Modality")
_OF_INSTANCE = ("SOPInstanceUID", "SOPClassUID", *_OF_SERIES)
_LONGEST = 1000
_SEPARATORS = re.compile(r"[,\\]")
_TEXT: Json = {"type": "string"}
_OFFSET = {"type": "integer", "minimum": 0, "maximum": 999_999_999}
_SPAN = (
    Parameter("limit", "Most answers.", {"type": "integer", "minimum": 1, "maximum": MOST_ANSWERS}),
    Parameter("offset", "Leave out so many matches before the first answer.", _OFFSET),
)
STUDIES = (
    Parameter("PatientName", "Beginnings of parts of the name; case and accents are ignored.", _TEXT),
    Parameter("PatientID", "The whole number.", _TEXT),
    Parameter("AccessionNumber", "The whole number.", _TEXT),
    Parameter("StudyInstanceUID", "One UID, or several with commas between.", _TEXT),
    Parameter("StudyDate", "YYYYMMDD, or a range with a dash.", _TEXT),
    Parameter("ModalitiesInStudy", "Such as CR; several with commas between.", _TEXT),
    *_SPAN,
)
SERIES = (*(Parameter(name, "Wildcards * and ? are allowed.", _TEXT) for name in _OF_SERIES), *_SPAN)
INSTANCES = (*(Parameter(name, "Wildcards * and ? are allowed.", _TEXT) for name in _OF_INSTANCE), *_SPAN)


def study_keys(args: Mapping[str, str]) -> StudyKeys:
    """The keys of a search for studies; attributes that are not supported are ignored, as the standard has it.

    Raises:
        BadRequest: a date of another form, or a value that is too long.
    """
    since, until = _range(_value(args, "StudyDate"))
    return StudyKeys(
        patient_name=_literal(_value(args, "PatientName")),
        patient_id=_literal(_value(args, "PatientID")),
        accession_number=_literal(_value(args, "AccessionNumber")),
        study_uids=_several(_value(args, "StudyInstanceUID")),
        since=since,
        until=until,
        modalities=_several(_value(args, "ModalitiesInStudy")),
    )


def series_keys(args: Mapping[str, str]) -> dict[str, str]:
    """The keys of a search for series, by keyword.

    Raises:
        BadRequest: a value that is too long.
    """
    return _given(args, _OF_SERIES)


def instance_keys(args: Mapping[str, str]) -> dict[str, str]:
    """The keys of a search for instances, by keyword.

    Raises:
        BadRequest: a value that is too long.
    """
    return _given(args, _OF_INSTANCE)


def span(args: Mapping[str, str]) -> Span:
    """The part that is asked for; a limit above the highest is that.

    Raises:
        BadRequest: `limit` or `offset` is no whole number.
    """
    return Span(max(1, min(MOST_ANSWERS, _number(args, "limit", MOST_ANSWERS))), _number(args, "offset", 0))


def _given(args: Mapping[str, str], keywords: Collection[str]) -> dict[str, str]:
    return {keyword: value for keyword in keywords if (value := _value(args, keyword))}


def _value(args: Mapping[str, str], keyword: str) -> str:
    text = (args.get(keyword) or args.get(_TAGS[keyword]) or args.get(_TAGS[keyword].lower()) or "").strip()
    if len(text) > _LONGEST:
        raise BadRequest("%(name)s is too long.", name=keyword)
    return text


def _literal(text: str) -> str:
    """A value without its wildcards: the index knows beginnings and whole numbers."""
    return re.sub(r"[*?]+", " ", text).strip()


def _several(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in _SEPARATORS.split(text) if part.strip())


def _range(text: str) -> tuple[date | None, date | None]:
    """The first and the last day of a date or a range (PS3.4 C.2.2.2.5)."""
    if not text:
        return None, None
    first, dash, last = text.partition("-")
    return _day(first), _day(last) if dash else _day(first)


def _day(digits: str) -> date | None:
    if not digits:
        return None
    try:
        return date.fromisoformat(digits) if len(digits) == 8 and digits.isdigit() else date.fromisoformat("")
    except ValueError:
        raise BadRequest("StudyDate must be YYYYMMDD, or two of them with a dash between.") from None


def _number(args: Mapping[str, str], name: str, default: int) -> int:
    text = args.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise BadRequest("%(name)s must be a whole number.", name=name)
    return int(text)
