"""The boxes of a report: those of the reader who signs where there are some, else the software's."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.records import BoxPx, Feedback, StudyImage
from app.reports.wording import Wording
from app.reports.words import region_name, share_words
from app.translatable import N_

BY_READER = {"confirmed": N_("confirmed by the reader"), "missed": N_("marked by the reader")}


@dataclass(frozen=True)
class ReportBox:
    """A box of a view, numbered as the text names it.

    words: its region and where it comes from. is_possible: the software's lower tier, drawn dashed with a "?".
    """

    number: int
    box_px: BoxPx
    words: str
    is_possible: bool = False

    @property
    def label(self) -> str:
        """The label that stands at the box."""
        return f"{self.number}?" if self.is_possible else str(self.number)


def deciding_answer(image: StudyImage, answers: Sequence[Feedback], reader_id: str) -> Feedback | None:
    """The newest verdict of the reader on a view, else of anybody; `answers` are newest first."""
    here = [answer for answer in answers if answer.image_id == image.id and (answer.marks or answer.normal)]
    return next((answer for answer in here if answer.person_id == reader_id), here[0] if here else None)


def report_boxes(
    image: StudyImage, answers: Sequence[Feedback], reader_id: str, wording: Wording
) -> tuple[ReportBox, ...]:
    """The boxes to draw on a view; what a reader rejected is left out."""
    answer = deciding_answer(image, answers, reader_id)
    if answer is not None:
        kept = [mark for mark in answer.marks if mark.answer != "rejected"]
        return tuple(
            ReportBox(n, mark.box_px, _words(mark.region, wording.gettext(BY_READER[mark.answer]), wording))
            for n, mark in enumerate(kept, 1)
        )
    findings = sorted(image.assessment.findings, key=lambda finding: -finding.confidence)
    said = wording.gettext("software, not decided")
    return tuple(
        ReportBox(
            n,
            one.box_px,
            _words(one.region, f"{share_words(one.confidence, wording)}, {said}", wording),
            one.tier == "possible",
        )
        for n, one in enumerate(findings, 1)
    )


def _words(region: str, origin: str, wording: Wording) -> str:
    return f"{region_name(region, wording)} ({origin})"
