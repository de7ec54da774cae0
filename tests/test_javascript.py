"""The pages' JavaScript passes the type checker, the linter and the unit tests of its pure parts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.bootstrap.npm import nodes

ROOT = Path(__file__).resolve().parents[1]
CHECKS = {
    "types": ("node_modules/typescript/bin/tsc", "--project", "."),
    "lint": ("node_modules/eslint/bin/eslint.js", "."),
    "tests": ("--test", "tests/js/*.test.js"),
}


@pytest.mark.parametrize("check", CHECKS)
def test_the_javascript_passes(check: str) -> None:
    node = next(nodes(Path(sys.executable)), None)
    if node is None or not (ROOT / "node_modules" / "stamp").is_file():
        missing = "node" if node is None else "node_modules (python3 scripts/test.py installs it)"
        if os.environ.get("CI"):
            pytest.fail(f"{missing} is missing")
        pytest.skip(f"{missing} is missing")

    answer = subprocess.run(
        [str(node.program), *CHECKS[check]], cwd=ROOT, capture_output=True, text=True, check=False, env=node.environment
    )

    assert answer.returncode == 0, answer.stdout + answer.stderr
