"""Infer a folder or archive with Ray Data: the steps of `infer_files`, on many cores and machines.

Each worker holds a detector of its own and writes the results of its files itself; the driver gets one row for each
file. A worker that dies is started again and its files are inferred anew, which overwrites the same results. Source and
output are paths that every machine of the cluster sees.
"""

import json
import logging
import math
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.config import Engine, Limits
from app.detection import load_detector
from app.errors import ConfigError, FractureError
from app.usecases.batch.infer_files import Extras, Outcome, infer_source
from app.usecases.batch.sources import Source, open_part

LOCAL = "local"
_ANSWER_WITHIN_S = 5.0
_FILES_A_BATCH = 8
_FILES_A_BLOCK = 16


@dataclass(frozen=True)
class Work:
    """Where the files are, where results go, and the detector to load; `threads` is what one worker computes with."""

    source: Path
    out: Path
    models_dir: Path
    engine: Engine
    threads: int
    extras: Extras


class Worker:
    """One process of the cluster with its detector; Ray Data calls it with a batch of names."""

    def __init__(self, work: Work) -> None:
        """Load the detector.

        Raises:
            ModelError: as `load_detector`.
        """
        self._work = work
        self._detector = load_detector(work.models_dir, work.engine, work.threads)

    def __call__(self, batch: Mapping[str, NDArray[np.str_]]) -> dict[str, list[Any]]:
        """The outcomes of the files of a batch, as columns."""
        work = self._work
        with open_part(work.source, tuple(map(str, batch["name"]))) as part:
            rows = [_to_row(outcome) for outcome in infer_source(self._detector, part, work.out, Limits(), work.extras)]
        return {column: [row[column] for row in rows] for column in rows[0]}


def infer_distributed(work: Work, source: Source, address: str, workers: int = 0) -> Iterator[Outcome]:
    """Infer every file of a source on a cluster, in no order.

    address: of a cluster, or "local" for the cores of this machine. workers: 0 for as many as there are cores for.

    Raises:
        ConfigError: Ray is not installed, or the cluster does not answer.
    """
    with _cluster(address, workers * work.threads) as ray:
        size = workers or max(1, int(ray.cluster_resources().get("CPU", 1)) // work.threads)
        blocks = max(1, min(len(source.names), max(size, math.ceil(len(source.names) / _FILES_A_BLOCK))))
        names = ray.data.from_items([{"name": name} for name in source.names], override_num_blocks=blocks)
        rows = names.map_batches(
            Worker,
            fn_constructor_args=(work,),
            batch_size=_FILES_A_BATCH,
            num_cpus=work.threads,
            compute=ray.data.ActorPoolStrategy(size=min(size, blocks)),
        )
        for row in rows.iter_rows():
            yield _to_outcome(row)


def in_order(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The outcomes in the order of a single process: by name."""
    return sorted(outcomes, key=lambda outcome: outcome.name)


@contextmanager
def _cluster(address: str, cores: int) -> Iterator[Any]:
    """Join a cluster or start one on this machine, which reports nothing to anybody."""
    try:
        import ray  # noqa: PLC0415 - an optional extra
        import ray.data  # noqa: PLC0415
        from ray._common.usage.usage_lib import set_usage_stats_enabled_via_env_var  # noqa: PLC0415
    except ImportError:
        raise ConfigError("--ray needs Ray: install fracture-detection[ray].") from None
    set_usage_stats_enabled_via_env_var(False)
    _check_answers(address)
    where = {"address": LOCAL, "num_cpus": cores or None} if address == LOCAL else {"address": address}
    try:
        ray.init(**where, include_dashboard=False, log_to_driver=False, configure_logging=False)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise ConfigError(f"The Ray cluster {address} cannot be used: {error}") from None
    try:
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars, context.print_on_execution_start = False, False
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        yield ray
    finally:
        ray.shutdown()


def _check_answers(address: str) -> None:
    """Look for a cluster; Ray itself would try for minutes.

    Raises:
        ConfigError: nobody listens at HOST:PORT.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal():
        return
    try:
        socket.create_connection((host, int(port)), timeout=_ANSWER_WITHIN_S).close()
    except OSError:
        raise ConfigError(f"The Ray cluster {address} does not answer.") from None


def _to_row(outcome: Outcome) -> dict[str, Any]:
    error = outcome.error
    return {
        "name": outcome.name,
        "assessment": json.dumps(outcome.assessment),
        "code": error.code if error else "",
        "message": str(error) if error else "",
        "kept": outcome.kept,
    }


def _to_outcome(row: Mapping[str, Any]) -> Outcome:
    error = None
    if row["code"]:
        error = FractureError(row["message"])
        error.code = row["code"]
    return Outcome(row["name"], json.loads(row["assessment"]), error, bool(row["kept"]))
