"""Importing ultralytics leaves the rest of the program as it was."""

from io import BytesIO

import pytest
from PIL import Image, UnidentifiedImageError

from app.detection.engines.ultralytics_import import import_torch

pytestmark = pytest.mark.torch


def test_a_file_that_is_no_image_stays_one_and_nothing_is_installed() -> None:
    pytest.importorskip("torch")
    import_torch()
    with pytest.raises(UnidentifiedImageError):
        Image.open(BytesIO(b"no image"))
