"""Client of the fracture detection API: one file, sealed uploads, typed answers.

    client = FractureClient("http://127.0.0.1:8000", token)
    study = client.create_study([Path("wrist.dcm")])
    print(study["verdict"], study["images"][0]["findings"])

It needs `cryptography` (>= 50) and the standard library.
"""

import base64
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, TypedDict, cast

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

Verdict = Literal["fracture", "possible", "pending", "not-assessed", "none"]
Outcome = Literal["fracture", "none", "disputed"]


class Finding(TypedDict):
    """A site that the software marked."""

    region: str
    confidence: float
    tier: Literal["definite", "possible"]
    box_px: list[float]


class Image(TypedDict):
    """One view with its assessment."""

    id: str
    name: str
    width: int
    height: int
    verdict: Verdict
    reason: str | None
    score: float
    findings: list[Finding]
    warnings: list[str]


class Patient(TypedDict, total=False):
    """Whom a study belongs to."""

    name: str | None
    id: str | None
    birth_date: str | None
    sex: str | None


class Study(TypedDict):
    """The views that were taken together."""

    id: str
    created_at: str
    patient: Patient | None
    label: str
    verdict: Verdict
    outcome: Outcome | None
    images: list[Image]


class Mark(TypedDict):
    """A reader's answer about one site."""

    region: str
    box_px: Sequence[float]
    answer: Literal["confirmed", "rejected", "missed"]


class ApiError(Exception):
    """A refusal: its HTTP status, its stable code, one sentence and the request's id."""

    def __init__(self, status: int, code: str, message: str, request_id: str) -> None:
        super().__init__(f"{message} ({code}, {status}, request {request_id})")
        self.status, self.code, self.request_id = status, code, request_id


class FractureClient:
    """Calls the API in the name of a token's person."""

    def __init__(self, address: str, token: str, timeout_s: float = 120.0) -> None:
        self._base = address.rstrip("/") + "/api/v1"
        self._token, self._timeout_s = token, timeout_s

    def create_study(self, files: Sequence[Path], idempotency_key: str | None = None) -> Study:
        """Send files of one patient as a study, each sealed; the first makes the study, the others join it.

        idempotency_key: the first file sent again with the same key makes no second study.
        """
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        study = cast(Study, self._send_sealed("/studies", files[0], headers))
        for file in files[1:]:
            study = self.add_image(study["id"], file)
        return study

    def add_image(self, study_id: str, file: Path) -> Study:
        """Send one more view of a study."""
        return cast(Study, self._send_sealed(f"/studies/{study_id}/images", file, {}))

    def study(self, study_id: str) -> Study:
        """One study."""
        return cast(Study, self._call("GET", f"/studies/{study_id}"))

    def worklist(self, **filters: str) -> Iterator[Study]:
        """The studies of the worklist in its order, page by page; `patient="doe"`, `state="unread"` and others."""
        after: str | None = ""
        while after is not None:
            query = urllib.parse.urlencode({**filters, **({"after": after} if after else {})})
            page = self._call("GET", f"/worklist?{query}")
            yield from page["studies"]
            after = page["next"]

    def change_study(self, study_id: str, **changes: Patient | str | None) -> Study:
        """Set `patient` or `label` of a study."""
        return cast(Study, self._call("PATCH", f"/studies/{study_id}", changes))

    def add_feedback(
        self, study_id: str, image_id: str, findings: Sequence[Mark] = (), *, normal: bool = False, comment: str = ""
    ) -> dict[str, Any]:
        """Store an answer about an image."""
        body = {"findings": list(findings), "normal": normal, "comment": comment}
        return self._call("POST", f"/studies/{study_id}/images/{image_id}/feedback", body)

    def report_pdf(self, study_id: str) -> bytes:
        """The draft of a study's report."""
        return self._answer("GET", f"/studies/{study_id}/report.pdf", None, {})

    def delete_study(self, study_id: str) -> None:
        """Delete a study."""
        self._answer("DELETE", f"/studies/{study_id}", None, {})

    def _send_sealed(self, path: str, file: Path, headers: dict[str, str]) -> dict[str, Any]:
        key = self._call("GET", "/encryption-key")
        point, info = _from_base64url(key["public_key"]), _from_base64url(key["info"])
        public_key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        suite = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
        name = base64.urlsafe_b64encode(suite.encrypt(file.name.encode(), public_key, info + b"/name"))
        about = {
            "X-Key-Id": key["kid"],
            "X-Sealed-Name": name.rstrip(b"=").decode(),
            "Content-Type": "application/hpke",
        }
        body = suite.encrypt(file.read_bytes(), public_key, info)
        return cast(dict[str, Any], json.loads(self._answer("POST", path, body, {**about, **headers})))

    def _call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        raw = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} if raw is not None else {}
        return cast(dict[str, Any], json.loads(self._answer(method, path, raw, headers)))

    def _answer(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> bytes:
        headers = {"Authorization": f"Bearer {self._token}", **headers}
        request = urllib.request.Request(self._base + path, body, headers, method=method)  # noqa: S310 - the user's own
        try:
            with urllib.request.urlopen(request, timeout=self._timeout_s) as answer:  # noqa: S310
                return cast(bytes, answer.read())
        except urllib.error.HTTPError as refusal:
            with refusal:
                error = json.loads(refusal.read())["error"]
            raise ApiError(refusal.code, error["code"], error["message"], error["request_id"]) from None


def _from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
