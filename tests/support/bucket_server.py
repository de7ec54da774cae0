"""An S3 server for the tests: moto's, as a process of its own that is gone at the end."""

import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.config import BucketSettings
from scripts.bootstrap.process import group


def require_moto() -> None:
    """Skip the test without boto3 and moto; fail it in CI."""
    if os.environ.get("CI"):
        import moto  # noqa: F401
    else:
        pytest.importorskip("boto3")
        pytest.importorskip("moto")


@contextmanager
def bucket_server(folder: Path) -> Iterator[str]:
    """Start a server without buckets, and give its address."""
    require_moto()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with (folder / "moto.log").open("wb") as log, group(command, os.environ, log.fileno()) as process:
        until_s = time.monotonic() + 120
        while not _is_open(port):
            assert process.poll() is None and time.monotonic() < until_s, (folder / "moto.log").read_text()
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"


def new_bucket(address: str, name: str) -> BucketSettings:
    """Make a bucket; the settings that reach it."""
    settings = BucketSettings(name, "sealed/", "an-access-key", "a-secret-key", address)
    client_of(settings).create_bucket(Bucket=name)
    return settings


def client_of(settings: BucketSettings):
    """A client of the server, apart from the application's."""
    import boto3

    keys = {"aws_access_key_id": settings.access_key, "aws_secret_access_key": settings.secret_key}
    return boto3.session.Session(**keys, region_name=settings.region).client("s3", endpoint_url=settings.endpoint)


def objects_in(settings: BucketSettings) -> dict[str, bytes]:
    """Everything in the bucket under the settings' prefix, by key without it."""
    client = client_of(settings)
    found = client.list_objects_v2(Bucket=settings.bucket, Prefix=settings.prefix).get("Contents", ())
    keys = [one["Key"] for one in found]
    bodies = {key: client.get_object(Bucket=settings.bucket, Key=key)["Body"].read() for key in keys}
    return {key.removeprefix(settings.prefix): body for key, body in bodies.items()}


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
