"""The exported set is what training reads, holds what readers agreed on, and says nothing of whom it shows."""

import hashlib
import json
import stat
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from app import imaging
from app.errors import DatasetError
from app.learning.datasets.dataset import read_dataset
from app.learning.datasets.images import load_grey
from app.learning.datasets.manifest import check_manifest
from app.records import Actor, Mark, Person, Study, StudyImage, Upload
from app.services import Services
from app.usecases.burned_text import BurnedText, read_masks
from app.usecases.feedback.export import Exported, export_feedback
from app.usecases.feedback.review import add_feedback
from app.usecases.studies.create import create_study

REGIONS = ("elbow", "wrist")
GREY = imaging.phantom(3, (128, 96)).grey
PHANTOM = imaging.render_png(GREY)
BOX, BELOW = (24.0, 32.0, 72.0, 64.0), (24.0, 76.8, 72.0, 108.8)
WRIST, ELBOW = Mark("wrist", BOX, "confirmed"), Mark("elbow", BELOW, "rejected")
MISSED = Mark("elbow", (0.0, 100.0, 96.0, 128.0), "missed")


@pytest.fixture
def ada(account: Callable[..., object]) -> Person:
    return account("Ada").person  # type: ignore[attr-defined]


@pytest.fixture
def read(services: Services, ada: Person) -> Callable[..., Study]:
    """Reads a study of so many views."""

    def make(views: int = 1, person: Person | None = None) -> Study:
        uploads = [Upload("Mustermann.png", PHANTOM)] * views
        return create_study(services, person or ada, uploads).study

    return make


def manifest_of(out: Path) -> dict[str, object]:
    return json.loads((out / "manifest.json").read_text())


def test_training_reads_what_readers_said(
    services: Services, ada: Person, read: Callable[..., Study], tmp_path: Path
) -> None:
    for marks in ([WRIST, ELBOW, MISSED], [Mark("wrist", BOX, "rejected"), ELBOW]):
        for _ in range(2):
            add_feedback(services, ada, (study := read()).id, study.images[0].id, marks)

    done = export_feedback(services, Actor("default", "test"), tmp_path / "set", REGIONS)

    assert (done.images, done.boxes, done.left_out) == ({"train": 3, "val": 1}, 4, {})
    splits = [read_dataset(tmp_path / "set" / "data.yaml", split) for split in ("train", "val")]
    assert splits[0].regions == REGIONS
    images = [image for split in splits for image in split.images]
    found = sorted(tuple(image.regions) for image in images)
    assert found == [(), (), ("wrist", "elbow"), ("wrist", "elbow")]
    marked = next(image for image in images if image.regions)
    assert marked.boxes_px == pytest.approx(np.array([BOX, MISSED.box_px]), abs=0.001)
    assert (load_grey(marked.path) == GREY).all()
    content = (tmp_path / "set" / "manifest.json").read_bytes()
    digest = check_manifest(tmp_path / "set" / "data.yaml", splits, lambda *_: None)
    assert digest == hashlib.sha256(content).hexdigest()
    counts = manifest_of(tmp_path / "set")["counts"]
    assert counts == {
        "images": 4,
        "by_split": {"train": 3, "val": 1},
        "normal": 2,
        "boxes": {"elbow": 2, "wrist": 2},
        "told_by": {"confirmed": 2, "missed": 2},
        "set_aside": {},
        "painted": 0,
    }
    last = list(services.store.audit.entries("default"))[-1].event
    assert (last.action, last.actor, last.subject) == ("feedback-exported", "test", digest)


