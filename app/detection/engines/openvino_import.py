"""Import OpenVINO without its telemetry.

`import openvino` imports the package `openvino_telemetry`, which sends a client id to an analytics host unless the
variable CI is set, and writes below the home folder. NNCF uses the same package. Both fall back to stubs of their own
when it cannot be imported, so it is made impossible to import in this process; import NNCF after `import_openvino()`.

Source: https://docs.python.org/3/reference/import.html#the-module-cache (None in `sys.modules`).
"""

import sys
from typing import Any

from app.errors import ModelError

TELEMETRY = "openvino_telemetry"


def import_openvino() -> Any:  # noqa: ANN401 - openvino has no stubs
    """Return the module `openvino`; no other function imports it.

    Raises:
        ModelError: openvino is not installed, or its telemetry was imported before.
    """
    block_telemetry()
    try:
        import openvino  # type: ignore[import-untyped]  # noqa: PLC0415 - heavy, and absent where torch serves
    except ImportError:
        raise ModelError("The engine openvino is not installed here: pip install -r requirements-cpu.txt.") from None
    return openvino


def block_telemetry() -> None:
    """Make the telemetry impossible to import in this process.

    Raises:
        ModelError: it has been imported already.
    """
    if sys.modules.get(TELEMETRY) is not None:
        raise ModelError(f"{TELEMETRY} was imported before OpenVINO could be kept from using it.")
    # The documented way to block an import, which typeshed does not know.
    sys.modules[TELEMETRY] = None  # type: ignore[assignment]
