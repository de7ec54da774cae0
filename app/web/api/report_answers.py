"""The objects of signed reports."""

from collections.abc import Iterable
from typing import Annotated, Self

from pydantic import Field

from app.usecases.reports import report as reporting
from app.web.api.fields import Answer, Time


class SignedReport(Answer):
    """A version of a report that a person signed."""

    version: Annotated[int, Field(ge=1, description="A version replaces the one before.")]
    name: Annotated[str, Field(description="Who signed it.", examples=["Ada"])]
    at: Time
    sha256: Annotated[str, Field(description="SHA-256 of the PDF file.")]

    @classmethod
    def of(cls, signed: reporting.SignedReport) -> Self:
        """Describe one version."""
        return cls(**vars(signed))


class ReportList(Answer):
    """The signed versions of a study's report, newest first."""

    reports: list[SignedReport]
    state: Annotated[str, Field(description="Changes with all that a report is made of; the `seen` of signReport.")]

    @classmethod
    def of(cls, signed: Iterable[reporting.SignedReport], state: str) -> Self:
        """Describe all versions, and the state of their study."""
        return cls(reports=[SignedReport.of(one) for one in signed], state=state)
