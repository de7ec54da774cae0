"""`pacs …`: the DICOM node, and what is sent to other nodes."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from threading import Event

import click
from pydicom.dataset import Dataset

from app.config import Settings
from app.errors import ConfigError, FractureError, Unavailable
from app.hospital.benchmark import measure_node
from app.hospital.delivery import add_destination
from app.hospital.node import Node, NodeSettings
from app.hospital.peer_client import find_studies, store
from app.hospital.peers import parse_destination, parse_destinations, parse_senders
from app.hospital.tls import mutual_tls
from app.hospital.watched_folder import WatchedFolder
from app.services import RecordServices, build_record_services
from app.usecases.audit import command_actor
from app.usecases.reports.dicom import result_files
from app.usecases.studies.receive import is_stored, receive, receive_file

_PASS_S = 2.0
_RETURNED = ("StudyInstanceUID", "StudyDate", "PatientID", "PatientName", "ModalitiesInStudy", "StudyDescription")


class Archive:
    """Hands received objects to the use cases."""

    def __init__(self, services: RecordServices) -> None:
        self._services = services

    def receive(self, tenant: str, raw: bytes) -> None:
        """Store one DICOM file."""
        receive(self._services, tenant, raw)

    def is_stored(self, tenant: str, sop_instance_uid: str) -> bool:
        """Whether an object of this UID is stored."""
        return is_stored(self._services, tenant, sop_instance_uid)


def commands(settings: Settings) -> tuple[click.Command, ...]:
    """The group `pacs`."""
    group = click.Group("pacs", help="The DICOM node, and other nodes.")

    @group.command("listen")
    def listen() -> None:
        """Receive radiographs from DICOM_SENDERS until stopped; the web server infers them."""
        with _one_line():
            _listen(settings)

    @group.command("watch")
    @click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
    @click.option("--tenant", default="default", show_default=True, help="The tenant that the images belong to.")
    def watch(folder: Path, tenant: str) -> None:
        """Take in the files of FOLDER until stopped: stored ones are removed, others moved to FOLDER/refused."""
        with _one_line():
            _watch(settings, folder, tenant)

    @group.command("benchmark")
    @click.option("--images", type=click.IntRange(1, 10_000), default=40, show_default=True, help="How many are sent.")
    @click.option("--rows", type=click.IntRange(128, 8192), default=2000, show_default=True, help="Rows of each.")
    @click.option("--columns", type=click.IntRange(128, 8192), default=1600, show_default=True, help="Columns of each.")
    def benchmark(images: int, rows: int, columns: int) -> None:
        """Measure images a second through a node of its own, beside the bare detector; a JSON object."""
        with _one_line():
            click.echo(json.dumps(asdict(measure_node(settings, Archive, images, (rows, columns)))))

    _add_exchange(group, settings)
    return (group,)


def _add_exchange(group: click.Group, settings: Settings) -> None:
    """Add the commands that send to other nodes, or ask them."""

    @group.command("send")
    @click.argument("study")
    @click.option("--to", help="AE@HOST:PORT; all of DICOM_DESTINATIONS without it.")
    @click.option("--tenant", default="default", show_default=True, help="The tenant of the study.")
    def send(study: str, to: str | None, tenant: str) -> None:
        """Send the results of a study (SR, SC and, for DICOM images, GSPS)."""
        with _one_line():
            destinations = (parse_destination(to),) if to else parse_destinations(settings.dicom.destinations)
            if not destinations:
                raise ConfigError("Name a destination by --to, or set DICOM_DESTINATIONS.")
            files = result_files(build_record_services(settings), tenant, study)
            for destination in destinations:
                store(destination, settings.dicom.ae_title, files)
                click.echo(f"{len(files)} objects sent to {destination.ae_title}")

    @group.command("deliver")
    @click.argument("address")
    @click.option("--tenant", default="default", show_default=True, help="The tenant whose results are delivered.")
    def deliver(address: str, tenant: str) -> None:
        """Deliver results by themselves to ADDRESS.

        ADDRESS is AE@HOST:PORT, stow+https://… for a DICOMweb service, mllp://HOST:PORT, or a FHIR server's https://
        base.
        """
        with _one_line():
            added = add_destination(build_record_services(settings), command_actor(tenant), address)
            click.echo(added.id)

    @group.command("query")
    @click.argument("peer")
    @click.option("--patient-id", default="", help="Patient ID, wildcards allowed.")
    @click.option("--date", default="", help="YYYYMMDD or YYYYMMDD-YYYYMMDD.")
    @click.option("--modality", default="", help="Such as CR or DX.")
    def query(peer: str, patient_id: str, date: str, modality: str) -> None:
        """List the studies of PEER (AE@HOST:PORT) that match, one JSON object a line."""
        keys = Dataset()
        for keyword in _RETURNED:
            setattr(keys, keyword, "")
        keys.PatientID, keys.StudyDate, keys.ModalitiesInStudy = patient_id, date, modality
        with _one_line():
            for found in find_studies(parse_destination(peer), settings.dicom.ae_title, keys):
                click.echo(json.dumps({name: str(found.get(name, "")) for name in _RETURNED}, ensure_ascii=False))


@contextmanager
def _one_line() -> Iterator[None]:
    """Print an expected failure in its one line, and end with status 1."""
    try:
        yield
    except FractureError as error:
        raise click.ClickException(str(error)) from error


def _listen(settings: Settings) -> None:
    dicom = settings.dicom
    senders = parse_senders(dicom.senders)
    if not senders:
        raise ConfigError("Set DICOM_SENDERS: nobody may send otherwise.")
    services = build_record_services(settings)
    node_settings = NodeSettings(
        dicom.ae_title, (dicom.host, dicom.port), senders, settings.limits.upload_bytes, tls=mutual_tls(dicom)
    )
    try:
        server = Node(node_settings, Archive(services)).start()
    except OSError as error:
        raise ConfigError(f"The DICOM node cannot listen on {dicom.host}:{dicom.port}: {error.strerror}.") from None
    stopped = _stop_on_signals()
    click.echo(f"{dicom.ae_title} listens on {server.server_address[0]}:{server.server_address[1]}")
    stopped.wait()
    server.shutdown()
    services.store.close()


def _watch(settings: Settings, folder: Path, tenant: str) -> None:
    services, stopped = build_record_services(settings), _stop_on_signals()
    watched = WatchedFolder(
        folder, lambda name, raw: receive_file(services, tenant, name, raw), settings.limits.upload_bytes
    )
    click.echo(f"watching {folder}")
    while not stopped.wait(_PASS_S):
        try:
            watched.sweep()
        except Unavailable:
            click.echo("The database does not answer; trying again.", err=True)
        except OSError as error:
            raise ConfigError(f"{folder} cannot be read or changed: {error.strerror}.") from None
    services.store.close()


def _stop_on_signals() -> Event:
    """An event that SIGTERM and SIGINT set."""
    stopped = Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopped.set())
    return stopped
