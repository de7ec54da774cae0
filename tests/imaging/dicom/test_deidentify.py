"""De-identified files name nobody, still decode to the same image, and pass an independent validator."""

import os
import shutil
import subprocess
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import generate_fragments
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, generate_uid

from app.errors import DamagedImage, FractureError
from app.imaging import Deidentifier, decode, phantom
from tests.support.image_files import LIMITS, compressed, dataset, dicom

IDENTIFIERS = {
    "PatientName": "Mustermann^Erika",
    "PatientID": "GEHEIM-4711",
    "PatientBirthDate": "19640812",
    "OtherPatientNames": "Gabler^Erika",
    "PatientAddress": "Heidestrasse 17",
    "PatientComments": "Tochter von Max Mustermann",
    "InstitutionName": "Krankenhaus Heidestrasse",
    "ReferringPhysicianName": "Sommer^Lea",
    "OperatorsName": "Winter^Jan",
    "StationName": "ROENTGEN2",
    "DeviceSerialNumber": "SN-998877",
    "AccessionNumber": "ACC-5566",
    "StudyID": "STUDY-7788",
    "StudyDescription": "Handgelenk Mustermann",
    "SeriesDescription": "Serie Mustermann",
    "ImageComments": "Erika gestuerzt",
    "StudyDate": "20261101",
    "ContentDate": "20261102",
    "AcquisitionDateTime": "20261103101112",
    "RequestingPhysician": "Herbst^Tom",
    "TextComments": "noch einmal Mustermann",
}
UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID")
SECRET = bytes(32)


def identified(**more: object) -> Dataset:
    made = dataset(phantom(3, (120, 160)).grey.astype("u2") * 16, bits=12)
    made.SOPClassUID, made.Modality = "1.2.840.10008.5.1.4.1.1.1", "CR"
    for name, value in {**IDENTIFIERS, **dict.fromkeys(UIDS)}.items():
        setattr(made, name, value or generate_uid())
    made.BodyPartExamined, made.ViewPosition, made.PixelSpacing = "WRIST", "AP", [0.1, 0.1]
    block = made.private_block(0x0029, "MUSTERMANN CORP", create=True)
    block.add_new(1, "LO", "private Mustermann")
    request = Dataset()
    request.RequestedProcedureDescription, request.ScheduledProcedureStepID = "Mustermann Handgelenk", "SPS-1"
    made.RequestAttributesSequence = [request]
    anatomy = Dataset()
    anatomy.CodeValue, anatomy.CodingSchemeDesignator, anatomy.CodeMeaning = "8205005", "SCT", "Wrist"
    anatomy.PhysiciansOfRecord = "Sommer^Lea"
    made.AnatomicRegionSequence = [anatomy]
    made.add_new(0x60000010, "US", 8)
    made.add_new(0x60003000, "OW", b"MUSTERMANN-OVERLAY")
    for name, value in more.items():
        setattr(made, name, value)
    return made


def cleaned(made: Dataset, **options: object) -> Dataset:
    return dcmread(BytesIO(Deidentifier(SECRET).file(dicom(made), LIMITS, **options)))


def test_no_identifier_is_left_anywhere_in_the_file() -> None:
    made = identified()
    file = Deidentifier(SECRET).file(dicom(made), LIMITS)
    for value in (*IDENTIFIERS.values(), *(str(made[name].value) for name in UIDS), "private", "OVERLAY", "SPS-1"):
        assert value.encode() not in file, value
        for part in value.replace("^", " ").split():
            assert part.encode() not in file or len(part) < 4, part


def test_what_the_image_needs_stays() -> None:
    made = identified()
    clean = cleaned(made)
    for name in ("SOPClassUID", "Modality", "Rows", "Columns", "BodyPartExamined", "ViewPosition", "PixelSpacing"):
        assert clean[name].value == made[name].value
    assert clean.AnatomicRegionSequence[0].CodeValue == "8205005"
    assert "PhysiciansOfRecord" not in clean.AnatomicRegionSequence[0]
    assert (decode(dicom(clean), LIMITS).grey == decode(dicom(made), LIMITS).grey).all()


