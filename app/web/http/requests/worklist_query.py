"""Query parameters of the worklist, and links that repeat them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Literal, TypeVar, get_args

from app.errors import BadRequest
from app.records import Outcome, Person, State, Verdict
from app.services import RecordServices
from app.usecases.patients.find import terms_of
from app.usecases.triage import Filters

Order = Literal["triage", "newest", "name", "number"]
Args = dict[str, Any]
Choice = TypeVar("Choice", bound=str)

# A day before or after these has no midnight in every time zone.
_FIRST_YEAR, _LAST_YEAR = 1900, 9998
LONGEST_CODE = 64
LONGEST_TEXT = 200
_MOST_TERMS = 12


def read_filters(args: Mapping[str, str]) -> Filters:
    """The filters of an address; what is absent or empty is left open.

    Raises:
        BadRequest: a day that is none, or a choice that is not among those of the page.
    """
    order = _choice(args, "order", get_args(Order))
    return Filters(
        since=_day(args, "from"),
        until=_day(args, "to"),
        verdict=_choice(args, "verdict", get_args(Verdict)),
        region=_code(args, "region"),
        reader=_code(args, "reader"),
        state=_choice(args, "state", get_args(State)),
        named=_label(args, "named"),
        terms=_terms(args),
        outcome=_choice(args, "outcome", get_args(Outcome)),
        newest_first=order == "newest",
        within=order if order in ("name", "number") else "score",
    )


def search_filters(services: RecordServices, person: Person, args: Mapping[str, str]) -> Filters:
    """The filters of a program's request, which may name a patient and an accession number.

    Raises:
        BadRequest: as `read_filters`, or a text that is too long.
    """
    patient, accession = (_text(args, name) for name in ("patient", "accession"))
    filters = read_filters(args)
    return replace(filters, terms=filters.terms + terms_of(services, person, patient=patient, accession=accession))


def filter_args(filters: Filters) -> Args:
    """The same as an address has it: `read_filters` of it gives the same filters."""
    args = {
        "state": filters.state,
        "verdict": filters.verdict,
        "region": filters.region,
        "reader": filters.reader,
        "from": filters.since.isoformat() if filters.since else None,
        "to": filters.until.isoformat() if filters.until else None,
        "named": filters.named.hex() if filters.named else None,
        "terms": terms_text(filters.terms) or None,
        "outcome": filters.outcome,
        "order": "newest" if filters.newest_first else filters.within if filters.within != "score" else None,
    }
    return {name: value for name, value in args.items() if value}


def terms_text(terms: Sequence[bytes]) -> str:
    """Index terms as an address has them."""
    return "-".join(term.hex() for term in terms)


def list_args(args: Mapping[str, str]) -> Args:
    """Query parameters of the same page of the same list: the filters, and the start of the page.

    Raises:
        BadRequest: as `read_filters`.
    """
    place = {name: args[name] for name in ("limit", "after", "before") if args.get(name)}
    return filter_args(read_filters(args)) | place


def _day(args: Mapping[str, str], name: str) -> date | None:
    text = args.get(name, "").strip()
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise BadRequest("%(name)s must be a day, written as 2026-11-23.", name=name)
    return day


def _choice(args: Mapping[str, str], name: str, choices: tuple[Choice, ...]) -> Choice | None:
    text = args.get(name, "")
    found = next((choice for choice in choices if choice == text), None)
    if text and found is None:
        raise BadRequest("%(name)s must be one of %(choices)s.", name=name, choices=", ".join(choices))
    return found


def _text(args: Mapping[str, str], name: str) -> str:
    text = args.get(name, "").strip()
    if len(text) > LONGEST_TEXT:
        raise BadRequest("%(name)s is too long.", name=name)
    return text


def _code(args: Mapping[str, str], name: str) -> str | None:
    text = args.get(name, "")
    if len(text) > LONGEST_CODE:
        raise BadRequest("%(name)s is too long.", name=name)
    return text or None


def _terms(args: Mapping[str, str]) -> tuple[bytes, ...]:
    words = args.get("terms", "").split("-")[:_MOST_TERMS]
    return tuple(term for word in words if (term := _label({"terms": word}, "terms")))


def _label(args: Mapping[str, str], name: str) -> bytes | None:
    text = args.get(name, "")
    try:
        return bytes.fromhex(text) if text else None
    except ValueError:
        raise BadRequest("This search is not one of ours. Search again.") from None
