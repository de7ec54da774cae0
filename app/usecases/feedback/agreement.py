"""How often readers agree with the software, by month and region: when it falls, something has changed.

Another scanner, other patients, other readers or other weights show here before they show anywhere else.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from app.errors import Forbidden, StoredDataDamaged
from app.records import DRAWN_SAMPLE, Answer, Assessment, Feedback, Person
from app.services import RecordServices
from app.storage import AnsweredRow
from app.usecases.feedback.corrections import corrections
from app.usecases.sealed_records import open_feedback, open_image

# A year and the month that is not over.
LOOKS_BACK = timedelta(days=396)


@dataclass(frozen=True)
class Agreement:
    """Feedback of one month ("2026-11", UTC) on one region, counted."""

    month: str
    region: str
    confirmed: int
    rejected: int
    missed: int

    @property
    def share(self) -> float:
        """Confirmed findings among all that was answered or missed, 0–1."""
        return self.confirmed / (self.confirmed + self.rejected + self.missed)


def agreement(services: RecordServices, person: Person) -> tuple[Agreement, ...]:
    """The last year's months, newest first, each with its regions in the order of the alphabet.

    Of each reader the newest verdict on an image counts; a normal image rejects everything found on it. A box that was
    corrected and kept its region counts as confirmed. What does not open is passed over, and so are samples
    that the software drew, and images that it did not assess.

    Raises:
        Forbidden: not an admin.
    """
    check_admin(person)
    counts: dict[tuple[str, str], dict[Answer, int]] = defaultdict(lambda: {"confirmed": 0, "rejected": 0, "missed": 0})
    for feedback, assessment in newest_answers(services, person.tenant):
        for region, answer in _answers(feedback, assessment):
            counts[f"{feedback.created_at:%Y-%m}", region][answer] += 1
    newest_first = sorted(sorted(counts), key=lambda key: key[0], reverse=True)
    return tuple(
        Agreement(*key, counts[key]["confirmed"], counts[key]["rejected"], counts[key]["missed"])
        for key in newest_first
    )


def check_admin(person: Person) -> None:
    """Check that somebody may see figures about readers.

    Raises:
        Forbidden: not an admin.
    """
    if person.role != "admin":
        raise Forbidden


def newest_answers(services: RecordServices, tenant: str) -> Iterator[tuple[Feedback, Assessment]]:
    """Of each reader the newest verdict on each image of the last year, newest first, with its assessment."""
    seen: set[tuple[str, str]] = set()
    for row in services.store.feedback.answered(tenant, services.clock() - LOOKS_BACK):
        if (row.feedback.image, row.feedback.person) in seen:
            continue
        try:
            feedback, assessment = _opened(services, tenant, row)
        except StoredDataDamaged:
            continue
        if assessment.verdict == "not-assessed":
            continue
        if (feedback.marks or feedback.normal) and DRAWN_SAMPLE not in assessment.warnings:
            seen.add((row.feedback.image, row.feedback.person))
            yield feedback, assessment


def _opened(services: RecordServices, tenant: str, row: AnsweredRow) -> tuple[Feedback, Assessment]:
    feedback = open_feedback(services.vault, tenant, row.wrapped_key, row.feedback)
    return feedback, open_image(services, tenant, row.feedback.study, row.wrapped_key, row.image).assessment


def _answers(feedback: Feedback, assessment: Assessment) -> Iterator[tuple[str, Answer]]:
    # A box that was only moved found the fracture: no rejection, and nothing missed.
    moved = {one: other for one, other in corrections(feedback.marks).items() if one.region == other.region}
    yield from ((mark.region, "confirmed") for mark in moved)
    counted = (mark for mark in feedback.marks if mark not in moved and mark not in moved.values())
    yield from ((mark.region, mark.answer) for mark in counted)
    if feedback.normal:
        named = {(mark.region, mark.box_px) for mark in feedback.marks}
        rest = (finding for finding in assessment.findings if (finding.region, finding.box_px) not in named)
        yield from ((finding.region, "rejected") for finding in rest)
