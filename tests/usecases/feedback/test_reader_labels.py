"""Labels are what all readers agree on; otherwise the reason why there are none."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.records import Answer, Assessment, Feedback, Finding, Mark, ModelVersion, Timing
from app.usecases.feedback.reader_labels import Labels, labels_of, overlap

WRIST = Finding("wrist", 0.9, "definite", (10.0, 10.0, 30.0, 30.0))
ELBOW = Finding("elbow", 0.4, "possible", (50.0, 50.0, 70.0, 70.0))
READING = Assessment(ModelVersion("m", "1", "00"), 100, 100, "fracture", 0.9, (WRIST, ELBOW), Timing(0, 0, 0, 0))
NOTHING = replace(READING, findings=())
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def on(finding: Finding, answer: Answer) -> Mark:
    return Mark(finding.region, finding.box_px, answer)


def missed(x: float = 40.0, region: str = "wrist") -> Mark:
    return Mark(region, (x, 40.0, x + 10.0, 50.0), "missed")


def said(person: str, *marks: Mark, normal: bool = False, comment: str = "") -> Feedback:
    return Feedback("id", "image", person, person, NOW, marks, normal, comment)


YES, NO = on(WRIST, "confirmed"), on(WRIST, "rejected")
ELBOW_NO = on(ELBOW, "rejected")


@pytest.mark.parametrize(
    ("marks", "kept"),
    [
        ([YES, ELBOW_NO], [YES]),
        ([YES, ELBOW_NO, missed()], [YES, missed()]),
        ([NO, ELBOW_NO], []),
        ([NO, ELBOW_NO, missed(12.0)], [missed(12.0)]),
    ],
)
def test_confirmed_and_missed_are_labels_and_rejected_are_not(marks: list[Mark], kept: list[Mark]) -> None:
    assert labels_of(READING, [said("a", *marks)]) == Labels(tuple(kept), 1)


def test_a_normal_image_has_no_labels_whatever_was_found() -> None:
    assert labels_of(READING, [said("a", normal=True)]) == Labels((), 1)


def test_without_a_verdict_there_are_no_labels() -> None:
    assert labels_of(READING, []) == "no-verdict"
    assert labels_of(NOTHING, [said("a", comment="Ask again")]) == "no-verdict"


def test_a_finding_without_an_answer_leaves_the_verdict_incomplete() -> None:
    assert labels_of(READING, [said("a", YES)]) == "incomplete"
    assert labels_of(NOTHING, [said("a", missed())]) == Labels((missed(),), 1)


def test_the_newest_verdict_of_a_reader_counts_and_a_comment_after_it_changes_nothing() -> None:
    answers = [said("a", comment="Sure"), said("a", NO, ELBOW_NO), said("a", YES, ELBOW_NO)]

    assert labels_of(READING, answers) == Labels((), 1)


@pytest.mark.parametrize(
    "other",
    [
        said("b", NO, ELBOW_NO),
        said("b", NO),
        said("b", YES, on(ELBOW, "confirmed")),
        said("b", on(ELBOW, "confirmed")),
        said("b", YES, ELBOW_NO, missed()),
        said("b", missed()),
        said("b", normal=True),
    ],
)
def test_readers_who_contradict_each_other_leave_the_image_out(other: Feedback) -> None:
    mine = said("a", YES, ELBOW_NO)

    assert labels_of(READING, [mine, other]) == "contradiction"
    assert labels_of(READING, [mine, other], newest_wins=True) == Labels((YES,), 2)


@pytest.mark.parametrize(
    "other", [said("b", YES, ELBOW_NO), said("b", YES), said("b", ELBOW_NO), said("b", comment="?")]
)
def test_readers_who_agree_as_far_as_they_go_do_not_contradict(other: Feedback) -> None:
    found = labels_of(READING, [other, said("a", YES, ELBOW_NO)])

    assert isinstance(found, Labels)
    assert found.marks == (YES,)


def test_two_hands_may_draw_the_same_fracture_a_little_apart() -> None:
    drawn = [said("a", missed(40.0)), said("b", missed(42.0))]
    assert labels_of(NOTHING, drawn) == Labels((missed(40.0),), 2)
    assert labels_of(NOTHING, [drawn[0], said("b", missed(46.0))]) == "contradiction"
    assert labels_of(NOTHING, [drawn[0], said("b", missed(40.0, "elbow"))]) == "contradiction"


def test_both_readers_may_redraw_a_box_that_they_reject() -> None:
    redrawn = Mark("wrist", (11.0, 11.0, 30.0, 30.0), "missed")

    assert labels_of(READING, [said(who, NO, ELBOW_NO, redrawn) for who in "ab"]) == Labels((redrawn,), 2)


def test_who_corrects_a_box_a_little_agrees_with_who_confirms_it() -> None:
    redrawn = Mark("wrist", (11.0, 11.0, 30.0, 30.0), "missed")
    elsewhere = Mark("wrist", (20.0, 20.0, 40.0, 40.0), "missed")

    assert labels_of(READING, [said("a", YES, ELBOW_NO), said("b", NO, ELBOW_NO, redrawn)]) == Labels((YES,), 2)
    assert labels_of(READING, [said("b", NO, ELBOW_NO, redrawn), said("a", YES, ELBOW_NO)]) == Labels((redrawn,), 2)
    assert labels_of(READING, [said("a", YES, ELBOW_NO), said("b", NO, ELBOW_NO, elsewhere)]) == "contradiction"


def test_overlap_is_the_common_share() -> None:
    assert overlap((0, 0, 2, 2), (1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 1, 1), (2, 2, 3, 3)) == 0
