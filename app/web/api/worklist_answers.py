"""The objects of the worklist and of the windows of a radiograph."""

from typing import Annotated, Self

from pydantic import Field

from app import records
from app.usecases.studies.window import Windows as ImageWindows
from app.usecases.worklist.worklist import Entry as WorklistEntry
from app.usecases.worklist.worklist import Worklist as WorklistPage
from app.web.api.answers import Study
from app.web.api.fields import Answer, Time


class ReadMark(Answer):
    """A reader of a study, and the time of the last reading."""

    id: str
    name: str | None
    at: Time


class Entry(Study):
    """A study of the worklist."""

    state: records.State
    read_by: list[ReadMark]

    @classmethod
    def of_entry(cls, entry: WorklistEntry) -> Self:
        """Describe one entry."""
        read_by = [ReadMark(id=mark.person_id, name=mark.person_name, at=mark.at) for mark in entry.marks]
        return cls.model_validate({**cls.fields_of(entry.study), "state": entry.state, "read_by": read_by})


class Worklist(Answer):
    """Some studies, unread and suspicious first."""

    studies: list[Entry]
    next: Annotated[str | None, Field(description="Give it as `after` to get the studies that follow.")]
    damaged: Annotated[list[str], Field(description="Ids of studies that do not open with any master key.")]
    behind: Annotated[bool, Field(description="Older studies are not sorted in yet: ask again.")]

    @classmethod
    def of(cls, page: WorklistPage) -> Self:
        """Describe one page."""
        studies = [Entry.of_entry(entry) for entry in page.entries]
        return cls(studies=studies, next=page.next, damaged=list(page.damaged), behind=page.is_behind)


class Window(Answer):
    """A window to look at a radiograph through, in the units of the file after its modality LUT."""

    kind: records.WindowKind
    name: Annotated[str, Field(description="The file's own name for it.")]
    centre: float
    width: float


class Windows(Answer):
    """The windows to choose from; the first is the one that is shown at first."""

    low: float
    high: float
    least_width: float
    function: records.WindowFunction
    inverted: Annotated[bool, Field(description="A lower centre makes the image darker, as in MONOCHROME1.")]
    spacing_mm: Annotated[tuple[float, float] | None, Field(description="Row and column distance of pixel centres.")]
    windows: list[Window]

    @classmethod
    def of(cls, windows: ImageWindows) -> Self:
        """Describe the windows of one radiograph."""
        choices = [Window(kind=one.kind, name=one.name, centre=one.centre, width=one.width) for one in windows.choices]
        return cls(
            low=windows.low,
            high=windows.high,
            least_width=windows.least_width,
            function=windows.function,
            inverted=windows.is_inverted,
            spacing_mm=windows.spacing_mm,
            windows=choices,
        )
