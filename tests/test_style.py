"""The project passes the linter, the formatter and the type checker, and uses the words of docs/glossary.md."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# The glossary names the term to use instead.
# "Multi-Picture Format" is the name of a standard.
BANNED_WORDS = re.compile(
    r"(?<!Multi-)\b(pictures?|light ?box(es)?|who(so)?ever|opinions?|parables?|wind up|wound up)\b", re.IGNORECASE
)
# A docstring names the thing or begins with a verb.
RIDDLES = ("What ", "Who ", "Whoever ", "Whatever ")
TEXTS = (".py", ".html", ".js", ".mjs", ".md", ".yaml", ".css")
# The list of banned words itself, and names that older versions had.
EXCEPT = ("docs/glossary.md", "tests/test_style.py", "CHANGELOG.md")


def tracked(*folders: str) -> list[Path]:
    """The files of the repository under these folders."""
    answer = subprocess.run(["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in answer.stdout.splitlines() if name not in EXCEPT]


@pytest.mark.parametrize(
    "check", [("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",)], ids=["ruff", "format", "mypy"]
)
def test_the_project_passes(check: tuple[str, ...]) -> None:
    answer = subprocess.run([sys.executable, "-m", *check], cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_no_text_uses_a_word_that_the_glossary_replaces() -> None:
    folders = ("app", "scripts", "templates", "static", "docs", "models", "recipes", "tests", "*.md")
    wrong = [
        f"{path.relative_to(ROOT)}:{number}: {found[0]}"
        for path in tracked(*folders)
        if path.suffix in TEXTS and path.exists()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if (found := BANNED_WORDS.search(line))
    ]
    assert not wrong, "\n".join(wrong)


def test_a_docstring_names_the_thing_or_begins_with_a_verb() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}: {text.splitlines()[0]}"
        for path in tracked("app", "scripts")
        if path.suffix == ".py" and path.exists()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and (text := ast.get_docstring(node))
        and text.startswith(RIDDLES)
    ]
    assert not wrong, "\n".join(wrong)
