"""From what readers said of an image to the labels that a network may learn from, or the reason why there are none.

Of each reader the newest answer with a verdict counts. It is complete when the image was called normal, or every
finding was confirmed or rejected: only then does what is not marked count as bone without fracture.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.records import Assessment, Feedback, Mark
from app.usecases.feedback.corrections import corrections, overlap

Reason = Literal[
    "no-verdict",
    "incomplete",
    "contradiction",
    "unknown-region",
    "unreadable",
    "drawn-sample",
    "suspected-text",
]

# Two readers who draw the same fracture never draw the same box.
SAME_IOU = 0.5


@dataclass(frozen=True)
class Labels:
    """Labels of one image agreed by its readers: confirmed and missed fractures; none for a normal image."""

    marks: tuple[Mark, ...]
    readers: int


def labels_of(assessment: Assessment, said: Sequence[Feedback], newest_wins: bool = False) -> Labels | Reason:
    """The labels on which all readers agree.

    said: newest first. newest_wins: where readers contradict each other, the newest complete answer counts.
    """
    verdicts = newest_verdicts(said)
    if not verdicts:
        return "no-verdict"
    complete = [verdict for verdict in verdicts if is_complete(verdict, assessment)]
    if not complete:
        return "incomplete"
    labels = _fractures(complete[0])
    if not newest_wins and any(_contradicts(verdict, labels, assessment) for verdict in verdicts):
        return "contradiction"
    return Labels(labels, len(verdicts))


def newest_verdicts(said: Sequence[Feedback]) -> list[Feedback]:
    """Of each reader the newest answer with a verdict, newest first; `said` is newest first."""
    newest: dict[str, Feedback] = {}
    for one in said:
        if one.marks or one.normal:
            newest.setdefault(one.person_id, one)
    return list(newest.values())


def is_complete(verdict: Feedback, assessment: Assessment) -> bool:
    """Whether an answer calls the image normal, or confirms or rejects every finding."""
    answered = {(mark.region, mark.box_px) for mark in verdict.marks}
    return verdict.normal or all((finding.region, finding.box_px) in answered for finding in assessment.findings)


def _fractures(verdict: Feedback) -> tuple[Mark, ...]:
    return tuple(mark for mark in verdict.marks if mark.answer != "rejected")


def _contradicts(verdict: Feedback, labels: Sequence[Mark], assessment: Assessment) -> bool:
    """Whether a reader says otherwise: other places, or no fracture where one is confirmed."""
    waiting = list(labels)
    for mark in _fractures(verdict):
        same = next((label for label in waiting if _is_same(mark, label)), None)
        if same is None:
            return True
        waiting.remove(same)
    if waiting and is_complete(verdict, assessment):
        return True
    # Drawing a box anew does not say that nothing is there; whether it is the same place was asked above.
    redrawn = corrections(verdict.marks)
    rejected = (mark for mark in verdict.marks if mark.answer == "rejected" and mark not in redrawn)
    refused = {(mark.region, mark.box_px) for mark in rejected}
    return any((label.region, label.box_px) in refused for label in labels if label.answer == "confirmed")


def _is_same(one: Mark, other: Mark) -> bool:
    return one.region == other.region and overlap(one.box_px, other.box_px) >= SAME_IOU
