"""bf16 or float32: the arithmetic that a processor trains faster with, measured in the first steps of a run.

The faster one differs by processor: YOLOv8n at 512 px on one core of a Zen 5 takes half as long in bf16, on a Xeon
without AMX longer.
"""

from collections.abc import Sequence

BF16, FLOAT32, AUTO = "bf16", "float32", "auto"
# The first step of each compiles kernels; the faster of the other two counts, since a shared processor only slows.
_TRIALS = (BF16, BF16, BF16, FLOAT32, FLOAT32, FLOAT32)


class Arithmetic:
    """The arithmetic of the next training step."""

    def __init__(self, wish: str, device_type: str) -> None:
        """wish: as in the recipe. A CUDA card computes in bf16 without a trial."""  # fmt: skip
        self._chosen = wish if wish != AUTO else BF16 if device_type == "cuda" else ""
        self._took_s: list[float] = []

    @property
    def now(self) -> str:
        """BF16 or FLOAT32."""
        return self._chosen or _TRIALS[len(self._took_s)]

    def record(self, seconds: float) -> None:
        """Note how long the step with `now` took; the last trial decides."""
        if self._chosen:
            return
        self._took_s.append(seconds)
        if len(self._took_s) == len(_TRIALS):
            self._chosen = faster(self._took_s[1:3], self._took_s[4:6])


def faster(bf16_s: Sequence[float], float32_s: Sequence[float]) -> str:
    """The arithmetic with the fastest single step."""
    return BF16 if min(bf16_s) <= min(float32_s) else FLOAT32
