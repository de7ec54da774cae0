"""The quick way through libjpeg-turbo gives what Pillow gives, and leaves what is odd to the thorough way."""

from collections.abc import Callable
from io import BytesIO
from time import perf_counter

import numpy as np
import pytest
from PIL import Image

from app.errors import DamagedImage
from app.imaging import decode, phantom
from app.imaging.codestreams.jpeg import parse_jpeg
from app.imaging.codestreams.jpeg_complete import decode_strictly
from tests.support.image_files import LIMITS, saved

GREY = phantom(4, (203, 181)).grey
TINTED = (np.repeat(GREY[..., None], 3, axis=2) * (1.0, 0.9, 0.7)).astype(np.uint8)


@pytest.mark.parametrize("pixels", [GREY, TINTED], ids=["grey", "tinted"])
@pytest.mark.parametrize(
    "options",
    [{"subsampling": 0}, {"subsampling": 1}, {"subsampling": 2}, {"progressive": True}, {"restart_marker_rows": 1}],
    ids=str,
)
def test_a_whole_jpeg_is_decoded_as_by_pillow(pixels, options):
    raw = saved(pixels, "JPEG", quality=80, **options)
    decoded = decode_strictly(parse_jpeg(raw), raw)
    assert np.array_equal(decoded, np.asarray(Image.open(BytesIO(raw))))


def test_a_file_with_missing_data_is_left_to_the_thorough_way():
    whole = saved(GREY, "JPEG")
    cut = whole[: len(whole) // 2] + b"\xff\xd9"
    assert decode_strictly(parse_jpeg(cut), cut) is None


def test_four_components_are_left_to_the_thorough_way():
    raw = saved(TINTED, "JPEG")
    out = BytesIO()
    Image.open(BytesIO(raw)).convert("CMYK").save(out, "JPEG")
    assert decode_strictly(parse_jpeg(out.getvalue()), out.getvalue()) is None


def test_a_progressive_jpeg_without_its_last_scans_is_damaged():
    whole = saved(GREY, "JPEG", progressive=True)
    cut = whole[: whole.rindex(b"\xff\xda")] + b"\xff\xd9"
    with pytest.raises(DamagedImage):
        decode_strictly(parse_jpeg(cut), cut)


@pytest.mark.slow
def test_decoding_costs_a_few_times_what_pillow_alone_does() -> None:
    """Two to three times as measured; eighteen times before the file was decoded in one pass."""
    grey = np.repeat(phantom(4, (512, 512)).grey[..., None], 3, axis=2)
    raw = saved(grey, "JPEG", quality=90)
    decoded, by_pillow = least_s(lambda: decode(raw, LIMITS), lambda: Image.open(BytesIO(raw)).load())
    assert decoded <= 8 * by_pillow


def least_s(*tasks: Callable[[], object]) -> list[float]:
    """The least of many times of each; they take turns, so that all meet the same machine."""
    times: list[list[float]] = [[] for _ in tasks]
    for _ in range(30):
        for task, taken in zip(tasks, times, strict=True):
            began = perf_counter()
            task()
            taken.append(perf_counter() - began)
    return [min(taken) for taken in times]
