"""`python -m scripts.endurance`: many requests of every kind, and what they leave in memory and open files."""

import argparse
import random
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from app.imaging import phantom, render_png
from scripts.pressure.client import ask, image_path, upload
from scripts.pressure.memory import descriptors, resident_bytes
from scripts.pressure.served import Served, serving, wait_until_ready

_MIB = 1024 * 1024
_SHAPE_HW = (256, 200)
_CLIENTS, _AT_ONCE = 3, 200
# Caches and pools fill first; memory is compared from this share of the requests on.
_WARM = 0.2
_SAMPLES = 20
# Of a hundred requests so many are uploads; the others show what is stored.
_UPLOADS = 5


@dataclass
class Endured:
    """Answers by status; memory and descriptors of the serving process, sampled once it is warm."""

    statuses: Counter[int] = field(default_factory=Counter)
    memory: list[int] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    took_s: float = 0.0


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit status: 0, or 1 when the server does not become ready."""
    parser = argparse.ArgumentParser(prog="python -m scripts.endurance", description=__doc__)
    parser.add_argument("--requests", type=int, default=50_000, help="default: 50000")
    parser.add_argument("--application", default="wsgi:app", help="what gunicorn serves")
    options = parser.parse_args(arguments)
    with serving(options.application) as served:
        if not wait_until_ready(served):
            return 1
        endured = endure(served, options.requests)
    first, last = endured.memory[0], endured.memory[-1]
    answers = ", ".join(f"{count} × {status}" for status, count in sorted(endured.statuses.items()))
    print(f"{options.requests} requests in {endured.took_s:.0f} s: {answers}")
    print(
        f"memory {first / _MIB:.0f} MiB warm, {last / _MIB:.0f} MiB at the end ({last / first - 1:+.1%}), "
        f"largest {max(endured.memory) / _MIB:.0f} MiB; descriptors {endured.files[0]} to {endured.files[-1]}"
    )
    return 0


def endure(served: Served, requests: int) -> Endured:
    """Send so many requests and sample the serving process."""
    png = render_png(phantom(3, _SHAPE_HW).grey)
    paths = _paths(served, png)
    endured, pid, began_s = Endured(), served.worker_pid, time.monotonic()
    every = max(1, int(requests * (1 - _WARM)) // _SAMPLES)
    random_ = random.Random(1)  # noqa: S311 - repeatable, not secret

    def one(number: int) -> int:
        if number % 100 < _UPLOADS:
            return upload(served.address, served.token, [png]).status
        bearer = {"Authorization": f"Bearer {served.token}"}
        return ask(served.address, "GET", paths[number % len(paths)], headers=bearer).status

    with ThreadPoolExecutor(_CLIENTS) as pool:
        for start in range(0, requests, _AT_ONCE):
            numbers = [random_.randrange(10**6) for _ in range(min(_AT_ONCE, requests - start))]
            endured.statuses.update(pool.map(one, numbers))
            if start >= requests * _WARM - _AT_ONCE and (start // _AT_ONCE) % max(1, every // _AT_ONCE) == 0:
                _sample(endured, pid)
    _sample(endured, pid)
    endured.took_s = time.monotonic() - began_s
    return endured


def _sample(endured: Endured, pid: int) -> None:
    endured.memory.append(resident_bytes(pid))
    endured.files.append(descriptors(pid))


def _paths(served: Served, png: bytes) -> Sequence[str]:
    """Addresses of what is shown most, for a study of one image."""
    image = image_path(upload(served.address, served.token, [png]).body).rpartition("/")[0]
    study = image.rpartition("/images")[0]
    shown = ("original.png", "annotated.png", "window.json", "sr.dcm", "preview.webp?long_side=200")
    of_image = [f"{image}/{name}" for name in shown]
    of_study = [f"{study}{name}" for name in ("", "/fhir.json", "/report.pdf")]
    lists = ["/api/v1/studies?limit=5", "/api/v1/worklist?limit=5", "/readyz", "/sign-in", "/no/such/page"]
    return [*of_image, *of_study, *lists]


if __name__ == "__main__":
    raise SystemExit(main())
