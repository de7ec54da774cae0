"""Everything that can be wrong with an API request: its status, its code, one sentence, and nothing stored."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from tests.conftest import UPLOAD_BYTES
from tests.web.conftest import Sender, image, multipart, sealed


def refused(answer: TestResponse, status: int, code: str) -> bool:
    """Whether the answer is this refusal, in the one shape that refusals have."""
    body = answer.get_json()
    assert (answer.status_code, body["error"]["code"]) == (status, code)
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "request_id"}
    assert body["error"]["message"].endswith(".")
    assert body["error"]["request_id"] == answer.headers["X-Request-Id"]
    assert "Traceback" not in answer.get_data(as_text=True)
    return True


def bomb() -> bytes:
    """A PNG of some hundred bytes that claims 50 000 × 50 000 pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 0, 0, 0, 0)
    rest = chunk(b"IDAT", zlib.compress(bytes(50_001))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + rest


def cmyk() -> bytes:
    """A JPEG in print colours."""
    out = io.BytesIO()
    Image.new("CMYK", (64, 64), (10, 20, 30, 40)).save(out, "JPEG")
    return out.getvalue()


def animated() -> bytes:
    """A TIFF of two pages."""
    out = io.BytesIO()
    frames = [Image.fromarray(np.full((64, 64), value, np.uint8)) for value in (50, 150)]
    frames[0].save(out, "TIFF", save_all=True, append_images=frames[1:])
    return out.getvalue()


class Untouchable(io.RawIOBase):
    """A body that nobody may read."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        raise AssertionError("the body was read")


BAD_FILES = [
    (b"", 422, "empty-file"),
    (b"\xff", 415, "unsupported-image"),
    (b"This is a letter, not a image.\n" * 20, 415, "unsupported-image"),
    (image("PNG")[:150], 422, "damaged-image"),
    (image("JPEG")[:400], 422, "damaged-image"),
    (bomb(), 413, "image-too-large"),
    (cmyk(), 422, "unsupported-colour"),
    (animated(), 422, "multi-frame"),
]


@pytest.mark.parametrize(("body", "status", "code"), BAD_FILES, ids=[code for _, _, code in BAD_FILES])
def test_a_file_that_is_no_radiograph_is_refused(api: Sender, body: bytes, status: int, code: str) -> None:
    assert refused(api("post", "/studies", **multipart(("x.jpg", body))), status, code)
    assert api("get", "/studies").get_json()["studies"] == []


def test_no_preference_turns_an_error_into_a_success(api: Sender) -> None:
    refusal = api("post", "/studies", headers={"Prefer": "handling=lenient"}, **multipart(("x.jpg", b"Dear colleague")))

    assert refused(refusal, 415, "unsupported-image")


@pytest.mark.parametrize(("body", "status", "code"), BAD_FILES[1:], ids=[code for _, _, code in BAD_FILES[1:]])
def test_a_sealed_file_that_is_no_radiograph_is_refused(api: Sender, body: bytes, status: int, code: str) -> None:
    key = api("get", "/encryption-key").get_json()

    assert refused(api("post", "/studies", **sealed(key, body)), status, code)


def test_a_colour_photograph_is_read_and_flagged(api: Sender) -> None:
    out = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 255, (8, 8, 3), np.uint8)
    Image.fromarray(noise).resize((160, 160), Image.Resampling.NEAREST).save(out, "PNG")

    answer = api("post", "/studies", **multipart(("holiday.png", out.getvalue())))

    assert answer.status_code == 201
    assert "not-a-radiograph" in answer.get_json()["images"][0]["warnings"]


def test_a_request_without_file_is_refused(api: Sender) -> None:
    assert refused(api("post", "/studies", **multipart()), 400, "no-file")
    assert refused(api("post", "/studies"), 400, "no-file")


def test_more_files_than_allowed_are_refused(api: Sender, png: bytes) -> None:
    files = [(f"{number}.png", png) for number in range(6)]

    assert refused(api("post", "/studies", **multipart(*files)), 400, "too-many-files")


def test_a_body_that_is_neither_form_nor_sealed_is_refused(api: Sender, png: bytes) -> None:
    answer = api("post", "/studies", data=png, content_type="image/png")

    assert refused(answer, 415, "unsupported-body")


def test_a_dicom_file_as_a_body_of_its_own_is_an_unsupported_body_however_long(api: Sender) -> None:
    body = bytes(128) + b"DICM" + bytes(200_000)

    assert refused(api("post", "/studies", data=body, content_type="application/dicom"), 415, "unsupported-body")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Händchen.png".encode("latin-1"), "Händchen.png"),
        ("Händchen.png".encode(), "Händchen.png"),
        ("\u624b.png".encode("shift_jis"), None),
        ("a\u202egnp.exe".encode(), "a\ufffdgnp.exe"),
        (b"a\tb\x7f.png", "a\ufffdb\ufffd.png"),
    ],
    ids=["latin-1", "utf-8", "shift-jis", "right-to-left override", "control characters"],
)
def test_a_file_name_in_any_encoding_is_taken_and_shown_harmlessly(
    api: Sender, png: bytes, name: bytes, shown: str | None
) -> None:
    part = b'--X\r\nContent-Disposition: form-data; name="file"; filename="' + name + b'"\r\n\r\n' + png + b"\r\n"

    answer = api("post", "/studies", data=part + b"--X--\r\n", content_type="multipart/form-data; boundary=X")

    assert answer.status_code == 201
    found = answer.get_json()["images"][0]["name"]
    assert found.isprintable() and (shown is None or found == shown)


def test_one_file_that_is_too_large_is_refused_and_the_others_are_kept(api: Sender, png: bytes) -> None:
    large = b"\0" * (UPLOAD_BYTES + 1)

    assert refused(api("post", "/studies", **multipart(("large.dcm", large))), 413, "upload-too-large")
    study = api("post", "/studies", **multipart(("large.dcm", large), ("a.png", png))).get_json()

    assert [one["code"] for one in study["rejected"]] == ["upload-too-large"]
    assert len(study["images"]) == 1


def test_a_body_that_is_too_large_is_refused_before_it_is_read(api: Sender) -> None:
    answer = api(
        "post",
        "/studies",
        headers={"X-Key-Id": "any"},
        content_type="application/hpke",
        environ_overrides={"CONTENT_LENGTH": str(UPLOAD_BYTES + 10_000), "wsgi.input": Untouchable()},
    )

    assert refused(answer, 413, "upload-too-large")


def test_a_body_without_length_is_read_no_further_than_allowed(api: Sender) -> None:
    class Endless(io.RawIOBase):
        given = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer) -> int:
            self.given += len(buffer)
            return len(buffer)

    endless = Endless()
    answer = api(
        "post",
        "/studies",
        headers={"X-Key-Id": "any", "Transfer-Encoding": "chunked"},
        content_type="application/hpke",
        environ_overrides={"wsgi.input": endless, "wsgi.input_terminated": True},
    )

    assert refused(answer, 413, "upload-too-large")
    assert endless.given < UPLOAD_BYTES + 1_000_000


def test_an_unknown_or_expired_key_is_refused(api: Sender, png: bytes, clock) -> None:
    key = api("get", "/encryption-key").get_json()

    assert refused(api("post", "/studies", **sealed({**key, "kid": "20200101-00000000"}, png)), 409, "unknown-key")
    clock.pass_(days=2)
    assert refused(api("post", "/studies", **sealed(key, png)), 409, "unknown-key")


@pytest.mark.parametrize("place", [0, 30, 70, -1])
def test_one_flipped_bit_in_a_sealed_upload_is_refused(api: Sender, png: bytes, place: int) -> None:
    request = sealed(api("get", "/encryption-key").get_json(), png)
    body = bytearray(request["data"])
    body[place] ^= 1

    assert refused(api("post", "/studies", **{**request, "data": bytes(body)}), 422, "seal-broken")


@pytest.mark.parametrize("length", [1, 64, 80, 200])
def test_a_truncated_sealed_upload_is_refused(api: Sender, png: bytes, length: int) -> None:
    request = sealed(api("get", "/encryption-key").get_json(), png)

    assert refused(api("post", "/studies", **{**request, "data": request["data"][:length]}), 422, "seal-broken")


def test_a_sealed_upload_without_key_id_is_refused(api: Sender, png: bytes) -> None:
    request = sealed(api("get", "/encryption-key").get_json(), png)

    assert refused(api("post", "/studies", **{**request, "headers": {}}), 400, "bad-request")


def test_a_sealed_name_that_is_no_base64url_is_refused(api: Sender, png: bytes) -> None:
    request = sealed(api("get", "/encryption-key").get_json(), png)
    request["headers"]["X-Sealed-Name"] = "not*base64"

    assert refused(api("post", "/studies", **request), 400, "bad-request")


@pytest.mark.parametrize("path", ["/studies/nothing", "/studies/nothing/images/nothing/original.png"])
def test_an_unknown_study_is_not_found(api: Sender, path: str) -> None:
    assert refused(api("get", path), 404, "study-not-found")


def test_an_unknown_image_is_not_found(api: Sender, png: bytes) -> None:
    study = api("post", "/studies", **multipart(("a.png", png))).get_json()

    assert refused(api("get", f"/studies/{study['id']}/images/other/original.png"), 404, "image-not-found")


def test_a_view_cannot_be_added_to_an_unknown_study(api: Sender, png: bytes) -> None:
    assert refused(api("post", "/studies/nothing/images", **multipart(("a.png", png))), 404, "study-not-found")


def test_an_unknown_address_is_answered_in_json(api: Sender) -> None:
    assert refused(api("get", "/nothing"), 404, "not-found")


@pytest.mark.parametrize(("method", "path"), [("put", "/studies"), ("post", "/encryption-key"), ("put", "/studies/x")])
def test_a_wrong_method_is_refused(api: Sender, method: str, path: str) -> None:
    answer = api(method, path)

    assert refused(answer, 405, "wrong-method")
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/encryption-key"),
        ("get", "/studies"),
        ("post", "/studies"),
        ("get", "/studies/x"),
        ("delete", "/studies/x"),
        ("post", "/studies/x/images"),
        ("get", "/studies/x/report.pdf"),
        ("get", "/studies/x/images/y/original.png"),
        ("get", "/studies/x/images/y/annotated.png"),
        ("get", "/studies/x/images/y/feedback"),
        ("post", "/studies/x/images/y/feedback"),
    ],
)
@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Bearer ", "Basic QWRhOng="])
def test_a_missing_or_wrong_token_is_refused(
    client: FlaskClient, services, method: str, path: str, authorization: str | None
) -> None:
    headers = {"Authorization": authorization} if authorization is not None else {}

    answer = getattr(client, method)(f"/api/v1{path}", headers=headers)

    assert refused(answer, 401, "invalid-token")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_stranger_is_refused_before_the_body_is_read(client: FlaskClient) -> None:
    answer = client.post(
        "/api/v1/studies",
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"CONTENT_LENGTH": "1000", "wsgi.input": Untouchable()},
    )

    assert refused(answer, 401, "invalid-token")


@pytest.mark.parametrize("limit", ["0", "101", "-1", "many", "1.5", "٣"])
def test_a_limit_out_of_range_is_refused(api: Sender, limit: str) -> None:
    assert refused(api("get", f"/studies?limit={limit}"), 400, "bad-request")


def test_a_list_token_that_never_was_is_refused(api: Sender) -> None:
    assert refused(api("get", "/studies?after=%00nonsense"), 400, "bad-request")


def test_a_busy_server_says_when_to_come_back(api: Sender, png: bytes, detector) -> None:
    detector.busy = True

    answer = api("post", "/studies", **multipart(("a.png", png)))

    assert refused(answer, 503, "busy")
    assert int(answer.headers["Retry-After"]) > 0


def test_what_nobody_expected_is_told_by_number_only(api: Sender, png: bytes, detector, caplog) -> None:
    detector.broken = ZeroDivisionError("Jane Doe 1970-01-01")

    answer = api("post", "/studies", **multipart(("jane-doe.png", png)))

    assert refused(answer, 500, "internal")
    assert "Jane" not in answer.get_data(as_text=True)
    assert answer.headers["X-Request-Id"] in caplog.text
    assert "ZeroDivisionError" in caplog.text
    assert "jane" not in caplog.text.casefold()


def test_no_file_touches_the_disk(api: Sender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings) -> None:
    import tempfile

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a temporary file was opened")

    for opener in ("TemporaryFile", "SpooledTemporaryFile", "NamedTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, opener, refuse)
    monkeypatch.setattr("werkzeug.formparser.SpooledTemporaryFile", refuse)
    noise = np.random.default_rng(5).integers(0, 255, (1500, 2000), np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, "TIFF")
    assert len(out.getvalue()) > 2_900_000

    answer = api("post", "/studies", **multipart(("secret-name.tif", out.getvalue()), ("b.tif", out.getvalue())))

    assert answer.status_code == 201
    row = noise[700, :64].tobytes()
    for path in tmp_path.rglob("*"):
        if path.is_file():
            written = path.read_bytes()
            assert row not in written
            assert b"secret-name" not in written
            assert b"wrist" not in written
