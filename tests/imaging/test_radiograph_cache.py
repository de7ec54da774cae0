"""The cache of radiographs: decoded once, bounded, forgotten in time, and never kept for a study that is gone."""

import threading
import time

import numpy as np
import pytest

from app.errors import DamagedImage
from app.imaging import ImageKey, RadiographCache
from app.records import Radiograph

SIDE_BYTES = 100 * 100
KEY = ImageKey("north", "study", "image")


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Decoder:
    """Counts how often it is asked."""

    def __init__(self, wait_s: float = 0.0) -> None:
        self.times = 0
        self.wait_s = wait_s

    def __call__(self) -> Radiograph:
        self.times += 1
        time.sleep(self.wait_s)
        return Radiograph(np.zeros((100, 100), np.uint8), None, "png", 8)


def key(name: str, study: str = "study", tenant: str = "north") -> ImageKey:
    return ImageKey(tenant, study, name)


def test_an_image_is_decoded_once_and_given_out_read_only() -> None:
    box, decoder = RadiographCache(10 * SIDE_BYTES), Decoder()
    first, again = box.get(KEY, decoder), box.get(KEY, decoder)
    assert first is again
    assert decoder.times == 1
    with pytest.raises(ValueError, match="read-only"):
        first.grey[0, 0] = 1


def test_another_tenants_image_of_the_same_name_is_another_image() -> None:
    box, decoder = RadiographCache(10 * SIDE_BYTES), Decoder()
    box.get(key("image"), decoder)
    box.get(key("image", tenant="south"), decoder)
    assert decoder.times == 2


def test_those_who_ask_at_once_wait_for_one_decoding() -> None:
    box, decoder = RadiographCache(10 * SIDE_BYTES), Decoder(wait_s=0.1)
    found: list[Radiograph] = []
    threads = [threading.Thread(target=lambda: found.append(box.get(KEY, decoder))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert decoder.times == 1
    assert len({id(radiograph) for radiograph in found}) == 1
    assert len(found) == 8


def test_another_image_does_not_wait() -> None:
    box, quick, began, may_end = RadiographCache(10 * SIDE_BYTES), Decoder(), threading.Event(), threading.Event()

    def slow() -> Radiograph:
        began.set()
        assert may_end.wait(60), "the quick one waited for the slow one"
        return quick()

    thread = threading.Thread(target=lambda: box.get(key("slow"), slow))
    thread.start()
    assert began.wait(60)
    box.get(key("quick"), quick)
    assert quick.times == 1
    may_end.set()
    thread.join()
    assert quick.times == 2


def test_the_image_used_longest_ago_makes_room() -> None:
    box, decoder = RadiographCache(2 * SIDE_BYTES), Decoder()
    for name in ("one", "two", "one", "three"):
        box.get(key(name), decoder)
    assert box.bytes == 2 * SIDE_BYTES
    assert decoder.times == 3
    box.get(key("one"), decoder)
    assert decoder.times == 3
    box.get(key("two"), decoder)
    assert decoder.times == 4


@pytest.mark.parametrize("most_bytes", [0, SIDE_BYTES - 1])
def test_an_image_that_does_not_fit_is_shown_and_not_kept(most_bytes: int) -> None:
    box, decoder = RadiographCache(most_bytes), Decoder()
    assert box.get(KEY, decoder).grey.shape == (100, 100)
    assert box.bytes == 0
    box.get(KEY, decoder)
    assert decoder.times == 2


def test_a_deleted_studys_images_are_forgotten_and_no_others() -> None:
    box, decoder = RadiographCache(10 * SIDE_BYTES), Decoder()
    for one in (key("a"), key("b"), key("a", study="other"), key("a", tenant="south")):
        box.get(one, decoder)
    box.forget("north", "study")
    assert box.bytes == 2 * SIDE_BYTES


def test_a_study_deleted_while_it_is_decoded_is_not_kept() -> None:
    box = RadiographCache(10 * SIDE_BYTES)

    def decode() -> Radiograph:
        box.forget("north", "study")
        return Decoder()()

    assert box.get(KEY, decode).grey.shape == (100, 100)
    assert box.bytes == 0


def test_what_nobody_asks_for_is_forgotten_and_what_is_asked_for_stays() -> None:
    clock, decoder = Clock(), Decoder()
    box = RadiographCache(10 * SIDE_BYTES, idle_s=300, clock=clock)
    box.get(key("old"), decoder)
    clock.now_s = 200
    box.get(key("new"), decoder)
    clock.now_s = 300
    box.sweep()
    assert box.bytes == SIDE_BYTES
    box.get(key("new"), decoder)
    assert decoder.times == 2


def test_nothing_stays_behind_on_a_quiet_server() -> None:
    box = RadiographCache(10 * SIDE_BYTES, idle_s=0.05)
    box.get(KEY, Decoder())
    until_s = time.monotonic() + 10
    while box.bytes and time.monotonic() < until_s:
        time.sleep(0.01)
    assert box.bytes == 0


def test_a_failure_is_told_to_each_and_tried_again_next_time() -> None:
    box, decoder = RadiographCache(10 * SIDE_BYTES), Decoder()

    def fail() -> Radiograph:
        raise DamagedImage

    for _ in range(2):
        with pytest.raises(DamagedImage):
            box.get(KEY, fail)
    box.get(KEY, decoder)
    assert decoder.times == 1
