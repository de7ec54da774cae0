"""`python -m scripts.hostile`: mutated images, forms, sealed bodies and JSON against a new installation."""

import argparse
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from scripts.hostile.inputs import Input, Maker, makers
from scripts.pressure.client import Timed, ask
from scripts.pressure.memory import descriptors, resident_bytes
from scripts.pressure.served import Served, serving, wait_until_ready

_MIB = 1024 * 1024
_CLIENTS, _AT_ONCE = 3, 200
_SERVER_FAILED = 500
# Memory is compared with what it was after this share of the inputs.
_WARM = 0.2


@dataclass
class Outcome:
    """Answers of each kind of input, and what failed. memory, files: of the serving process, warm and at the end."""

    statuses: dict[str, Counter[int]] = field(default_factory=dict)
    failed: list[tuple[str, int, int, bytes]] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    same_process: bool = True


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit status: 0, or 1 when the application failed."""
    parser = argparse.ArgumentParser(prog="python -m scripts.hostile", description=__doc__)
    parser.add_argument("--inputs", type=int, default=200_000, help="default: 200000")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same inputs; default: 1")
    parser.add_argument("--keep", type=Path, help="a folder for the inputs that failed")
    parser.add_argument("--application", default="wsgi:app", help="what gunicorn serves")
    options = parser.parse_args(arguments)
    with serving(options.application) as served:
        if not wait_until_ready(served):
            return 1
        outcome = sent(served, options.inputs, options.seed)
    for line in table(outcome):
        print(line)
    for kind, number, status, body in outcome.failed:
        print(f"failed: {kind} {number} with {status}")
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
            (options.keep / f"{kind}-{number}").write_bytes(body)
    return 1 if outcome.failed or not outcome.same_process else 0


def sent(served: Served, inputs: int, seed: int) -> Outcome:
    """Send so many inputs, all kinds in turn."""
    outcome, pid = Outcome(), served.worker_pid
    kinds = makers(served)
    warm = int(inputs * _WARM)
    with ThreadPoolExecutor(_CLIENTS) as pool:
        for span in (range(warm), range(warm, inputs)):
            for part in _parts(span):
                made = _made(kinds, part, seed)
                for kind, number, one, answer in pool.map(lambda each: (*each, _send(served, each[2])), made):
                    outcome.statuses.setdefault(kind, Counter())[answer.status] += 1
                    if not 0 < answer.status < _SERVER_FAILED:
                        outcome.failed.append((kind, number, answer.status, one.body))
            outcome.memory.append(resident_bytes(pid))
            outcome.files.append(descriptors(pid))
    outcome.same_process = served.worker_pid == pid
    return outcome


def table(outcome: Outcome) -> Iterator[str]:
    """Markdown lines of an outcome."""
    yield "| input | sent | answers |"
    yield "|---|---|---|"
    for kind, statuses in outcome.statuses.items():
        said = ", ".join(f"{count} × {status}" for status, count in sorted(statuses.items()))
        yield f"| {kind} | {statuses.total()} | {said} |"
    warm, end = outcome.memory
    memory = f"memory {warm / _MIB:.0f} MiB warm, {end / _MIB:.0f} MiB at the end ({end / warm - 1:+.1%})"
    process = "the same process" if outcome.same_process else "ANOTHER PROCESS"
    yield f"\n{memory}, descriptors {outcome.files[0]} and {outcome.files[1]}, {process}"


def _parts(numbers: range) -> Iterator[range]:
    """The numbers in parts, as what is made for a part is in memory at once."""
    for start in range(0, len(numbers), _AT_ONCE):
        yield numbers[start : start + _AT_ONCE]


def _made(kinds: dict[str, Maker], numbers: range, seed: int) -> Iterator[tuple[str, int, Input]]:
    names = list(kinds)
    for number in numbers:
        kind = names[number % len(names)]
        yield kind, number, kinds[kind](random.Random(f"{seed}/{kind}/{number}"))  # noqa: S311 - repeatable, not secret


def _send(served: Served, one: Input) -> Timed:
    return ask(served.address, one.method, one.path, [one.body] if one.body else (), _with_length(one))


def _with_length(one: Input) -> dict[str, str]:
    return {**one.headers, "Content-Length": str(len(one.body))}


if __name__ == "__main__":
    raise SystemExit(main())
