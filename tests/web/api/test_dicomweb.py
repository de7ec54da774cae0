"""Studies by DICOMweb, as an independent client (dicomweb-client) searches and retrieves them."""

import threading
from collections.abc import Callable, Iterator
from io import BytesIO
from urllib.parse import urljoin

import numpy as np
import pytest
import requests
from dicomweb_client.api import DICOMwebClient
from flask import Flask
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, JPEGLSLossless, generate_uid
from werkzeug.serving import make_server

from app.imaging import phantom, stored_frame
from app.services import Services
from app.usecases.administration import tokens
from app.usecases.studies.pending import infer_pending
from app.usecases.studies.receive import receive
from tests.conftest import Account
from tests.support.image_files import LIMITS, compressed, dataset, dicom
from tests.web.conftest import Sender, image, multipart

PATH = "/api/v1/dicomweb"
CR = "1.2.840.10008.5.1.4.1.1.1"


def radiograph(**more: object) -> Dataset:
    made = dataset(phantom(3, (120, 160)).grey.astype("u2") * 16)
    made.SOPClassUID, made.Modality, made.StudyDate = CR, "CR", "20261101"
    made.SOPInstanceUID, made.SeriesInstanceUID, made.StudyInstanceUID = (generate_uid() for _ in range(3))
    made.PatientName, made.PatientID, made.AccessionNumber = "Doe^Jane", "4711", "A-1"
    for name, value in more.items():
        setattr(made, name, value)
    return made


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}{PATH}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def session(ada: Account) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.headers.update(ada.bearer)
        yield session


@pytest.fixture
def dicomweb(address: str, session: requests.Session) -> DICOMwebClient:
    return DICOMwebClient(address, session=session)


@pytest.fixture
def upload(api: Sender) -> Callable[..., dict]:
    def send(*files: bytes) -> dict:
        answer = api("post", "/studies", **multipart(*((f"{number}.dcm", raw) for number, raw in enumerate(files))))
        assert answer.status_code == 201
        return answer.get_json()

    return send


def test_a_study_is_found_by_each_key_and_by_no_other_value(dicomweb, upload) -> None:
    made, other = radiograph(), radiograph(PatientName="Roe^Richard", PatientID="4712", AccessionNumber="A-2")
    upload(dicom(made))
    upload(dicom(other))
    right = {
        "PatientID": "4711",
        "PatientName": "*doe*",
        "AccessionNumber": "A-1",
        "StudyInstanceUID": made.StudyInstanceUID,
    }
    for name, value in right.items():
        (found,) = dicomweb.search_for_studies(search_filters={name: value})
        assert Dataset.from_json(found).StudyInstanceUID == made.StudyInstanceUID, name
    wrong = {"PatientID": "471", "PatientName": "Smith", "AccessionNumber": "A", "StudyInstanceUID": "1.2.3"}
    for name, value in {**wrong, "StudyDate": "20261102-", "ModalitiesInStudy": "MR"}.items():
        assert dicomweb.search_for_studies(search_filters={name: value}) == [], name
    for name, value in {"StudyDate": "20261101-20261101", "ModalitiesInStudy": "CR"}.items():
        assert len(dicomweb.search_for_studies(search_filters={name: value})) == 2, name
    assert len(dicomweb.search_for_studies(limit=1)) == 1
    assert dicomweb.search_for_studies(limit=1) != dicomweb.search_for_studies(limit=1, offset=1)


def test_the_answer_names_patient_and_what_the_study_holds(dicomweb, upload) -> None:
    made = radiograph()
    upload(dicom(made))
    (found,) = map(Dataset.from_json, dicomweb.search_for_studies())
    assert (str(found.PatientName), found.PatientID, found.StudyDate) == ("Doe^Jane", "4711", "20261101")
    assert (list(found.ModalitiesInStudy), found.NumberOfStudyRelatedInstances) == (["CR", "OT", "PR", "SR"], 4)
    series = [Dataset.from_json(one) for one in dicomweb.search_for_series(made.StudyInstanceUID)]
    assert sorted(one.Modality for one in series) == ["CR", "OT", "PR", "SR"]
    (reports,) = dicomweb.search_for_series(made.StudyInstanceUID, search_filters={"Modality": "SR"})
    instances = dicomweb.search_for_instances(made.StudyInstanceUID, Dataset.from_json(reports).SeriesInstanceUID)
    assert len(instances) == 1
    assert len(dicomweb.search_for_instances(made.StudyInstanceUID)) == 4


