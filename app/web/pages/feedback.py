"""Feedback on an image as the study's page shows it."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import gettext as _  # type: ignore[import-untyped]

from app.records import Answer, Feedback, Finding, Mark, Study
from app.reports.words import answer_words
from app.translatable import N_
from app.usecases.feedback.corrections import corrections
from app.web.http.requests.feedback_body import field_of
from app.web.i18n.language import current

_ANSWERS: tuple[tuple[Answer, str], ...] = (("confirmed", N_("Confirm")), ("rejected", N_("Reject")))


@dataclass(frozen=True)
class Choice:
    """One radio button beside a finding."""

    value: str
    words: str
    is_chosen: bool


@dataclass(frozen=True)
class ImageFeedback:
    """All that was said of one image, newest first, and what the person who looks at the page said last."""

    said: tuple[Feedback, ...]
    mine: Feedback | None
    is_new: bool

    def choices(self, finding: Finding) -> list[Choice]:
        """The radio buttons of a finding; the reader's last answer is chosen."""
        last = set(self.mine.marks) if self.mine else set()
        marks = ((Mark(finding.region, finding.box_px, answer), words) for answer, words in _ANSWERS)
        return [Choice(field_of(mark), _(words), mark in last) for mark, words in marks]

    def missed(self) -> list[dict[str, object]]:
        """The reader's own missed fractures: region, x, y, width and height, and the finding that each corrects."""
        marks = self.mine.marks if self.mine else ()
        corrected = {other: one for one, other in corrections(marks).items()}
        return [_row(mark, corrected.get(mark)) for mark in marks if mark.answer == "missed"]


def feedback_by_image(
    study: Study, said: Iterable[Feedback], person_id: str, new_of_image: str | None
) -> dict[str, ImageFeedback]:
    """For each image of a study what was said of it; `new_of_image` was stored by the request just before."""
    every = tuple(said)
    found = {}
    for image in study.images:
        here = tuple(one for one in every if one.image_id == image.id)
        mine = next((one for one in here if one.person_id == person_id), None)
        found[image.id] = ImageFeedback(here, mine, image.id == new_of_image)
    return found


def feedback_words(feedback: Feedback) -> str:
    """An answer in one line: "Confirmed: wrist. Missed: elbow."."""
    return answer_words(feedback, current())


def _row(mark: Mark, corrects: Mark | None) -> dict[str, object]:
    x1, y1, x2, y2 = mark.box_px
    sides = {"x": x1, "y": y1, "width": x2 - x1, "height": y2 - y1}
    rejected = {"value": field_of(corrects), "region": corrects.region} if corrects else None
    region, _, other = mark.region.partition(": ")
    return {
        "region": region,
        "other": other,
        "corrects": rejected,
        **{name: f"{side:.6g}" for name, side in sides.items()},
    }
