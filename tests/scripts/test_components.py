"""The bill of materials names what the lock files pin, and the check of vulnerabilities tells what it could not ask."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from scripts import sbom, vulnerabilities
from scripts.components import CPU_LOCK, UNKNOWN, all_components, python_components

LOCK = """\
flask==3.1.3 \\
    --hash=sha256:{digest}
    # via fracture-detection
colorama==0.0.1 ; sys_platform == 'win32' \\
    --hash=sha256:{digest}
"""
DIGEST = "ab" * 32


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "requirements.txt"
    path.write_text(LOCK.format(digest=DIGEST))
    return path


def test_a_package_has_its_digest_and_the_licence_of_the_version_that_is_installed(lock: Path) -> None:
    flask, other = python_components(lock)
    assert (flask.purl, flask.licence, flask.sha256) == ("pkg:pypi/flask@3.1.3", "BSD-3-Clause", (DIGEST,))
    # Another version of it may be installed; what its licence is, is not known.
    assert (other.name, other.licence) == ("colorama", UNKNOWN)


def test_the_bill_follows_the_schema_of_cyclonedx_and_is_the_same_each_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert sbom.main([]) == 0
    first = capsys.readouterr().out
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(first) is None
    sbom.main([])
    assert capsys.readouterr().out == first


def test_every_pin_is_in_the_bill_with_the_browser_libraries_and_the_weights() -> None:
    names = {one["purl"] for one in sbom.bill(all_components(CPU_LOCK))["components"]}
    pins = [line for line in CPU_LOCK.read_text().splitlines() if "==" in line and not line.startswith((" ", "#"))]
    assert len([one for one in names if one.startswith("pkg:pypi/")]) == len(pins)
    assert "pkg:npm/%40hpke/core@1.9.0" in names
    assert any(one.startswith("pkg:generic/fracture-yolov8l@") for one in names)


def test_the_licences_are_a_table(lock: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sbom.main(["--licences", "--lock", str(lock)])
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("| BSD-3-Clause |") and "flask 3.1.3" in line for line in lines)
    assert lines[-1] == "| unknown | 1 | colorama 0.0.1 |"


@pytest.fixture
def service() -> Iterator[str]:
    """Speaks as OSV does, and knows something of Flask."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            queries = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
            known = {"vulns": [{"id": "GHSA-0000-0000-0000", "modified": "2026-01-01T00:00:00Z"}]}
            results = [known if "/flask@" in query["package"]["purl"] else {} for query in queries]
            body = json.dumps({"results": results}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1/querybatch"
        server.shutdown()
        thread.join()


def test_a_known_vulnerability_is_named_and_fails_unless_it_is_ignored(
    lock: Path, service: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--lock", str(lock), "--url", service]
    assert vulnerabilities.main(asked) == 1
    assert "flask 3.1.3: GHSA-0000-0000-0000" in capsys.readouterr().out
    assert vulnerabilities.main([*asked, "--ignore", "GHSA-0000-0000-0000"]) == 0


def test_without_a_connection_it_says_that_nothing_was_checked(lock: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert vulnerabilities.main(["--lock", str(lock), "--url", "http://127.0.0.1:9/"]) == 0
    assert "Not checked" in capsys.readouterr().err
