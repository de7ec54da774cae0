"""The patient of each image, so that no patient is in training and in validation: by DICOM, a table or file names."""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from app.errors import DatasetError
from app.learning.layouts.annotations import AnnotatedImage, AnnotatedSet
from app.learning.layouts.files import read_text

DICOM, TABLE, NAME = "dicom", "csv", "name"


@dataclass(frozen=True)
class GroupBy:
    """A rule that tells patients apart.

    kind: "dicom" (PatientID of the header), "csv" (a column of a table), or "name" (a pattern of the file's path).
    table, column: of "csv"; the table is relative to the set. pattern: of "name".
    """

    kind: str
    table: str = ""
    column: str = ""
    pattern: str = ""


def parse_group_by(text: str) -> GroupBy:
    """Parse `dicom`, `csv:FILE:COLUMN` or `name:REGEX`.

    Raises:
        DatasetError: it is none of them, or the pattern is no regular expression.
    """
    kind, _, rest = text.partition(":")
    if text == DICOM:
        return GroupBy(DICOM)
    table, _, column = rest.rpartition(":")
    if kind == TABLE and table and column:
        return GroupBy(TABLE, table=table, column=column)
    if kind == NAME and rest:
        try:
            re.compile(rest)
        except re.error as error:
            raise DatasetError(f"--group-by {text}: no regular expression: {error}.") from None
        return GroupBy(NAME, pattern=rest)
    raise DatasetError(f"--group-by takes dicom, csv:FILE:COLUMN or name:REGEX, not {text}.")


def patients_of(found: AnnotatedSet, rule: GroupBy | None) -> dict[Path, str]:
    """The patient of each image of a set; images without one are left out, as are all under the rule "dicom".

    Raises:
        DatasetError: the table or its column is missing, or the rule fits no image at all.
    """
    if rule is None:
        return {image.path: image.patient for image in found.images if image.patient}
    if rule.kind == DICOM:
        return {}
    patients = _by_table(found, rule) if rule.kind == TABLE else _by_name(found, rule)
    if found.images and not patients:
        what = rule.table if rule.kind == TABLE else rule.pattern
        raise DatasetError(f"--group-by: {what} fits no image of {found.root}.")
    return patients


def _by_name(found: AnnotatedSet, rule: GroupBy) -> dict[Path, str]:
    patients = {}
    for image in found.images:
        if match := re.search(rule.pattern, _relative(image, found.root)):
            patients[image.path] = next((part for part in match.groups() if part), match.group())
    return patients


def _by_table(found: AnnotatedSet, rule: GroupBy) -> dict[Path, str]:
    """The column that names the images is the one that fits most of them: by path, name or stem."""
    rows = _rows(found.root / rule.table, rule.column)
    images = {key: image.path for image in found.images for key in _keys(image, found.root)}
    columns = [column for column in rows[0] if column is not None and column != rule.column]
    best: dict[Path, str] = {}
    for column in columns:
        pairs = (((row[column] or "").strip(), (row[rule.column] or "").strip()) for row in rows)
        fits = {images[name]: patient for name, patient in pairs if name in images and patient}
        best = max(best, fits, key=len)
    return best


def _rows(table: Path, column: str) -> list[dict[str, str]]:
    if not table.is_file():
        raise DatasetError(f"--group-by: there is no table {table}.")
    text = read_text(table)
    try:
        dialect = csv.Sniffer().sniff(text[:4096], delimiters=",;\t")
        rows = list(csv.DictReader(text.splitlines(), dialect=dialect))
    except csv.Error:
        rows = list(csv.DictReader(text.splitlines()))
    if not rows or column not in rows[0]:
        raise DatasetError(f"--group-by: {table} has no column {column}.")
    return rows


def _keys(image: AnnotatedImage, root: Path) -> tuple[str, ...]:
    return _relative(image, root), image.path.name, image.path.stem


def _relative(image: AnnotatedImage, root: Path) -> str:
    return (image.path.relative_to(root) if image.path.is_relative_to(root) else image.path).as_posix()
