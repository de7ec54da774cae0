"""The house of docs/architecture.md: imports go down only, rooms on one floor do not know each other, each outside
library has one owner, and files and functions stay small enough to read."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted([*(ROOT / "app").rglob("*.py"), *(ROOT / "scripts").rglob("*.py"), *ROOT.glob("*.py")])

FLOORS = {
    "wsgi": 5,
    "gunicorn.conf": 5,
    "scripts": 5,
    "app.web": 4,
    "app.commands": 4,
    "app.usecases": 3,
    "app.services": 3,
    "app.learning": 3,
    "app.imaging": 2,
    "app.detection": 2,
    "app.security": 2,
    "app.storage": 2,
    "app.reports": 2,
    "app.hospital": 2,
    "app.records": 1,
    "app.config": 1,
    "app.errors": 1,
    "app.translatable": 0,
}
# The steps sideways that the house allows: use cases are given the services; settings name their failure.
SIDEWAYS = {("app.usecases", "app.services"), ("app.config", "app.errors"), ("app.config", "app.records")}

OWNERS = {
    "cv2": {"app.imaging"},
    "PIL": {"app.imaging"},
    "pydicom": {"app.imaging"},
    "gdcm": {"app.imaging"},
    "openjpeg": {"app.imaging"},
    "jpeg_ls": {"app.imaging"},
    "torch": {"app.detection", "app.learning"},
    "torchvision": {"app.learning"},
    "ultralytics": {"app.detection", "app.learning"},
    "openvino": {"app.detection", "app.learning"},
    "nncf": {"app.learning"},
    "onnx": {"app.learning"},
    "onnxruntime": {"app.learning"},
    "sklearn": {"app.learning"},
    "matplotlib": {"app.learning"},
    "yaml": {"app.learning"},
    "cryptography": {"app.security"},
    "argon2": {"app.security"},
    "sqlalchemy": {"app.storage"},
    "alembic": {"app.storage"},
    "psycopg": {"app.storage"},
    "flask": {"app.web"},
    "flask_wtf": {"app.web"},
    "flask_babel": {"app.web"},
    "babel": {"app.web"},
    "werkzeug": {"app.web"},
    "jinja2": {"app.web"},
    "markupsafe": {"app.web"},
    "prometheus_client": {"app.web"},
    "reportlab": {"app.reports"},
    "click": {"app.commands"},
    "argparse": {"scripts"},
    "tqdm": {"scripts"},
    "playwright": {"scripts"},
    # Arrays are the common tongue of images and boxes.
    "numpy": {"app.records", "app.imaging", "app.detection", "app.reports", "app.learning", "scripts"},
}
# ultralytics is set up by variables alone, before it is imported; this module sets them and puts them back.
READS_ENVIRONMENT = {"app.detection.ultralytics_import"}
BANNED_NAMES = {"utils", "util", "helpers", "helper", "manager", "common", "data", "misc"}
LONGEST_FILE = 400
LONGEST_FUNCTION = 60


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def room_of(module: str) -> str:
    """`app.web.pages.studies` lives in `app.web`, `scripts.bootstrap.log` in `scripts`."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "app" else module if module in FLOORS else parts[0]


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Every module that a file imports, anywhere in it, with the line."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
            module = node.module or ""
            names = [f"app.{alias.name}" for alias in node.names] if module == "app" else [module]
            yield from ((name, node.lineno) for name in names)


def edges() -> Iterator[tuple[str, str, str]]:
    """(importing room, imported room, place) for each import of our own."""
    for path in FILES:
        here = room_of(module_of(path))
        for name, line in imports(path):
            if name.split(".")[0] in {"app", "scripts", "wsgi"}:
                yield here, room_of(name), f"{path.relative_to(ROOT)}:{line}"


def test_every_room_stands_on_a_floor():
    rooms = {room_of(module_of(path)) for path in FILES} - {"app"}
    assert rooms <= FLOORS.keys()


def test_imports_go_down_only():
    wrong = [
        f"{place}: {here} imports {there}"
        for here, there, place in edges()
        if here != there and (here, there) not in SIDEWAYS and FLOORS[there] >= FLOORS[here]
    ]
    assert not wrong, "\n".join(wrong)


def test_the_running_app_never_imports_learning():
    wrong = [place for here, there, place in edges() if there == "app.learning" and here not in {there, "scripts"}]
    assert not wrong, "\n".join(wrong)


def test_each_outside_library_has_one_owner():
    wrong = []
    for path in FILES:
        here = room_of(module_of(path))
        for name, line in imports(path):
            library = name.split(".")[0]
            if library in OWNERS:
                allowed = here in OWNERS[library]
            else:
                allowed = library in sys.stdlib_module_names or library in {"app", "scripts", "wsgi"}
            if not allowed:
                wrong.append(f"{path.relative_to(ROOT)}:{line}: {library} is not {here}'s to use")
    assert not wrong, "\n".join(wrong)


def test_only_the_entry_point_and_the_scripts_read_the_environment():
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in FILES
        if room_of(module_of(path)) not in {"wsgi", "scripts"} and module_of(path) not in READS_ENVIRONMENT
        for node in ast.walk(tree(path))
        if (isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "putenv"})
        or (
            isinstance(node, ast.ImportFrom)
            and node.module == "os"
            and {a.name for a in node.names} & {"environ", "getenv"}
        )
    ]
    assert not wrong, "\n".join(wrong)


def test_the_launcher_needs_only_the_standard_library():
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in [
            *(ROOT / "scripts" / "bootstrap").glob("*.py"),
            *(ROOT / "scripts" / f"{each}.py" for each in ("launch", "test", "vendor", "make_secrets")),
        ]
        for name, line in imports(path)
        if name.split(".")[0] not in {*sys.stdlib_module_names, "scripts"}
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_a_module_has_a_telling_name_and_a_readable_size(path):
    assert path.stem not in BANNED_NAMES
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno + 1 > LONGEST_FUNCTION
    ]
    assert not long, "\n".join(long)
