"""Declare for the OpenAPI document what a view's address and docstring do not tell."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from app.web.api.bodies import Body
from app.web.api.fields import Answer

Json = dict[str, Any]
Tag = Literal["Studies", "Images", "Worklist", "Feedback", "Reports", "DICOMweb", "Service"]
View = TypeVar("View", bound=Callable[..., Any])

_ATTRIBUTE = "openapi_operation"


@dataclass(frozen=True)
class Parameter:
    """One parameter of a request; optional unless `required`."""

    name: str
    words: str
    schema: Json
    place: Literal["query", "header"] = "query"
    required: bool = False


@dataclass(frozen=True)
class Operation:
    """One method of one address.

    answer: the class of the JSON object, a media type for a file, or None for an empty body.
    refusals: statuses of refusals besides those that every operation has.
    takes_files: whether the body is one of the two kinds of upload.
    answer_headers: headers of the answer, by name, as OpenAPI describes them.
    """

    name: str
    tag: Tag
    answer: type[Answer] | str | None
    status: int = 200
    refusals: tuple[int, ...] = ()
    body: type[Body] | None = None
    parameters: tuple[Parameter, ...] = ()
    takes_files: bool = False
    is_public: bool = False
    answer_headers: tuple[tuple[str, Json], ...] = ()


def describe(operation: Operation) -> Callable[[View], View]:
    """Attach a description to a view; its summary is the first line of the view's docstring."""

    def attach(view: View) -> View:
        setattr(view, _ATTRIBUTE, operation)
        return view

    return attach


def operation_of(view: Callable[..., Any]) -> Operation:
    """The description of a view.

    Raises:
        AttributeError: the view has none.
    """
    operation: Operation = getattr(view, _ATTRIBUTE)
    return operation
