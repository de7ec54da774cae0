"""Types of fields that several API objects share, and the base of these objects."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer


def time_text(when: datetime) -> str:
    """RFC 3339, in UTC, to the second."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _to_digits(digits: int) -> PlainSerializer:
    return PlainSerializer(lambda number: round(number, digits), return_type=float)


Time = Annotated[AwareDatetime, PlainSerializer(time_text, return_type=str), Field(examples=["2026-11-23T09:12:44Z"])]
Share = Annotated[float, Field(ge=0, le=1), _to_digits(4)]
Milliseconds = Annotated[float, Field(ge=0), _to_digits(1)]
Edge = Annotated[float, _to_digits(1)]
Count = Annotated[int, Field(ge=0)]
Box = Annotated[
    tuple[Edge, Edge, Edge, Edge],
    Field(
        description="x1, y1, x2, y2 in pixels of the decoded radiograph.",
        examples=[[312.0, 640.5, 402.1, 718.9]],
    ),
]


class Answer(BaseModel):
    """An object that the API answers with."""

    model_config = ConfigDict(frozen=True)

    def json_object(self) -> dict[str, object]:
        """The object as it is sent."""
        return self.model_dump(mode="json")
