"""Forms and queries of the administration pages."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

from app.errors import BadRequest
from app.records import Role
from app.storage import AuditQuery
from app.usecases.administration.roles import PERMISSIONS_OF_ROLE

MOST_DAYS = 36_500
_AUDIT_FIELDS = ("actor", "action", "subject", "from", "to")


def chosen_role(form: Mapping[str, str]) -> Role:
    """The field `role`.

    Raises:
        BadRequest: it is no role.
    """
    role = form.get("role", "")
    if role not in PERMISSIONS_OF_ROLE:
        raise BadRequest("A role must be one of %(roles)s.", roles=", ".join(PERMISSIONS_OF_ROLE))
    return role


def whole_days(fields: Mapping[str, str]) -> int | None:
    """The field `days`, None where it is empty.

    Raises:
        BadRequest: it is no number of days.
    """
    text = fields.get("days", "").strip()
    if not text:
        return None
    days = _number(text)
    if days is None or not 1 <= days <= MOST_DAYS:
        raise BadRequest("Give the days as a whole number from 1 to %(most)s.", most=MOST_DAYS)
    return days


def previewed_count(form: Mapping[str, str]) -> int:
    """The field `count` of the purge.

    Raises:
        BadRequest: it is no number.
    """
    count = _number(form.get("count", ""))
    if count is None:
        raise BadRequest
    return count


def audit_query(args: Mapping[str, str]) -> AuditQuery:
    """The filters of the audit record; days are whole ones, in UTC.

    Raises:
        BadRequest: a day that is none, or a sequence that is none.
    """
    since, until = _day(args.get("from", "")), _day(args.get("to", ""))
    before = _number(args["before"]) if args.get("before") else None
    if args.get("before") and before is None:
        raise BadRequest
    texts = {name: args.get(name, "").strip()[:200] for name in ("actor", "action", "subject")}
    return AuditQuery(**texts, since=since, until=until + timedelta(days=1) if until else None, before=before)


def audit_args(args: Mapping[str, str]) -> dict[str, str]:
    """The filters as an address has them, to show and to repeat."""
    return {name: args[name] for name in _AUDIT_FIELDS if args.get(name)}


def _day(text: str) -> datetime | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise BadRequest("A day must be written YYYY-MM-DD.") from None
    if not 1900 <= day.year <= 9998:
        raise BadRequest("A day must be written YYYY-MM-DD.")
    return datetime.combine(day, time.min, UTC)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None
