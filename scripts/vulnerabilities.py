"""`python -m scripts.vulnerabilities`: known vulnerabilities of what the lock files pin, by OSV (https://osv.dev)."""

import argparse
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

from scripts.components import CPU_LOCK, Component, all_components

OSV = "https://api.osv.dev/v1/querybatch"
_TIMEOUT_S = 20.0
_AT_ONCE = 500


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit status: 0 when nothing is known, or nothing could be asked; 1 when something is known."""
    parser = argparse.ArgumentParser(prog="python -m scripts.vulnerabilities", description=__doc__)
    parser.add_argument("--lock", type=Path, default=CPU_LOCK, help=f"default: {CPU_LOCK.name}")
    parser.add_argument("--url", default=OSV, help=f"default: {OSV}")
    parser.add_argument("--ignore", action="append", default=[], metavar="ID", help="may be given repeatedly")
    options = parser.parse_args(arguments)
    components = [one for one in all_components(options.lock) if one.kind == "library"]
    try:
        found = [(one, known) for one, known in vulnerabilities(components, options.url) if known not in options.ignore]
    except (OSError, urllib.error.URLError, ValueError) as error:
        print(f"Not checked: {options.url} does not answer ({type(error).__name__}).", file=sys.stderr)
        return 0
    for one, known in found:
        print(f"{one.name} {one.version}: {known}")
    print(f"{len(components)} components, {len(found)} known vulnerabilities.")
    return 1 if found else 0


def vulnerabilities(components: Sequence[Component], url: str) -> Iterator[tuple[Component, str]]:
    """Each known vulnerability of a component, by its id.

    Raises:
        OSError: the service does not answer. ValueError: it answers something else.
    """
    for start in range(0, len(components), _AT_ONCE):
        part = components[start : start + _AT_ONCE]
        body = json.dumps({"queries": [{"package": {"purl": one.purl}} for one in part]}).encode()
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - as given
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - as given
            results = json.load(answer)["results"]
        for one, result in zip(part, results, strict=True):
            yield from ((one, known["id"]) for known in result.get("vulns") or ())


if __name__ == "__main__":
    raise SystemExit(main())
