"""Division of images into training and validation without leaks: copies and patients stay on one side."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.learning.layouts.annotations import TRAIN, UNDECIDED, VAL
from app.learning.likeness.near_duplicates import Pair, group

SAME_FILE, SAME_PATIENT, NEAR_DUPLICATE = "same-file", "same-patient", "near-duplicate"


@dataclass(frozen=True)
class Member:
    """Properties of a usable image that division depends on.

    split: "train", "val", or "" when it is still to be drawn. patient: "" when unknown. sha256: of its file.
    """

    split: str
    fractured: bool
    patient: str
    sha256: str


@dataclass(frozen=True)
class Leak:
    """A training image that shares its exposure, or its patient, with a validation image.

    number, other: positions of the training and of the validation image.
    likeness: of the two images; 0 where they are linked through others only.
    """

    number: int
    other: int
    reason: str
    likeness: float = 0.0


def exposures(members: Mapping[int, Member], pairs: Sequence[Pair], count: int) -> list[int]:
    """For each of `count` positions the first that shows the same exposure: the same file, or a near-duplicate."""
    return group(count, [*pairs, *_links({n: member.sha256 for n, member in members.items()})])


def draw_splits(
    members: Mapping[int, Member], pairs: Sequence[Pair], count: int, share: float, seed: int
) -> dict[int, str]:
    """A split for every member that has none; groups of copies and patients stay together.

    Groups with a fracture and groups without are drawn apart, so that validation has its share of both; of two groups
    or more, at least one goes to each side.
    """
    open_numbers = [number for number, member in members.items() if member.split == UNDECIDED]
    patients = _links({n: members[n].patient for n in open_numbers if members[n].patient})
    together = group(count, [*pairs, *_links({n: m.sha256 for n, m in members.items()}), *patients])
    groups: dict[int, list[int]] = {}
    for number in open_numbers:
        groups.setdefault(together[number], []).append(number)
    drawn: dict[int, str] = {}
    for fractured in (True, False):
        kind = [g for g in groups.values() if any(members[n].fractured for n in g) == fractured]
        drawn |= _draw(kind, members, share, seed)
    return drawn


def find_leaks(members: Mapping[int, Member], groups: Sequence[int], pairs: Sequence[Pair]) -> list[Leak]:
    """Every training image that shares its file, its patient or its exposure with validation, each once.

    Groups of exposures, not pairs: a copy of a copy of a validation image leaks as much as a copy does.
    """
    validation = [number for number, member in members.items() if member.split == VAL]
    by_file = {members[number].sha256: number for number in reversed(validation)}
    by_patient = {members[n].patient: n for n in reversed(validation) if members[n].patient}
    by_group: dict[int, list[int]] = {}
    for number in validation:
        by_group.setdefault(groups[number], []).append(number)
    likeness = {(pair.one, pair.other): pair.likeness for pair in pairs}
    leaks = []
    for number, member in members.items():
        if member.split != TRAIN:
            continue
        if member.sha256 in by_file:
            leaks.append(Leak(number, by_file[member.sha256], SAME_FILE, 1.0))
        elif copies := by_group.get(groups[number]):
            direct = {n: likeness.get((min(n, number), max(n, number)), 0.0) for n in copies}
            nearest = max(copies, key=lambda n: direct[n])
            leaks.append(Leak(number, nearest, NEAR_DUPLICATE, direct[nearest]))
        elif member.patient in by_patient:
            leaks.append(Leak(number, by_patient[member.patient], SAME_PATIENT))
    return leaks


def _draw(groups: Sequence[list[int]], members: Mapping[int, Member], share: float, seed: int) -> dict[int, str]:
    """Fill validation up to its share, in an order that depends on the seed and on what is in the groups alone."""

    def order(numbers: list[int]) -> str:
        key = min(members[number].sha256 for number in numbers)
        return hashlib.sha256(f"{seed} {key}".encode()).hexdigest()

    ordered = sorted(groups, key=order)
    wanted = round(share * sum(len(numbers) for numbers in groups))
    drawn: dict[int, str] = {}
    filled = 0
    for position, numbers in enumerate(ordered):
        must = position == 0 and len(groups) > 1
        may = position < len(ordered) - 1
        to_val = must or (may and filled < wanted and filled + len(numbers) <= wanted + len(numbers) // 2)
        filled += len(numbers) if to_val else 0
        drawn |= dict.fromkeys(numbers, VAL if to_val else TRAIN)
    return drawn


def _links(keys: Mapping[int, str]) -> list[Pair]:
    """A pair for each number with the first that has the same key."""
    first: dict[str, int] = {}
    return [
        Pair(first[key], number, 1.0) for number, key in sorted(keys.items()) if first.setdefault(key, number) != number
    ]
