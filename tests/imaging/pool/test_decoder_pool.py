"""The decoder pool: what a decoder does to itself costs its own file, and the others come back as in process."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.config import Limits
from app.errors import Busy, DamagedImage, FractureError, MultiFrame, TooComplex
from app.imaging import DecoderPool, decode
from tests.support.image_files import LIMITS, dataset, dicom, ramp, saved

GREY = ramp()
GOOD = {
    "png": saved(GREY, "PNG"),
    "jpeg": saved(GREY, "JPEG"),
    "dicom": dicom(
        dataset(
            ramp(most=4095, dtype="u2"),
            12,
            WindowCenter=[2000, 900],
            WindowWidth=[4000, 800],
            PixelSpacing=[0.2, 0.1],
            BodyPartExamined="WRIST",
            SpecificCharacterSet="ISO_IR 192",
            PatientName="Müller^Zoë",
        )
    ),
}


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    found = DecoderPool(LIMITS, cpu_s=2, wall_s=4.0, size=2, decoder="tests.support.hostile_decoders:by_first_word")
    yield found
    found.close()


@pytest.mark.parametrize("name", GOOD)
def test_a_file_comes_back_as_it_does_in_process(pool, name):
    here, there = decode(GOOD[name], LIMITS), pool.decode(GOOD[name])
    np.testing.assert_array_equal(there.grey, here.grey)
    for field in ("spacing_mm", "format", "bits", "warnings", "header"):
        assert getattr(there, field) == getattr(here, field)
    assert (there.levels is None) == (here.levels is None)
    if there.levels is not None and here.levels is not None:
        for field in ("index", "units", "table"):
            np.testing.assert_array_equal(getattr(there.levels, field), getattr(here.levels, field))
        for field in ("is_inverted", "function", "shown", "of_file"):
            assert getattr(there.levels, field) == getattr(here.levels, field)


def test_the_pixels_that_come_back_cannot_be_written_to(pool):
    with pytest.raises(ValueError, match="read-only"):
        pool.decode(GOOD["png"]).grey[0, 0] = 1


def test_a_refusal_keeps_its_kind_and_its_sentence(pool):
    with pytest.raises(MultiFrame, match=r"^This file holds several images"):
        pool.decode(b"refuse ")


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"crash ", DamagedImage),
        (b"hang ", TooComplex),
        (b"spin ", TooComplex),
        (b"hoard ", TooComplex),
        (b"babble ", DamagedImage),
        (b"lie ", DamagedImage),
        (b"exceed " + GOOD["dicom"], DamagedImage),
    ],
    ids=["crash", "hang", "spin", "hoard", "babble", "lie", "exceed"],
)
def test_a_hostile_file_costs_itself_only(pool, raw, error):
    with pytest.raises(FractureError) as refused:
        pool.decode(raw)
    assert type(refused.value) is error
    np.testing.assert_array_equal(pool.decode(GOOD["png"]).grey, GREY)


def test_others_are_decoded_while_every_seat_hangs(pool):
    failures: list[type[FractureError]] = []

    def hang() -> None:
        try:
            pool.decode(b"hang ")
        except FractureError as failure:
            failures.append(type(failure))

    threads = [threading.Thread(target=hang) for _ in range(3)]
    for thread in threads:
        thread.start()
    began = time.monotonic()
    np.testing.assert_array_equal(pool.decode(GOOD["png"]).grey, GREY)
    assert time.monotonic() - began < 3.5
    assert any(thread.is_alive() for thread in threads)
    for thread in threads:
        thread.join()
    assert failures == [TooComplex] * 3


def test_a_forkserver_that_was_killed_is_started_again(pool):
    os.kill(pool._server._process.pid, signal.SIGKILL)
    for _ in range(5):
        np.testing.assert_array_equal(pool.decode(GOOD["png"]).grey, GREY)


def test_a_decoder_process_has_no_secret_in_its_environment(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "x")
    monkeypatch.setenv("MASTER_KEYS", "x")
    own = DecoderPool(LIMITS, size=1, decoder="tests.support.hostile_decoders:by_first_word")
    try:
        assert own.decode(b"look_around ").grey.shape == (1, 1)
    finally:
        own.close()


def test_nothing_runs_once_the_pool_is_closed():
    own = DecoderPool(LIMITS, size=1)
    own.decode(GOOD["png"])
    server = own._server._process.pid
    own.close()
    assert not Path(f"/proc/{server}").exists()
    assert own._server._process.returncode == 0


def test_a_server_that_is_killed_leaves_no_process_behind():
    code = (
        "import os, signal; from app.config import Limits; from app.imaging import DecoderPool\n"
        f"pool = DecoderPool(Limits()); pool.decode({GOOD['png']!r})\n"
        "print(pool._server._process.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, check=False)
    server = Path(f"/proc/{int(done.stdout)}")
    until = time.monotonic() + 10
    while server.exists() and "zombie" not in (server / "status").read_text() and time.monotonic() < until:
        os.sched_yield()
    assert not server.exists() or "zombie" in (server / "status").read_text()


def test_no_seat_in_time_is_busy():
    from app.imaging.pool.lanes import Lanes

    lanes = Lanes(quick=1, slow=1, wait_s=0.0)
    with lanes.seat() as lane:
        with pytest.raises(Busy), lanes.seat():
            pass
        lane.slow_down()
        with lanes.seat() as second:
            second.slow_down()
            with pytest.raises(Busy), lanes.seat():
                pass
    with lanes.seat():
        pass


def test_limits_of_pixels_hold_in_the_pool():
    own = DecoderPool(Limits(pixels=100), size=1)
    try:
        with pytest.raises(FractureError) as refused:
            own.decode(GOOD["png"])
        assert refused.value.code == "image-too-large"
    finally:
        own.close()
