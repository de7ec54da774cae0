"""Objects from other systems: stored once, pending at first, inferred by a process with a detector."""

import pytest
from pydicom.uid import generate_uid

from app.errors import Busy, DamagedImage, UploadTooLarge
from app.exchange_errors import DuplicateInstance, OwnResult
from app.imaging import phantom
from app.records import Actor, Person, Study
from app.services import Services
from app.usecases.administration import people
from app.usecases.reports.dicom import result_files
from app.usecases.sealed_records import open_study
from app.usecases.studies.bin import delete_study, restore_study
from app.usecases.studies.pending import LEASE, infer_pending
from app.usecases.studies.receive import is_stored, receive
from tests.support.image_files import dataset, dicom

TENANT = "default"
PERSON = Person("p1", TENANT, "Ada", "clinician")


def radiograph(study_uid: str = "1.2.3", sop_uid: str | None = None, **more: object) -> bytes:
    made = dataset(phantom(3, (120, 160)).grey.astype("u2") * 16)
    made.SOPClassUID, made.SeriesInstanceUID = "1.2.840.10008.5.1.4.1.1.1", "1.2.3.4"
    made.StudyInstanceUID, made.SOPInstanceUID = study_uid, sop_uid or generate_uid()
    for name, value in more.items():
        setattr(made, name, value)
    return dicom(made)


@pytest.fixture
def ada(services: Services) -> Person:
    return people.add_person(services, Actor(TENANT, "test"), "Ada", "clinician", None)


def stored(services: Services) -> list[Study]:
    return [open_study(services, row) for row in services.store.studies.page(TENANT, 10).studies]


def actions(services: Services) -> list[str]:
    return [entry.event.action for entry in services.store.audit.entries(TENANT)]


def test_an_object_is_pending_until_it_is_inferred(services: Services) -> None:
    receive(services, TENANT, radiograph())
    assert [image.assessment.verdict for image in stored(services)[0].images] == ["pending"]
    assert infer_pending(services)
    assert [image.assessment.verdict for image in stored(services)[0].images] == ["fracture"]
    assert not infer_pending(services)
    assert actions(services)[-2:] == ["image-received", "image-inferred"]


def test_objects_of_one_study_become_views_of_one_study_and_others_do_not(services: Services) -> None:
    for study_uid in ("1.2.3", "1.2.3", "1.2.9"):
        receive(services, TENANT, radiograph(study_uid))
    assert sorted(len(study.images) for study in stored(services)) == [1, 2]


def test_the_same_image_again_is_stored_once_and_other_pixels_of_its_uid_are_refused(services: Services) -> None:
    study = receive(services, TENANT, radiograph(sop_uid="1.9.1"))
    # An archive corrects headers, and writes another file.
    assert receive(services, TENANT, radiograph(sop_uid="1.9.1", AccessionNumber="corrected")) == study
    with pytest.raises(DuplicateInstance):
        receive(services, TENANT, radiograph(sop_uid="1.9.1", PixelData=bytes(2 * 120 * 160)))
    assert [len(study.images) for study in stored(services)] == [1]
    assert (is_stored(services, TENANT, "1.9.1"), is_stored(services, TENANT, "1.9.2")) == (True, False)


def test_what_is_no_object_or_too_large_is_refused_and_not_stored(services: Services) -> None:
    for raw in (b"", b"rubbish" * 40, radiograph(study_uid="")):
        with pytest.raises(DamagedImage):
            receive(services, TENANT, raw)
    with pytest.raises(UploadTooLarge):
        receive(services, TENANT, bytes(services.settings.limits.upload_bytes + 1))
    assert stored(services) == []


def test_an_object_that_cannot_be_decoded_is_kept_and_called_not_assessed(services: Services) -> None:
    receive(services, TENANT, radiograph(PixelData=b"\x00\x00"))
    assert infer_pending(services)
    (image,) = stored(services)[0].images
    assert (image.assessment.verdict, image.assessment.reason) == ("not-assessed", "unreadable")
    assert not infer_pending(services)


def test_a_busy_detector_leaves_it_pending_until_the_lease_ends(services: Services, detector, clock) -> None:
    receive(services, TENANT, radiograph())
    detector.busy = True
    with pytest.raises(Busy):
        infer_pending(services)
    detector.busy = False
    assert not infer_pending(services)
    clock.pass_(seconds=LEASE.total_seconds() + 1)
    assert infer_pending(services)
    assert stored(services)[0].images[0].assessment.verdict == "fracture"


def test_an_object_of_a_study_in_the_bin_is_stored_anew_when_it_comes_again(services: Services, ada: Person) -> None:
    raw = radiograph()
    receive(services, TENANT, raw)
    first = stored(services)[0].id
    delete_study(services, ada, first)
    assert not infer_pending(services)

    receive(services, TENANT, raw)

    assert first not in [study.id for study in stored(services)]
    assert infer_pending(services)
    assert stored(services)[0].images[0].assessment.verdict == "fracture"


def test_a_pending_study_that_comes_back_from_the_bin_is_inferred(services: Services, ada: Person) -> None:
    receive(services, TENANT, radiograph())
    study = stored(services)[0].id
    delete_study(services, ada, study)
    assert not infer_pending(services)
    restore_study(services, ada, study)
    assert infer_pending(services)
    assert stored(services)[0].images[0].assessment.verdict != "pending"


def test_a_result_of_this_software_is_not_taken_for_a_radiograph(services: Services) -> None:
    receive(services, TENANT, radiograph())
    assert infer_pending(services)
    for file in result_files(services, TENANT, stored(services)[0].id):
        with pytest.raises(OwnResult):
            receive(services, TENANT, file)
    assert len(stored(services)) == 1


def test_patient_and_examination_are_known_before_inference(services: Services) -> None:
    receive(services, TENANT, radiograph(PatientName="Doe^Jane", PatientID="4711"), by=PERSON)
    (study,) = stored(services)
    assert study.patient is not None
    assert (study.patient.id, study.examination.study_uid, study.created_by) == ("4711", "1.2.3", PERSON.id)


def test_a_study_that_was_deleted_meanwhile_stops_nobody(services: Services) -> None:
    receive(services, TENANT, radiograph())
    services.store.studies.delete(TENANT, stored(services)[0].id)
    assert not infer_pending(services)


def test_the_database_knows_no_uid(services: Services, settings) -> None:
    uid = "1.2.826.0.1.3680043.8.498.777"
    receive(services, TENANT, radiograph(study_uid=uid))
    path = settings.database_url.removeprefix("sqlite:///")
    services.store.close()
    with open(path, "rb") as file:
        assert uid.encode() not in file.read()


def test_a_study_takes_its_patient_from_the_headers_and_says_where_another_is_named(services: Services) -> None:
    receive(services, TENANT, radiograph(PatientName="Doe^Jane", PatientID="4711"))
    receive(services, TENANT, radiograph(PatientName="Roe^Richard", PatientID="4712"))
    while infer_pending(services):
        pass
    (study,) = stored(services)
    assert study.patient is not None
    assert (study.patient.name, study.patient.id) == ("Doe^Jane", "4711")
    assert ["different-patient" in image.assessment.warnings for image in study.images] == [False, True]
