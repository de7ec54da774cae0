"""Callback that reports the progress of a long step."""

from collections.abc import Callable

# Called with the step's name, how many are done, and of how many.
Progress = Callable[[str, int, int], None]


def silent(step: str, done: int, total: int) -> None:
    """Report nothing."""
