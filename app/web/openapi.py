"""The description of `/api/v1` in OpenAPI 3.1, written by hand beside the views; a test compares it with the routes."""

from typing import Any

from app.records import DISCLAIMER

Json = dict[str, Any]

API_VERSION = "1.0.0"


def description() -> Json:
    """The whole document, as JSON."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Fracture detection", "version": API_VERSION, "description": DISCLAIMER},
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}, {"browser": []}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "browser": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "session",
                    "description": "A signed-in page. Requests that change something also send X-CSRFToken.",
                },
            },
            "schemas": _schemas(),
            "responses": {"Error": _json_answer("A refusal, with a stable code and one sentence.", "Error")},
        },
    }


def _paths() -> Json:
    study, image = _path_parameter("study_id"), _path_parameter("image_id")
    return {
        "/openapi.json": {"get": {**_operation("openapi", "This description.", "200", "Object"), "security": []}},
        "/encryption-key": {
            "get": _operation("encryptionKey", "The key to seal an upload for (RFC 9180).", "200", "EncryptionKey")
        },
        "/studies": {
            "get": {
                **_operation("listStudies", "The studies, newest first.", "200", "StudyPage", 400),
                "parameters": _list_parameters(),
            },
            "post": _upload_operation("createStudy", "Read the files sent as a new study."),
        },
        "/studies/{study_id}": {
            "parameters": [study],
            "get": _operation("readStudy", "One study.", "200", "Study", 404),
            "delete": _operation("deleteStudy", "Delete a study with everything in it.", "204", None, 404),
        },
        "/studies/{study_id}/images": {
            "parameters": [study],
            "post": _upload_operation("addImages", "Read the files sent as further views.", 404),
        },
        "/studies/{study_id}/report.pdf": {
            "parameters": [study],
            "get": _file_operation("reportPdf", "The study as a report to complete and sign.", "application/pdf"),
        },
        "/studies/{study_id}/images/{image_id}/original.png": {
            "parameters": [study, image],
            "get": _png_operation("originalPng", "The radiograph as it was decoded, in grey."),
        },
        "/studies/{study_id}/images/{image_id}/annotated.png": {
            "parameters": [study, image],
            "get": _png_operation("annotatedPng", "The radiograph with its boxes."),
        },
        "/studies/{study_id}/images/{image_id}/feedback": {
            "parameters": [study, image],
            "get": _operation("listFeedback", "What readers said of the image, newest first.", "200", "Said", 404),
            "post": _feedback_operation(),
        },
    }


def _operation(name: str, summary: str, status: str, schema: str | None, *refusals: int) -> Json:
    answer = _json_answer(summary, schema) if schema else {"description": "Done."}
    return {"operationId": name, "summary": summary, "responses": {status: answer, **_refusals(*refusals)}}


def _upload_operation(name: str, summary: str, *refusals: int) -> Json:
    operation = _operation(name, summary, "201", "Submission", 400, 409, 413, 415, 422, *refusals)
    operation["responses"]["200"] = _json_answer("Only with Prefer: handling=lenient: the file was refused.", "Error")
    sealed_only = "Only with application/hpke: "
    return {
        **operation,
        "parameters": [
            _header("X-Key-Id", sealed_only + "the kid that the body is sealed for."),
            _header(
                "X-Sealed-Name",
                sealed_only + 'the file name, sealed with info = "fracture-upload/v1/" + kid + "/name", as base64url.',
            ),
            _header(
                "Prefer",
                "With handling=lenient a file that cannot be used is answered with status 200 and the error's body.",
            ),
            _header("X-CSRFToken", "Only with a browser's session, not with a token."),
        ],
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {"schema": _multipart()},
                "application/hpke": {
                    "schema": {
                        "type": "string",
                        "format": "binary",
                        "description": 'enc‖ciphertext of one file, info = "fracture-upload/v1/" + kid.',
                    }
                },
            },
        },
    }


def _feedback_operation() -> Json:
    words = "Keep a reader's answer; the same sent twice within a minute is kept once."
    return {
        **_operation("addFeedback", words, "201", "Feedback", 400, 404, 413, 422),
        "parameters": [_header("X-CSRFToken", "Only with a browser's session, not with a token.")],
        "requestBody": {"required": True, "content": {"application/json": {"schema": _ref("NewFeedback")}}},
    }


def _png_operation(name: str, summary: str) -> Json:
    return _file_operation(name, summary, "image/png")


def _file_operation(name: str, summary: str, mimetype: str) -> Json:
    operation = _operation(name, summary, "200", None, 404)
    content = {mimetype: {"schema": {"type": "string", "format": "binary"}}}
    operation["responses"]["200"] = {"description": summary, "content": content}
    return operation


def _multipart() -> Json:
    files = {"type": "array", "minItems": 1, "maxItems": 20, "items": {"type": "string", "format": "binary"}}
    return {"type": "object", "required": ["file"], "properties": {"file": files}}


def _json_answer(words: str, schema: str) -> Json:
    return {"description": words, "content": {"application/json": {"schema": _ref(schema)}}}


def _refusals(*statuses: int) -> Json:
    refusal = {"$ref": "#/components/responses/Error"}
    return {str(status): refusal for status in sorted({401, 403, 405, 429, 503, *statuses})}


def _ref(schema: str) -> Json:
    return {"$ref": f"#/components/schemas/{schema}"}


def _path_parameter(name: str) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _header(name: str, words: str) -> Json:
    return {"name": name, "in": "header", "required": False, "description": words, "schema": {"type": "string"}}


def _list_parameters() -> list[Json]:
    limit = {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}
    return [
        {"name": "limit", "in": "query", "required": False, "schema": limit},
        {
            "name": "after",
            "in": "query",
            "required": False,
            "description": "`next` of the page before.",
            "schema": {"type": "string"},
        },
    ]


def _object(**properties: Json) -> Json:
    """An object whose properties are all there; a name with a trailing underscore is optional."""
    required = [name for name in properties if not name.endswith("_")]
    return {
        "type": "object",
        "required": required,
        "properties": {name.rstrip("_"): schema for name, schema in properties.items()},
    }


def _list_of(schema: str) -> Json:
    return {"type": "array", "items": _ref(schema)}


def _schemas() -> Json:
    text: Json = {"type": "string"}
    whole: Json = {"type": "integer", "minimum": 0}
    share: Json = {"type": "number", "minimum": 0, "maximum": 1}
    took_ms: Json = {"type": "number", "minimum": 0}
    time: Json = {"type": "string", "format": "date-time"}
    tier: Json = {"type": "string", "enum": ["definite", "possible"]}
    verdict: Json = {"type": "string", "enum": ["fracture", "possible", "none"]}
    box: Json = {
        "type": "array",
        "minItems": 4,
        "maxItems": 4,
        "items": {"type": "number"},
        "description": "x1, y1, x2, y2 in pixels of the decoded radiograph.",
    }
    answer: Json = {
        "type": "string",
        "enum": ["confirmed", "rejected", "missed"],
        "description": "confirmed and rejected name a finding by its region and box, missed is a fracture beside them.",
    }
    said: Json = {
        "normal": {"type": "boolean", "description": "The whole image shows no fracture."},
        "comment": {**text, "maxLength": 4000},
    }
    reader = _object(id=text, name={"type": ["string", "null"]})
    study = _object(id=text, created_at=time, model=_ref("Model"), images=_list_of("Image"))
    return {
        "Object": {"type": "object"},
        "Error": _object(error=_object(code=text, message=text, request_id=text)),
        "EncryptionKey": _object(kid=text, kem=text, kdf=text, aead=text, public_key=text),
        "Model": _object(name=text, version=text, sha256=text),
        "Finding": _object(region={**text, "examples": ["wrist"]}, confidence=share, tier=tier, box_px=box),
        "Timing": _object(open=took_ms, decode=took_ms, detect=took_ms, total=took_ms),
        "Image": _object(
            id=text,
            name=text,
            created_at=time,
            width=whole,
            height=whole,
            verdict=verdict,
            score=share,
            findings=_list_of("Finding"),
            timing_ms=_ref("Timing"),
            model=_ref("Model"),
            warnings={"type": "array", "items": text},
        ),
        "Study": study,
        "StudyPage": _object(
            studies=_list_of("Study"), next={"type": ["string", "null"]}, damaged={"type": "array", "items": text}
        ),
        "Mark": _object(region=text, box_px=box, answer=answer),
        "NewFeedback": _object(findings_=_list_of("Mark"), normal_=said["normal"], comment_=said["comment"]),
        "Feedback": _object(id=text, image_id=text, reader=reader, created_at=time, findings=_list_of("Mark"), **said),
        "Said": _object(feedback=_list_of("Feedback")),
        "Rejected": _object(index=whole, name=text, code=text, message=text),
        "Submission": {"allOf": [_ref("Study"), _object(rejected=_list_of("Rejected"))]},
    }
