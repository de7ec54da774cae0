"""The description of `/api/v1` in OpenAPI 3.1, written by hand beside the views; a test compares it with the routes."""

from typing import Any

from app.records import DISCLAIMER
from app.usecases.triage import GRAVEST_FIRST
from app.web.language import LANGUAGES

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
        **_worklist_paths(study),
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
            "get": _worded_operation("reportPdf", "The study as a report to complete and sign.", "application/pdf"),
        },
        "/studies/{study_id}/images/{image_id}/original.png": {
            "parameters": [study, image],
            "get": _png_operation("originalPng", "The radiograph as it was decoded, in grey."),
        },
        "/studies/{study_id}/images/{image_id}/annotated.png": {
            "parameters": [study, image],
            "get": _worded_operation("annotatedPng", "The radiograph with its boxes.", "image/png"),
        },
        "/studies/{study_id}/images/{image_id}/window.png": {
            "parameters": [study, image],
            "get": {
                **_file_operation("windowPng", "The radiograph through a window, in grey.", "image/png", 400),
                "parameters": _window_parameters(),
            },
        },
        "/studies/{study_id}/images/{image_id}/window.json": {
            "parameters": [study, image],
            "get": _operation("listWindows", "The windows to look at the radiograph through.", "200", "Windows", 404),
        },
        "/studies/{study_id}/images/{image_id}/why.png": {
            "parameters": [study, image],
            "get": _why_operation(),
        },
        "/studies/{study_id}/images/{image_id}/feedback": {
            "parameters": [study, image],
            "get": _operation("listFeedback", "What readers said of the image, newest first.", "200", "Said", 404),
            "post": _feedback_operation(),
        },
    }


def _worklist_paths(study: Json) -> Json:
    return {
        "/worklist": {
            "get": {
                **_operation("listWork", "The studies, unread and suspicious first.", "200", "Worklist", 400),
                "parameters": [*_list_parameters(), *_filter_parameters()],
            },
        },
        "/studies/{study_id}/read": {
            "parameters": [study],
            "post": _operation("markRead", "Note that the person has read the study.", "204", None, 404),
            "delete": _operation("markUnread", "Put the study back among the unread.", "204", None, 404),
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


def _why_operation() -> Json:
    words = "What the score of one finding depends on: a see-through heat map over the radiograph. An aid, no evidence."
    operation = _file_operation("whyPng", words, "image/png", 400)
    finding = {"type": "integer", "minimum": 0}
    operation["parameters"] = [
        {
            "name": "finding",
            "in": "query",
            "required": True,
            "description": "Its place in `findings`.",
            "schema": finding,
        }
    ]
    outcome = {"type": "string", "enum": ["shown", "even", "unmarked"]}
    meaning = "shown; even: no place stands out; unmarked: the weights in use do not see this finding."
    operation["responses"]["200"]["headers"] = {"X-Why": {"description": meaning, "schema": outcome}}
    return operation


def _png_operation(name: str, summary: str) -> Json:
    return _file_operation(name, summary, "image/png")


def _worded_operation(name: str, summary: str, mimetype: str) -> Json:
    operation = _file_operation(name, summary, mimetype)
    operation["responses"].update(_refusals(400))
    words = "The language of what is written in it; without it Accept-Language decides, or else it is English."
    schema = {"type": "string", "enum": list(LANGUAGES)}
    language = {"name": "lang", "in": "query", "required": False, "description": words, "schema": schema}
    return {**operation, "parameters": [language]}


def _file_operation(name: str, summary: str, mimetype: str, *refusals: int) -> Json:
    operation = _operation(name, summary, "200", None, 404, *refusals)
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


def _filter_parameters() -> list[Json]:
    day: Json = {"type": "string", "format": "date"}
    words = {
        "state": ("Only these.", {"type": "string", "enum": ["unread", "read"]}),
        "verdict": ("Only studies whose gravest verdict this is.", {"type": "string", "enum": list(GRAVEST_FIRST)}),
        "region": ("Only studies on which this region was marked.", {"type": "string"}),
        "reader": ("Only studies that the person of this id has read.", {"type": "string"}),
        "from": ("Only studies that came on this day (UTC) or later.", day),
        "to": ("Only studies that came on this day (UTC) or earlier.", day),
        "order": ("newest: by time alone.", {"type": "string", "enum": ["triage", "newest"]}),
    }
    return [
        {"name": name, "in": "query", "required": False, "description": text, "schema": schema}
        for name, (text, schema) in words.items()
    ]


def _window_parameters() -> list[Json]:
    number: Json = {"type": "number"}
    words = {
        "centre": (
            "The middle of the window, in the file's units after its modality LUT; as shown at first if absent.",
            number,
        ),
        "width": ("Its width, at least `least_width` of window.json; as shown at first if absent.", number),
        "invert": ("1: the other way round than it is shown at first.", {"type": "string", "enum": ["0", "1"]}),
        "long_side": (
            "Scale a larger picture down to so many pixels.",
            {"type": "integer", "minimum": 16, "maximum": 32768},
        ),
    }
    return [
        {"name": name, "in": "query", "required": False, "description": text, "schema": schema}
        for name, (text, schema) in words.items()
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
        **_worklist_schemas(),
        **_window_schemas(),
        "Mark": _object(region=text, box_px=box, answer=answer),
        "NewFeedback": _object(findings_=_list_of("Mark"), normal_=said["normal"], comment_=said["comment"]),
        "Feedback": _object(id=text, image_id=text, reader=reader, created_at=time, findings=_list_of("Mark"), **said),
        "Said": _object(feedback=_list_of("Feedback")),
        "Rejected": _object(index=whole, name=text, code=text, message=text),
        "Submission": {"allOf": [_ref("Study"), _object(rejected=_list_of("Rejected"))]},
    }


def _worklist_schemas() -> Json:
    text: Json = {"type": "string"}
    text_or_null: Json = {"type": ["string", "null"]}
    mark = _object(id=text, name=text_or_null, at={"type": "string", "format": "date-time"})
    state = _object(state={"type": "string", "enum": ["unread", "read"]}, read_by={"type": "array", "items": mark})
    return {
        "Entry": {"allOf": [_ref("Study"), state]},
        "Worklist": _object(
            studies=_list_of("Entry"),
            next=text_or_null,
            damaged={"type": "array", "items": text},
            behind={"type": "boolean", "description": "Older studies are not sorted in yet: ask again."},
        ),
    }


def _window_schemas() -> Json:
    text: Json = {"type": "string"}
    number: Json = {"type": "number"}
    return {
        "Window": _object(
            kind={"type": "string", "enum": ["shown", "file", "full", "bone", "soft"]},
            name={**text, "description": "What the file calls it."},
            centre=number,
            width=number,
        ),
        "Windows": _object(
            low=number,
            high=number,
            least_width=number,
            function={"type": "string", "enum": ["LINEAR", "LINEAR_EXACT", "SIGMOID"]},
            inverted={"type": "boolean", "description": "A lower centre makes the picture darker, as in MONOCHROME1."},
            spacing_mm={"type": ["array", "null"], "items": number, "minItems": 2, "maxItems": 2},
            windows=_list_of("Window"),
        ),
    }
