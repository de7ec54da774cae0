"""Master keys are random, named, and never shown."""

import base64
import multiprocessing
from pathlib import Path

import pytest

from app.errors import ConfigError
from app.security import KeyFile, MasterKeys, new_master_key


def written(secret: bytes) -> str:
    return base64.urlsafe_b64encode(secret).rstrip(b"=").decode()


RANDOM = bytes.fromhex("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")


def test_a_new_key_parses_and_no_two_are_alike() -> None:
    first, second = new_master_key(), new_master_key()
    keys = MasterKeys.parse(f"{first}, {second}\n")
    assert [key.kid for key in keys] == [first.split(":")[0], second.split(":")[0]]
    assert keys.newest.kid == first.split(":")[0]


def test_keys_for_different_purposes_differ_and_are_stable() -> None:
    key = MasterKeys.parse(f"a:{written(RANDOM)}").newest
    again = MasterKeys.parse(f"b:{written(RANDOM)}").newest
    assert key.derive(b"one") == again.derive(b"one") != key.derive(b"two")
    assert RANDOM not in (key.derive(b"one"), key.derive(b""))


def test_an_unknown_kid_gives_nothing(keys: MasterKeys) -> None:
    assert keys.get("nobody") is None
    assert keys.get(keys.newest.kid) is keys.newest


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        "no-colon",
        written(RANDOM),
        ":" + written(RANDOM),
        "a b:" + written(RANDOM),
        "a" * 33 + ":" + written(RANDOM),
        "a:",
        "a:" + written(RANDOM[:31]),
        "a:" + written(RANDOM + b"x"),
        "a:" + written(RANDOM) + "=",
        "a:" + written(RANDOM)[:-1] + "B",
        "a:" + "é" * 43,
        "a:" + written(RANDOM).replace("n", "+"),
        "a:" + written(bytes(32)),
        "a:" + written(bytes(range(32))),
        "a:" + written(b"change-me-change-me-change-me-32"),
        "a:" + written(b"0123456789abcdefghijklmnopqrstuv"),
        "a:" + written(RANDOM[:4] * 8),
        f"a:{written(RANDOM)},",
        f"a:{written(RANDOM)},a:{written(RANDOM[::-1])}",
        f"a:{written(RANDOM)},b:{written(RANDOM)}",
    ],
)
def test_a_key_that_is_missing_short_chosen_or_twice_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(ConfigError, match="MASTER_KEYS") as refused:
        MasterKeys.parse(text)
    assert refused.value.__cause__ is None
    for secret in (written(RANDOM)[:8], "change-me", "no-colon"):
        assert secret not in str(refused.value)


def test_repr_shows_no_secret() -> None:
    keys = MasterKeys.parse(f"a:{written(RANDOM)}")
    for text in (repr(keys), str(keys), repr(keys.newest), f"{keys.newest}"):
        assert written(RANDOM)[:8] not in text
        assert repr(RANDOM)[2:10] not in text


def add_key(path: Path) -> None:
    KeyFile(path).add_newest(new_master_key())


def test_keys_added_at_once_by_several_processes_are_all_kept(tmp_path: Path) -> None:
    path = tmp_path / "master_keys"
    path.write_text(new_master_key())
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=add_key, args=(path,)) for _ in range(6)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 6
    assert len(path.read_text().splitlines()) == len(tuple(KeyFile(path))) == 7


def test_a_file_that_does_not_parse_leaves_the_last_keys_in_use(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "master_keys"
    path.write_text(new_master_key())
    ring = KeyFile(path)
    kid = ring.newest.kid
    path.write_text(path.read_text()[:20])
    assert ring.newest.kid == kid
    assert "does not parse" in caplog.text
    path.write_text(f"{new_master_key()}\n")
    assert ring.newest.kid != kid


def test_a_key_file_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "master_keys"
    path.write_text(new_master_key())
    path.chmod(0o640)
    KeyFile(path).add_newest(new_master_key())
    assert path.stat().st_mode & 0o777 == 0o640
