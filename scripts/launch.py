"""Install what is missing, start the app on this machine, and print one sign-in link.

Run as `python3 scripts/launch.py`; nothing needs to be installed before. Ctrl-C stops everything.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    sys.exit(f"Error: Python 3.11, 3.12 or 3.13 is needed; this is {sys.version.split()[0]}.")

import argparse
import os
import webbrowser
from collections.abc import Callable, Mapping, Sequence

from scripts.bootstrap.console import ROOT, Progress, Stop, say
from scripts.bootstrap.environment import EVERYTHING, SERVING, PackageSet, ensure_packages
from scripts.bootstrap.hardware import has_nvidia_gpu
from scripts.bootstrap.instance import administer, make_keys, open_data_dir
from scripts.bootstrap.process import Interrupted, stop_on_signals
from scripts.bootstrap.server import HOST, check_port, ending, serving, wait_until_ready
from scripts.vendor import ensure_vendor

FIRST_PERSON = "admin"


def main(arguments: Sequence[str]) -> int:
    """Start the app; 0 once it was stopped by hand, 1 when it cannot go on."""
    options = parse(arguments)
    stop_on_signals()
    try:
        launch(options)
    except (Stop, OSError) as reason:
        print(f"Error: {reason}", file=sys.stderr, flush=True)
        return 1
    except Interrupted:
        say("\nStopped.")
    return 0


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="launch.py", description="Start the fracture detection app on this machine.")
    parser.add_argument("--port", type=_port, default=8000, help="port on 127.0.0.1 (default 8000)")
    parser.add_argument(
        "--data-dir",
        type=Path,
        default=ROOT / "instance",
        help="folder for keys and database (default: instance, in the project)",
    )
    parser.add_argument("--no-browser", action="store_true", help="print the link without opening it")
    parser.add_argument(
        "--engine",
        choices=("auto", "openvino", "torch"),
        default="auto",
        help="what computes: openvino on a CPU, torch on an NVIDIA GPU (default: by what is there)",
    )
    return parser.parse_args(arguments)


def launch(options: argparse.Namespace) -> None:
    """Check, install, make what is missing, and serve until stopped.

    Raises:
        Stop: it cannot go on, and why.
    """
    data_dir = options.data_dir.expanduser().resolve()
    check_port(options.port)
    open_data_dir(data_dir)
    check_model()
    python = ensure_packages(choose_packages(options.engine))
    ensure_vendor(python)
    if make_keys(data_dir):
        say(f"Made new keys in {data_dir / 'keys'}: keep a copy of them, without them nothing stored opens again.")
    environment = {**os.environ, "DATA_DIR": str(data_dir), "DETECTOR_ENGINE": options.engine}
    administer(python, environment, "database", "migrate")
    log = data_dir / "server.log"
    with serving(python, environment, options.port, log) as server:
        progress = Progress("Starting the server")
        path = sign_in_path(python, environment)
        wait_until_ready(server, options.port, log, progress)
        announce(f"http://{HOST}:{options.port}{path}", log, open_browser=not options.no_browser)
        server.wait()
        raise Stop(ending(log))


def check_model() -> None:
    """Notice missing weights before anything is downloaded; the app checks that they are the right ones.

    Raises:
        Stop: models/model.json is not there.
    """
    if not (ROOT / "models" / "model.json").is_file():
        raise Stop(f"{ROOT / 'models' / 'model.json'} is missing: the copy of the project is not complete.")


def choose_packages(engine: str, has_gpu: Callable[[], bool] = has_nvidia_gpu) -> PackageSet:
    """The packages for an engine: `auto` means torch only where an NVIDIA GPU is."""
    if engine == "torch" or (engine == "auto" and has_gpu()):
        return EVERYTHING
    return SERVING


def sign_in_path(python: Path, environment: Mapping[str, str]) -> str:
    """The path of a fresh one-time link for the first person, who is added when not there."""
    try:
        return administer(python, environment, "people", "link", FIRST_PERSON)
    except Stop as reason:
        try:
            administer(python, environment, "people", "add", FIRST_PERSON, "--role", "admin", "--no-password")
        except Stop as also:
            raise Stop(f"{reason} {also}") from None
        return administer(python, environment, "people", "link", FIRST_PERSON)


def announce(link: str, log: Path, open_browser: bool) -> None:
    """Print the link, and open it where there is a screen."""
    say(f"Log: {log}")
    say("Ctrl-C stops the app. Sign in with this link; it works once, within the hour:")
    say(link)
    if open_browser and has_screen(os.environ, sys.platform):
        webbrowser.open(link)


def has_screen(environment: Mapping[str, str], platform: str) -> bool:
    """Whether a browser would have a window, and not take over the terminal."""
    return platform == "darwin" or any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def _port(text: str) -> int:
    port = int(text) if text.isdecimal() else 0
    if not 1 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return port


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
