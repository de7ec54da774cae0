"""From labelled images on disk to figures, and the report; the detector is a fake that knows the answers."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.detection import Calibration, ModelSpec, NmsRule
from app.errors import DatasetError
from app.imaging import phantom, render_png
from app.learning.datasets.dataset import read_dataset
from app.learning.evaluation.evaluate import evaluate, infer_cases
from app.learning.evaluation.figures import figures
from app.learning.evaluation.metrics.matching import Case, match
from app.learning.evaluation.report_html import report_page
from app.learning.evaluation.report_json import everything, summary
from app.learning.evaluation.worst import worst_alarms, worst_misses
from app.records import Detection

KAGGLE = (
    "elbow positive", "fingers positive", "forearm fracture", "humerus fracture", "humerus", "shoulder fracture",
    "wrist positive",
)  # fmt: skip
REGIONS = ("elbow", "fingers", "forearm", "humerus", "shoulder", "wrist", "hip", "leg")
CALIBRATION = Calibration("test", ((0.0, 0.0), (1.0, 1.0)), 0.3, 0.7)


class FakeDetector:
    """Answers with the detections it was given, one image after the other."""

    def __init__(self, answers, regions=REGIONS):
        self.spec = ModelSpec("fake", "1", regions, 256, 32, NmsRule(0.6, True, 50, 0.001), CALIBRATION)
        self.inputs = []
        self._answers = iter(answers)

    def detect(self, model_input):
        self.inputs.append(model_input)
        return next(self._answers)


def write_set(folder, images, names=KAGGLE):
    """images: (grey, label rows)."""
    (folder / "valid" / "images").mkdir(parents=True)
    (folder / "valid" / "labels").mkdir()
    for number, (grey, rows) in enumerate(images):
        (folder / "valid" / "images" / f"{number}.png").write_bytes(render_png(grey))
        (folder / "valid" / "labels" / f"{number}.txt").write_text("\n".join(rows))
    (folder / "data.yaml").write_text(f"val: ../valid/images\nnc: {len(names)}\nnames: {list(names)}\n")
    return folder / "data.yaml"


@pytest.fixture(scope="module")
def data_yaml(tmp_path_factory):
    """Two fractures as a box and as a polygon, in images that are not square; two normal images."""
    broken, blank = phantom(1, (300, 200)), np.zeros((100, 160), np.uint8)
    box = ["6 0.5 0.5 0.2 0.1"]
    polygon = ["3 0.1 0.2 0.4 0.2 0.4 0.6 0.25 0.65 0.1 0.6"]
    images = [(broken.grey, box), (blank, []), (broken.grey, polygon), (blank, [])]
    return write_set(tmp_path_factory.mktemp("set"), images)


def right():
    """What a perfect detector says of `data_yaml`'s images, in pixels."""
    return [
        (Detection("wrist", 0.9, (80.0, 135.0, 120.0, 165.0)),),
        (Detection("wrist", 0.2, (1.0, 1.0, 20.0, 20.0)),),
        (Detection("humerus", 0.8, (20.0, 60.0, 80.0, 195.0)),),
        (),
    ]


def first_image(data_yaml):
    dataset = read_dataset(data_yaml, "val")
    return replace(dataset, images=dataset.images[:1])


def judge(data_yaml, answers, **options):
    options = {"resamples": 50, "calibration": CALIBRATION} | options
    return evaluate(FakeDetector(answers), read_dataset(data_yaml, "val"), **options)


def test_a_perfect_detector_gets_perfect_figures(data_yaml):
    line = summary(judge(data_yaml, right()))
    assert (line["images"], line["images_with_fracture"], line["boxes"]) == (4, 2, 2)
    for name in ("map50", "map50_95", "precision", "recall", "auroc", "sensitivity", "specificity"):
        assert line[name] == 1.0, name
    assert line["froc"] == {"0.1": 1.0, "0.25": 1.0, "0.5": 1.0, "1": 1.0}
    assert line["regions"] == {
        "humerus": {"boxes": 1, "map50": 1.0, "map50_95": 1.0},
        "wrist": {"boxes": 1, "map50": 1.0, "map50_95": 1.0},
    }
    assert line["brier"] == pytest.approx((0.01 + 0.04 + 0.04 + 0) / 4)


def test_the_summary_carries_every_key_of_the_contract_and_its_interval(data_yaml):
    line = summary(judge(data_yaml, right()))
    single = {
        "map50",
        "map50_95",
        "map50_fractured",
        "precision",
        "recall",
        "auroc",
        "sensitivity",
        "specificity",
        "ece",
        "brier",
    }
    assert single | {"images", "boxes", "froc"} <= set(line)
    assert single | {"froc"} <= set(line["intervals"])
    for name in single:
        low, high = line["intervals"][name]
        assert low <= line[name] <= high, name


