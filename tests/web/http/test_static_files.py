"""Static files: kept for ever under an address that names their content, compressed once."""

import gzip
import re
from pathlib import Path

from flask import Flask, url_for
from flask.testing import FlaskClient

from app.web.http.static_files import digest_of


def address_of(app: Flask, name: str) -> str:
    with app.test_request_context():
        return url_for("static", filename=name)


def test_a_file_is_kept_for_ever_under_the_address_that_pages_name(client: FlaskClient, app: Flask) -> None:
    address = address_of(app, "css/base.css")
    page = client.get("/sign-in").get_data(as_text=True)

    answer = client.get(address, buffered=True)

    assert address in page
    assert re.fullmatch(r"/static/[0-9a-f]{16}/css/base\.css", address)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert client.get("/static/css/base.css", buffered=True).headers["Cache-Control"] == "no-cache"
    assert client.get("/static/0123456789abcdef/css/base.css", buffered=True).status_code == 404


def test_a_file_is_sent_compressed_to_those_who_can_read_it(client: FlaskClient, app: Flask) -> None:
    address = address_of(app, "js/viewer/viewer.js")
    plain = client.get(address, buffered=True)
    zipped = client.get(address, headers={"Accept-Encoding": "gzip, br"}, buffered=True)

    assert "Content-Encoding" not in plain.headers
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert zipped.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(zipped.data) == plain.data
    assert len(zipped.data) < len(plain.data) / 2
    assert int(zipped.headers["Content-Length"]) == len(zipped.data)


def test_nothing_outside_of_the_folder_is_served(client: FlaskClient, app: Flask) -> None:
    digest = address_of(app, "x").split("/")[2]
    for path in ("../wsgi.py", f"{digest}/../../wsgi.py", "%2e%2e/wsgi.py", ""):
        assert client.get(f"/static/{path}", headers={"Accept-Encoding": "gzip"}).status_code == 404


def test_the_digest_changes_with_a_name_and_with_a_content(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("1")
    first = digest_of(tmp_path)
    (tmp_path / "a.js").write_text("2")
    second = digest_of(tmp_path)
    (tmp_path / "a.js").rename(tmp_path / "b.js")

    assert len({first, second, digest_of(tmp_path)}) == 3
