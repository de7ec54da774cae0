"""Check feedback before it is kept: it fits the image and does not contradict itself."""

import math
from collections.abc import Collection
from dataclasses import replace

from app.errors import BadFeedback
from app.records import Assessment, BoxPx, Finding, Mark
from app.usecases.stored_feedback import FeedbackContent

MOST_MARKS = 100
LONGEST_COMMENT = 4000
LEAST_SIDE_PX = 1.0
# The API rounds boxes to a tenth of a pixel, and others may round to whole ones.
SAME_BOX_PX = 1.0
# Sites that a reader may mark although no model here knows them; any other one is named after `OTHER`.
OTHER_REGIONS = ("ankle", "clavicle", "foot", "knee", "metacarpus", "pelvis", "ribs", "skull", "spine")
OTHER = "other"
LONGEST_OTHER = 40
_ANSWERS = ("confirmed", "rejected", "missed")


def checked(content: FeedbackContent, assessment: Assessment, regions: Collection[str]) -> FeedbackContent:
    """The feedback as it is kept: marks of findings with the finding's own box, the comment without blanks around it.

    regions: those that a missed fracture may be in.

    Raises:
        BadFeedback: says what is wrong, and with which mark, counted from 1.
    """
    comment = checked_comment(content.comment)
    if len(content.marks) > MOST_MARKS:
        raise BadFeedback("At most %(count)s marks can be sent for one image.", count=MOST_MARKS)
    marks = tuple(_mark(mark, number, assessment, regions) for number, mark in enumerate(content.marks, start=1))
    about = [(mark.region, mark.box_px) for mark in marks if mark.answer != "missed"]
    if len(set(about)) < len(about):
        raise BadFeedback("One finding was answered twice.")
    if len(set(marks)) < len(marks):
        raise BadFeedback("One missed fracture was marked twice.")
    if content.normal and any(mark.answer != "rejected" for mark in marks):
        raise BadFeedback("An image with a confirmed or missed fracture is not normal.")
    if not (marks or content.normal or comment):
        raise BadFeedback("The answer is empty. Confirm or reject a finding, mark a place, or write a comment.")
    return FeedbackContent(marks, content.normal, comment)


def _mark(mark: Mark, number: int, assessment: Assessment, regions: Collection[str]) -> Mark:
    if mark.answer not in _ANSWERS:
        raise BadFeedback("Mark %(number)s: the answer must be confirmed, rejected or missed.", number=number)
    if not all(math.isfinite(edge) for edge in mark.box_px):
        raise BadFeedback("Mark %(number)s: the box must be four numbers.", number=number)
    if mark.answer != "missed":
        return replace(mark, box_px=_finding_of(mark, number, assessment).box_px)
    if mark.region not in (*regions, *OTHER_REGIONS, OTHER) and not _is_other(mark.region):
        known = ", ".join((*regions, *OTHER_REGIONS))
        raise BadFeedback(
            'Mark %(number)s: the region must be one of %(regions)s, or "other: " and its name.',
            number=number,
            regions=known,
        )
    _check_box(mark.box_px, number, assessment)
    return mark


def other_region(name: str) -> str:
    """The region that a reader names freely; "other" without a name."""
    return f"{OTHER}: {' '.join(name.split())}" if name.strip() else OTHER


def _is_other(region: str) -> bool:
    prefix, _, name = region.partition(": ")
    return prefix == OTHER and 0 < len(name) <= LONGEST_OTHER and name.isprintable() and name == name.strip()


def _finding_of(mark: Mark, number: int, assessment: Assessment) -> Finding:
    for finding in assessment.findings:
        if finding.region == mark.region and _is_same(finding.box_px, mark.box_px):
            return finding
    raise BadFeedback("Mark %(number)s: this image has no such finding to confirm or reject.", number=number)


def _is_same(one: BoxPx, other: BoxPx) -> bool:
    return all(abs(a - b) <= SAME_BOX_PX for a, b in zip(one, other, strict=True))


def _check_box(box_px: BoxPx, number: int, assessment: Assessment) -> None:
    x1, y1, x2, y2 = box_px
    if x1 < 0 or y1 < 0 or x2 > assessment.width or y2 > assessment.height:
        raise BadFeedback(
            "Mark %(number)s: the box reaches outside the image, which has %(width)s × %(height)s pixels.",
            number=number,
            width=assessment.width,
            height=assessment.height,
        )
    if x2 - x1 < LEAST_SIDE_PX or y2 - y1 < LEAST_SIDE_PX:
        raise BadFeedback("Mark %(number)s: the box must be at least one pixel wide and high.", number=number)


def checked_comment(text: str) -> str:
    """A comment as it is kept: one character for a line break, no blanks around it.

    Raises:
        BadFeedback: too long, or not text.
    """
    # Browsers send each line break as two characters, and count it as one.
    stripped = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(stripped) > LONGEST_COMMENT:
        raise BadFeedback("The comment has more than %(count)s characters.", count=LONGEST_COMMENT)
    if any((ord(c) < 32 and c not in "\n\t") or "\ud800" <= c <= "\udfff" for c in stripped):
        raise BadFeedback("The comment holds characters that are not text.")
    return stripped