def test_objects_come_back_as_they_were_sent_with_results_that_refer_to_them(dicomweb, upload, api) -> None:
    made = radiograph()
    study = upload(dicom(made))
    objects = {one.Modality: one for one in dicomweb.retrieve_study(made.StudyInstanceUID)}
    assert set(objects) == {"CR", "OT", "PR", "SR"}
    assert objects["CR"] == dcmread(BytesIO(dicom(made)))
    base = f"/studies/{study['id']}/images/{study['images'][0]['id']}"
    for modality, name in (("SR", "sr"), ("OT", "sc"), ("PR", "gsps")):
        assert objects[modality] == dcmread(BytesIO(api("get", f"{base}/{name}.dcm").data))
        uids = made.StudyInstanceUID, objects[modality].SeriesInstanceUID, objects[modality].SOPInstanceUID
        assert dicomweb.retrieve_instance(*uids) == objects[modality]


def test_metadata_is_the_header_and_leads_to_the_frame(dicomweb, session, address, upload) -> None:
    made = radiograph(PatientName="Dö^Jäne", SpecificCharacterSet="ISO_IR 100")
    upload(dicom(made))
    metadata = dicomweb.retrieve_series_metadata(made.StudyInstanceUID, made.SeriesInstanceUID)
    (header,) = [Dataset.from_json({k: v for k, v in one.items() if k != "7FE00010"}) for one in metadata]
    assert (str(header.PatientName), header.Rows, header.SOPClassUID) == ("Dö^Jäne", 120, CR)
    answer = session.get(urljoin(address, metadata[0]["7FE00010"]["BulkDataURI"]))
    assert made.PixelData in answer.content
    (frame,) = dicomweb.retrieve_instance_frames(
        made.StudyInstanceUID, made.SeriesInstanceUID, made.SOPInstanceUID, frame_numbers=[1]
    )
    assert frame == made.PixelData
    assert len(dicomweb.retrieve_study_metadata(made.StudyInstanceUID)) == 4


def test_a_compressed_frame_is_sent_as_it_is_stored_or_not_at_all(dicomweb, session, address, upload) -> None:
    made = radiograph()
    raw = compressed(made, JPEGLSLossless)
    upload(raw)
    path = f"{address}/studies/{made.StudyInstanceUID}/series/{made.SeriesInstanceUID}/instances/{made.SOPInstanceUID}"

    def frame(accept: str) -> requests.Response:
        return session.get(f"{path}/frames/1", headers={"Accept": f"multipart/related; {accept}"})

    code = stored_frame(raw, LIMITS).data
    for accept in ('type="image/jls"', 'type="application/octet-stream"; transfer-syntax=*', "type=image/jls;q=0.5"):
        assert code in frame(accept).content
    assert f"transfer-syntax={JPEGLSLossless}".encode() in frame('type="image/jls"').content
    for accept in ('type="application/octet-stream"', 'type="image/jp2"', f'type="image/jls"; transfer-syntax={CR}'):
        assert frame(accept).status_code == 406
    (file,) = dicomweb.retrieve_series(made.StudyInstanceUID, made.SeriesInstanceUID)
    assert file.file_meta.TransferSyntaxUID == JPEGLSLossless
    plain = {"Accept": f'multipart/related; type="application/dicom"; transfer-syntax={ExplicitVRLittleEndian}'}
    assert session.get(path, headers=plain).status_code == 406
    single = session.get(path, headers={"Accept": "application/dicom"})
    assert single.content == raw


def test_a_big_endian_frame_is_turned_around(dicomweb, upload) -> None:
    made = radiograph()
    values = np.frombuffer(made.PixelData, "<u2")
    made.PixelData = values.astype(">u2").tobytes()
    upload(dicom(made, ExplicitVRBigEndian))
    uids = made.StudyInstanceUID, made.SeriesInstanceUID, made.SOPInstanceUID
    (frame,) = dicomweb.retrieve_instance_frames(*uids, frame_numbers=[1])
    assert np.array_equal(np.frombuffer(frame, "<u2"), values)


