"""The size is that of the upright picture, told without decoding it."""

from pathlib import Path

import pytest
from PIL import Image

from app.errors import DamagedImage
from app.imaging.image_size import read_size_wh


def jpeg(path: Path, orientation: int | None) -> Path:
    picture = Image.new("L", (40, 30), 90)
    exif = Image.Exif()
    if orientation:
        exif[0x0112] = orientation
    picture.save(path, exif=exif)
    return path


@pytest.mark.parametrize(
    ("orientation", "size_wh"), [(None, (40, 30)), (1, (40, 30)), (3, (40, 30)), (6, (30, 40)), (8, (30, 40))]
)
def test_a_lying_picture_is_measured_upright(tmp_path: Path, orientation: int | None, size_wh: tuple[int, int]) -> None:
    assert read_size_wh(jpeg(tmp_path / "picture.jpg", orientation)) == size_wh


@pytest.mark.parametrize("content", [b"", b"no picture", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n\x00"])
def test_what_is_no_picture_is_damaged(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(content)
    with pytest.raises(DamagedImage):
        read_size_wh(path)
