"""Results of an image as DICOM files: Structured Report, Secondary Capture, Grayscale Softcopy Presentation State."""

import textwrap
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from app import imaging
from app.config import Limits
from app.drawings import Label
from app.records import DISCLAIMER, Person, Study, StudyImage
from app.reports import ENGLISH, overlay, words
from app.reports.dicom import (
    PRESENTATION_STATE,
    STRUCTURED_REPORT,
    Result,
    ResultKind,
    presentation_state,
    secondary_capture,
    structured_report,
)
from app.services import RecordServices, Services
from app.usecases.sealed_records import open_original, open_study, view_of
from app.usecases.studies.show import get_study, radiograph_of

_WHITE = (255, 255, 255)
_CAPTION_SHARE, _LEAST_CAPTION_PX = 1 / 28, 14


def sr_file(services: Services, person: Person, study_id: str, image_id: str) -> bytes:
    """The assessment as a Comprehensive SR (TID 1500).

    Raises:
        StudyNotFound, ImageNotFound: not in this person's tenant.
    """
    result = _result(services, person, study_id, image_id)
    return _file(structured_report(result, _conclusion(result.image)))


def sc_file(services: Services, person: Person, study_id: str, image_id: str) -> bytes:
    """The radiograph with boxes, verdict and disclaimer burned in, as a Secondary Capture.

    Raises:
        StudyNotFound, ImageNotFound: not in this person's tenant.
    """
    result = _result(services, person, study_id, image_id)
    grey = radiograph_of(services, person, study_id, image_id).grey
    return _file(secondary_capture(result, _burned_in(grey, result)))


def gsps_file(services: Services, person: Person, study_id: str, image_id: str) -> bytes:
    """Boxes and labels as a presentation state on the untouched original.

    Raises:
        StudyNotFound, ImageNotFound: not in this person's tenant.
        NoSourceObject: the image did not come as a grey DICOM object with UIDs.
    """
    result = _result(services, person, study_id, image_id)
    return _file(presentation_state(result, _conclusion(result.image)))


def objects_of(
    study: Study, image: StudyImage, raw: bytes, grey: NDArray[np.uint8], limits: Limits
) -> dict[str, bytes]:
    """The files "sr" and "sc" of an image that is not stored.

    raw: the file. grey: its radiograph, (H, W) uint8.
    """
    result = result_of(study, image, raw, limits)
    report = structured_report(result, _conclusion(image))
    return {"sr": _file(report), "sc": _file(secondary_capture(result, _burned_in(grey, result)))}


def result_files(services: RecordServices, tenant: str, study_id: str) -> list[bytes]:
    """Every result of a stored study: SR and SC of each image that was decoded, GSPS of each grey DICOM object.

    Raises:
        StudyNotFound: not in this tenant.
        FractureError: an image cannot be decoded.
    """
    study = open_study(services, services.store.studies.get(tenant, study_id))
    limits = services.settings.limits
    files: list[bytes] = []
    for image in study.images:
        raw = open_original(services, tenant, study_id, image.id)
        result = result_of(study, image, raw, limits)
        grey = partial(_grey_of, raw, limits)
        files += [result_file(result, kind, grey) for kind in result.kinds]
    return files


def result_file(result: Result, kind: ResultKind, grey: Callable[[], NDArray[np.uint8]]) -> bytes:
    """The file of one result that `result.kinds` names; `grey` gives the radiograph, which only a capture needs."""
    conclusion = _conclusion(result.image)
    if kind == STRUCTURED_REPORT:
        return _file(structured_report(result, conclusion))
    if kind == PRESENTATION_STATE:
        return _file(presentation_state(result, conclusion))
    return _file(secondary_capture(result, _burned_in(grey(), result)))


def _grey_of(raw: bytes, limits: Limits) -> NDArray[np.uint8]:
    return imaging.decode(raw, limits).grey


def _result(services: Services, person: Person, study_id: str, image_id: str) -> Result:
    study = get_study(services, person, study_id)
    image = view_of(study, image_id)
    raw = open_original(services, person.tenant, study_id, image_id)
    return result_of(study, image, raw, services.settings.limits)


def result_of(study: Study, image: StudyImage, raw: bytes, limits: Limits) -> Result:
    """The result of one image of an opened study; `raw` is the image's file."""
    return Result(study, image, imaging.dicom_source(raw, limits), words.decision_text(study.decision))


def _conclusion(image: StudyImage) -> str:
    """The verdict in words, with the reason why an image is not assessed; in English, as are all coded parts."""
    verdict = image.assessment.verdict
    title, advice = words.verdict_title(verdict, ENGLISH), words.verdict_advice(verdict, ENGLISH)
    return f"{title}. {advice} {words.scope_words(image.assessment, ENGLISH)}".rstrip()


def _burned_in(grey: NDArray[np.uint8], result: Result) -> NDArray[np.uint8]:
    """The radiograph with its findings, and a strip below it with verdict, model and disclaimer: (H', W, 3) uint8."""
    assessment = result.image.assessment
    height, width = grey.shape
    line_px = max(_LEAST_CAPTION_PX, round(min(height, width) * _CAPTION_SHARE))
    model = f"{assessment.model.name} {assessment.model.version}"
    texts = (_conclusion(result.image), f"{DISCLAIMER} {model}")
    lines = [line for text in texts for line in textwrap.wrap(text, max(12, int(width / (line_px * 0.5))))]
    strip = np.zeros((round(line_px * 1.3) * len(lines) + line_px // 2, width), np.uint8)
    drawing = overlay(assessment.findings, (height, width))
    labels = tuple(
        Label(line, (0.0, float(height + round(line_px * 1.3) * number)), float(line_px), _WHITE)
        for number, line in enumerate(lines)
    )
    return imaging.render_rgb(np.vstack([grey, strip]), replace(drawing, labels=(*drawing.labels, *labels)))


def _file(dataset: Dataset) -> bytes:
    """The object as a DICOM file with its meta information (PS3.10)."""
    out = BytesIO()
    dataset.save_as(out, enforce_file_format=True)
    return out.getvalue()
