"""Small radiographs, ways to send them, and the form token of a page."""

import base64
import io
import re
from collections.abc import Callable

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

SUITE = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)

Sender = Callable[..., TestResponse]


def image(kind: str = "PNG", shape_hw: tuple[int, int] = (120, 160)) -> bytes:
    """A grey ramp with waves on its right half: structure enough to be assessed."""
    height, width = shape_hw
    waves = 45 * np.sin(np.arange(height) / 4)[:, None] * (np.arange(width) > width / 2)
    ramp = np.linspace(20, 200, width)[None, :] + waves
    out = io.BytesIO()
    Image.fromarray(ramp.astype(np.uint8)).save(out, kind)
    return out.getvalue()


def multipart(*files: tuple[str, bytes], **fields: str) -> dict[str, object]:
    """The arguments of a client's `post` that send files as a form.

    Written by hand, because the test client would spool a large form to a temporary file.
    """
    parts = [(f'name="file"; filename="{name}"', body) for name, body in files]
    parts += [(f'name="{name}"', value.encode()) for name, value in fields.items()]
    lines = [
        b"--limit\r\nContent-Disposition: form-data; " + about.encode() + b"\r\n\r\n" + body + b"\r\n"
        for about, body in parts
    ]
    return {"data": b"".join(lines) + b"--limit--\r\n", "content_type": "multipart/form-data; boundary=limit"}


def sealed(key: dict[str, str], plain: bytes, name: str | None = None) -> dict[str, object]:
    """The arguments of a client's `post` that send one file sealed for `key`, an answer of /encryption-key."""
    point = base64.urlsafe_b64decode(key["public_key"] + "==")
    public_key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    info = base64.urlsafe_b64decode(key["info"] + "=" * (-len(key["info"]) % 4))
    headers = {"X-Key-Id": key["kid"]}
    if name is not None:
        sealed_name = SUITE.encrypt(name.encode(), public_key, info + b"/name")
        headers["X-Sealed-Name"] = base64.urlsafe_b64encode(sealed_name).rstrip(b"=").decode()
    body = SUITE.encrypt(plain, public_key, info)
    return {"data": body, "content_type": "application/hpke", "headers": headers}


def form_token(client: FlaskClient, path: str = "/") -> str:
    """The token that a page gives to its forms."""
    page = client.get(path).get_data(as_text=True)
    match = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert match, "the page holds no form"
    return match[1]


@pytest.fixture
def png() -> bytes:
    """A whole PNG."""
    return image()


@pytest.fixture
def api(client: FlaskClient, api_token: str) -> Sender:
    """Sends an API request in Ada's name: `api("get", "/studies")`."""

    def send(method: str, path: str, headers: dict[str, str] | None = None, **rest: object) -> TestResponse:
        everything = {"Authorization": f"Bearer {api_token}", **(headers or {})}
        return getattr(client, method)(f"/api/v1{path}", headers=everything, **rest)

    return send
