"""The assessment of an image as a Structured Report: a measurement group with a bounding box for each finding.

Source: DICOM PS3.16 TID 1500 (Measurement Report), TID 1410 (Planar ROI), TID 1501 (Measurement and Qualitative
Evaluation Group), TID 1004 (Device Observer), TID 4019 (Algorithm Identification).
"""

import numpy as np
from highdicom.sr import (
    AlgorithmIdentification,
    CodedConcept,
    ComprehensiveSR,
    DeviceObserverIdentifyingAttributes,
    FindingSite,
    GraphicTypeValues,
    ImageRegion,
    Measurement,
    MeasurementReport,
    MeasurementsAndQualitativeEvaluations,
    ObservationContext,
    ObserverContext,
    PlanarROIMeasurementsAndQualitativeEvaluations,
    RelationshipTypeValues,
    SourceImageForMeasurementGroup,
    SourceImageForRegion,
    TextContentItem,
    TrackingIdentifier,
)
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from app.records import DISCLAIMER, Finding
from app.reports.dicom.codes import (
    ABNORMAL_STRUCTURE,
    CERTAINTY,
    COMMENT,
    CONCLUSION,
    FINDING,
    PERCENT,
    PROCEDURE,
    REGION_CODES,
)
from app.reports.dicom.result import STRUCTURED_REPORT, Result, date_stably
from app.reports.uids import MANUFACTURER


def structured_report(result: Result, conclusion: str) -> Dataset:
    """Build a Comprehensive SR of one image's assessment.

    conclusion: the verdict in words. Boxes are polylines in stored pixels of the referenced image, columns first.
    """
    evidence = result.evidence()
    groups = [_finding_group(result, evidence, number) for number in range(len(result.image.assessment.findings))]
    report = MeasurementReport(
        observation_context=ObservationContext(observer_device_context=_device(result)),
        procedure_reported=PROCEDURE,
        imaging_measurements=groups or [_image_group(result, evidence, conclusion)],
    )
    for name, text in ((CONCLUSION, conclusion), (CONCLUSION, result.stated), (COMMENT, DISCLAIMER)):
        if text:
            report[0].ContentSequence.append(TextContentItem(name, text, RelationshipTypeValues.CONTAINS))
    document = ComprehensiveSR(
        evidence=[evidence],
        content=report[0],
        series_instance_uid=result.series_uid(STRUCTURED_REPORT),
        series_number=STRUCTURED_REPORT.series_number,
        sop_instance_uid=result.instance_uid(STRUCTURED_REPORT),
        instance_number=1,
        manufacturer=MANUFACTURER,
        is_complete=True,
        is_final=False,
        series_description=STRUCTURED_REPORT.description,
        specific_character_set="ISO_IR 192",
    )
    return date_stably(document, result.at)


def _finding_group(result: Result, evidence: Dataset, number: int) -> PlanarROIMeasurementsAndQualitativeEvaluations:
    finding = result.image.assessment.findings[number]
    region = ImageRegion(
        GraphicTypeValues.POLYLINE,
        _outline(finding, result.scale_xy()),
        SourceImageForRegion(evidence.SOPClassUID, evidence.SOPInstanceUID),
    )
    site = REGION_CODES.get(finding.region)
    group = PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(
            result.uid(f"finding-{number}"), f"{number + 1}. {finding.region}, {finding.tier}"
        ),
        referenced_region=region,
        finding_category=ABNORMAL_STRUCTURE,
        finding_sites=[FindingSite(site)] if site else None,
        algorithm_id=_algorithm(result),
        measurements=[Measurement(CERTAINTY, round(finding.confidence * 100, 1), PERCENT)],
    )
    text = f"Fracture, {finding.tier}: {finding.region}"
    group[0].ContentSequence.append(TextContentItem(FINDING, text, RelationshipTypeValues.CONTAINS))
    return group


def _image_group(result: Result, evidence: Dataset, conclusion: str) -> MeasurementsAndQualitativeEvaluations:
    """The group of an image without a finding: the verdict on the image as a whole."""
    group = MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(result.uid("image"), "The whole image"),
        source_images=[SourceImageForMeasurementGroup(evidence.SOPClassUID, evidence.SOPInstanceUID)],
        algorithm_id=_algorithm(result),
    )
    group[0].ContentSequence.append(TextContentItem(FINDING, conclusion, RelationshipTypeValues.CONTAINS))
    return group


def _outline(finding: Finding, scale_xy: tuple[float, float]) -> np.ndarray:
    """The four corners of a box and the first again, (5, 2) float, column and row in stored pixels."""
    x1, y1, x2, y2 = finding.box_px
    corners = np.array([(x1, y1), (x2, y1), (x2, y2), (x1, y2), (x1, y1)])
    return corners * scale_xy


def _algorithm(result: Result) -> AlgorithmIdentification:
    model = result.image.assessment.model
    return AlgorithmIdentification(model.name, model.version, parameters=[f"SHA-256 of the weights: {model.sha256}"])


def _device(result: Result) -> ObserverContext:
    model = result.image.assessment.model
    device = DeviceObserverIdentifyingAttributes(
        uid=f"2.25.{int(model.sha256[:32], 16)}",
        name=model.name,
        manufacturer_name=MANUFACTURER,
        model_name=f"{model.name} {model.version}",
    )
    return ObserverContext(CodedConcept.from_code(codes.DCM.Device), device)
