"""The image for a CPU, built once for all tests of this folder on stand-ins for the images of a registry."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.container_engine import FILES, PYTHON, ROOT, Engine, container_engine, debian_base, require_engine

IMAGE = "localhost/fracture-detection:cpu"
SERVICES = "localhost/services"


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    require_engine()
    folder: Path = tmp_path_factory.mktemp("engine")
    with container_engine(folder) as engine:
        engine.import_tar(debian_base(folder), PYTHON)
        engine.build(ROOT, IMAGE, "--target", "cpu")
        yield engine


@pytest.fixture(scope="session")
def services_image(engine: Engine) -> str:
    """PostgreSQL and nginx, from the machine's own Debian."""
    engine.build(FILES, SERVICES)
    return SERVICES