def test_the_profile_is_stated_and_painting_adds_its_option() -> None:
    clean, painted = cleaned(identified()), cleaned(identified(), boxes=[(0.0, 0.0, 20.0, 10.0)])
    assert (clean.PatientIdentityRemoved, clean.LongitudinalTemporalInformationModified) == ("YES", "REMOVED")
    assert [one.CodeValue for one in clean.DeidentificationMethodCodeSequence] == ["113100"]
    assert [one.CodeValue for one in painted.DeidentificationMethodCodeSequence] == ["113100", "113101"]
    assert "PS3.15" in str(clean.DeidentificationMethod)


def test_identifiers_are_the_same_within_an_export_and_others_in_the_next() -> None:
    made = identified()
    other = identified(StudyInstanceUID=made.StudyInstanceUID)
    one, two, elsewhere = cleaned(made), cleaned(other), Deidentifier(b"1" * 32).uid(made.StudyInstanceUID)
    assert one.StudyInstanceUID == two.StudyInstanceUID != made.StudyInstanceUID
    assert one.SOPInstanceUID != two.SOPInstanceUID
    assert one.file_meta.MediaStorageSOPInstanceUID == one.SOPInstanceUID
    assert one.PatientID == two.PatientID != ""
    assert elsewhere != one.StudyInstanceUID


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_a_box_is_black_in_the_image_and_the_rest_is_as_it_was(photometric: str) -> None:
    made = identified(PhotometricInterpretation=photometric, WindowCenter=2048, WindowWidth=4096)
    before = decode(dicom(made), LIMITS).grey
    after = decode(dicom(cleaned(made, boxes=[(10.2, 5.0, 60.5, 25.0)])), LIMITS).grey
    inside = np.zeros(before.shape, bool)
    inside[5:25, 10:61] = True
    assert (after[inside] == before.min()).all()
    assert (after[~inside] == before[~inside]).all()


def test_a_comment_in_a_codestream_does_not_come_along() -> None:
    raw = compressed(identified(), JPEG2000Lossless)
    source = dcmread(BytesIO(raw))
    code = list(generate_fragments(source.PixelData))[1]
    comment = b"\xff\x64" + (4 + 10).to_bytes(2, "big") + b"\x00\x01" + b"MUSTERMANN"
    at = code.index(b"\xff\x52")
    named = dicom(identified(), JPEG2000Lossless, codestream=code[:at] + comment + code[at:])
    assert b"MUSTERMANN" in named
    file = Deidentifier(SECRET).file(named, LIMITS)
    assert b"MUSTERMANN" not in file
    assert dcmread(BytesIO(file)).file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert (decode(file, LIMITS).grey == decode(raw, LIMITS).grey).all()


@pytest.mark.parametrize("cut", [0, 60, 400, -5000])
def test_a_damaged_file_is_refused(cut: int) -> None:
    with pytest.raises(FractureError):
        Deidentifier(SECRET).file(dicom(identified())[:cut], LIMITS)


def test_a_header_that_does_not_fit_its_pixels_is_refused() -> None:
    with pytest.raises(DamagedImage):
        Deidentifier(SECRET).file(dicom(identified(Rows=500)), LIMITS)


def test_an_independent_validator_finds_no_error_that_the_source_did_not_have(tmp_path: Path) -> None:
    tool = shutil.which("dciodvfy")
    if tool is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("dciodvfy (dicom3tools) is not installed")

    def errors(raw: bytes) -> set[str]:
        path = tmp_path / "a.dcm"
        path.write_bytes(raw)
        answer = subprocess.run([tool, str(path)], capture_output=True, text=True, check=False)
        return {line for line in (answer.stdout + answer.stderr).splitlines() if line.startswith("Error")}

    made = identified()
    assert errors(Deidentifier(SECRET).file(dicom(made), LIMITS)) <= errors(dicom(made))
