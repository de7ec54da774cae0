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
    _block_telemetry()
    try:
        import openvino  # type: ignore[import-untyped]  # noqa: PLC0415 - heavy, and absent where torch serves
    except ImportError:
        raise ModelError("The engine openvino is not installed here: pip install -r requirements-cpu.txt.") from None
    return openvino


def _block_telemetry() -> None:
    if sys.modules.get(TELEMETRY) is not None:
        raise ModelError(f"{TELEMETRY} was imported before OpenVINO could be kept from using it.")
    sys.modules[TELEMETRY] = None  # type: ignore[assignment] - the documented way to block an import
