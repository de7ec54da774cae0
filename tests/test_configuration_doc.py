"""docs/configuration.md names every setting that the app reads, no other, and each default that it states is true."""

import re
from pathlib import Path

import pytest

from app.config import Settings

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "configuration.md"
ROW = re.compile(r"^\| `([A-Z0-9_]+)` \| .+ \| (.+) \| (.+) \|$", re.MULTILINE)
ROWS = {name: (default, example) for name, default, example in ROW.findall(DOCUMENT.read_text(encoding="utf-8"))}
NEEDED_WITH = {
    "OIDC_ISSUER": {"OIDC_CLIENT_ID": "name", "OIDC_CLIENT_SECRET": "not-read-here", "OIDC_TENANTS": "*=default"},
    "ORIGINALS_URL": {"S3_ACCESS_KEY": "name", "S3_SECRET_KEY": "not-read-here"},
}
LITERAL = re.compile(r"^`([^`]+)`$")


class Recorder(dict):
    """An environment that remembers which names were asked for."""

    def __init__(self, values):
        super().__init__(values)
        self.asked = set()

    def get(self, name, default=None):
        self.asked.add(name)
        return super().get(name, default)

    def __getitem__(self, name):
        self.asked.add(name)
        return super().__getitem__(name)


@pytest.fixture
def environment(tmp_path):
    keys = tmp_path / "keys"
    keys.mkdir()
    (keys / "master_keys").write_text("k1:not-read-here\n")
    (keys / "secret_key").write_text("not-read-here\n")
    return {"DATA_DIR": str(tmp_path)}


def literal(cell):
    found = LITERAL.match(cell)
    return found[1] if found else None


def test_every_setting_that_is_read_is_documented_and_no_other(environment):
    recorder = Recorder(environment)
    Settings.from_env(recorder)
    assert recorder.asked == ROWS.keys()


@pytest.mark.parametrize("name", [name for name, (default, _) in ROWS.items() if literal(default)])
def test_a_documented_default_is_what_leaving_it_out_means(environment, name):
    assert Settings.from_env({**environment, name: literal(ROWS[name][0])}) == Settings.from_env(environment)


@pytest.mark.parametrize("name", [name for name in ROWS if not name.endswith("_FILE")])
def test_a_documented_example_is_accepted(environment, name):
    example = literal(ROWS[name][1])
    if name != "DATA_DIR" and example:
        Settings.from_env({**environment, **NEEDED_WITH.get(name, {}), name: example})
