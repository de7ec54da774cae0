"""Average precision: pycocotools says the same, and so does a hand with a pencil."""

import contextlib
import io
from pathlib import Path

import numpy as np
import pytest

from app.detection import box_iou
from app.learning.evaluation.metrics.average_precision import (
    average_precision,
    best_f1_threshold,
    mean_average_precision,
    rates,
)
from app.learning.evaluation.metrics.matching import Case, match

REGIONS = ("wrist", "elbow", "hip")


def case(truth=(), found=(), shape_hw=(100, 100)):
    """truth: (region, box); found: (region, box, score)."""
    return Case(
        path=Path("x.png"),
        shape_hw=shape_hw,
        truth_px=np.array([box for _, box in truth], float).reshape(-1, 4),
        truth_regions=tuple(region for region, _ in truth),
        found_px=np.array([box for _, box, _ in found], float).reshape(-1, 4),
        found_regions=tuple(region for region, _, _ in found),
        scores=np.array([score for _, _, score in found], float),
    )


def random_cases(seed, images=25):
    """Images with jittered true boxes, wrong regions, duplicates, false alarms and tied scores."""
    rng = np.random.default_rng(seed)
    cases = []
    for _ in range(images):
        truth, found = [], []
        for _ in range(rng.integers(0, 4)):
            x, y, w, h = rng.integers(0, 60), rng.integers(0, 60), rng.integers(5, 40), rng.integers(5, 40)
            region = str(rng.choice(REGIONS[:2]))
            truth.append((region, (x, y, x + w, y + h)))
            for _ in range(rng.integers(0, 3)):
                dx, dy, dw, dh = rng.normal(0, 2, 4)
                said = region if rng.random() < 0.8 else str(rng.choice(REGIONS))
                box = (x + dx, y + dy, x + dx + max(1, w + dw), y + dy + max(1, h + dh))
                found.append((said, box, round(float(rng.random()), 2)))
        for _ in range(rng.integers(0, 5)):
            x, y = rng.random(2) * 60
            found.append((str(rng.choice(REGIONS)), (x, y, x + 20, y + 15), round(float(rng.random()) * 0.7, 2)))
        cases.append(case(truth, found))
    return cases


def pycocotools_figures(cases, regions):
    """{region: (AP50, AP50-95)} and the overall pair by the reference implementation."""
    coco = pytest.importorskip("pycocotools.coco")
    cocoeval = pytest.importorskip("pycocotools.cocoeval")
    number = {name: n for n, name in enumerate(regions, start=1)}
    annotations, results = [], []
    for image, one in enumerate(cases, start=1):
        for region, (x1, y1, x2, y2) in zip(one.truth_regions, one.truth_px.tolist(), strict=True):
            box = [x1, y1, x2 - x1, y2 - y1]
            annotations.append(
                {"id": len(annotations) + 1, "image_id": image, "category_id": number[region], "bbox": box,
                 "area": box[2] * box[3], "iscrowd": 0}
            )  # fmt: skip
        for region, (x1, y1, x2, y2), score in zip(
            one.found_regions, one.found_px.tolist(), one.scores.tolist(), strict=True
        ):
            results.append(
                {"image_id": image, "category_id": number[region], "bbox": [x1, y1, x2 - x1, y2 - y1], "score": score}
            )
    with contextlib.redirect_stdout(io.StringIO()):
        truth = coco.COCO()
        truth.dataset = {
            "info": {},
            "images": [{"id": n, "width": 100, "height": 100} for n in range(1, len(cases) + 1)],
            "annotations": annotations,
            "categories": [{"id": n, "name": name} for name, n in number.items()],
        }
        truth.createIndex()
        run = cocoeval.COCOeval(truth, truth.loadRes(results), "bbox")
        run.evaluate()
        run.accumulate()
        run.summarize()
    precision = run.eval["precision"][:, :, :, 0, 2]
    per_region = {
        name: (precision[0, :, n].mean(), precision[:, :, n].mean())
        for n, name in enumerate(regions)
        if precision[0, 0, n] >= 0
    }
    return per_region, (run.stats[1], run.stats[0])


@pytest.mark.parametrize("seed", range(12))
def test_average_precision_equals_pycocotools(seed):
    cases = random_cases(seed)
    once = np.ones((1, len(cases)), np.int64)
    per_region, overall = pycocotools_figures(cases, REGIONS)
    assert "hip" not in per_region
    for region, (ap50, ap50_95) in per_region.items():
        ours = average_precision(match(cases, region), once)[0]
        assert ours[0] == pytest.approx(ap50, abs=1e-6)
        assert ours.mean() == pytest.approx(ap50_95, abs=1e-6)
    ours = mean_average_precision([match(cases, region) for region in REGIONS], once)[0]
    assert (ours[0], ours.mean()) == (pytest.approx(overall[0], abs=1e-6), pytest.approx(overall[1], abs=1e-6))


