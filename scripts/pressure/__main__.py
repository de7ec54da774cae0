"""`python -m scripts.pressure`: serve a new installation, press on it, print a table for docs/reliability.md."""

import argparse
import statistics
import sys
from collections.abc import Iterator

from scripts.pressure.client import Timed, ask, at_once, image_path, noisy_png, upload
from scripts.pressure.crowd import Crowd, Kind, Target
from scripts.pressure.memory import PeakMemory
from scripts.pressure.served import Served, serving, wait_until_ready

_MIB = 1024 * 1024


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit status: 0, or 1 when the server does not become ready."""
    parser = argparse.ArgumentParser(prog="python -m scripts.pressure", description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the connections and clients; default 1")
    parser.add_argument("--uploads", type=int, default=10, help="uploads that are timed in each line")
    parser.add_argument("--application", default="wsgi:app", help="what gunicorn serves")
    options = parser.parse_args(arguments)
    with serving(options.application) as served:
        if not wait_until_ready(served):
            print(served.log.read_text(encoding="utf-8", errors="replace"), file=sys.stderr)
            return 1
        print("| pressure | result |\n|---|---|")
        for pressure, result in measured(served, options.share, options.uploads):
            print(f"| {pressure} | {result} |", flush=True)
    return 0


def measured(served: Served, share: float, uploads: int) -> Iterator[tuple[str, str]]:
    """Each line of the table: the pressure, and what was measured under it."""
    file, shown, large = noisy_png((1000, 800)), noisy_png((2200, 1600)), noisy_png((4000, 3000))
    first = upload(served.address, served.token, [shown])
    target = Target(served.address, served.token, image_path(first.body))
    usual_s = _upload_s(served, file, uploads)
    yield "none", f"upload {usual_s:.2f} s, {_readiness(served, uploads)}"
    crowds: tuple[dict[Kind, int], ...] = (
        {"idle": 500},
        {"slow-head": 500},
        {"slow-body": 500},
        {"slow-reader": 100},
        {"idle": 500, "slow-head": 500, "slow-body": 500, "slow-reader": 100},
    )
    for counts in crowds:
        part: dict[Kind, int] = {kind: max(1, round(count * share)) for kind, count in counts.items()}
        yield _line(part), _under(served, Crowd(part, target), file, uploads, usual_s)
    clients = max(2, round(64 * share))
    with PeakMemory(served.worker_pid) as memory:
        answers = at_once(served.address, served.token, large, clients)
    yield f"{clients} uploads of {len(large) / _MIB:.0f} MiB at once", _all_of(answers, memory)
    with PeakMemory(served.worker_pid) as memory:
        answer = upload(served.address, served.token, [bytes(64 * _MIB)] * 20)
    yield "20 files of 64 MiB in one request", _all_of([answer], memory)


def _line(counts: dict[Kind, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in counts.items())


def _under(served: Served, crowd: Crowd, file: bytes, uploads: int, usual_s: float) -> str:
    with PeakMemory(served.worker_pid) as memory, crowd:
        took_s = _upload_s(served, file, uploads)
        ready = _readiness(served, uploads)
    times = f"upload {took_s:.2f} s ({took_s / usual_s:.2f} × usual), {ready}"
    return f"{times}, memory {memory.process_bytes / _MIB:.0f} MiB, connections ended {crowd.ended}"


def _upload_s(served: Served, file: bytes, uploads: int) -> float:
    """The median time of an upload; a refused one counts as endless."""
    answers = [upload(served.address, served.token, [file]) for _ in range(uploads)]
    return statistics.median(one.took_s if one.status == 201 else float("inf") for one in answers)


def _readiness(served: Served, times: int) -> str:
    answers = [ask(served.address, "GET", "/readyz") for _ in range(times)]
    ready = sum(one.status == 200 for one in answers)
    return f"/readyz {ready} of {times}, slowest {max(one.took_s for one in answers) * 1000:.0f} ms"


def _all_of(answers: list[Timed], memory: PeakMemory) -> str:
    """How many answers of each status there were, and how long they took."""
    said = []
    for status in sorted({one.status for one in answers}):
        times = sorted(one.took_s for one in answers if one.status == status)
        p99_s = times[min(len(times) - 1, round(0.99 * len(times)))]
        said.append(f"{len(times)} × {status} (median {statistics.median(times):.1f} s, p99 {p99_s:.1f} s)")
    missing = sum(one.status == 503 and not one.retry_after for one in answers)
    if missing:
        said.append(f"{missing} without Retry-After")
    peak = f"memory {memory.process_bytes / _MIB:.0f} MiB, with decoders {memory.tree_bytes / _MIB:.0f} MiB"
    return ", ".join((*said, peak))


if __name__ == "__main__":
    raise SystemExit(main())
