"""The arithmetic of a run: measured where it is left open, fixed where the recipe or the device says it."""

import pytest

from app.learning.training.arithmetic import AUTO, BF16, FLOAT32, Arithmetic, faster


def after(arithmetic: Arithmetic, bf16_s: float, float32_s: float) -> list[str]:
    """What the first eight steps compute in, when each takes as long as given; the first of each takes longer."""
    seen: list[str] = []
    for _ in range(8):
        seen.append(arithmetic.now)
        first = 10.0 if seen.count(arithmetic.now) == 1 else 0.0
        arithmetic.record(first + (bf16_s if arithmetic.now == BF16 else float32_s))
    return seen


@pytest.mark.parametrize(("bf16_s", "float32_s", "kept"), [(1.0, 2.0, BF16), (2.0, 1.0, FLOAT32)])
def test_both_are_tried_and_the_faster_is_kept(bf16_s: float, float32_s: float, kept: str) -> None:
    assert after(Arithmetic(AUTO, "cpu"), bf16_s, float32_s) == [BF16] * 3 + [FLOAT32] * 3 + [kept] * 2


@pytest.mark.parametrize(
    ("wish", "device", "kept"), [(BF16, "cpu", BF16), (FLOAT32, "cpu", FLOAT32), (AUTO, "cuda", BF16)]
)
def test_what_is_given_is_not_measured(wish: str, device: str, kept: str) -> None:
    assert after(Arithmetic(wish, device), 1.0, 1.0) == [kept] * 8


def test_one_undisturbed_step_is_enough() -> None:
    assert faster([9.0, 1.0], [2.0, 2.0]) == BF16
    assert faster([9.0, 3.0], [2.0, 8.0]) == FLOAT32
