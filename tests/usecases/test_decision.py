"""The outcome of a study is what its readers say, never what the software says."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.records import Assessment, Feedback, Finding, Mark, ModelVersion, StudyImage, Timing
from app.usecases.decision import Closing, ClosingContent, decide

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
WRIST = Finding("wrist", 0.9, "definite", (1, 1, 9, 9))
ELBOW = Finding("elbow", 0.4, "possible", (20, 20, 30, 30))
ASSESSMENT = Assessment(ModelVersion("m", "1", "0"), 64, 64, "fracture", 0.9, (WRIST, ELBOW), Timing(0, 0, 0, 0))
VIEW = StudyImage("v1", "a.png", NOON, ASSESSMENT)
SECOND = replace(VIEW, id="v2", assessment=replace(ASSESSMENT, verdict="none", findings=()))


def mark(finding: Finding, answer: str) -> Mark:
    return Mark(finding.region, finding.box_px, answer)  # type: ignore[arg-type]


CONFIRMED = (mark(WRIST, "confirmed"), mark(ELBOW, "rejected"))
REJECTED = (mark(WRIST, "rejected"), mark(ELBOW, "rejected"))
MISSED = (Mark("hip", (40, 40, 50, 50), "missed"),)


def said(reader: str, *marks: Mark, view: str = "v1", normal: bool = False, minute: int = 0) -> Feedback:
    at = NOON + timedelta(minutes=minute)
    return Feedback(f"{reader}{minute}", view, reader, reader.title(), at, marks, normal, "")


@pytest.mark.parametrize(
    ("feedback", "outcome"),
    [
        ([], None),
        ([said("ada")], None),
        ([said("ada", *CONFIRMED)], "fracture"),
        ([said("ada", CONFIRMED[0])], "fracture"),
        ([said("ada", REJECTED[0])], None),
        ([said("ada", *REJECTED)], "none"),
        ([said("ada", normal=True)], "none"),
        ([said("ada", *MISSED)], "fracture"),
        ([said("ada", *REJECTED), said("bob", *CONFIRMED)], "disputed"),
        ([said("ada", *CONFIRMED), said("bob", *CONFIRMED)], "fracture"),
        ([said("ada", *REJECTED), said("bob", REJECTED[0])], "none"),
        ([said("ada", *CONFIRMED, minute=5), said("ada", *REJECTED), said("bob", *CONFIRMED)], "fracture"),
    ],
)
def test_one_view(feedback: list[Feedback], outcome: str | None) -> None:
    decision = decide([VIEW], feedback, None)

    assert (decision.outcome if decision else None) == outcome


@pytest.mark.parametrize(
    ("feedback", "outcome"),
    [
        ([said("ada", *CONFIRMED)], None),
        ([said("ada", *CONFIRMED), said("ada", normal=True, view="v2")], "fracture"),
        ([said("ada", *REJECTED), said("bob", normal=True, view="v2")], "none"),
        ([said("ada", *REJECTED), said("bob", *MISSED, view="v2")], "fracture"),
        ([said("ada", *REJECTED), said("bob", *CONFIRMED)], "disputed"),
    ],
)
def test_every_view_is_to_be_decided(feedback: list[Feedback], outcome: str | None) -> None:
    decision = decide([VIEW, SECOND], feedback, None)

    assert (decision.outcome if decision else None) == outcome


def test_a_disagreement_is_closed_in_the_name_of_a_person_until_a_verdict_or_view_comes() -> None:
    differ = [said("ada", *REJECTED), said("bob", *CONFIRMED, minute=-1)]
    closing = Closing(ClosingContent("none", "Agreed"), "Eve", NOON + timedelta(minutes=1))

    decision = decide([VIEW], differ, closing)
    assert decision is not None
    assert (decision.outcome, decision.closed_by, decision.comment) == ("none", "Eve", "Agreed")
    assert decision.readers == ("Ada", "Bob")
    later = decide([VIEW], [said("cy", *CONFIRMED, minute=2), *differ], closing)
    assert later is not None and later.outcome == "disputed"
    new_view = decide([VIEW, replace(SECOND, created_at=NOON + timedelta(minutes=3))], differ, closing)
    assert new_view is not None and new_view.outcome == "disputed"


def test_the_verdict_of_the_software_decides_nothing() -> None:
    for verdict in ("fracture", "possible", "none"):
        view = replace(VIEW, assessment=replace(ASSESSMENT, verdict=verdict))
        assert decide([view], [], None) is None
