"""JSON bodies of requests to `/api/v1`: their form as pydantic models, and the refusal of what does not fit."""

from typing import Annotated, Literal, TypeVar

from flask import request
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictStr, ValidationError

from app import records
from app.errors import BadFeedback, BadRequest, Unprocessable
from app.usecases.patients.edit import Changes

Number = Annotated[float, Field(strict=True, gt=-1e9, lt=1e9, allow_inf_nan=False)]


class Body(BaseModel):
    """The JSON body of a request; entries that are not named here are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class NewMark(Body):
    """A reader's answer about one site."""

    region: Annotated[StrictStr, Field(examples=["wrist"])]
    box_px: Annotated[
        tuple[Number, Number, Number, Number],
        Field(
            description="x1, y1, x2, y2 in pixels of the decoded radiograph.",
            examples=[[312.0, 640.5, 402.1, 718.9]],
        ),
    ]
    answer: Annotated[
        records.Answer,
        Field(
            description="confirmed and rejected name a finding by its region and box, missed is a fracture beside them."
        ),
    ]

    def mark(self) -> records.Mark:
        """The mark as the application knows it."""
        return records.Mark(self.region, self.box_px, self.answer)


class NewFeedback(Body):
    """A reader's answer about an image; every entry is optional, but an empty answer is refused."""

    findings: list[NewMark] = Field(default_factory=list)
    normal: Annotated[StrictBool, Field(description="The whole image shows no fracture.")] = False
    comment: Annotated[StrictStr | None, Field(description="At most 4000 characters.")] = None


class NewPatient(Body):
    """A patient; what is left out or null is unknown."""

    name: Annotated[StrictStr | None, Field(description="Parts divided by ^ as in DICOM.", examples=["Doe^Jane"])] = (
        None
    )
    id: Annotated[StrictStr | None, Field(description="The patient's number.", examples=["4711"])] = None
    birth_date: Annotated[StrictStr | None, Field(examples=["1980-12-31"])] = None
    sex: Annotated[StrictStr | None, Field(description="M, F or O.", examples=["F"])] = None


class StudyChanges(Body):
    """Changes of a study; an absent field stays, a patient of null is removed."""

    patient: NewPatient | None = None
    label: Annotated[StrictStr | None, Field(examples=["Left wrist after a fall"])] = None

    def changes(self) -> Changes:
        """The changes as the application knows them."""
        if "patient" not in self.model_fields_set:
            return Changes(label=self.label)
        new = self.patient
        patient = records.Patient(new.name or "", new.id, new.birth_date, new.sex) if new else None
        return Changes(patient, self.label)


class NewReport(Body):
    """Text of the signing reader; everything else of the report is taken from the store."""

    statement: Annotated[StrictStr, Field(description="At most 10,000 characters.")] = ""
    seen: Annotated[
        StrictStr | None,
        Field(description="`state` of listReports when the person saw the study; another state now is a 409."),
    ] = None


class NewClosing(Body):
    """How a disagreement of readers is closed."""

    outcome: Literal["fracture", "none"]
    comment: StrictStr = ""


Model = TypeVar("Model", bound=Body)


def json_body(model: type[Model], refusal: type[Unprocessable] = BadFeedback) -> Model:
    """Parse the JSON body of the current request.

    Raises:
        BadRequest: not JSON, or nested too deeply to be parsed.
        Unprocessable: an entry is missing or of another kind, as an error of the class `refusal` that names the entry.
    """
    if not request.is_json:
        raise BadRequest("Send JSON, with Content-Type: application/json.")
    try:
        return model.model_validate_json(request.get_data(cache=False))
    except ValidationError as invalid:
        first = invalid.errors(include_input=False, include_url=False, include_context=False)[0]
    if first["type"] == "json_invalid":
        raise BadRequest("The body is not valid JSON.")
    entry = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).lstrip(".")
    raise refusal("%(entry)s: %(problem)s.", entry=entry or "body", problem=first["msg"])
