"""Progress bars on standard error, with the time that is left."""

from types import TracebackType
from typing import Any, Self

from tqdm import tqdm


class Progress:
    """Shows how far a step is; call it with the number done and the total."""

    def __init__(self, step: str, total: int) -> None:
        self._bar: tqdm[Any] = tqdm(total=total, desc=step, unit="image", mininterval=0.5, delay=0.5)

    def __call__(self, done: int, total: int) -> None:
        """Show that `done` of `total` are finished."""
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()


class Bars:
    """One progress bar for each step of a long command; call it with the step, the number done and the total."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None
        self._step = ""

    def __call__(self, step: str, done: int, total: int) -> None:
        """Show that `done` of `total` are finished in `step`."""
        if step != self._step or self._bar is None:
            self._step, self._bar = step, tqdm(total=total, desc=step, unit="image", mininterval=0.5)
        self._bar.total = total
        self._bar.update(done - self._bar.n)
        if done == total:
            self._bar.close()
