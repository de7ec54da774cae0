"""A file is replaced whole or stays as it was."""

import hashlib

import pytest

from app.files import replacing, sha256_of, write_whole


def test_a_failure_while_writing_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    path = tmp_path / "model.json"
    path.write_text("old")
    with pytest.raises(ValueError, match="half"), replacing(path) as file:
        file.write(b"new")
        raise ValueError("half")
    assert [each.name for each in tmp_path.iterdir()] == ["model.json"]
    assert path.read_text() == "old"


def test_permissions_are_those_asked_for_or_those_of_the_file_replaced(tmp_path):
    new, kept, secret = (tmp_path / name for name in ("new", "kept", "secret"))
    kept.write_text("")
    kept.chmod(0o640)
    write_whole(new, "text ä")
    write_whole(kept, b"bytes")
    write_whole(secret, "key", mode=0o600)
    assert [path.stat().st_mode & 0o777 for path in (new, kept, secret)] == [0o644, 0o640, 0o600]
    assert new.read_bytes() == "text ä".encode()


def test_the_sha256_of_a_file_is_that_of_its_bytes(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"content")
    assert sha256_of(path) == sha256_of(b"content") == hashlib.sha256(b"content").hexdigest()
