"""Import OpenVINO without its telemetry.

`import openvino` imports the package `openvino_telemetry`, which sends a client id to an analytics host unless the
variable CI is set, and writes below the home folder. NNCF uses the same package. Both fall back to stubs of their own
when it cannot be imported, so it is made impossible to import in this process; import NNCF after `import_openvino()`.

Source: https://docs.python.org/3/reference/import.html#the-module-cache (None in `sys.modules`).
"""

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from app.errors import ModelError

T = TypeVar("T")

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


def open_core() -> Any:  # noqa: ANN401 - openvino has no stubs
    """Return a `Core` whose CPU plugin is loaded.

    Raises:
        ModelError: openvino is not installed, or its telemetry was imported before.
    """
    core = import_openvino().Core()
    in_own_thread(lambda: core.get_property("CPU", "FULL_DEVICE_NAME"))
    return core


def in_own_thread(call: Callable[[], T]) -> T:
    """Return `call()`, run in a thread that ends with it; for everything that loads OpenVINO's CPU plugin.

    The plugin gives the thread that loads it an alternate signal stack, and frees that memory in whatever thread the
    plugin is destroyed. A signal afterwards (SIGCHLD, SIGTERM) would be delivered on freed memory and end the process
    with SIGSEGV. A thread that has ended receives no signal.

    Source: OpenVINO, src/plugins/intel_cpu/src/plugin.cpp (SigAltStackSetup); sigaltstack(2), of one thread.
    """
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(call).result()


def block_telemetry() -> None:
    """Make the telemetry impossible to import in this process.

    Raises:
        ModelError: it has been imported already.
    """
    if sys.modules.get(TELEMETRY) is not None:
        raise ModelError(f"{TELEMETRY} was imported before OpenVINO could be kept from using it.")
    # The documented way to block an import, which typeshed does not know.
    sys.modules[TELEMETRY] = None  # type: ignore[assignment]
