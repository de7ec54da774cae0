import base64
import stat

import pytest

from app.security import MasterKeys
from scripts import make_secrets
from scripts.bootstrap.console import Stop
from scripts.bootstrap.instance import make_keys, open_data_dir, write_once


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_keys_are_for_their_owner_alone(tmp_path):
    assert make_keys(tmp_path)
    assert mode(tmp_path / "keys") == 0o700
    assert {mode(path) for path in (tmp_path / "keys").iterdir()} == {0o600}
    assert {path.name for path in (tmp_path / "keys").iterdir()} == {"master_keys", "secret_key"}


def test_keys_are_never_written_over(tmp_path):
    make_keys(tmp_path)
    before = {path.name: path.read_bytes() for path in (tmp_path / "keys").iterdir()}
    assert not make_keys(tmp_path)
    assert {path.name: path.read_bytes() for path in (tmp_path / "keys").iterdir()} == before


def test_keys_that_others_could_read_are_closed_again(tmp_path):
    make_keys(tmp_path)
    (tmp_path / "keys" / "master_keys").chmod(0o644)
    make_keys(tmp_path)
    assert mode(tmp_path / "keys" / "master_keys") == 0o600


def test_the_app_reads_the_master_key(tmp_path):
    make_keys(tmp_path)
    text = (tmp_path / "keys" / "master_keys").read_text().strip()
    name, key = text.split(":")
    assert MasterKeys.parse(text).newest.kid == name
    assert len(base64.urlsafe_b64decode(key + "=")) == 32


def test_two_installations_have_different_keys(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        make_keys(tmp_path / name)
    for secret in ("master_keys", "secret_key"):
        assert (tmp_path / "one/keys" / secret).read_bytes() != (tmp_path / "two/keys" / secret).read_bytes()


def test_a_database_whose_keys_are_gone_gets_no_new_ones(tmp_path):
    (tmp_path / "fractures.db").write_bytes(b"")
    with pytest.raises(Stop, match="its keys are not"):
        make_keys(tmp_path)
    assert not (tmp_path / "keys").exists()


def test_a_secret_is_written_whole_or_not_at_all(tmp_path):
    def fail():
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        write_once(tmp_path / "secret", fail, 0o600)
    assert not list(tmp_path.iterdir())


def test_a_new_data_folder_is_for_its_owner_alone(tmp_path):
    open_data_dir(tmp_path / "a" / "b")
    assert mode(tmp_path / "a" / "b") == 0o700


def test_a_data_folder_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(Stop, match="cannot be written"):
        open_data_dir(tmp_path / "file" / "data")


def test_the_containers_secrets_fit_each_other_and_stay(tmp_path):
    folder = tmp_path / "secrets"
    assert make_secrets.main([str(folder)]) == 0
    before = {path.name: path.read_text() for path in folder.iterdir()}
    assert mode(folder) == 0o700
    assert before.keys() == {"master_keys", "secret_key", "database_password", "database_url"}
    assert before["database_password"].strip() in before["database_url"]
    assert make_secrets.main([str(folder)]) == 0
    assert {path.name: path.read_text() for path in folder.iterdir()} == before
