"""What the security tests share: keys, a vault, a clock that stands still."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from app.security import MasterKeys, Vault, new_master_key


@pytest.fixture
def key_text() -> str:
    return new_master_key()


@pytest.fixture
def keys(key_text: str) -> MasterKeys:
    return MasterKeys.parse(key_text)


@pytest.fixture
def vault(keys: MasterKeys) -> Vault:
    return Vault(keys)


@pytest.fixture
def clock() -> Callable[[], datetime]:
    return lambda: datetime(2026, 11, 23, 12, tzinfo=UTC)
