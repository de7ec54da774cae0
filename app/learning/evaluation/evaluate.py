"""Let a detector read a labelled data set, the way the app reads an upload, and hand the result to the figures."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.detection import Calibration, ModelSpec, places
from app.errors import DatasetError
from app.imaging import model_input
from app.learning.datasets.dataset import Dataset, LabelledImage
from app.learning.datasets.images import load_grey
from app.learning.evaluation.figures import Evaluation, figures
from app.learning.evaluation.matching import Case
from app.records import Detection, ModelInput

Progress = Callable[[int, int], None]


class Finder(Protocol):
    """What evaluation needs of a detector; `app.detection.Detector` has it."""

    @property
    def spec(self) -> ModelSpec:
        """Regions, input size and calibration."""

    def detect(self, model_input: ModelInput) -> tuple[Detection, ...]:
        """Raw detections of one radiograph."""


def evaluate(
    detector: Finder,
    dataset: Dataset,
    *,
    single_class: bool = False,
    calibration: Calibration | None = None,
    resamples: int = 1000,
    seed: int = 0,
    progress: Progress | None = None,
) -> Evaluation:
    """Read every image and compute every figure.

    calibration: as in `figures`; usually `detector.spec.calibration`.

    Raises:
        DatasetError: the class lists do not match, or an image cannot be decoded.
        Unavailable: the engine failed.
    """
    check_regions(dataset, detector.spec.regions, single_class)
    cases = read_cases(detector, dataset, progress=progress)
    return figures(cases, dataset.regions, calibration, single_class=single_class, resamples=resamples, seed=seed)


def check_regions(dataset: Dataset, known: Sequence[str], single_class: bool) -> None:
    """Raises DatasetError when the data set names a region that the model does not know, unless names do not matter."""
    unknown = [region for region in dataset.regions if region not in known]
    if unknown and not single_class:
        raise DatasetError(
            f"The class list does not match: the model does not know {', '.join(unknown)} "
            f"(it knows {', '.join(known)}). With --single-class names do not matter."
        )


def read_cases(
    detector: Finder, dataset: Dataset, *, group: str = "", progress: Progress | None = None
) -> tuple[Case, ...]:
    """What is marked on every image and what the detector says of it.

    Raises:
        DatasetError: an image cannot be decoded, or decodes to another size than its labels were read for.
        Unavailable: the engine failed.
    """
    cases = []
    for done, image in enumerate(dataset.images, start=1):
        cases.append(_read_case(detector, image, group))
        if progress:
            progress(done, len(dataset.images))
    return tuple(cases)


def _read_case(detector: Finder, image: LabelledImage, group: str) -> Case:
    grey = load_labelled(image)
    prepared = model_input(grey, detector.spec.input_size_px, detector.spec.stride)
    return case_of(image, detector.detect(prepared), group)


def load_labelled(image: LabelledImage) -> NDArray[np.uint8]:
    """Decode an image; raises DatasetError when it is not of the size that its labels were read for."""
    grey = load_grey(image.path)
    height, width = grey.shape
    if (width, height) != image.size_wh:
        raise DatasetError(f"The image {image.path} decodes to {width}×{height} pixels, not as its header says.")
    return grey


def case_of(image: LabelledImage, found: Sequence[Detection], group: str) -> Case:
    """Pair what is marked on an image with what was detected on it, highest score first."""
    found_px = np.array([one.box_px for one in found], np.float64).reshape(-1, 4)
    width, height = image.size_wh
    return Case(
        path=image.path,
        shape_hw=(height, width),
        truth_px=image.boxes_px,
        truth_regions=image.regions,
        found_px=found_px,
        found_regions=tuple(one.region for one in found),
        scores=np.array([one.score for one in found], np.float64),
        group=group,
        places=places(found_px),
    )
