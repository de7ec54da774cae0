"""The outcome of a study: what its readers decided, or that they differ. Never computed from the software's verdict."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.records import Assessment, Decision, Feedback, StudyImage
from app.usecases.feedback.reader_labels import is_complete, newest_verdicts

ViewOutcome = Literal["fracture", "none"]
_UNKNOWN_READER = "?"


@dataclass(frozen=True)
class ClosingContent:
    """The outcome by which a person closes a disagreement, and why."""

    outcome: ViewOutcome
    comment: str


@dataclass(frozen=True)
class Closing:
    """A disagreement that a person closed."""

    content: ClosingContent
    person_name: str | None
    at: datetime


def decide(images: Sequence[StudyImage], feedback: Sequence[Feedback], closing: Closing | None) -> Decision | None:
    """The decision on a study; None while one of its views is undecided.

    feedback: newest first. closing: the newest one; it holds until a verdict or a view comes after it.
    """
    by_view = {image.id: _view_verdicts(image, feedback) for image in images}
    verdicts = [verdict for one in by_view.values() for verdict, _ in one]
    if not verdicts:
        return None
    newest = max(verdict.created_at for verdict in verdicts)
    readers = tuple(dict.fromkeys(verdict.person_name or _UNKNOWN_READER for verdict in verdicts))
    if closing is not None and closing.at >= max(newest, *(image.created_at for image in images)):
        closed_by = closing.person_name or _UNKNOWN_READER
        return Decision(closing.content.outcome, readers, closing.at, closed_by, closing.content.comment)
    outcomes = [{outcome for _, outcome in one} for one in by_view.values()]
    if any(len(one) > 1 for one in outcomes):
        return Decision("disputed", readers, newest)
    if not all(outcomes):
        return None
    return Decision("fracture" if {"fracture"} in outcomes else "none", readers, newest)


def view_outcome(feedback: Feedback, assessment: Assessment) -> ViewOutcome | None:
    """A fracture when an answer marks any, none when it rejects all findings, None while it is unfinished."""
    if any(mark.answer != "rejected" for mark in feedback.marks):
        return "fracture"
    return "none" if is_complete(feedback, assessment) else None


def _view_verdicts(image: StudyImage, feedback: Sequence[Feedback]) -> list[tuple[Feedback, ViewOutcome]]:
    """Of each reader the newest verdict on a view with its outcome; unfinished ones are left out."""
    newest = newest_verdicts([one for one in feedback if one.image_id == image.id])
    found = ((verdict, view_outcome(verdict, image.assessment)) for verdict in newest)
    return [(verdict, outcome) for verdict, outcome in found if outcome is not None]
