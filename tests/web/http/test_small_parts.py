"""The parts that need no application: query, bounded files, statuses, words."""

from dataclasses import replace

import pytest

from app import errors
from app.errors import BadRequest, FractureError
from app.records import Assessment, Finding, ModelVersion, Timing
from app.web.http.errors import status_of
from app.web.http.requests.query import list_query, local_path
from app.web.http.requests.uploads import BoundedBytes
from app.web.i18n import wording

NOT_IN_A_REQUEST = {
    "FractureError",
    "ConfigError",
    "ModelError",
    "DatasetError",
    "TrainingError",
    "ExportError",
    "PeerUnavailable",
}
READING = Assessment(ModelVersion("m", "1", "00"), 400, 300, "none", 0.0, (), Timing(0, 0, 0, 0))


def every_failure(of: type[FractureError] = FractureError) -> list[type[FractureError]]:
    children = [child for child in of.__subclasses__() if not child.__module__.startswith("app.learning")]
    return [of] + [deeper for child in children for deeper in every_failure(child)]


def test_a_file_keeps_one_byte_more_than_allowed_and_no_more() -> None:
    file = BoundedBytes(10)

    assert [file.write(b"12345678") for _ in range(3)] == [8, 8, 8]
    assert file.getvalue() == b"12345678123"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/studies/a?b=c", "/studies/a?b=c"),
        (None, "/"),
        ("studies", "/"),
        ("//host/x", "/"),
        ("/\\host", "/"),
        ("/a\\b", "/"),
        ("/\thost", "/"),
        ("https://host/", "/"),
    ],
)
def test_only_a_path_of_this_server_is_a_way_back(text: str | None, path: str) -> None:
    assert local_path(text) == path


def test_a_list_has_twenty_studies_unless_asked_otherwise() -> None:
    assert list_query({}) == (20, None)
    assert list_query({"limit": "100", "after": "t"}) == (100, "t")
    with pytest.raises(BadRequest):
        list_query({"limit": "1000"})


def test_every_failure_has_a_status_but_those_that_stop_a_start_or_a_command() -> None:
    without = {failure.__name__ for failure in every_failure() if status_of(failure()) == 500}

    assert without >= {"FractureError", "ConfigError", "ModelError"}
    assert without <= NOT_IN_A_REQUEST


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (errors.NoFile, 400),
        (errors.InvalidToken, 401),
        (errors.Forbidden, 403),
        (errors.StudyNotFound, 404),
        (errors.NameTaken, 409),
        (errors.UnknownKey, 409),
        (errors.ImageTooLarge, 413),
        (errors.UnsupportedImage, 415),
        (errors.SealBroken, 422),
        (errors.TooManyAttempts, 429),
        (errors.Busy, 503),
        (errors.StoredDataDamaged, 503),
        (errors.ModelError, 500),
    ],
)
def test_a_family_of_failures_has_its_status(failure: type[FractureError], status: int) -> None:
    assert status_of(failure()) == status


@pytest.mark.parametrize("box_px", [(0, 0, 20, 20), (380, 2, 400, 40), (390, 290, 400, 300), (100, 100, 200, 200)])
@pytest.mark.parametrize("region", ["hip", "shoulder"])
def test_a_label_stays_inside_the_image(box_px: tuple[float, float, float, float], region: str) -> None:
    (mark,) = wording.by_confidence(replace(READING, findings=(Finding(region, 0.5, "possible", box_px),)))

    assert mark.plate["x"] >= 0
    assert mark.plate["y"] >= 0
    assert mark.plate["x"] + mark.plate["width"] <= 400.1
    assert mark.plate["y"] + mark.plate["height"] <= 300.1


def test_each_finding_keeps_its_own_label() -> None:
    box_px = (100.0, 100.0, 200.0, 200.0)
    findings = tuple(Finding("wrist", share, "possible", box_px) for share in (0.3, 0.9, 0.5))

    marks = wording.by_confidence(replace(READING, findings=findings))

    assert [mark.label.text for mark in marks] == ["wrist 90%", "wrist 50%", "wrist 30%"]
    assert [mark.finding.confidence for mark in marks] == [0.9, 0.5, 0.3]


def test_nothing_is_certain() -> None:
    assert wording.percent(1.0) == "99%"
