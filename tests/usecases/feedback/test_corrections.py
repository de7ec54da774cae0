"""Which rejected boxes a reader drew anew, told by the places alone."""

from app.records import Mark
from app.usecases.feedback.corrections import corrections

FOUND = Mark("wrist", (10, 10, 30, 30), "rejected")
MOVED = Mark("wrist", (14, 8, 34, 30), "missed")
RENAMED = Mark("elbow", (10, 10, 30, 30), "missed")
FAR = Mark("wrist", (60, 60, 80, 80), "missed")


def test_a_box_drawn_over_a_rejected_one_corrects_it() -> None:
    assert corrections([FOUND, MOVED]) == {FOUND: MOVED}
    assert corrections([RENAMED, FOUND]) == {FOUND: RENAMED}


def test_a_box_elsewhere_is_a_fracture_of_its_own() -> None:
    assert corrections([FOUND, FAR]) == {}


def test_a_confirmed_finding_is_not_corrected() -> None:
    assert corrections([Mark("wrist", (10, 10, 30, 30), "confirmed"), MOVED]) == {}


def test_each_box_corrects_one_finding_and_the_nearest_comes_first() -> None:
    other = Mark("wrist", (24, 10, 44, 30), "rejected")
    assert corrections([other, FOUND, MOVED]) == {FOUND: MOVED}


def test_of_two_findings_in_one_place_the_one_with_the_same_region_is_corrected() -> None:
    same_place = Mark("elbow", FOUND.box_px, "rejected")
    assert corrections([same_place, FOUND, MOVED]) == {FOUND: MOVED}
