"""The kinds of input that are mutated, each as the request that carries it."""

import base64
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.imaging import phantom
from app.imaging.drawn.files import drawn_files
from app.security import PublicUploadKey, seal_upload
from scripts.hostile.mutations import mutated, mutated_json
from scripts.pressure.client import ask, image_path, upload
from scripts.pressure.served import Served

_SHAPE_HW = (128, 96)
_FEEDBACK = {
    "findings": [{"region": "wrist", "box_px": [10.0, 10.0, 40.0, 50.0], "answer": "missed"}],
    "normal": False,
    "comment": "seen again",
}
_PATIENT = {
    "patient": {"name": "Drawn^Patient", "id": "DRAWN-1", "birth_date": "1970-01-01", "sex": "O"},
    "label": "left",
}


@dataclass(frozen=True)
class Input:
    """One request."""

    method: str
    path: str
    body: bytes
    headers: Mapping[str, str]


Maker = Callable[[random.Random], Input]


def makers(served: Served) -> dict[str, Maker]:
    """For each kind of input a function that makes the next one; a study and a key are asked for first."""
    files = drawn_files(phantom(3, _SHAPE_HW).grey)
    study_path = image_path(upload(served.address, served.token, [files["png"]]).body).rpartition("/images")[0]
    image = image_path(upload(served.address, served.token, [files["png"]]).body).rpartition("/")[0]
    about = json.loads(ask(served.address, "GET", "/api/v1/encryption-key", headers=_bearer(served)).body)
    key = PublicUploadKey(about["kid"], _bytes(about["public_key"]), _bytes(about["info"]))

    def form(content: bytes, name: bytes = b"a") -> bytes:
        head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="' + name + b'"\r\n\r\n'
        return head + content + b"\r\n--b--\r\n"

    def posted(body: bytes, **headers: str) -> Input:
        return Input("POST", "/api/v1/studies", body, _bearer(served) | headers)

    def file(kind: str) -> Maker:
        kept = {"Content-Type": "multipart/form-data; boundary=b"}
        return lambda random_: posted(form(mutated(files[kind], random_)), **kept)

    def multipart(random_: random.Random) -> Input:
        boundary = random_.choice(("b", "b", "b", '"b', "", "é", "b; boundary=c", "x" * 300))
        return posted(
            mutated(form(files["png"], random_.choice((b"a", b"\xff", b"\0", b'"'))), random_),
            **{"Content-Type": f"multipart/form-data; boundary={boundary}"},
        )

    def sealed(random_: random.Random) -> Input:
        kid = random_.choice((about["kid"], about["kid"], "other", "é" * 99))
        whole = seal_upload(key, mutated(files["png"], random_)) if random_.random() < 0.3 else None
        body = whole or mutated(seal_upload(key, files["png"]), random_)
        return posted(body, **{"Content-Type": "application/hpke", "X-Key-Id": kid})

    def answers(random_: random.Random) -> Input:
        kept = {"Content-Type": "application/json"}
        if random_.random() < 0.5:
            return Input("POST", f"{image}/feedback", mutated_json(_FEEDBACK, random_), _bearer(served) | kept)
        return Input("PATCH", study_path, mutated_json(_PATIENT, random_), _bearer(served) | kept)

    kinds: dict[str, Maker] = {kind: file(kind) for kind in files}
    return kinds | {"multipart": multipart, "hpke": sealed, "json": answers}


def _bearer(served: Served) -> dict[str, str]:
    return {"Authorization": f"Bearer {served.token}"}


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