@pytest.mark.parametrize("seed", range(3))
def test_region_blind_average_precision_equals_pycocotools_with_one_region(seed):
    cases = random_cases(seed)
    one = [
        case(
            [("all", box) for box in c.truth_px.tolist()],
            [("all", box, score) for box, score in zip(c.found_px.tolist(), c.scores.tolist(), strict=True)],
        )
        for c in cases
    ]
    _, overall = pycocotools_figures(one, ("all",))
    ours = average_precision(match(cases, None), np.ones((1, len(cases)), np.int64))[0]
    assert (ours[0], ours.mean()) == (pytest.approx(overall[0], abs=1e-6), pytest.approx(overall[1], abs=1e-6))


def test_only_the_hundred_best_detections_of_a_image_count_as_in_pycocotools():
    box = (10, 10, 30, 30)
    crowd = [("wrist", (50, 50, 70, 70), 0.9 - n / 1000) for n in range(100)]
    cases = [case([("wrist", box)], [*crowd, ("wrist", box, 0.1)])]
    _, overall = pycocotools_figures(cases, REGIONS)
    assert overall[0] == 0.0
    assert average_precision(match(cases, "wrist"), np.ones((1, 1), np.int64))[0, 0] == 0.0


def test_a_resample_equals_the_set_with_images_repeated():
    cases = random_cases(5, images=8)
    counts = np.array([[0, 3, 1, 0, 2, 1, 0, 1]])
    repeated = [c for c, n in zip(cases, counts[0], strict=True) for _ in range(n)]
    once = np.ones((1, len(repeated)), np.int64)
    weighted = average_precision(match(cases, "wrist"), counts)
    assert weighted == pytest.approx(average_precision(match(repeated, "wrist"), once), abs=1e-12)


def test_one_hit_of_two_fractures_after_a_false_alarm_is_worked_by_hand():
    truth = [("wrist", (0, 0, 10, 10)), ("wrist", (50, 50, 60, 60))]
    found = [("wrist", (80, 80, 90, 90), 0.9), ("wrist", (0, 0, 10, 10), 0.8)]
    once = np.ones((1, 1), np.int64)
    matches = match([case(truth, found)], "wrist")
    # Precision 1/2 at recall 1/2: 51 of the 101 points carry 0.5, the others nothing; exact box, so at every IoU.
    assert average_precision(matches, once)[0] == pytest.approx(np.full(10, 51 * 0.5 / 101))
    assert [float(v[0]) for v in rates([matches], 0.85, once)] == [0.0, 0.0, 0.0]
    assert [float(v[0]) for v in rates([matches], 0.8, once)] == [0.5, 0.5, 0.5]


def test_a_second_box_on_a_found_fracture_is_a_false_alarm():
    box = (0.0, 0.0, 10.0, 10.0)
    matches = match([case([("wrist", box)], [("wrist", box, 0.9), ("wrist", box, 0.8)])], "wrist")
    assert matches.hits[0].tolist() == [True, False]
    assert matches.truth_scores.tolist() == [0.9]


def test_a_box_of_another_region_finds_nothing_in_its_region_and_everything_without():
    box = (0.0, 0.0, 10.0, 10.0)
    cases = [case([("wrist", box)], [("elbow", box, 0.9)])]
    assert match(cases, "wrist").truth_scores.tolist() == [-1.0]
    assert match(cases, None).truth_scores.tolist() == [0.9]


def test_overlap_is_worked_by_hand():
    one = np.array([[0.0, 0.0, 10.0, 10.0]])
    others = np.array([[5.0, 0.0, 15.0, 10.0], [0.0, 0.0, 10.0, 10.0], [20.0, 20.0, 30.0, 30.0], [3.0, 3.0, 3.0, 3.0]])
    assert box_iou(one, others)[0].tolist() == pytest.approx([50 / 150, 1.0, 0.0, 0.0])


def test_a_region_without_boxes_is_undefined_and_left_out_of_the_mean():
    cases = [case([("wrist", (0, 0, 10, 10))], [("wrist", (0, 0, 10, 10), 0.9), ("hip", (0, 0, 9, 9), 0.9)])]
    once = np.ones((1, 1), np.int64)
    by_region = [match(cases, "wrist"), match(cases, "hip")]
    assert np.isnan(average_precision(by_region[1], once)).all()
    assert mean_average_precision(by_region, once)[0, 0] == 1.0
    assert [float(v[0]) for v in rates(by_region, 0.5, once)] == [1.0, 1.0, 1.0]


def test_the_best_f1_threshold_drops_the_false_alarms_below_it():
    truth = [("wrist", (0, 0, 10, 10))]
    found = [("wrist", (0, 0, 10, 10), 0.7), ("wrist", (50, 50, 60, 60), 0.3)]
    threshold = best_f1_threshold([match([case(truth, found)], "wrist")])
    assert 0.3 < threshold <= 0.7