def test_nothing_in_it_says_who_read_or_who_is_shown(
    services: Services, ada: Person, read: Callable[..., Study], tmp_path: Path
) -> None:
    study = read()
    add_feedback(services, ada, study.id, study.images[0].id, [WRIST, ELBOW], comment="Frau Muster")
    export_feedback(services, Actor("default", "test"), tmp_path / "set", REGIONS)

    files = [path for path in (tmp_path / "set").rglob("*") if path.is_file()]
    # Images are nothing but pixels, in which short words may stand by chance.
    assert [path.read_bytes() for path in files if path.suffix == ".png"] == [PHANTOM]
    told = b"".join(path.name.encode() + path.read_bytes() * (path.suffix != ".png") for path in files)
    for secret in (study.id, study.images[0].id, ada.id, "Ada", "Muster", "default"):
        assert secret.encode() not in told
    assert stat.S_IMODE((tmp_path / "set").stat().st_mode) == 0o700
    [entry] = manifest_of(tmp_path / "set")["files"]  # type: ignore[misc]
    assert entry["model"] == {"name": "fake", "version": "7", "sha256": "ab" * 32}
    assert entry["boxes"] == [{"region": "wrist", "told_by": "confirmed"}]
    assert entry["origin"] == "feedback"


def test_all_views_of_a_study_go_into_one_split(
    services: Services, ada: Person, read: Callable[..., Study], tmp_path: Path
) -> None:
    for study in (read(3), read(3)):
        for image in study.images:
            add_feedback(services, ada, study.id, image.id, [], normal=True)

    assert export_feedback(services, Actor("default", "test"), tmp_path / "set", REGIONS).images == {
        "train": 3,
        "val": 3,
    }


def test_contradictions_and_half_verdicts_are_left_out_and_counted(
    services: Services, ada: Person, read: Callable[..., Study], tmp_path: Path, account
) -> None:
    study, bob = read(4), account("Bob").person
    good, disputed, half, silent = (image.id for image in study.images)
    add_feedback(services, ada, study.id, good, [WRIST, ELBOW])
    add_feedback(services, ada, study.id, disputed, [WRIST, ELBOW])
    services.clock.pass_(seconds=1)  # type: ignore[attr-defined]
    add_feedback(services, bob, study.id, disputed, [], normal=True)
    add_feedback(services, ada, study.id, half, [WRIST])
    add_feedback(services, ada, study.id, silent, [], comment="Later")

    done = export_feedback(services, Actor("default", "test"), tmp_path / "set", REGIONS)

    assert (done.images, done.boxes) == ({"train": 1}, 1)
    assert done.left_out == {"contradiction": 1, "incomplete": 1, "no-verdict": 1}
    assert manifest_of(tmp_path / "set")["counts"]["set_aside"] == done.left_out  # type: ignore[index]
    assert "val" not in yaml.safe_load((tmp_path / "set" / "data.yaml").read_text())
    newest = export_feedback(services, Actor("default", "test"), tmp_path / "newest", REGIONS, newest_wins=True)
    assert (newest.images, newest.boxes) == ({"train": 2}, 1)


def test_a_region_that_the_model_does_not_know_is_left_out(
    services: Services, ada: Person, read: Callable[..., Study], tmp_path: Path
) -> None:
    study = read(2)
    add_feedback(services, ada, study.id, study.images[0].id, [WRIST, ELBOW])
    add_feedback(services, ada, study.id, study.images[1].id, [], normal=True)

    done = export_feedback(services, Actor("default", "test"), tmp_path / "set", ("elbow", "hip"))

    assert (done.images, done.left_out) == ({"train": 1}, {"unknown-region": 1})


def test_another_tenants_answers_are_not_in_it(
    services: Services, ada: Person, read: Callable[..., Study], tmp_path: Path, account
) -> None:
    eve = account("Eve", tenant="north").person
    theirs, ours = read(person=eve), read()
    add_feedback(services, eve, theirs.id, theirs.images[0].id, [WRIST, ELBOW])
    add_feedback(services, ada, ours.id, ours.images[0].id, [], normal=True)

    assert export_feedback(services, Actor("default", "test"), tmp_path / "set", REGIONS).boxes == 0
    assert export_feedback(services, Actor("north", "test"), tmp_path / "north", REGIONS).boxes == 1