def test_the_detector_gets_the_input_that_serves(data_yaml):
    detector = FakeDetector(right())
    infer_cases(detector, read_dataset(data_yaml, "val"))
    assert [one.radiograph_hw for one in detector.inputs] == [(300, 200), (100, 160), (300, 200), (100, 160)]
    assert {max(one.pixels.shape) for one in detector.inputs} == {256}


def test_a_wrong_region_costs_average_precision_and_not_the_lesion(data_yaml):
    answers = right()
    answers[0] = (Detection("hip", 0.9, answers[0][0].box_px),)
    line = summary(judge(data_yaml, answers))
    assert line["regions"]["wrist"]["map50"] == 0.0
    assert (line["map50"], line["froc"]["0.1"], line["auroc"]) == (0.5, 1.0, 1.0)
    assert summary(judge(data_yaml, answers, single_class=True))["map50"] == 1.0


def test_an_alarm_on_a_normal_image_costs_average_precision_except_on_fractured_images_alone(data_yaml):
    answers = right()
    normal = next(index for index, found in enumerate(answers) if not found)
    answers[normal] = (Detection("wrist", 0.99, (10.0, 10.0, 50.0, 50.0)),)
    line = summary(judge(data_yaml, answers, single_class=True))
    # Precision 0 of 1, 1 of 2, 2 of 3: with two fractures, the envelope is 2/3 up to full recall.
    assert line["map50"] == pytest.approx(2 / 3, abs=1e-6)
    assert line["map50_fractured"] == 1.0


def test_a_second_name_for_one_place_is_no_false_alarm(data_yaml):
    one, two, three, four = right()
    named_twice = (*one, Detection("elbow", 0.85, (81.0, 135.0, 121.0, 165.0)), Detection("elbow", 0.1, (1, 1, 9, 9)))
    found = judge(data_yaml, [named_twice, two, three, four], single_class=True)
    cases = infer_cases(FakeDetector([named_twice]), first_image(data_yaml))
    assert cases[0].detections_of(None).tolist() == [0, 2]
    assert cases[0].detections_of("elbow").tolist() == [1, 2]
    assert summary(found)["map50"] == pytest.approx(1.0)
    alarm = worst_alarms(cases, match(cases, None), 5)[0]
    assert (alarm.score, alarm.subject_px) == (0.1, (1.0, 1.0, 9.0, 9.0))


def test_a_class_that_the_model_does_not_know_is_refused_unless_names_do_not_matter(tmp_path):
    data_yaml = write_set(tmp_path, [(np.zeros((64, 64), np.uint8), ["0 0.5 0.5 0.5 0.5"])], ["fractured"])
    answer = [(Detection("wrist", 0.9, (16.0, 16.0, 48.0, 48.0)),)]
    with pytest.raises(DatasetError, match="does not know fractured"):
        judge(data_yaml, answer)
    assert judge(data_yaml, answer, single_class=True).map50.value == 1.0


def test_a_damaged_image_stops_with_its_name(tmp_path):
    data_yaml = write_set(tmp_path, [(phantom(1, (200, 200)).grey, [])])
    dataset = read_dataset(data_yaml, "val")
    image = dataset.images[0].path
    image.write_bytes(image.read_bytes()[:-200])
    with pytest.raises(DatasetError, match=r"0\.png"):
        infer_cases(FakeDetector([()]), dataset)


