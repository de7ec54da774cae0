"""Boxes and labels as graphic annotations on the untouched original.

Source: DICOM PS3.3 A.33.1 (Grayscale Softcopy Presentation State IOD), C.10.5 (Graphic Annotation Module).
"""

import numpy as np
from highdicom.pr import (
    GraphicAnnotation,
    GraphicLayer,
    GraphicObject,
    GrayscaleSoftcopyPresentationState,
    TextObject,
)
from pydicom.dataset import Dataset

from app.exchange_errors import NoSourceObject
from app.records import DISCLAIMER, Finding
from app.reports.dicom.result import PRESENTATION_STATE, Result, date_stably, side_of
from app.reports.uids import MANUFACTURER

_LAYER = "FINDINGS"


def presentation_state(result: Result, title: str) -> Dataset:
    """Build a Grayscale Softcopy Presentation State for the image's DICOM object.

    title: the verdict in words, shown with the disclaimer along the lower edge of the image.

    Raises:
        NoSourceObject: the image did not come as a grey DICOM object with UIDs, so there is nothing to refer to.
    """
    if not result.is_referable or result.source is None or result.source.get("SamplesPerPixel") != 1:
        raise NoSourceObject
    evidence = result.evidence()
    model = result.image.assessment.model
    scale_xy = result.scale_xy()
    layer = GraphicLayer(_LAYER, order=1, description="Findings of the software")
    findings = result.image.assessment.findings
    annotation = GraphicAnnotation(
        referenced_images=[evidence],
        graphic_layer=layer,
        graphic_objects=[_box(finding, scale_xy) for finding in findings] or None,
        text_objects=[*(_label(finding, scale_xy) for finding in findings), _caption(f"{title}. {DISCLAIMER}")],
    )
    state = GrayscaleSoftcopyPresentationState(
        referenced_images=[evidence],
        series_instance_uid=result.series_uid(PRESENTATION_STATE),
        series_number=PRESENTATION_STATE.series_number,
        sop_instance_uid=result.instance_uid(PRESENTATION_STATE),
        instance_number=1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=model.name,
        software_versions=model.version,
        device_serial_number=model.sha256[:16],
        content_label="FINDINGS",
        content_description="Fracture detection",
        graphic_annotations=[annotation],
        graphic_layers=[layer],
        series_description=PRESENTATION_STATE.description,
        specific_character_set="ISO_IR 192",
    )
    state.Laterality = side_of(evidence)
    return date_stably(state, result.at)


def _box(finding: Finding, scale_xy: tuple[float, float]) -> GraphicObject:
    x1, y1, x2, y2 = finding.box_px
    corners = np.array([(x1, y1), (x2, y1), (x2, y2), (x1, y2), (x1, y1)]) * scale_xy
    return GraphicObject("POLYLINE", corners, "PIXEL")


def _label(finding: Finding, scale_xy: tuple[float, float]) -> TextObject:
    mark = "?" if finding.tier == "possible" else ""
    text = f"{finding.region}{mark} {min(99, round(finding.confidence * 100))}%"
    anchor = (finding.box_px[0] * scale_xy[0], finding.box_px[1] * scale_xy[1])
    return TextObject(text, "PIXEL", anchor_point=anchor, anchor_point_visible=False)


def _caption(text: str) -> TextObject:
    return TextObject(text, "DISPLAY", bounding_box=(0.02, 0.95, 0.98, 0.99))
