"""The size is that of the upright image, told without decoding it."""

from pathlib import Path

import pytest
from PIL import Image

from app.errors import DamagedImage
from app.imaging.image_size import image_size_wh


def jpeg(path: Path, orientation: int | None) -> Path:
    image = Image.new("L", (40, 30), 90)
    exif = Image.Exif()
    if orientation:
        exif[0x0112] = orientation
    image.save(path, exif=exif)
    return path


@pytest.mark.parametrize(
    ("orientation", "size_wh"), [(None, (40, 30)), (1, (40, 30)), (3, (40, 30)), (6, (30, 40)), (8, (30, 40))]
)
def test_a_lying_image_is_measured_upright(tmp_path: Path, orientation: int | None, size_wh: tuple[int, int]) -> None:
    assert image_size_wh(jpeg(tmp_path / "image.jpg", orientation)) == size_wh


@pytest.mark.parametrize("content", [b"", b"no image", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n\x00"])
def test_what_is_no_image_is_damaged(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "image.png"
    path.write_bytes(content)
    with pytest.raises(DamagedImage):
        image_size_wh(path)
