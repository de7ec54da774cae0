"""The layers of docs/architecture.md: imports go down only, packages of one layer do not know each other, each outside
library has one owner, and packages, files and functions stay small enough to read."""

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted([*(ROOT / "app").rglob("*.py"), *(ROOT / "scripts").rglob("*.py"), *ROOT.glob("*.py")])

LAYERS = {
    "wsgi": 5,
    "gunicorn.conf": 5,
    "scripts": 5,
    "app.web": 4,
    "app.serving": 4,
    "app.commands": 4,
    "app.hospital": 4,
    "app.usecases": 3,
    "app.services": 3,
    "app.learning": 3,
    "app.imaging": 2,
    "app.detection": 2,
    "app.security": 2,
    "app.storage": 2,
    "app.reports": 2,
    "app.records": 1,
    "app.config": 1,
    "app.errors": 1,
    "app.exchange_errors": 1,
    "app.access_errors": 1,
    "app.files": 1,
    "app.admission": 1,
    "app.drawings": 1,
    "app.translatable": 0,
}
# Inside these packages the sub-packages and modules have an order of their own; a lower number knows nothing of a
# higher one, and two of the same number do not know each other.
INNER_LAYERS = {
    "app.web": {"i18n": 1, "http": 2, "pages": 3, "api": 3, "extraction": 4, "factory": 4},
    "app.learning": {
        "progress": 0,
        "layouts": 1,
        "likeness": 1,
        "networks": 1,
        "datasets": 2,
        "preparation": 3,
        "evaluation": 4,
        "training": 5,
        "benchmark": 5,
        "export": 6,
        "adaptation": 7,
    },
}
# Imports inside one layer: use cases are given the services; learning judges the inference of the use case that serves;
# settings name their failure.
SIDEWAYS = {
    ("app.usecases", "app.services"),
    ("app.learning", "app.usecases"),
    ("app.config", "app.errors"),
    ("app.exchange_errors", "app.errors"),
    ("app.config", "app.records"),
    ("app.access_errors", "app.errors"),
}

