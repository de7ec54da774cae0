"""The objects that `/api/v1` takes and answers with, as the description names them."""

from typing import Any

Json = dict[str, Any]

TEXT: Json = {"type": "string"}
TEXTS: Json = {"type": "array", "items": TEXT}
TEXT_OR_NULL: Json = {"type": ["string", "null"]}
WHOLE: Json = {"type": "integer", "minimum": 0}
NUMBER: Json = {"type": "number"}
SHARE: Json = {"type": "number", "minimum": 0, "maximum": 1}
TIME: Json = {"type": "string", "format": "date-time"}
BOX: Json = {
    "type": "array",
    "minItems": 4,
    "maxItems": 4,
    "items": NUMBER,
    "description": "x1, y1, x2, y2 in pixels of the decoded radiograph.",
}


def schemas() -> Json:
    """Every schema by its name."""
    return {
        "Object": {"type": "object"},
        "Error": _object(error=_object(code=TEXT, message=TEXT, request_id=TEXT)),
        "EncryptionKey": _object(kid=TEXT, kem=TEXT, kdf=TEXT, aead=TEXT, public_key=TEXT),
        **_study_schemas(),
        **_worklist_schemas(),
        **_window_schemas(),
        **_feedback_schemas(),
    }


def ref(schema: str) -> Json:
    """A reference to a schema by its name."""
    return {"$ref": f"#/components/schemas/{schema}"}


def _study_schemas() -> Json:
    took_ms: Json = {"type": "number", "minimum": 0}
    tier: Json = {"type": "string", "enum": ["definite", "possible"]}
    verdict: Json = {"type": "string", "enum": ["fracture", "possible", "none"]}
    return {
        "Model": _object(name=TEXT, version=TEXT, sha256=TEXT),
        "Finding": _object(region={**TEXT, "examples": ["wrist"]}, confidence=SHARE, tier=tier, box_px=BOX),
        "Timing": _object(open=took_ms, decode=took_ms, detect=took_ms, total=took_ms),
        "Image": _object(
            id=TEXT,
            name=TEXT,
            created_at=TIME,
            width=WHOLE,
            height=WHOLE,
            verdict=verdict,
            score=SHARE,
            findings=_list_of("Finding"),
            timing_ms=ref("Timing"),
            model=ref("Model"),
            warnings=TEXTS,
        ),
        "Study": _object(id=TEXT, created_at=TIME, model=ref("Model"), images=_list_of("Image")),
        "StudyPage": _object(studies=_list_of("Study"), next=TEXT_OR_NULL, damaged=TEXTS),
        "Rejected": _object(index=WHOLE, name=TEXT, code=TEXT, message=TEXT),
        "Submission": {"allOf": [ref("Study"), _object(rejected=_list_of("Rejected"))]},
    }


def _feedback_schemas() -> Json:
    answer: Json = {
        "type": "string",
        "enum": ["confirmed", "rejected", "missed"],
        "description": "confirmed and rejected name a finding by its region and box, missed is a fracture beside them.",
    }
    normal: Json = {"type": "boolean", "description": "The whole image shows no fracture."}
    comment: Json = {**TEXT, "maxLength": 4000}
    return {
        "Mark": _object(region=TEXT, box_px=BOX, answer=answer),
        "NewFeedback": _object(findings_=_list_of("Mark"), normal_=normal, comment_=comment),
        "Feedback": _object(
            id=TEXT,
            image_id=TEXT,
            reader=_object(id=TEXT, name=TEXT_OR_NULL),
            created_at=TIME,
            findings=_list_of("Mark"),
            normal=normal,
            comment=comment,
        ),
        "Said": _object(feedback=_list_of("Feedback")),
    }


def _worklist_schemas() -> Json:
    mark = _object(id=TEXT, name=TEXT_OR_NULL, at=TIME)
    state = _object(state={"type": "string", "enum": ["unread", "read"]}, read_by={"type": "array", "items": mark})
    return {
        "Entry": {"allOf": [ref("Study"), state]},
        "Worklist": _object(
            studies=_list_of("Entry"),
            next=TEXT_OR_NULL,
            damaged=TEXTS,
            behind={"type": "boolean", "description": "Older studies are not sorted in yet: ask again."},
        ),
    }


def _window_schemas() -> Json:
    return {
        "Window": _object(
            kind={"type": "string", "enum": ["shown", "file", "full", "bone", "soft"]},
            name={**TEXT, "description": "What the file calls it."},
            centre=NUMBER,
            width=NUMBER,
        ),
        "Windows": _object(
            low=NUMBER,
            high=NUMBER,
            least_width=NUMBER,
            function={"type": "string", "enum": ["LINEAR", "LINEAR_EXACT", "SIGMOID"]},
            inverted={"type": "boolean", "description": "A lower centre makes the image darker, as in MONOCHROME1."},
            spacing_mm={"type": ["array", "null"], "items": NUMBER, "minItems": 2, "maxItems": 2},
            windows=_list_of("Window"),
        ),
    }


def _object(**properties: Json) -> Json:
    """An object whose properties are all there; a name with a trailing underscore is optional."""
    required = [name for name in properties if not name.endswith("_")]
    return {
        "type": "object",
        "required": required,
        "properties": {name.rstrip("_"): schema for name, schema in properties.items()},
    }


def _list_of(schema: str) -> Json:
    return {"type": "array", "items": ref(schema)}
