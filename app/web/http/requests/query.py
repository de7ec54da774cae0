"""Query parameters: pages of a list, and the address to return to after signing in."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from flask import request, url_for

from app.errors import BadRequest, NotFound

DEFAULT_STUDIES = 20
MOST_STUDIES = 100


def list_query(args: Mapping[str, str]) -> tuple[int, str | None]:
    """`limit` (1–100, 20 when absent) and `after`, the token of a page before.

    Raises:
        BadRequest: `limit` is not such a number.
    """
    text = args.get("limit", "") or str(DEFAULT_STUDIES)
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MOST_STUDIES):
        raise BadRequest("limit must be a whole number from 1 to %(count)s.", count=MOST_STUDIES)
    return int(text), args.get("after") or None


def finding_query(args: Mapping[str, str]) -> int:
    """`finding`, the number of a finding among those of its image, from 0.

    Raises:
        BadRequest: it is missing or no such number.
    """
    text = args.get("finding", "")
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise BadRequest("finding must be a whole number from 0 on.")
    return int(text)


def version_number(text: str) -> int:
    """The version of a report in an address, from 1.

    Raises:
        NotFound: it is no such number.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise NotFound
    return int(text)


def local_path(text: str | None) -> str:
    """`text` when it is a path on this server, else "/": a link never sends somebody elsewhere after signing in."""
    if not text or not text.startswith("/") or text.startswith(("//", "/\\")):
        return "/"
    if any(ord(character) <= 32 or character == "\\" for character in text):
        return "/"
    parts = urlsplit(text)
    return text if not parts.scheme and not parts.netloc else "/"


def way_back() -> str:
    """The path of the page that the current request is about, to come back to."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    # Back to the page whose form was sent: what was written there waits in the browser.
    study_id = (request.view_args or {}).get("study_id")
    if study_id:
        return url_for("pages.study", study_id=study_id)
    return url_for("worklist.list_studies") if request.blueprint in ("worklist", "selected") else "/"
