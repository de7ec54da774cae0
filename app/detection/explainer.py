"""`Explainer`: score maps with a detector, one at a time, in bounded time; the last few are remembered."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from threading import Lock
from time import monotonic

from app.detection.detector import Detector
from app.detection.occlusion import ScoreMap, score_map
from app.errors import Busy
from app.records import BoxPx, Detection, ModelInput

_REMEMBERED = 64


class Explainer:
    """Makes score maps; safe under threads.

    Each of a map's 50 passes through the network waits in the queue by itself, so that other readers' radiographs go in
    between: none of them waits for more than one pass. Measured on two cores that a training run shared (int8 YOLOv8l,
    three runs each): somebody who read one radiograph after another meanwhile waited 0.9 to 1.9 s for each, and 2.5 to
    3.6 s with four passes in the queue at once. Undisturbed, four at once are not quicker on a CPU.

    What is remembered are 49 numbers for each finding, never a image.
    """

    def __init__(self, detector: Detector, limit_s: float = 90.0, now_s: Callable[[], float] = monotonic) -> None:
        """limit_s: after this time an unfinished map is given up."""
        self._detector = detector
        self._limit_s = limit_s
        self._now_s = now_s
        self._turn = Lock()
        self._known: OrderedDict[Hashable, ScoreMap | None] = OrderedDict()

    def explain(
        self, name: Hashable, model_input: Callable[[], ModelInput], region: str, box_px: BoxPx
    ) -> ScoreMap | None:
        """The score map of one finding, as `score_map`; `model_input` is asked for the radiograph when it is needed.

        name: of the finding, the same for no other.

        Raises:
            Busy: another map is being made, the queue is full, or it took longer than the limit.
            Unavailable: the engine failed, or the detector was closed.
        """
        if name in self._known:
            return self._known[name]
        if not self._turn.acquire(blocking=False):
            raise Busy("Another explanation is being made. Try again in a few seconds.")
        try:
            found = score_map(self._detect_until(self._now_s() + self._limit_s), model_input(), region, box_px)
            self._known[name] = found
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
            return found
        finally:
            self._turn.release()

    def _detect_until(self, end_s: float) -> Callable[[ModelInput], Sequence[Detection]]:
        def detect(model_input: ModelInput) -> Sequence[Detection]:
            if self._now_s() > end_s:
                raise Busy("The server has too much to do for an explanation. Try again later.")
            return self._detector.detect(model_input)

        return detect
