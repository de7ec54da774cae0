"""Infer a labelled data set as the app infers an upload, and compute the figures of the result."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from app.detection import Calibration, places
from app.errors import DatasetError
from app.learning.datasets.dataset import Dataset, LabelledImage
from app.learning.datasets.images import load_radiograph
from app.learning.datasets.manifest import groups_of
from app.learning.evaluation.figures import Evaluation, figures
from app.learning.evaluation.metrics.matching import Case
from app.records import Detection, Radiograph
from app.usecases.studies.infer import Finder, infer_radiograph

Progress = Callable[[int, int], None]


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
    """Infer every image and compute every figure.

    calibration: as in `figures`; usually `detector.spec.calibration`.

    Raises:
        DatasetError: the class lists do not match, or an image cannot be decoded.
        Unavailable: the engine failed.
    """
    check_regions(dataset, detector.spec.regions, single_class)
    cases = infer_cases(detector, dataset, progress=progress)
    return figures(
        cases, dataset.fracture_regions, calibration, single_class=single_class, resamples=resamples, seed=seed
    )


def check_regions(dataset: Dataset, known: Sequence[str], single_class: bool) -> None:
    """Raises DatasetError when the data set names a region that the model does not know, unless names do not matter."""
    unknown = [region for region in dataset.fracture_regions if region not in known]
    if unknown and not single_class:
        raise DatasetError(
            f"The class list does not match: the model does not know {', '.join(unknown)} "
            f"(it knows {', '.join(known)}). With --single-class names do not matter."
        )


def infer_cases(
    detector: Finder, dataset: Dataset, *, group: str = "", progress: Progress | None = None
) -> tuple[Case, ...]:
    """Infer every image of a data set; returns what is marked on each and what was detected.

    group: names the cases; by default each is named after the set that a prepared image comes from.

    Raises:
        DatasetError: an image cannot be decoded, or decodes to another size than its labels were read for.
        Unavailable: the engine failed.
    """
    cases = []
    groups = [group] * len(dataset.images) if group else groups_of(dataset)
    for done, (image, name) in enumerate(zip(dataset.images, groups, strict=True), start=1):
        cases.append(_infer_case(detector, image, name))
        if progress:
            progress(done, len(dataset.images))
    return tuple(cases)


def _infer_case(detector: Finder, image: LabelledImage, group: str) -> Case:
    judged = infer_radiograph(detector, load_labelled(image))
    return replace(case_of(image, judged.detections, group), is_assessed=judged.judgement.reason is None)


def load_labelled(image: LabelledImage) -> Radiograph:
    """Decode an image; raises DatasetError when it is not of the size that its labels were read for."""
    radiograph = load_radiograph(image.path)
    height, width = radiograph.grey.shape
    if (width, height) != image.size_wh:
        raise DatasetError(f"The image {image.path} decodes to {width}×{height} pixels, not as its header says.")
    return radiograph


def case_of(image: LabelledImage, found: Sequence[Detection], group: str) -> Case:
    """Pair the fractures of an image with what was detected on it, highest score first.

    Findings that are no fracture, annotated or detected, count on neither side.
    """
    found = [one for one in found if one.region not in image.findings]
    fractures = [number for number, region in enumerate(image.regions) if region not in image.findings]
    found_px = np.array([one.box_px for one in found], np.float64).reshape(-1, 4)
    width, height = image.size_wh
    return Case(
        path=image.path,
        shape_hw=(height, width),
        truth_px=image.boxes_px[fractures],
        truth_regions=tuple(image.regions[number] for number in fractures),
        found_px=found_px,
        found_regions=tuple(one.region for one in found),
        scores=np.array([one.score for one in found], np.float64),
        group=group,
        places=places(found_px),
    )
