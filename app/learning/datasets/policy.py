"""A class policy: for each class name of a set, the region it becomes, or that it is dropped or no fracture."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from app.errors import DatasetError
from app.learning.datasets.class_names import is_plainly_fracture
from app.learning.layouts.annotations import AnnotatedSet, NamedBox, without_repeats
from app.learning.layouts.files import read_text

DROP, FINDING, REGION = "drop", "finding", "region"
TEMPLATE = "policy.yaml"
# How GRAZPEDWRI-DX names what is no fracture, and what a template suggests for it.
_SUGGESTED = {"text": DROP, "metal": FINDING, "pronatorsign": FINDING, "periostealreaction": FINDING}


@dataclass(frozen=True)
class Policy:
    """Policy for class names.

    choices: by class name as the sets spell it: a region's name, "region" (keep the name), "drop" or "finding".
    """

    choices: Mapping[str, str]

    def region_of(self, name: str) -> str | None:
        """The class that boxes of this name get in the prepared set; None when they are dropped."""
        choice = self.choices.get(name, REGION)
        return None if choice == DROP else name if choice in (FINDING, REGION) else choice

    def is_finding(self, name: str) -> bool:
        """Whether boxes of this name are kept as a finding that is no fracture."""
        return self.choices.get(name) == FINDING

    def covers(self, name: str) -> bool:
        """Whether the policy, or else the name itself, says what it means."""
        return name in self.choices or is_plainly_fracture(name)


@dataclass(frozen=True)
class NameCount:
    """A class name and how often it occurs."""

    name: str
    boxes: int
    images: int


def read_policy(path: Path) -> Policy:
    """Read a policy file.

    Raises:
        DatasetError: the file is missing, is no YAML, or gives a name no choice; the message names it.
    """
    try:
        content = yaml.safe_load(read_text(path))
    except yaml.YAMLError:
        raise DatasetError(f"{path} is not readable YAML.") from None
    if not isinstance(content, dict) or not content:
        raise DatasetError(f"{path} is no class policy; it needs lines such as: fracture: wrist")
    choices = {}
    for name, choice in content.items():
        if not isinstance(choice, str) or not choice.strip():
            raise DatasetError(f"{path}: {name} needs a region's name, or drop, or finding.")
        choices[str(name)] = choice.strip()
    merged = {choice for choice in choices.values() if choice not in (DROP, FINDING, REGION)}
    if clash := next((name for name, choice in choices.items() if choice == FINDING and name in merged), None):
        raise DatasetError(f"{path}: {clash} cannot be a finding and a region at once.")
    return Policy(choices)


def count_names(sets: Iterable[AnnotatedSet]) -> list[NameCount]:
    """How many boxes and images each class name has, by name in the order of the sets."""
    boxes: dict[str, int] = {}
    images: dict[str, int] = {}
    for one in sets:
        for name in one.names:
            boxes.setdefault(name, 0)
        for image in one.images:
            for box in image.boxes:
                boxes[box.name] = boxes.get(box.name, 0) + 1
            for name in {box.name for box in image.boxes}:
                images[name] = images.get(name, 0) + 1
    return [NameCount(name, count, images.get(name, 0)) for name, count in boxes.items()]


def undecided(counts: Sequence[NameCount], policy: Policy, decided: Iterable[str] = ()) -> list[NameCount]:
    """The names that have boxes and of which neither the policy nor the name itself says what they mean."""
    known = set(decided)
    return [c for c in counts if c.boxes and not policy.covers(c.name) and c.name not in known]


def template(counts: Sequence[NameCount], policy: Policy) -> str:
    """A policy file to fill in: what is known is filled in, the rest waits for a choice."""
    lines = ["# For each class name: a region's name (several names may share one), or drop, or finding.",
             "# A finding is shown and is no fracture: it never makes a verdict."]  # fmt: skip
    for count in counts:
        if not count.boxes:
            continue
        known = policy.choices.get(count.name) or (count.name if is_plainly_fracture(count.name) else "")
        hint = f"; suggested: {_SUGGESTED[count.name]}" if not known and count.name in _SUGGESTED else ""
        key = yaml.safe_dump(count.name, allow_unicode=True, width=10_000).removesuffix("\n...\n").strip()
        lines.append(f"{key}: {known}".rstrip() + f"  # {count.boxes} boxes on {count.images} images{hint}")
    return "\n".join(lines) + "\n"


def explain(undecided_names: Sequence[NameCount], file: Path) -> str:
    """The message that stops a command because names are not plainly fractures."""
    rows = "".join(f"\n  {c.name}: {c.boxes} boxes on {c.images} images" for c in undecided_names)
    return (
        f"These class names are not plainly fractures:{rows}\n"
        f"Say in {file} what each becomes (a region's name, drop, or finding), and pass it as --classes {file}."
    )


def applied(boxes: Iterable[NamedBox], policy: Policy) -> tuple[NamedBox, ...]:
    """The boxes under their new names, without those that are dropped, each once."""
    kept = [NamedBox(region, box.box) for box in boxes if (region := policy.region_of(box.name)) is not None]
    return without_repeats(kept)
