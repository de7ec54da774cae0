"""A new model is called better or worse only where the images show it."""

from pathlib import Path

import numpy as np

from app.learning.adaptation.compare import compare, in_words
from app.learning.evaluation.metrics.matching import Case

BOX = np.array([[10.0, 10.0, 40.0, 40.0]])


def cases(found: list[float], count: int = 20) -> list[Case]:
    """Every second image has a fracture; `found` are the scores of a hit on it, in turn, 0 for none."""
    made = []
    for number in range(count):
        ill, score = number % 2 == 0, found[number // 2 % len(found)]
        hit = ill and score > 0
        made.append(
            Case(
                Path(f"{number}.png"),
                (96, 80),
                BOX if ill else BOX[:0],
                ("wrist",) if ill else (),
                BOX if hit else BOX[:0],
                ("wrist",) if hit else (),
                np.array([score] if hit else []),
            )
        )
    return made


def test_a_model_that_finds_what_the_old_one_missed_is_better() -> None:
    comparison = compare(cases([0.0]), cases([0.9]))
    assert comparison.verdict == "better"
    assert [(change.old, change.new) for change in comparison.changes] == [(0.0, 1.0), (0.5, 1.0)]


def test_a_worse_model_is_never_called_better() -> None:
    comparison = compare(cases([0.9]), cases([0.0]))
    assert comparison.verdict == "worse"
    assert "go on serving the old one" in in_words(comparison)[-1]


def test_a_difference_within_chance_is_no_difference() -> None:
    comparison = compare(cases([0.9, 0.9, 0.9, 0.9, 0.0], 10), cases([0.9], 10))
    assert comparison.verdict == "no difference shown"
    assert "10 images, 5 of them with a fracture" in in_words(comparison)[-1]


def test_without_normal_images_the_auroc_is_unknown_and_decides_nothing() -> None:
    ill = [case for case in cases([0.9]) if case.has_fracture]
    comparison = compare(ill, ill)
    assert (comparison.changes[1].new, comparison.changes[1].interval) == (None, None)
    assert comparison.verdict == "no difference shown"
