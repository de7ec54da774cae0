"""A reader's answer out of a request: JSON of the API, or the fields of a page's form."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from flask import request
from werkzeug.datastructures import MultiDict

from app.errors import BadFeedback, BadRequest
from app.records import Answer, BoxPx, Mark

_MISSED = ("missed-region", "missed-x", "missed-y", "missed-width", "missed-height")


@dataclass(frozen=True)
class FeedbackBody:
    """What was sent, in the right types and not yet checked against the image."""

    marks: tuple[Mark, ...]
    normal: bool
    comment: str


def read_json() -> FeedbackBody:
    """The JSON body of the current request. Entries that are not named in the contract are ignored.

    Raises:
        BadRequest: not JSON. BadFeedback: an entry is missing or of another kind.
    """
    content = request.get_json(silent=True)
    if content is None:
        raise BadRequest("Send the answer as JSON, with Content-Type: application/json.")
    if not isinstance(content, dict):
        raise BadFeedback("The answer must be a JSON object.")
    findings, normal, comment = content.get("findings", []), content.get("normal", False), content.get("comment", "")
    if not isinstance(findings, list):
        raise BadFeedback("findings must be a list.")
    if not isinstance(normal, bool):
        raise BadFeedback("normal must be true or false.")
    if comment is not None and not isinstance(comment, str):
        raise BadFeedback("comment must be text.")
    marks = tuple(_mark_of_json(mark, number) for number, mark in enumerate(findings, start=1))
    return FeedbackBody(marks, normal, comment or "")


def read_form() -> FeedbackBody:
    """The fields of the current request's form.

    `finding-N`: "" or "confirmed|rejected REGION X1 Y1 X2 Y2"; rows of `missed-region`, `missed-x`, `missed-y`,
    `missed-width`, `missed-height`, of which empty ones are passed over; `normal`; `comment`.

    Raises:
        BadFeedback: a row is filled in by half, or holds something that is not a number.
    """
    form = request.form
    answers = (value for name, value in form.items() if name.startswith("finding-") and value)
    marks = (*(_mark_of_field(value) for value in answers), *_missed(form))
    return FeedbackBody(marks, "normal" in form, form.get("comment", ""))


def field_of(mark: Mark) -> str:
    """The value of a radio button that gives this answer: what `read_form` takes apart."""
    return " ".join((mark.answer, *(repr(float(edge)) for edge in mark.box_px), mark.region))


def _mark_of_json(mark: object, number: int) -> Mark:
    if not isinstance(mark, dict):
        raise BadFeedback("Mark %(number)s must be an object with region, box_px and answer.", number=number)
    region, box, answer = mark.get("region"), mark.get("box_px"), mark.get("answer")
    if not isinstance(region, str) or not isinstance(answer, str):
        raise BadFeedback("Mark %(number)s: region and answer must be text.", number=number)
    if not isinstance(box, list) or len(box) != 4 or not all(_is_number(edge) for edge in box):
        raise BadFeedback("Mark %(number)s: box_px must be four numbers, x1, y1, x2, y2.", number=number)
    return Mark(region, _box(*box), cast(Answer, answer))


def _is_number(value: object) -> bool:
    # A whole number may be too long for a float.
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9


def _mark_of_field(value: str) -> Mark:
    answer, *rest = value.split(" ", 5)
    if len(rest) != 5:
        raise BadFeedback("This form is from another version of the page. Reload it and answer again.")
    return Mark(rest[4], _box(*(_number(edge) for edge in rest[:4])), cast(Answer, answer))


def _missed(form: MultiDict[str, str]) -> Iterator[Mark]:
    columns = [form.getlist(name) for name in _MISSED]
    if len({len(column) for column in columns}) > 1:
        raise BadFeedback("This form is incomplete. Reload the page and answer again.")
    for row in zip(*columns, strict=True):
        region, *sides = (field.strip() for field in row)
        if not region and not any(sides):
            continue
        if not region or not all(sides):
            raise BadFeedback("Give every missed fracture its region, and x, y, width and height in pixels.")
        x, y, width, height = (_number(side) for side in sides)
        # Sums of tenths that should end at the image's edge end a little beyond it.
        yield Mark(region, _box(x, y, round(x + width, 3), round(y + height, 3)), "missed")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadFeedback("x, y, width and height must be numbers.") from None


def _box(x1: float, y1: float, x2: float, y2: float) -> BoxPx:
    return float(x1), float(y1), float(x2), float(y2)
