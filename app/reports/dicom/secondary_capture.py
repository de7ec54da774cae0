"""The image with its findings drawn into the pixels, for viewers that show nothing else.

Source: DICOM PS3.3 A.8.1 (Secondary Capture Image IOD).
"""

import numpy as np
from highdicom.sc import SCImage
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from app.reports.dicom.result import SECONDARY_CAPTURE, Result, date_stably, side_of
from app.reports.uids import MANUFACTURER


def secondary_capture(result: Result, rgb: NDArray[np.uint8]) -> Dataset:
    """Build a Secondary Capture object of a rendered image.

    rgb: (H, W, 3) uint8 with boxes, verdict and disclaimer burned in; its upper left part is the radiograph, so that a
    coordinate of the radiograph is one of the capture too.
    """
    evidence = result.evidence()
    capture = SCImage(
        pixel_array=rgb,
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        # Required by the library; the true orientation, mostly unknown for a radiograph, replaces it below.
        patient_orientation=("L", "F"),
        study_instance_uid=evidence.StudyInstanceUID,
        series_instance_uid=result.series_uid(SECONDARY_CAPTURE),
        series_number=SECONDARY_CAPTURE.series_number,
        sop_instance_uid=result.instance_uid(SECONDARY_CAPTURE),
        instance_number=1,
        manufacturer=MANUFACTURER,
        patient_id=evidence.PatientID,
        patient_name=evidence.PatientName,
        patient_birth_date=evidence.PatientBirthDate,
        patient_sex=evidence.PatientSex,
        accession_number=evidence.AccessionNumber,
        study_id=evidence.StudyID,
        study_date=evidence.StudyDate or None,
        study_time=evidence.StudyTime or None,
        referring_physician_name=evidence.ReferringPhysicianName,
        series_description=SECONDARY_CAPTURE.description,
        specific_character_set="ISO_IR 192",
    )
    orientation: list[str] = list(evidence.get("PatientOrientation") or [])
    capture.PatientOrientation = orientation
    capture.Laterality = side_of(evidence)
    capture.ConversionType = "WSD"
    capture.ImageType = ["DERIVED", "SECONDARY"]
    capture.BurnedInAnnotation = "YES"
    if result.is_referable:
        capture.SourceImageSequence = [_reference(evidence)]
    return date_stably(capture, result.at)


def _reference(evidence: Dataset) -> Dataset:
    reference = Dataset()
    reference.ReferencedSOPClassUID = evidence.SOPClassUID
    reference.ReferencedSOPInstanceUID = evidence.SOPInstanceUID
    return reference
