"""The routes of `/api/v1/dicomweb`."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from flask import Blueprint, Response, current_app, make_response, request, url_for
from flask.typing import ResponseReturnValue

from app.errors import NotFound
from app.imaging import StoredFile
from app.usecases.dicomweb import retrieve, search
from app.usecases.dicomweb.held import Names
from app.usecases.dicomweb.retrieve import Metadata
from app.web.api.description import Operation, describe
from app.web.api.dicomweb import query
from app.web.api.dicomweb.negotiation import DICOM, accepts_single_file, check_file, frame_type, multipart
from app.web.http.context import person, services

blueprint = Blueprint("dicomweb", __name__, url_prefix="/dicomweb")

_JSON = "application/dicom+json"
_PARTS = "multipart/related"
_PIXEL_DATA = "7FE00010"
_SERIES = "/studies/<study_uid>/series/<series_uid>"
_INSTANCE = f"{_SERIES}/instances/<instance_uid>"


@blueprint.get("/studies")
@describe(Operation("searchStudies", "DICOMweb", _JSON, refusals=(400,), parameters=query.STUDIES))
def search_studies() -> ResponseReturnValue:
    """Search for DICOM studies."""
    keys, span = query.study_keys(request.args), query.span(request.args)
    return _json(search.find_studies(services(), person(), keys, span))


@blueprint.get("/studies/<study_uid>/series")
@describe(Operation("searchSeries", "DICOMweb", _JSON, refusals=(400,), parameters=query.SERIES))
def search_series(study_uid: str) -> ResponseReturnValue:
    """Search for series of a study."""
    keys, span = query.series_keys(request.args), query.span(request.args)
    return _json(search.find_series(services(), person(), study_uid, keys, span))


@blueprint.get("/studies/<study_uid>/instances")
@describe(Operation("searchInstancesOfStudy", "DICOMweb", _JSON, refusals=(400,), parameters=query.INSTANCES))
def search_instances_of_study(study_uid: str) -> ResponseReturnValue:
    """Search for instances of a study."""
    return _instances(Names(study_uid))


@blueprint.get(f"{_SERIES}/instances")
@describe(Operation("searchInstances", "DICOMweb", _JSON, refusals=(400,), parameters=query.INSTANCES))
def search_instances(study_uid: str, series_uid: str) -> ResponseReturnValue:
    """Search for instances of a series."""
    return _instances(Names(study_uid, series_uid))


@blueprint.get("/studies/<study_uid>")
@describe(Operation("retrieveStudy", "DICOMweb", _PARTS, refusals=(406,)))
def retrieve_study(study_uid: str) -> ResponseReturnValue:
    """The files of a study."""
    return _files(Names(study_uid))


@blueprint.get(_SERIES)
@describe(Operation("retrieveSeries", "DICOMweb", _PARTS, refusals=(406,)))
def retrieve_series(study_uid: str, series_uid: str) -> ResponseReturnValue:
    """The files of a series."""
    return _files(Names(study_uid, series_uid))


@blueprint.get(_INSTANCE)
@describe(Operation("retrieveInstance", "DICOMweb", _PARTS, refusals=(406, 422)))
def retrieve_instance(study_uid: str, series_uid: str, instance_uid: str) -> ResponseReturnValue:
    """The file of an instance."""
    return _files(Names(study_uid, series_uid, instance_uid))


@blueprint.get("/studies/<study_uid>/metadata")
@describe(Operation("studyMetadata", "DICOMweb", _JSON))
def study_metadata(study_uid: str) -> ResponseReturnValue:
    """The metadata of a study."""
    return _metadata(Names(study_uid))


@blueprint.get(f"{_SERIES}/metadata")
@describe(Operation("seriesMetadata", "DICOMweb", _JSON))
def series_metadata(study_uid: str, series_uid: str) -> ResponseReturnValue:
    """The metadata of a series."""
    return _metadata(Names(study_uid, series_uid))


@blueprint.get(f"{_INSTANCE}/metadata")
@describe(Operation("instanceMetadata", "DICOMweb", _JSON))
def instance_metadata(study_uid: str, series_uid: str, instance_uid: str) -> ResponseReturnValue:
    """The metadata of an instance."""
    return _metadata(Names(study_uid, series_uid, instance_uid))


@blueprint.get(f"{_INSTANCE}/frames/<frames>")
@describe(Operation("retrieveFrames", "DICOMweb", _PARTS, refusals=(406, 422)))
def retrieve_frames(study_uid: str, series_uid: str, instance_uid: str, frames: str) -> ResponseReturnValue:
    """The frame of an instance, which has the number 1."""
    if frames != "1":
        raise NotFound
    frame = retrieve.frame_of(services(), person(), Names(study_uid, series_uid, instance_uid))
    media_type = frame_type(frame.transfer_syntax)
    return multipart([(f"{media_type}; transfer-syntax={frame.transfer_syntax}", frame.data)], media_type)


@blueprint.get(f"{_INSTANCE}/rendered")
@describe(Operation("retrieveRendered", "DICOMweb", "image/png", refusals=(422,)))
def retrieve_rendered(study_uid: str, series_uid: str, instance_uid: str) -> ResponseReturnValue:
    """An instance as an image in PNG."""
    return _png(retrieve.rendered_png(services(), person(), Names(study_uid, series_uid, instance_uid)))


def _instances(names: Names) -> Response:
    keys, span = query.instance_keys(request.args), query.span(request.args)
    return _json(search.find_instances(services(), person(), names, keys, span))


def _files(names: Names) -> Response:
    files = retrieve.files_of(services(), person(), names)
    first = next(files)
    check_file(first.transfer_syntax)
    if names.instance and accepts_single_file():
        answer = make_response(first.data)
        answer.headers["Content-Type"] = f"{DICOM}; transfer-syntax={first.transfer_syntax}"
        return answer
    return multipart(_parts(chain([first], files)), DICOM)


def _parts(files: Iterable[StoredFile]) -> Iterator[tuple[str, bytes]]:
    for file in files:
        yield f"{DICOM}; transfer-syntax={file.transfer_syntax}", file.data


def _metadata(names: Names) -> Response:
    return _json([_with_pixels(one) for one in retrieve.metadata_of(services(), person(), names)])


def _with_pixels(one: Metadata) -> dict[str, Any]:
    """The elements with a reference to the frame in place of pixel data."""
    if one.pixel_vr is None:
        return one.elements
    study, series, instance = one.names.study, one.names.series, one.names.instance
    uri = url_for("api.dicomweb.retrieve_frames", study_uid=study, series_uid=series, instance_uid=instance, frames="1")
    return one.elements | {_PIXEL_DATA: {"vr": one.pixel_vr, "BulkDataURI": uri}}


def _json(objects: list[dict[str, Any]]) -> Response:
    answer = make_response(current_app.json.dumps(objects))
    answer.headers["Content-Type"] = _JSON
    return answer


def _png(body: bytes) -> Response:
    answer = make_response(body)
    answer.mimetype = "image/png"
    return answer