OWNERS = {
    "cv2": {"app.imaging"},
    "dicomanonymizer": {"app.imaging"},
    "PIL": {"app.imaging"},
    # Describes what crosses a border as JSON or YAML.
    "pydantic": {"app.web", "app.detection", "app.learning"},
    # Results are data sets of their own, with the codes that pydicom lists.
    "pydicom": {"app.imaging", "app.reports", "app.usecases", "app.hospital"},
    "highdicom": {"app.reports"},
    "pynetdicom": {"app.hospital"},
    "dicomweb_client": {"app.hospital"},
    # The sessions of dicomweb-client.
    "requests": {"app.hospital", "app.web"},
    "urllib3": {"app.hospital"},
    "fhir": {"app.reports"},
    "imagecodecs": {"app.imaging"},
    "tifffile": {"app.imaging"},
    "simplejpeg": {"app.imaging"},
    "pi_heif": {"app.imaging"},
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
    "nibabel": {"app.learning"},
    "matplotlib": {"app.learning"},
    "yaml": {"app.learning"},
    "cryptography": {"app.security"},
    "argon2": {"app.security"},
    "zxcvbn": {"app.security"},
    "segno": {"app.web"},
    "authlib": {"app.web"},
    "joserfc": {"app.web"},
    "webauthn": {"app.security"},
    "sqlalchemy": {"app.storage"},
    "alembic": {"app.storage"},
    "psycopg": {"app.storage"},
    "boto3": {"app.storage"},
    "botocore": {"app.storage"},
    "flask": {"app.web"},
    "flask_wtf": {"app.web"},
    "flask_babel": {"app.web"},
    "babel": {"app.web"},
    "werkzeug": {"app.web"},
    "jinja2": {"app.web"},
    "markupsafe": {"app.web"},
    "prometheus_client": {"app.web"},
    "opentelemetry": {"app.web"},
    "reportlab": {"app.reports"},
    "gunicorn": {"app.serving"},
    "click": {"app.commands", "app.hospital"},
    "argparse": {"scripts"},
    "tqdm": {"scripts"},
    "playwright": {"scripts"},
    # Arrays are what images and boxes are made of.
    # Spreads the use case of batch inference.
    "ray": {"app.usecases"},
    "numpy": {"app.records", "app.usecases", "app.imaging", "app.detection", "app.reports", "app.learning", "scripts"},
}
# ultralytics is set up by variables alone, before it is imported; this module sets them and puts them back.
READS_ENVIRONMENT = {"app.detection.engines.ultralytics_import"}
BANNED_NAMES = {"utils", "util", "helpers", "helper", "manager", "common", "data", "misc"}
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
LARGEST_PACKAGE = 14


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def package_of(module: str) -> str:
    """`app.web.pages.studies` lives in `app.web`, `scripts.bootstrap.log` in `scripts`."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "app" else module if module in LAYERS else parts[0]


def inner_of(module: str) -> tuple[str, str]:
    """`app.web.pages.studies` to (`app.web`, `pages`); the second is empty for the package itself."""
    parts = module.split(".")
    return ".".join(parts[:2]), parts[2] if len(parts) > 2 else ""


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
            inside = (ROOT / module.replace(".", "/")).is_dir() and module.startswith("app")
            names = [f"{module}.{alias.name}" for alias in node.names] if inside else [module]
            yield from ((name, node.lineno) for name in names)


def edges() -> Iterator[tuple[str, str, str]]:
    """(importing package, imported package, place) for each import of our own."""
    for path in FILES:
        here = package_of(module_of(path))
        for name, line in imports(path):
            if name.split(".")[0] in {"app", "scripts", "wsgi"}:
                yield here, package_of(name), f"{path.relative_to(ROOT)}:{line}"


def test_every_package_belongs_to_a_layer():
    packages = {package_of(module_of(path)) for path in FILES} - {"app"}
    assert packages <= LAYERS.keys()


def test_imports_go_down_only():
    wrong = [
        f"{place}: {here} imports {there}"
        for here, there, place in edges()
        if here != there and (here, there) not in SIDEWAYS and LAYERS[there] >= LAYERS[here]
    ]
    assert not wrong, "\n".join(wrong)


def test_sub_packages_import_down_only():
    wrong = []
    for path in FILES:
        package, here = inner_of(module_of(path))
        for name, line in imports(path):
            other, there = inner_of(name)
            if package != other or package not in INNER_LAYERS or here == there or not here or not there:
                continue
            order = INNER_LAYERS[package]
            if order[there] >= order[here]:
                wrong.append(f"{path.relative_to(ROOT)}:{line}: {package}.{here} imports {package}.{there}")
    assert not wrong, "\n".join(wrong)


def test_a_package_stays_small_enough_to_survey():
    counts = Counter(path.parent for path in FILES if path.is_relative_to(ROOT / "app") and path.stem != "__init__")
    # Migrations are a list that only ever grows.
    del counts[ROOT / "app" / "storage" / "migrations" / "versions"]
    large = {str(folder.relative_to(ROOT)): count for folder, count in counts.items() if count > LARGEST_PACKAGE}
    assert not large


def test_the_running_app_never_imports_learning():
    wrong = [place for here, there, place in edges() if there == "app.learning" and here not in {there, "scripts"}]
    assert not wrong, "\n".join(wrong)


def test_each_outside_library_has_one_owner():
    wrong = []
    for path in FILES:
        here = package_of(module_of(path))
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
        if package_of(module_of(path)) not in {"wsgi", "scripts"} and module_of(path) not in READS_ENVIRONMENT
        for node in ast.walk(tree(path))
        if (
            isinstance(node, ast.Attribute)
            and node.attr in {"environ", "getenv", "putenv"}
            # A request's WSGI environment has the same name.
            and not (isinstance(node.value, ast.Name) and node.value.id == "request")
        )
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
