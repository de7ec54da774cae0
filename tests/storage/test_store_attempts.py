"""Attempts to sign in are counted one after another, however many processes count at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

from app.storage import Store
from tests.storage.conftest import NOW

SUBJECT = b"a digest of an account"
AT_ONCE = 8


def test_none_of_many_attempts_at_once_overlooks_another(store: Store) -> None:
    together = Barrier(AT_ONCE)

    def count(_: int) -> int:
        together.wait(30)
        with store.begin() as unit:
            unit.attempts.hold(SUBJECT)
            before = len(unit.attempts.times(SUBJECT, NOW - timedelta(minutes=5)))
            unit.attempts.add((SUBJECT,), NOW)
        return before

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert sorted(pool.map(count, range(AT_ONCE))) == list(range(AT_ONCE))