def test_an_original_and_a_capture_are_rendered_and_a_report_is_not(dicomweb, session, address, upload, api) -> None:
    made = radiograph()
    study = upload(dicom(made))
    base = f"/studies/{study['id']}/images/{study['images'][0]['id']}"
    for one in dicomweb.retrieve_study(made.StudyInstanceUID):
        uids = f"studies/{one.StudyInstanceUID}/series/{one.SeriesInstanceUID}/instances/{one.SOPInstanceUID}"
        answer = session.get(f"{address}/{uids}/rendered")
        wanted = {"CR": "original", "OT": "annotated"}.get(one.Modality)
        if wanted:
            assert answer.content == api("get", f"{base}/{wanted}.png").data
        else:
            assert (answer.status_code, answer.json()["error"]["code"]) == (422, "no-pixels")


def test_views_without_a_source_object_stand_in_one_study_of_their_own(dicomweb, upload) -> None:
    upload(image(), image(shape_hw=(140, 180)))
    (found,) = map(Dataset.from_json, dicomweb.search_for_studies())
    assert list(found.ModalitiesInStudy) == ["OT", "SR"]
    objects = dicomweb.retrieve_study(found.StudyInstanceUID)
    assert sorted(one.Modality for one in objects) == ["OT", "OT", "SR", "SR"]


def test_the_same_study_twice_is_one_study_with_each_original_once(dicomweb, upload) -> None:
    made = radiograph()
    upload(dicom(made))
    upload(dicom(made))
    (found,) = dicomweb.search_for_studies()
    assert found["0020000D"]["Value"] == [made.StudyInstanceUID]
    assert len(dicomweb.search_for_instances(made.StudyInstanceUID, search_filters={"Modality": "CR"})) == 1


def test_what_is_pending_is_there_without_results(dicomweb, services: Services, ada) -> None:
    made = radiograph()
    receive(services, "default", dicom(made))
    assert dicomweb.search_for_studies() != []
    assert [one.Modality for one in dicomweb.retrieve_study(made.StudyInstanceUID)] == ["CR"]
    assert infer_pending(services)
    assert len(dicomweb.retrieve_study(made.StudyInstanceUID)) == 4


def test_a_file_that_cannot_be_decoded_is_there_with_a_report_alone(dicomweb, services: Services) -> None:
    made = radiograph(PixelData=b"\x00\x00")
    receive(services, "default", dicom(made))
    assert infer_pending(services)
    assert sorted(one.Modality for one in dicomweb.retrieve_study(made.StudyInstanceUID)) == ["CR", "SR"]


def test_another_tenant_and_a_token_without_view_get_nothing(
    address, upload, services: Services, account: Callable[..., Account], ada: Account
) -> None:
    made = radiograph()
    upload(dicom(made))
    other = account("Bea", tenant="north")
    path = f"{address}/studies/{made.StudyInstanceUID}"
    assert requests.get(f"{address}/studies", headers=other.bearer).json() == []
    assert requests.get(path, headers=other.bearer).status_code == 404
    narrow = tokens.add_token(services, ada.person, "Ada", scopes=["upload"])  # type: ignore[arg-type]
    assert requests.get(path, headers={"Authorization": f"Bearer {narrow}"}).status_code == 403
    assert requests.get(path).status_code == 401


def test_viewing_is_entered_and_nothing_is_cached(session, address, upload, services: Services) -> None:
    made = radiograph()
    study = upload(dicom(made))
    answer = session.get(f"{address}/studies/{made.StudyInstanceUID}/metadata")
    assert answer.headers["Cache-Control"] == "no-store"
    entered = [(one.event.action, one.event.subject) for one in services.store.audit.entries("default")]
    assert ("study-viewed", study["id"]) in entered


def test_a_browser_that_is_signed_in_needs_no_token(signed_in, upload) -> None:
    made = radiograph()
    upload(dicom(made))
    answer = signed_in.get(f"{PATH}/studies")
    assert answer.content_type == "application/dicom+json"
    assert answer.get_json(force=True)[0]["0020000D"]["Value"] == [made.StudyInstanceUID]


@pytest.mark.parametrize("query", ["StudyDate=yesterday", "limit=x", "offset=-1", f"PatientName={'x' * 1001}"])
def test_a_search_of_another_form_is_refused(api: Sender, query: str) -> None:
    assert api("get", f"/dicomweb/studies?{query}").status_code == 400
