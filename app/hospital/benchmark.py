"""Measure the node: images a second that it stores, and that are inferred of it, beside the bare detector."""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian, generate_uid
from pynetdicom import AE

from app import imaging
from app.config import Settings
from app.errors import Unavailable
from app.hospital.node import Archive, Node, NodeSettings
from app.hospital.peers import Sender
from app.security import new_master_key
from app.services import RecordServices, Services, build_services
from app.storage import migrate
from app.usecases.studies.pending import infer_pending

_TENANT = "default"
_SECRET = "only for a database that is thrown away"  # noqa: S105 - nobody's data is sealed with it
_KINDS = 8


@dataclass(frozen=True)
class NodeFigures:
    """Images a second; ratio: what inference of received images takes beside the bare detector's time."""

    images: int
    width: int
    height: int
    stored_per_s: float
    inferred_per_s: float
    bare_detector_per_s: float
    ratio: float


def measure_node(
    settings: Settings, archive_of: Callable[[RecordServices], Archive], images: int, size_hw: tuple[int, int]
) -> NodeFigures:
    """Send drawn radiographs to a node over a database that is thrown away, infer them, and detect in them again.

    images: how many, over one association. size_hw: rows and columns, of 12 bits.

    Raises:
        Unavailable: the node does not store an image.
        ConfigError, ModelError: from `build_services`.
    """
    height, width = size_hw
    with tempfile.TemporaryDirectory() as folder, _services(settings, Path(folder)) as services:
        greys = [imaging.phantom(number, size_hw).grey for number in range(min(images, _KINDS))]
        objects = [_object(greys[number % len(greys)].astype("u2").tobytes(), size_hw) for number in range(images)]
        stored_s = _send(services, archive_of(services), objects)
        inferred_s = _timed(lambda: _infer_all(services))
        spec = services.detector.spec
        inputs = [imaging.model_input(grey, spec.input_size_px, spec.stride) for grey in greys]
        bare_s = _timed(lambda: [services.detector.detect(inputs[number % len(inputs)]) for number in range(images)])
    stored, inferred, bare = (round(images / taken_s, 2) for taken_s in (stored_s, inferred_s, bare_s))
    return NodeFigures(images, width, height, stored, inferred, bare, round(inferred_s / bare_s, 3))


@contextmanager
def _services(settings: Settings, folder: Path) -> Iterator[Services]:
    alone = replace(
        settings,
        database_url=f"sqlite:///{folder / 'benchmark.db'}",
        master_keys=new_master_key(),
        master_keys_file=None,
        secret_key=_SECRET,
    )
    migrate(alone.database_url)
    services = build_services(alone)
    try:
        services.detector.detect(imaging.model_input(imaging.phantom(0).grey, *_input_of(services)))
        yield services
    finally:
        services.detector.close()
        services.decoder.close()
        services.store.close()


def _input_of(services: Services) -> tuple[int, int]:
    return services.detector.spec.input_size_px, services.detector.spec.stride


def _object(values: bytes, size_hw: tuple[int, int]) -> Dataset:
    """A CR image of 12 bits around grey values of 8."""
    made = Dataset()
    made.SOPClassUID, made.Modality = ComputedRadiographyImageStorage, "CR"
    made.SOPInstanceUID, made.SeriesInstanceUID, made.StudyInstanceUID = (generate_uid() for _ in range(3))
    made.Rows, made.Columns = size_hw
    made.SamplesPerPixel, made.PhotometricInterpretation, made.PixelRepresentation = 1, "MONOCHROME2", 0
    made.BitsAllocated, made.BitsStored, made.HighBit = 16, 12, 11
    made.WindowCenter, made.WindowWidth = 128, 256
    made.PixelData = values
    made["PixelData"].VR = "OW"
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return made


def _send(services: Services, archive: Archive, objects: Sequence[Dataset]) -> float:
    """Send the objects on one association; the seconds until the last one is acknowledged."""
    sender = Sender("BENCHMARK", "127.0.0.1", _TENANT)
    node = NodeSettings("FRACTURES", ("127.0.0.1", 0), (sender,), services.settings.limits.upload_bytes)
    server = Node(node, archive).start()
    ae = AE("BENCHMARK")
    ae.add_requested_context(ComputedRadiographyImageStorage, ExplicitVRLittleEndian)
    association = ae.associate("127.0.0.1", server.server_address[1], ae_title="FRACTURES")
    try:
        began = time.perf_counter()
        for one in objects:
            if association.send_c_store(one).get("Status") != 0:
                raise Unavailable
        return time.perf_counter() - began
    finally:
        association.release()
        server.shutdown()


def _infer_all(services: Services) -> None:
    while infer_pending(services):
        pass


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began
