"""What readers said of an image, as the study's page shows it."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.records import Answer, Feedback, Finding, Mark, Study
from app.web.feedback_body import field_of

_ANSWERS: tuple[tuple[Answer, str], ...] = (("confirmed", "Confirm"), ("rejected", "Reject"))


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
        return [Choice(field_of(mark), words, mark in last) for mark, words in marks]

    def missed(self) -> list[dict[str, object]]:
        """The reader's own missed fractures: region, x, y, width and height."""
        marks = [mark for mark in (self.mine.marks if self.mine else ()) if mark.answer == "missed"]
        return [_row(mark) for mark in marks]


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
    parts = ["The whole image is normal."] if feedback.normal else []
    for answer in ("confirmed", "rejected", "missed"):
        regions = [mark.region for mark in feedback.marks if mark.answer == answer]
        if regions:
            parts.append(f"{answer.capitalize()}: {', '.join(regions)}.")
    return " ".join(parts)


def _row(mark: Mark) -> dict[str, object]:
    x1, y1, x2, y2 = mark.box_px
    sides = {"x": x1, "y": y1, "width": x2 - x1, "height": y2 - y1}
    return {"region": mark.region, **{name: f"{side:.6g}" for name, side in sides.items()}}
