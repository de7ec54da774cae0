"""A reader's answer out of the fields of a page's form."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from flask import request
from werkzeug.datastructures import MultiDict

from app.errors import BadFeedback
from app.records import Answer, BoxPx, Mark
from app.usecases.feedback.rules import OTHER, other_region

_MISSED = ("missed-region", "missed-other", "missed-x", "missed-y", "missed-width", "missed-height")


@dataclass(frozen=True)
class FeedbackBody:
    """Body of a feedback request, typed and not yet checked against the image."""

    marks: tuple[Mark, ...]
    normal: bool
    comment: str


def read_form() -> FeedbackBody:
    """The fields of the current request's form.

    `finding-N`: "" or "confirmed|rejected REGION X1 Y1 X2 Y2"; rows of `missed-region`, `missed-other`,
    `missed-x`, `missed-y`, `missed-width`, `missed-height`, of which empty ones are passed over; `normal`; `comment`.

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


def _mark_of_field(value: str) -> Mark:
    answer, *rest = value.split(" ", 5)
    if len(rest) != 5:
        raise BadFeedback("This form is from another version of the page. Reload it and answer again.")
    return Mark(rest[4], _box(*(_number(edge) for edge in rest[:4])), cast(Answer, answer))


def _missed(form: MultiDict[str, str]) -> Iterator[Mark]:
    columns = [form.getlist(name) for name in _MISSED]
    # A row of the form that is shown again after a refusal names its region in one field.
    columns[1] = columns[1] or [""] * len(columns[0])
    if len({len(column) for column in columns}) > 1:
        raise BadFeedback("This form is incomplete. Reload the page and answer again.")
    for row in zip(*columns, strict=True):
        region, other, *sides = (field.strip() for field in row)
        if not region and not any(sides):
            continue
        if not region or not all(sides):
            raise BadFeedback("Give every missed fracture its region, and x, y, width and height in pixels.")
        x, y, width, height = (_number(side) for side in sides)
        # Sums of tenths that should end at the image's edge end a little beyond it.
        named = other_region(other) if region == OTHER else region
        yield Mark(named, _box(x, y, round(x + width, 3), round(y + height, 3)), "missed")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadFeedback("x, y, width and height must be numbers.") from None


def _box(x1: float, y1: float, x2: float, y2: float) -> BoxPx:
    return float(x1), float(y1), float(x2), float(y2)
