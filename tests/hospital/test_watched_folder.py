"""A watched folder: whole files are taken, none is lost, refused ones are set aside."""

from pathlib import Path

import pytest

from app.errors import Unavailable, UnsupportedImage
from app.hospital.watched_folder import REFUSED, WatchedFolder
from app.imaging import phantom, render_png
from app.services import Services
from app.usecases.sealed_records import open_study
from app.usecases.studies.pending import infer_pending
from app.usecases.studies.receive import receive_file


class Taker:
    """Keeps what it is given, or fails as told."""

    def __init__(self) -> None:
        self.taken: dict[str, bytes] = {}
        self.failure: Exception | None = None

    def __call__(self, name: str, raw: bytes) -> None:
        if self.failure:
            raise self.failure
        self.taken[name] = raw


@pytest.fixture
def take() -> Taker:
    return Taker()


@pytest.fixture
def folder(take: Taker, tmp_path: Path) -> WatchedFolder:
    return WatchedFolder(tmp_path, take, most_bytes=1000)


def test_a_file_is_taken_once_it_has_stopped_changing(folder, take, tmp_path) -> None:
    (tmp_path / "a.png").write_bytes(b"half")
    assert folder.sweep() == 0
    (tmp_path / "a.png").write_bytes(b"half and half")
    assert folder.sweep() == 0
    assert folder.sweep() == 1
    assert take.taken == {"a.png": b"half and half"}
    assert not list(tmp_path.iterdir())


def test_refused_and_too_large_files_are_set_aside_with_their_content(folder, take, tmp_path) -> None:
    (tmp_path / REFUSED).mkdir()
    (tmp_path / REFUSED / "a.txt").write_bytes(b"earlier")
    (tmp_path / "a.txt").write_bytes(b"text")
    (tmp_path / "large.png").write_bytes(bytes(1001))
    take.failure = UnsupportedImage()
    folder.sweep()
    assert folder.sweep() == 0
    refused = {path.name: path.read_bytes() for path in (tmp_path / REFUSED).iterdir()}
    assert refused == {"a.txt": b"earlier", "a-1.txt": b"text", "large.png": bytes(1001)}


def test_nothing_moves_while_the_server_cannot_store(folder, take, tmp_path) -> None:
    (tmp_path / "a.png").write_bytes(b"image")
    take.failure = Unavailable()
    folder.sweep()
    with pytest.raises(Unavailable):
        folder.sweep()
    assert (tmp_path / "a.png").read_bytes() == b"image"


def test_links_and_hidden_files_are_left_alone(folder, take, tmp_path) -> None:
    (tmp_path / ".part").write_bytes(b"x")
    (tmp_path / "link.png").symlink_to("/etc/hostname")
    assert folder.sweep() == folder.sweep() == 0
    assert not take.taken


def test_a_file_of_another_format_is_pending_and_then_inferred(services: Services) -> None:
    png = render_png(phantom(1, (160, 120)).grey)
    receive_file(services, "default", "wrist.png", png)
    receive_file(services, "default", "again.png", png)
    assert infer_pending(services)
    assert not infer_pending(services)
    (row,) = services.store.studies.page("default", 10).studies
    (image,) = open_study(services, row).images
    assert (image.name, image.assessment.width, image.assessment.verdict) == ("wrist.png", 120, "fracture")
    with pytest.raises(UnsupportedImage):
        receive_file(services, "default", "a.txt", b"no image at all")