def test_a_folder_in_use_is_refused_and_an_empty_one_taken(
    services: Services, ada: Person, read: Callable[..., Study], tmp_path: Path
) -> None:
    study = read()
    add_feedback(services, ada, study.id, study.images[0].id, [], normal=True)
    used, file, empty = tmp_path / "used", tmp_path / "file", tmp_path / "empty"
    used.mkdir()
    (used / "mine").touch()
    file.touch()
    empty.mkdir()

    for place, words in ((used, "not empty"), (file, "not a folder"), (tmp_path / "no" / "where", "cannot be written")):
        with pytest.raises(DatasetError, match=words):
            export_feedback(services, Actor("default", "test"), place, REGIONS)
    export_feedback(services, Actor("default", "test"), empty, REGIONS)

    assert [path.name for path in used.iterdir()] == ["mine"]
    assert read_dataset(empty / "data.yaml", "train").images


def test_without_answers_nothing_is_written(services: Services, tmp_path: Path) -> None:
    before = set(tmp_path.iterdir())

    with pytest.raises(DatasetError, match="nothing was written"):
        export_feedback(services, Actor("default", "test"), tmp_path / "set", REGIONS)

    assert set(tmp_path.iterdir()) == before


@pytest.fixture
def labelled(services: Services, ada: Person) -> StudyImage:
    """An image with a name printed in a corner, and an answer to it."""
    grey = imaging.phantom(3, (600, 480)).grey.copy()
    cv2.putText(grey, "DOE JANE 4711", (10, 30), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 255, 1, cv2.LINE_AA)
    study = create_study(services, ada, [Upload("a.png", imaging.render_png(grey))]).study
    add_feedback(services, ada, study.id, study.images[0].id, [], normal=True)
    return study.images[0]


def exported(services: Services, out: Path, text: BurnedText) -> tuple[Exported, np.ndarray]:
    done = export_feedback(services, Actor("default", "test"), out, REGIONS, text=text)
    return done, load_grey(next(out.glob("*/images/*.png")))


def test_what_may_be_text_is_set_aside_unless_told_otherwise(
    services: Services, ada: Person, labelled: StudyImage, read: Callable[..., Study], tmp_path: Path
) -> None:
    study = read()
    add_feedback(services, ada, study.id, study.images[0].id, [], normal=True)
    done = export_feedback(services, Actor("default", "test"), tmp_path / "set", REGIONS)
    assert (sum(done.images.values()), done.left_out) == (1, {"suspected-text": 1})
    assert [image for _, image in done.suspected] == [labelled.id]
    manifest = manifest_of(tmp_path / "set")
    assert manifest["burned_in_text"] == "set-aside"
    assert labelled.id not in json.dumps(manifest)


def test_text_is_painted_over_or_kept_when_asked(services: Services, labelled: StudyImage, tmp_path: Path) -> None:
    done, painted = exported(services, tmp_path / "painted", BurnedText("paint-over"))
    assert done.painted == 1
    assert painted[15:32, 10:150].max() == 0
    done, kept = exported(services, tmp_path / "kept", BurnedText("keep"))
    assert (done.painted, kept[15:32, 10:150].max()) == (0, 255)


def test_a_person_says_what_is_painted_over(services: Services, labelled: StudyImage, tmp_path: Path) -> None:
    masks = tmp_path / "masks.csv"
    masks.write_text(f"image,x1,y1,x2,y2\n{labelled.id},0,10,200,40\n{labelled.id},300,500,320,520\n")
    done, painted = exported(services, tmp_path / "set", BurnedText(masks=read_masks(masks)))
    assert done.painted == 1
    assert painted[10:40, :200].max() == painted[500:520, 300:320].max() == 0
    masks.write_text(f"image,x1,y1,x2,y2\n{labelled.id},,,,\n")
    done, untouched = exported(services, tmp_path / "seen", BurnedText(masks=read_masks(masks)))
    assert (done.painted, untouched[15:32, 10:150].max()) == (0, 255)


@pytest.mark.parametrize("row", ["a,1,2,3", "a,3,2,1,4", "a,x,2,3,4", ",1,2,3,4", "a,nan,2,3,4", "a,1,2,inf,4"])
def test_masks_of_another_form_are_refused(tmp_path: Path, row: str) -> None:
    masks = tmp_path / "masks.csv"
    masks.write_text(f"image,x1,y1,x2,y2\n{row}\n")
    with pytest.raises(DatasetError, match="line 2"):
        read_masks(masks)
