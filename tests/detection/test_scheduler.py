"""One network for many threads: answers reach who asked, errors too, and the queue has an end."""

import threading
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait as wait_for

import numpy as np
import pytest

from app.detection.scheduler import Scheduler
from app.errors import Busy, Unavailable
from tests.support.fake_engine import FailingEngine, FakeEngine, GatedEngine


def image(value: int, width: int = 32) -> np.ndarray:
    return np.full((32, width), value, np.uint8)


def score(answer: np.ndarray) -> int:
    return round(float(answer[4, 0]) * 255)


@pytest.mark.parametrize("max_batch", [1, 4])
def test_each_of_sixteen_threads_gets_its_own_answer(max_batch: int) -> None:
    engine = FakeEngine(max_batch)
    scheduler = Scheduler(engine, queue=64)
    with ThreadPoolExecutor(16) as pool:
        scores = list(pool.map(lambda n: score(scheduler.run(image(n, 32 * (1 + n % 3)))), range(1, 201)))
    scheduler.close()
    assert scores == list(range(1, 201))
    assert len(engine.threads) == 1
    assert max(shape[0] for shape in engine.batches) <= max_batch


class FakeSeconds:
    """A clock that stands still until a test sets it forward."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def start_behind_a_closed_gate(engine: GatedEngine, scheduler: Scheduler, pool: ThreadPoolExecutor, images: list):
    """The first image is in the network, the others wait in order."""
    futures = [pool.submit(scheduler.run, images[0])]
    assert engine.entered.wait(10)
    for number, one in enumerate(images[1:], start=1):
        futures.append(pool.submit(scheduler.run, one))
        while len(scheduler._waiting) < number:
            threading.Event().wait(0.001)
    return futures


def test_what_waits_in_equal_shape_runs_together() -> None:
    engine = GatedEngine(max_batch=3)
    scheduler = Scheduler(engine, queue=16)
    images = [image(1), image(2), image(3, width=64), image(4), image(5), image(6)]
    with ThreadPoolExecutor(8) as pool:
        futures = start_behind_a_closed_gate(engine, scheduler, pool, images)
        engine.gate.set()
        assert [score(future.result()) for future in futures] == [1, 2, 3, 4, 5, 6]
    scheduler.close()
    assert engine.batches == [(1, 32, 32), (3, 32, 32), (1, 32, 64), (1, 32, 32)]


def test_requests_are_served_in_the_order_in_which_they_came() -> None:
    engine = GatedEngine()
    scheduler = Scheduler(engine, queue=16)
    with ThreadPoolExecutor(8) as pool:
        futures = start_behind_a_closed_gate(engine, scheduler, pool, [image(n) for n in (40, 10, 30, 20)])
        engine.gate.set()
        wait_for(futures)
    scheduler.close()
    assert engine.means == [40, 10, 30, 20]


def test_an_engine_that_hangs_fails_its_requests_and_readiness_until_it_answers() -> None:
    engine, clock = GatedEngine(), FakeSeconds()
    scheduler = Scheduler(engine, queue=16, turn_limit_s=10, clock=clock)
    with ThreadPoolExecutor(8) as pool:
        start_behind_a_closed_gate(engine, scheduler, pool, [image(1)])
        assert not scheduler.hanging
        clock.now_s += 10
        assert scheduler.hanging
        with pytest.raises(Unavailable):
            scheduler.run(image(2))
        engine.gate.set()
        scheduler._worker.submit(int).result(10)
        assert not scheduler.hanging
        assert score(scheduler.run(image(3))) == 3
    scheduler.close()


def test_no_request_and_no_closing_waits_longer_than_the_deadline() -> None:
    engine = GatedEngine()
    scheduler = Scheduler(engine, queue=2, turn_limit_s=0.02)
    for number in (1, 2):
        with pytest.raises(Unavailable):
            scheduler.run(image(number))
    scheduler.close()
    assert not engine.gate.is_set()
    engine.gate.set()


def test_one_too_many_is_refused_and_the_others_are_served() -> None:
    engine = GatedEngine()
    scheduler = Scheduler(engine, queue=3)
    with ThreadPoolExecutor(8) as pool:
        futures = start_behind_a_closed_gate(engine, scheduler, pool, [image(n) for n in (1, 2, 3)])
        with pytest.raises(Busy):
            scheduler.run(image(4))
        engine.gate.set()
        assert [score(future.result()) for future in futures] == [1, 2, 3]
    assert score(scheduler.run(image(5))) == 5
    scheduler.close()


@pytest.mark.parametrize("max_batch", [1, 8])
def test_a_failure_reaches_only_the_request_that_failed(max_batch: int) -> None:
    scheduler = Scheduler(FailingEngine(max_batch), queue=64)
    with ThreadPoolExecutor(16) as pool:
        futures = [pool.submit(scheduler.run, image(n % 5)) for n in range(40)]
        wait_for(futures)
    scheduler.close()
    for n, future in enumerate(futures):
        if n % 5:
            assert score(future.result()) == n % 5
        else:
            assert isinstance(future.exception(), RuntimeError)


def test_a_failure_frees_its_place() -> None:
    scheduler = Scheduler(FailingEngine(), queue=1)
    for _ in range(3):
        with pytest.raises(RuntimeError):
            scheduler.run(image(0))
    assert score(scheduler.run(image(9))) == 9
    scheduler.close()


def test_closing_answers_those_who_wait_and_refuses_those_who_come() -> None:
    engine = GatedEngine()
    scheduler = Scheduler(engine, queue=16)
    with ThreadPoolExecutor(8) as pool:
        futures = start_behind_a_closed_gate(engine, scheduler, pool, [image(n) for n in (1, 2, 3)])
        closing = pool.submit(scheduler.close)
        while scheduler.open:
            threading.Event().wait(0.001)
        with pytest.raises(Unavailable):
            scheduler.run(image(4))
        assert not closing.done()
        engine.gate.set()
        assert [score(future.result()) for future in futures] == [1, 2, 3]
        closing.result(10)
    scheduler.close()


def test_the_load_tells_who_is_inside_and_how_long_the_engine_computed() -> None:
    began, may_end = threading.Event(), threading.Event()

    class Held:
        name, sha256, max_batch = "held", "0" * 64, 1

        def infer(self, pixels):
            began.set()
            assert may_end.wait(30)
            return np.zeros((len(pixels), 6, 1), np.float32)

    now = [0.0]
    scheduler = Scheduler(Held(), queue=4, clock=lambda: now[0])
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(scheduler.run, np.zeros((32, 32), np.uint8))
        assert began.wait(30)
        now[0] = 2.0
        running = scheduler.load
        may_end.set()
        answer.result(30)
    assert (running.inside, running.limit, running.busy_s) == (1, 4, 2.0)
    assert (scheduler.load.inside, scheduler.load.busy_s) == (0, 2.0)
    scheduler.close()
