"""The services of compose.yaml under podman: each with what the file says of it, in one network without a way out."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.support.container_engine import ROOT, Engine

_VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}")


class Compose:
    """Starts services of the project's compose.yaml. A service answers under its name at 127.0.0.1.

    `init`, `restart`, published ports and networks are left to a real engine: all share the network of the first.
    """

    def __init__(self, engine: Engine, images: Mapping[str, str], secrets: Path, environ: Mapping[str, str]) -> None:
        self._engine, self._images, self._secrets, self._environ = engine, images, secrets, environ
        self.described: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
        self._first: str | None = None

    def up(self, name: str) -> None:
        """Create and start a service, and wait until it is healthy."""
        service = self.described["services"][name]
        self._engine.create(name, self._images[name], *self._arguments(name), command=service.get("command", ()))
        self._first = self._first or name

    def wait_until_healthy(self, name: str) -> None:
        _, *command = self.described["services"][name]["healthcheck"]["test"]
        self._engine.wait_until(lambda: self._engine.podman("exec", name, *command))

    def grace_s(self, name: str) -> int:
        """How long compose waits before it kills the service."""
        return int(self.described["services"][name]["stop_grace_period"].removesuffix("s"))

    def _arguments(self, name: str) -> list[str]:
        service = self.described["services"][name]
        assert service["read_only"] is True
        arguments = [f"--cap-drop={each}" for each in service["cap_drop"]]
        arguments += [f"--cap-add={each}" for each in service.get("cap_add", ())]
        arguments += [f"--security-opt={each.removesuffix(':true')}" for each in service["security_opt"]]
        arguments += [f"--tmpfs={each}" for each in service["tmpfs"]]
        arguments += [f"--env={key}={self._filled(value)}" for key, value in service.get("environment", {}).items()]
        arguments += [f"--volume={self._secret(each)}:/run/secrets/{each}:ro" for each in service["secrets"]]
        arguments += [f"--volume={self._volume(each)}" for each in service.get("volumes", ())]
        arguments += [f"--user={service['user']}"] if "user" in service else []
        arguments += [f"--memory={self._filled(service['mem_limit'])}", f"--pids-limit={service['pids_limit']}"]
        arguments += [f"--shm-size={service['shm_size']}"] if "shm_size" in service else []
        return [*arguments, *self._network()]

    def _network(self) -> list[str]:
        hosts = self._secrets.parent / "hosts"
        hosts.write_text("".join(f"127.0.0.1 {each}\n" for each in ("localhost", *self.described["services"])))
        network = f"container:{self._first}" if self._first else "none"
        return [f"--network={network}", "--no-hosts", f"--volume={hosts}:/etc/hosts:ro"]

    def _filled(self, text: str) -> str:
        return _VARIABLE.sub(lambda found: self._environ.get(found[1]) or found[2], str(text))

    def _secret(self, name: str) -> Path:
        """The file of a secret, readable for the user of a container behind its closed folder, as compose needs it."""
        path = self._secrets / Path(self.described["secrets"][name]["file"]).name
        assert os.stat(path).st_mode & 0o004
        return path

    def _volume(self, text: str) -> str:
        source, _, rest = text.partition(":")
        return f"{ROOT / source}:{rest}" if source.startswith(".") else f"{source}:{rest}"
