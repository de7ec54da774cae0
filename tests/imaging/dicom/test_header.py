"""The header of a DICOM object: texts in any character set, whole or absent, never in a log line."""

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from app.imaging import decode
from app.records import Header
from tests.support.image_files import LIMITS, SECRET, dataset, dicom, ramp, saved

GREY = ramp()


def header(**tags) -> Header:
    found = decode(dicom(dataset(GREY, **tags)), LIMITS).header
    assert found is not None
    return found


def test_only_dicom_has_a_header():
    assert decode(saved(GREY, "PNG"), LIMITS).header is None


def test_each_value_of_the_header_comes_from_its_element():
    found = header(
        Modality="dx",
        ImageLaterality="L",
        ViewPosition="AP",
        StudyDate="20260102",
        StudyInstanceUID="1.2.3",
        SeriesInstanceUID="1.2.4",
        AccessionNumber="A1",
        PatientID=" 0815 ",
        IssuerOfPatientID="HOSPITAL",
        PatientBirthDate="19700203",
        PatientSex="F",
    )
    assert found == Header(
        modality="DX",
        laterality="L",
        view_position="AP",
        study_date="20260102",
        sop_class_uid="1.2.840.10008.5.1.4.1.1.1.1",
        sop_instance_uid="1.2.826.0.1.3680043.8.498.1",
        study_uid="1.2.3",
        series_uid="1.2.4",
        accession_number="A1",
        patient_name=SECRET,
        patient_id="0815",
        patient_id_issuer="HOSPITAL",
        patient_birth_date="19700203",
        patient_sex="F",
    )


def test_body_parts_are_every_text_that_may_name_one():
    region = Dataset()
    region.CodeMeaning = "Wrist joint"
    found = header(
        BodyPartExamined="WRIST", AnatomicRegionSequence=Sequence([region]), SeriesDescription="Handgelenk ap"
    )
    assert found.body_parts == ("WRIST", "Wrist joint", "Handgelenk ap")


def test_a_name_is_read_in_the_character_set_of_its_file():
    assert header(SpecificCharacterSet="ISO_IR 192", PatientName="Müller^Zoë").patient_name == "Müller^Zoë"
    assert header(SpecificCharacterSet="ISO_IR 100", PatientName="Müller^Zoë").patient_name == "Müller^Zoë"


def test_an_absent_or_damaged_value_is_empty_and_costs_nothing_else():
    raw = dicom(dataset(GREY, SpecificCharacterSet="ISO_IR 100", PatientName=None, PatientID="0\x0015"))
    found = decode(raw.replace(b"ISO_IR 100", b"NO SUCHSET"), LIMITS).header
    assert found is not None
    assert (found.patient_name, found.modality, found.patient_id) == ("", "", "015")


def test_the_representation_of_a_header_shows_no_value_of_a_patient():
    shown = repr(header(PatientID="0815", PatientBirthDate="19700203", AccessionNumber="A1"))
    assert not any(value in shown for value in (SECRET, "0815", "19700203", "A1"))
