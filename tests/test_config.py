"""Settings are complete before anything starts."""

from pathlib import Path

import pytest

from app.config import Settings
from app.errors import ConfigError

COMPLETE = {"DATABASE_URL": "sqlite:///x.db", "MASTER_KEYS": "k1:secret-one", "SECRET_KEY": "secret-two"}


def test_complete_settings_are_taken_with_defaults() -> None:
    settings = Settings.from_env(COMPLETE)
    assert settings.database_url == "sqlite:///x.db"
    assert settings.session_minutes == 480
    assert settings.limits.upload_bytes == 64 * 1024 * 1024


@pytest.mark.parametrize("name", sorted(COMPLETE))
def test_a_missing_setting_is_named_and_has_no_default(name: str) -> None:
    incomplete = {key: value for key, value in COMPLETE.items() if key != name}
    with pytest.raises(ConfigError, match=name):
        Settings.from_env(incomplete)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAX_UPLOAD_MB", "many"),
        ("MAX_UPLOAD_MB", "0"),
        ("MAX_PIXELS", "-1"),
        ("SESSION_MINUTES", "0"),
        ("RETENTION_DAYS", "-3"),
        ("DETECTOR_THREADS", "1.5"),
        ("DETECTOR_QUEUE", "0"),
        ("DETECTOR_ENGINE", "onnx"),
        ("DETECTOR_PRECISION", "int4"),
        ("SECURE_COOKIES", "perhaps"),
        ("HSTS_SUBDOMAINS", "some"),
        ("TRUSTED_HOSTS", "https://xray.example.org"),
        ("TRUSTED_HOSTS", "xray.example.org:8443"),
        ("MAX_IN_FLIGHT_MB", "64"),
        ("SITE_PREVALENCE", "rare"),
        ("SITE_PREVALENCE", "0"),
        ("SITE_PREVALENCE", "100"),
        ("SITE_PREVALENCE", "nan"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        Settings.from_env({**COMPLETE, name: value})


@pytest.mark.parametrize(("value", "share"), [("", None), ("5", 0.05), ("2.5 %", 0.025)])
def test_the_prevalence_is_given_in_percent(value: str, share: float | None) -> None:
    assert Settings.from_env({**COMPLETE, "SITE_PREVALENCE": value}).site_prevalence == share


def test_a_secret_may_come_from_the_file_that_its_file_variable_names(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-a-file\n")
    environ = {**COMPLETE, "SECRET_KEY_FILE": str(tmp_path / "key")}
    del environ["SECRET_KEY"]
    assert Settings.from_env(environ).secret_key == "from-a-file"


def test_a_data_folder_is_enough(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "master_keys").write_text("k:one")
    (tmp_path / "keys" / "secret_key").write_text("two")
    settings = Settings.from_env({"DATA_DIR": str(tmp_path)})
    assert settings.database_url == f"sqlite:///{tmp_path}/fractures.db"
    assert (settings.master_keys, settings.secret_key) == ("k:one", "two")


@pytest.mark.parametrize("content", [None, "", "  \n"])
def test_a_secret_file_that_is_missing_or_empty_is_named(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "master"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError, match="MASTER_KEYS"):
        Settings.from_env({**COMPLETE, "MASTER_KEYS": "", "MASTER_KEYS_FILE": str(path)})


def test_no_secret_shows_in_the_text_of_settings() -> None:
    assert "secret-" not in repr(Settings.from_env(COMPLETE))


OIDC = {
    **COMPLETE,
    "OIDC_ISSUER": "https://login.example.org",
    "OIDC_CLIENT_ID": "fractures",
    "OIDC_CLIENT_SECRET": "secret-three",
    "OIDC_TENANTS": "Hospital A=default, *=other",
}


def test_an_identity_provider_comes_with_rules_in_their_order() -> None:
    found = Settings.from_env({**OIDC, "OIDC_ROLES": "a=b=admin"}).single_sign_on
    assert found is not None
    assert found.tenants == (("Hospital A", "default"), ("*", "other"))
    assert found.roles == (("a=b", "admin"),)
    assert not found.adds_people
    assert "secret-three" not in repr(found)
    assert Settings.from_env(COMPLETE).single_sign_on is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OIDC_ISSUER", "http://login.example.org"),
        ("OIDC_CLIENT_ID", ""),
        ("OIDC_CLIENT_SECRET", ""),
        ("OIDC_TENANTS", ""),
        ("OIDC_TENANTS", "default"),
        ("OIDC_ROLES", "heads=king"),
        ("OIDC_ADD_PEOPLE", "maybe"),
        ("SECOND_FACTOR_ROLES", "king"),
    ],
)
def test_an_incomplete_identity_provider_or_an_unknown_role_is_refused(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name.partition("_")[0]):
        Settings.from_env({**OIDC, name: value})