def test_progress_is_told_for_every_image(data_yaml):
    told = []
    judge(data_yaml, right(), progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def case(truth=(), found=()):
    return Case(
        Path("x.png"),
        (100, 100),
        np.array(truth, float).reshape(-1, 4),
        ("wrist",) * len(truth),
        np.array([box for box, _ in found], float).reshape(-1, 4),
        ("wrist",) * len(found),
        np.array([score for _, score in found], float),
    )


BOX = (10.0, 10.0, 40.0, 40.0)


@pytest.mark.parametrize("single_class", [False, True])
@pytest.mark.parametrize("calibration", [CALIBRATION, None], ids=["calibrated", "bare"])
@pytest.mark.parametrize(
    "cases",
    [
        [],
        [case()],
        [case([], [(BOX, 0.9)])],
        [case([BOX], [])],
        [case([BOX], [(BOX, 0.9)])],
        [case([BOX], []), case([], [])],
    ],
    ids=["empty", "normal", "alarm", "missed", "found", "silent"],
)
def test_undefined_figures_are_null_and_never_nan(cases, calibration, single_class):
    evaluation = figures(cases, REGIONS, calibration, single_class=single_class, resamples=20)
    line = summary(evaluation)
    json.dumps([line, everything(evaluation)], allow_nan=False)
    with_fracture = any(c.has_fracture for c in cases)
    with_normal = any(not c.has_fracture for c in cases)
    assert (line["map50"] is None) == (not with_fracture)
    assert (line["froc"]["0.25"] is None) == (not with_fracture)
    assert (line["auroc"] is None) == (not (with_fracture and with_normal))
    assert (line["sensitivity"] is None) == (not with_fracture or calibration is None)
    assert (line["specificity"] is None) == (not with_normal or calibration is None)
    assert (line["ece"] is None) == (not cases or calibration is None)


def test_without_detections_precision_is_undefined_and_recall_is_zero():
    line = summary(figures([case([BOX], []), case()], REGIONS, CALIBRATION, resamples=20))
    assert (line["precision"], line["recall"], line["map50"]) == (None, 0.0, 0.0)


def test_figures_repeat_with_the_seed(data_yaml):
    assert judge(data_yaml, right(), seed=3) == judge(data_yaml, right(), seed=3)


def test_false_alarms_on_normal_images_and_sizes_are_counted():
    cases = [case([BOX], [(BOX, 0.8)]), case([], [(BOX, 0.9), ((60, 60, 80, 80), 0.4)]), case([], [(BOX, 0.1)])]
    evaluation = figures(cases, REGIONS, CALIBRATION, resamples=0)
    possible, definite = evaluation.boxes_at
    assert (possible.alarms_per_image, possible.alarms_per_normal) == (pytest.approx(2 / 3), 1.0)
    assert (definite.alarms_per_normal, definite.normals_called.value) == (0.5, 0.5)
    assert (possible.found.value, definite.found.value) == (1.0, 1.0)
    # A box of 30 px in an image of 100 px is one of 153.6 px at 512.
    assert [row.boxes for row in evaluation.box_sizes] == [0, 0, 0, 0, 1]
    assert evaluation.box_sizes[-1].at_possible.value == 1.0
    assert [row.name for row in evaluation.image_sizes] == ["long side 1–400 px"]


def test_data_sets_that_are_judged_together_are_also_told_apart():
    cases = [case([BOX], [(BOX, 0.8)]), case([], [(BOX, 0.1)])]
    mixed = [Case(**{**vars(c), "group": name}) for c in cases for name in ("a", "b")]
    groups = figures(mixed, REGIONS, CALIBRATION, resamples=0).groups
    assert [(g.name, g.images, g.auroc) for g in groups] == [("a", 2, 1.0), ("b", 2, 1.0)]
    assert figures(cases, REGIONS, CALIBRATION, resamples=0).groups == ()


def test_the_page_shows_misses_and_alarms_and_needs_nothing_else(data_yaml):
    answers = right()
    answers[0] = ()
    dataset = read_dataset(data_yaml, "val")
    cases = infer_cases(FakeDetector(answers), dataset)
    page = report_page(figures(cases, dataset.regions, CALIBRATION, resamples=20), cases, {"Model": "<fake>"})
    assert "wrist: no box on it" in page
    assert "wrist 0.200, normal image" in page
    assert "does not diagnose" in page
    assert "&lt;fake&gt;" in page
    assert "<script" not in page
    assert "http" not in page.replace("data:image", "")
    assert page.count("data:image/svg+xml") == 4
    assert page.count("data:image/png") == 3
    assert page == report_page(figures(cases, dataset.regions, CALIBRATION, resamples=20), cases, {"Model": "<fake>"})


def test_the_worst_come_first_and_once_per_image_with_their_own_box():
    alarm, worse = (60.0, 60.0, 80.0, 80.0), (50.0, 10.0, 70.0, 30.0)
    cases = [
        case([BOX], [(BOX, 0.9), (alarm, 0.4), (alarm, 0.3)]),
        case([], [(worse, 0.6)]),
        case([BOX, (0, 0, 90, 90)], []),
    ]
    matches = match(cases, None)
    alarms = worst_alarms(cases, matches, 5)
    assert [(one.case, one.score, one.subject_px) for one in alarms] == [(1, 0.6, worse), (0, 0.4, alarm)]
    misses = worst_misses(cases, matches, 5)
    assert [(one.case, one.score, one.subject_px) for one in misses] == [(2, None, (0, 0, 90, 90)), (0, 0.9, BOX)]
    assert len(worst_alarms(cases, matches, 1)) == 1


def test_a_page_about_nothing_is_still_a_page():
    cases = [case()]
    page = report_page(figures(cases, REGIONS, None, resamples=0), cases, {})
    assert "nan" not in page.lower().replace("data:image", "").split("base64")[0]
    assert "<h2>Worst misses</h2>" in page
