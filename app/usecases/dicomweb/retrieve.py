"""Retrieve stored studies as DICOM files, metadata, frames and rendered images.

Source: DICOM PS3.18 10.4 (WADO-RS).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.uid import ExplicitVRLittleEndian

from app import imaging
from app.errors import NoPixels
from app.imaging import StoredFile, StoredFrame
from app.records import Person
from app.services import Services
from app.usecases.dicomweb.held import HeldObject, Names, named_objects
from app.usecases.reports.dicom import result_file
from app.usecases.sealed_records import open_original
from app.usecases.studies.show import annotated_png, original_png, radiograph_of


@dataclass(frozen=True)
class Metadata:
    """The elements of one object in the DICOM JSON Model, without pixel data.

    names: its UIDs. pixel_vr: the value representation of its pixel data, None where it is no image.
    """

    elements: dict[str, Any] = field(repr=False)
    names: Names
    pixel_vr: str | None


def files_of(services: Services, person: Person, names: Names) -> Iterator[StoredFile]:
    """The files of a study, a series or an instance, one after the other.

    Raises:
        NotFound: the tenant has no such object; before the first file.
    """
    objects = named_objects(services, person, names)
    return (_file_of(services, person, one) for one in objects)


def metadata_of(services: Services, person: Person, names: Names) -> list[Metadata]:
    """The metadata of each object of a study, a series or an instance.

    Raises:
        NotFound: the tenant has no such object.
    """
    return [_metadata(services, person, one) for one in named_objects(services, person, names)]


def frame_of(services: Services, person: Person, names: Names) -> StoredFrame:
    """The one frame of an instance.

    Raises:
        NotFound: the tenant has no such object.
        NoPixels: it is no image.
    """
    one = _image(services, person, names)
    return imaging.stored_frame(_file_of(services, person, one).data, services.settings.limits)


def rendered_png(services: Services, person: Person, names: Names) -> bytes:
    """An instance as it is shown: an original through its window, a capture with its boxes.

    Raises:
        NotFound: the tenant has no such object.
        NoPixels: it is no image.
    """
    one = _image(services, person, names)
    render = original_png if one.kind is None else annotated_png
    return render(services, person, one.result.study.id, one.result.image.id)


def _image(services: Services, person: Person, names: Names) -> HeldObject:
    one = named_objects(services, person, names)[0]
    if not one.has_frame:
        raise NoPixels
    return one


def _file_of(services: Services, person: Person, one: HeldObject) -> StoredFile:
    study, image = one.result.study, one.result.image
    if one.kind is None:
        raw = open_original(services, study.tenant, study.id, image.id)
        return imaging.stored_file(raw, services.settings.limits)
    grey = partial(_grey_of, services, person, one)
    return StoredFile(result_file(one.result, one.kind, grey), str(ExplicitVRLittleEndian))


def _grey_of(services: Services, person: Person, one: HeldObject) -> NDArray[np.uint8]:
    return radiograph_of(services, person, one.result.study.id, one.result.image.id).grey


def _metadata(services: Services, person: Person, one: HeldObject) -> Metadata:
    file = _file_of(services, person, one)
    elements = imaging.header_json(file.data, services.settings.limits)
    vr = None
    if one.has_frame:
        vr = "OW" if one.kind is None and one.about.get("BitsAllocated") == 16 else "OB"
    names = Names(one.about.StudyInstanceUID, one.about.SeriesInstanceUID, one.about.SOPInstanceUID)
    return Metadata(elements, names, vr)
