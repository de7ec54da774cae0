"""Limit attempts to sign in: for each account from one address, for each address, and for each account by a delay.

An account is never locked: attempts by others make it wait seconds at most, and not where it has signed in before.
"""

import math
from datetime import datetime, timedelta

from app.errors import TooManyAttempts
from app.services import RecordServices

WINDOW = timedelta(minutes=5)
# Of one account from one address, and of one address, within `WINDOW`.
MOST_OF_PAIR = 8
MOST_OF_ADDRESS = 60
# Attempts on one account from everywhere within `WINDOW`; from there on each one waits for the one before.
MOST_OF_ACCOUNT = 20
ACCOUNT_DELAY = timedelta(seconds=5)

# Clocks of several hosts differ by less; what is later than that was written while a clock was wrong.
CLOCKS_DIFFER = timedelta(minutes=5)


def count_attempt(services: RecordServices, tenant: str, name: str, address: str) -> None:
    """Count one attempt.

    Raises:
        TooManyAttempts: one of the limits is reached; nothing is counted.
    """
    now = services.clock()
    pair, origin, account = _subjects(services, tenant, name, address)
    with services.store.begin() as unit:
        unit.attempts.purge(now - WINDOW, now + CLOCKS_DIFFER)
        for subject in sorted((pair, origin, account)):
            unit.attempts.hold(subject)
        of_pair, of_address = unit.attempts.times(pair, now - WINDOW), unit.attempts.times(origin, now - WINDOW)
        of_account = unit.attempts.times(account, now - WINDOW)
        if len(of_pair) >= MOST_OF_PAIR:
            raise _until(of_pair[-MOST_OF_PAIR] + WINDOW, now)
        if len(of_address) >= MOST_OF_ADDRESS:
            raise _until(of_address[-MOST_OF_ADDRESS] + WINDOW, now)
        if len(of_account) >= MOST_OF_ACCOUNT and of_account[-1] + ACCOUNT_DELAY > now:
            raise _until(of_account[-1] + ACCOUNT_DELAY, now)
        unit.attempts.add((pair, origin, account), now)


def forget_attempts(services: RecordServices, tenant: str, name: str, address: str) -> None:
    """Forget the attempts of an account and of its address, after the right password."""
    pair, _, account = _subjects(services, tenant, name, address)
    with services.store.begin() as unit:
        unit.attempts.forget(pair)
        unit.attempts.forget(account)


def _subjects(services: RecordServices, tenant: str, name: str, address: str) -> tuple[bytes, bytes, bytes]:
    def digest(*parts: str) -> bytes:
        return services.access_seal.digests("attempt", "\x00".join(parts))[0]

    account = (tenant, name.casefold())
    return digest("pair", *account, address), digest("address", address), digest("account", *account)


def _until(moment: datetime, now: datetime) -> TooManyAttempts:
    refusal = TooManyAttempts()
    refusal.retry_after_s = max(1, math.ceil((moment - now).total_seconds()))
    return refusal
