"""`python -m scripts.sbom`: a bill of materials (CycloneDX 1.6), or the list of licences, from the lock files."""

import argparse
import json
import sys
import tomllib
import uuid
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts.components import CPU_LOCK, ROOT, UNKNOWN, Component, all_components


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit status: 0."""
    parser = argparse.ArgumentParser(prog="python -m scripts.sbom", description=__doc__)
    parser.add_argument("--lock", type=Path, default=CPU_LOCK, help=f"default: {CPU_LOCK.name}")
    parser.add_argument("--licences", action="store_true", help="print a table of licences instead")
    parser.add_argument("--out", type=Path, help="a file instead of standard output")
    options = parser.parse_args(arguments)
    components = all_components(options.lock)
    text = licence_table(components) if options.licences else json.dumps(bill(components), indent=2) + "\n"
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
    return 0


def bill(components: Sequence[Component]) -> dict[str, Any]:
    """A CycloneDX document; the same components make the same document."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = [_described(one) for one in components]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(listed))}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": project["name"],
                "name": project["name"],
                "version": project["version"],
                "licenses": [{"expression": project["license"]}],
            }
        },
        "components": listed,
        "dependencies": [{"ref": project["name"], "dependsOn": [one["bom-ref"] for one in listed]}],
    }


def licence_table(components: Sequence[Component]) -> str:
    """A Markdown table: each licence with the components under it, the unknown last."""
    named: defaultdict[str, list[str]] = defaultdict(list)
    for one in components:
        named[one.licence].append(f"{one.name} {one.version}")
    order = sorted(named, key=lambda licence: (licence == UNKNOWN, licence.lower()))
    lines = [f"| {licence} | {len(named[licence])} | {', '.join(sorted(named[licence]))} |" for licence in order]
    return "\n".join(("| licence | components | |", "|---|---|---|", *lines)) + "\n"


def _described(one: Component) -> dict[str, Any]:
    about: dict[str, Any] = {
        "type": one.kind,
        "bom-ref": one.purl,
        "name": one.name,
        "version": one.version,
        "purl": one.purl,
    }
    if one.licence != UNKNOWN:
        about["licenses"] = [{"expression": one.licence} if one.is_spdx else {"license": {"name": one.licence}}]
    hashes = [{"alg": "SHA-256", "content": digest} for digest in one.sha256]
    if hashes:
        # A package is one of several files, each with its digest.
        about["externalReferences"] = [{"type": "distribution", "url": one.purl, "hashes": hashes}]
    return about


if __name__ == "__main__":
    raise SystemExit(main())
