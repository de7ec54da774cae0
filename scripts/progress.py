"""A progress bar on standard error that takes (done, total)."""

from types import TracebackType
from typing import Any, Self

from tqdm import tqdm


class Progress:
    """Shows how far a step is; call it with the number done and the total."""

    def __init__(self, step: str, total: int) -> None:
        self._bar: tqdm[Any] = tqdm(total=total, desc=step, unit="image", mininterval=0.5)

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
