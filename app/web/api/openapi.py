"""The description of `/api/v1` in OpenAPI 3.1, written by hand beside the views; a test compares it with the routes."""

from app.records import DISCLAIMER
from app.usecases.triage import GRAVEST_FIRST
from app.web.api.schemas import Json, ref, schemas
from app.web.i18n.language import LANGUAGES

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
            "schemas": schemas(),
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
        **_study_paths(study),
        **_worklist_paths(study),
        **_image_paths(study, image),
    }


def _study_paths(study: Json) -> Json:
    return {
        "/studies/{study_id}": {
            "parameters": [study],
            "get": _operation("readStudy", "One study.", "200", "Study", 404),
            "delete": _operation("deleteStudy", "Delete a study with everything in it.", "204", None, 404),
        },
        "/studies/{study_id}/images": {
            "parameters": [study],
            "post": _upload_operation("addImages", "Read the files sent as further views.", 404),
        },
        "/studies/{study_id}/fhir.json": {
            "parameters": [study],
            "get": _file_operation("fhirJson", "The study as a FHIR R4 Bundle.", "application/fhir+json"),
        },
        "/studies/{study_id}/hl7": {
            "parameters": [study],
            "get": _file_operation("hl7", "The study as an HL7 v2.5 message ORU^R01.", "text/plain"),
        },
        "/studies/{study_id}/report.pdf": {
            "parameters": [study],
            "get": _worded_operation("reportPdf", "The study as a report to complete and sign.", "application/pdf"),
        },
    }


def _image_paths(study: Json, image: Json) -> Json:
    return {
        "/studies/{study_id}/images/{image_id}/original.png": {
            "parameters": [study, image],
            "get": _png_operation("originalPng", "The radiograph as it was decoded, in grey."),
        },
        "/studies/{study_id}/images/{image_id}/annotated.png": {
            "parameters": [study, image],
            "get": _worded_operation("annotatedPng", "The radiograph with its boxes.", "image/png"),
        },
        "/studies/{study_id}/images/{image_id}/sr.dcm": {
            "parameters": [study, image],
            "get": _file_operation("srDcm", "The assessment as a DICOM Structured Report.", "application/dicom"),
        },
        "/studies/{study_id}/images/{image_id}/sc.dcm": {
            "parameters": [study, image],
            "get": _file_operation("scDcm", "The findings burned in, a DICOM Secondary Capture.", "application/dicom"),
        },
        "/studies/{study_id}/images/{image_id}/gsps.dcm": {
            "parameters": [study, image],
            "get": _file_operation("gspsDcm", "The findings as a DICOM presentation state.", "application/dicom", 409),
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
    sealed_only = "Only with application/hpke: "
    return {
        **operation,
        "parameters": [
            _header("X-Key-Id", sealed_only + "the kid that the body is sealed for."),
            _header(
                "X-Sealed-Name",
                sealed_only + 'the file name, sealed with info = "fracture-upload/v1/" + kid + "/name", as base64url.',
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
        "requestBody": {"required": True, "content": {"application/json": {"schema": ref("NewFeedback")}}},
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
    return {"description": words, "content": {"application/json": {"schema": ref(schema)}}}


def _refusals(*statuses: int) -> Json:
    refusal = {"$ref": "#/components/responses/Error"}
    return {str(status): refusal for status in sorted({401, 403, 405, 429, 503, *statuses})}


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
            "Scale a larger image down to so many pixels.",
            {"type": "integer", "minimum": 16, "maximum": 32768},
        ),
    }
    return [
        {"name": name, "in": "query", "required": False, "description": text, "schema": schema}
        for name, (text, schema) in words.items()
    ]
