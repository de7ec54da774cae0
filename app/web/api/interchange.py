"""Results in the formats of other systems: DICOM, FHIR, HL7."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from app.usecases.reports import dicom, records
from app.web.api.description import Operation, describe
from app.web.http.context import person, services
from app.web.http.download import dicom_answer, text_answer

blueprint = Blueprint("interchange", __name__, url_prefix="/studies/<study_id>")


@blueprint.get("/images/<image_id>/sr.dcm")
@describe(Operation("srDcm", "Images", "application/dicom"))
def sr_dcm(study_id: str, image_id: str) -> ResponseReturnValue:
    """The assessment as a DICOM Structured Report."""
    return dicom_answer(dicom.sr_file(services(), person(), study_id, image_id), f"sr-{image_id}")


@blueprint.get("/images/<image_id>/sc.dcm")
@describe(Operation("scDcm", "Images", "application/dicom"))
def sc_dcm(study_id: str, image_id: str) -> ResponseReturnValue:
    """The radiograph with its findings burned in, as a DICOM Secondary Capture."""
    return dicom_answer(dicom.sc_file(services(), person(), study_id, image_id), f"sc-{image_id}")


@blueprint.get("/images/<image_id>/gsps.dcm")
@describe(Operation("gspsDcm", "Images", "application/dicom", refusals=(409,)))
def gsps_dcm(study_id: str, image_id: str) -> ResponseReturnValue:
    """The findings as a DICOM presentation state on the original."""
    return dicom_answer(dicom.gsps_file(services(), person(), study_id, image_id), f"gsps-{image_id}")


@blueprint.get("/fhir.json")
@describe(Operation("fhirJson", "Reports", "application/fhir+json"))
def fhir_json(study_id: str) -> ResponseReturnValue:
    """The study as a FHIR R4 Bundle."""
    return text_answer(records.fhir_bundle(services(), person(), study_id), "application/fhir+json")


@blueprint.get("/hl7")
@describe(Operation("hl7", "Reports", "text/plain"))
def hl7(study_id: str) -> ResponseReturnValue:
    """The study as an HL7 v2.5 ORU^R01 message."""
    return text_answer(records.hl7_message(services(), person(), study_id), "text/plain")
