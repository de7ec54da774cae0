"""Reading a study: whole or not at all, good files kept, bad ones named."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from app import imaging
from app.errors import Busy, DamagedImage, EmptyFile, NoFile, SealBroken, StudyNotFound, TooManyFiles, UploadTooLarge
from app.records import Person, Upload
from app.security import MasterKeys, Vault, new_master_key
from app.services import Services
from app.storage import NewImage, NewStudy
from app.usecases.administration import maintenance
from app.usecases.studies import show as show_study
from app.usecases.studies.bin import delete_study
from app.usecases.studies.create import add_images, create_study
from tests.support.fakes import FakeDetector

PHANTOM = imaging.render_png(imaging.phantom(3, (128, 96)).grey)
GOOD = Upload("good.png", PHANTOM)
BAD = Upload("bad.png", PHANTOM[: len(PHANTOM) // 2])


@pytest.fixture
def ada(account: Callable[..., object]) -> Person:
    return account("Ada").person  # type: ignore[attr-defined]


def test_a_study_is_read_stored_and_read_again(services: Services, ada: Person) -> None:
    submission = create_study(services, ada, [GOOD, replace(GOOD, name="second.png")])
    again = show_study.get_study(services, ada, submission.study.id)
    assert again == submission.study
    assert [image.name for image in again.images] == ["good.png", "second.png"]
    assessment = again.images[0].assessment
    assert (assessment.width, assessment.height, assessment.verdict, assessment.score) == (96, 128, "fracture", 0.87)
    assert [(finding.region, finding.tier) for finding in assessment.findings] == [
        ("wrist", "definite"),
        ("elbow", "possible"),
    ]


def test_in_a_batch_the_good_files_are_kept_and_the_bad_ones_named(services: Services, ada: Person) -> None:
    submission = create_study(services, ada, [BAD, GOOD, Upload("empty.png", b"")])
    assert [image.name for image in submission.study.images] == ["good.png"]
    assert [(one.index, one.name, one.why.code) for one in submission.rejected] == [
        (0, "bad.png", "damaged-image"),
        (2, "empty.png", "empty-file"),
    ]


@pytest.mark.parametrize(
    ("uploads", "error"),
    [
        ([], NoFile),
        ([GOOD] * 6, TooManyFiles),
        ([BAD], DamagedImage),
        ([Upload("empty.png", b""), BAD], EmptyFile),
        ([Upload("large.png", b"\x89" * (6 * 1024 * 1024 + 1))], UploadTooLarge),
    ],
)
def test_where_no_file_can_be_read_nothing_is_stored(
    services: Services, ada: Person, uploads: list[Upload], error: type[Exception]
) -> None:
    with pytest.raises(error):
        create_study(services, ada, uploads)
    assert show_study.list_studies(services, ada).studies == ()


def test_a_busy_server_refuses_the_whole_batch_instead_of_naming_files(
    services: Services, detector: FakeDetector, ada: Person
) -> None:
    detector.busy = True
    with pytest.raises(Busy):
        create_study(services, ada, [GOOD, BAD])
    assert show_study.list_studies(services, ada).studies == ()


def test_a_sealed_upload_with_a_sealed_key_of_yesterday_and_a_broken_name_is_refused(
    services: Services, ada: Person
) -> None:
    kid = services.upload_keys.current(ada.tenant, ada.id).kid
    with pytest.raises(SealBroken):
        create_study(services, ada, [Upload("", PHANTOM, sealed_for=kid, sealed_name=b"name")])


def test_a_view_is_added_to_the_study(services: Services, ada: Person) -> None:
    study = create_study(services, ada, [GOOD]).study
    added = add_images(services, ada, study.id, [replace(GOOD, name="lateral.png")])
    assert [image.name for image in added.study.images] == ["good.png", "lateral.png"]


def test_someone_elses_study_is_not_found(services: Services, ada: Person, account: Callable[..., object]) -> None:
    study = create_study(services, ada, [GOOD]).study
    stranger: Person = account("Bea", tenant="other").person  # type: ignore[attr-defined]
    image_id = study.images[0].id
    for ask in (
        lambda: show_study.get_study(services, stranger, study.id),
        lambda: delete_study(services, stranger, study.id),
        lambda: show_study.original_png(services, stranger, study.id, image_id),
        lambda: show_study.annotated_png(services, stranger, study.id, image_id),
        lambda: add_images(services, stranger, study.id, [GOOD]),
    ):
        with pytest.raises(StudyNotFound):
            ask()
    assert show_study.list_studies(services, stranger).studies == ()


def test_every_step_is_in_the_audit_record_which_is_whole(services: Services, ada: Person) -> None:
    study = create_study(services, ada, [GOOD]).study
    delete_study(services, ada, study.id)
    actions = [entry.event.action for entry in services.store.audit.entries("default")]
    assert actions[-2:] == ["study-created", "study-deleted"]
    assert maintenance.verify_audit(services) == {"default": None}


def test_where_no_file_can_be_read_each_is_named(services: Services, ada: Person) -> None:
    with pytest.raises(DamagedImage) as refusal:
        create_study(services, ada, [BAD, Upload("empty.png", b"")])
    assert [(name, type(why)) for name, why in refusal.value.of_files] == [
        ("bad.png", DamagedImage),
        ("empty.png", EmptyFile),
    ]


def test_a_study_that_does_not_open_hides_no_other(services: Services, ada: Person) -> None:
    good = create_study(services, ada, [GOOD]).study
    other = replace(services, vault=Vault(MasterKeys.parse(new_master_key())))
    lost = services.new_id()
    wrapped = other.vault.new_study_key("default", lost)
    sealed = NewImage(services.new_id(), services.clock(), b"sealed elsewhere", b"sealed elsewhere")
    services.store.studies.add("default", NewStudy(lost, services.clock(), ada.id, wrapped, (sealed,)))
    page = show_study.list_studies(services, ada)
    assert [study.id for study in page.studies] == [good.id]
    assert page.damaged == (lost,)
