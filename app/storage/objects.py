"""Originals as objects in a bucket that speaks the S3 protocol: ciphertext under random names, beside the database."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from app.config import BucketSettings
from app.errors import ConfigError, Unavailable

# The most that one request of the protocol removes.
_REMOVED_AT_ONCE = 1000
# A transaction may wait for an object; a bucket that does not answer must not keep it for long.
_CONNECT_TIMEOUT_S, _READ_TIMEOUT_S, _ATTEMPTS, _CONNECTIONS = 3, 15, 3, 32
_PROBE = "probe"


class ObjectStore(Protocol):
    """Objects by key. Safe to share between threads."""

    is_used: bool

    def put(self, key: str, content: bytes) -> None:
        """Store an object.

        Raises:
            Unavailable: it is not stored for certain.
        """

    def get(self, key: str) -> bytes | None:
        """An object, or None where there is none of this key.

        Raises:
            Unavailable: nobody answers.
        """

    def remove(self, keys: Sequence[str]) -> None:
        """Remove objects; one that is gone already is no error.

        Raises:
            Unavailable: some may still be there.
        """

    def older_than(self, moment: datetime) -> Iterator[str]:
        """The keys of objects that were stored before a moment.

        Raises:
            Unavailable: nobody answers.
        """

    def ping(self) -> None:
        """Store a probe.

        Raises:
            Unavailable: it could not be stored.
        """


class NoObjects:
    """The object store of an installation that keeps originals in the database."""

    is_used = False

    def put(self, key: str, content: bytes) -> None:
        """Refuse: there is no bucket.

        Raises:
            Unavailable: always.
        """
        raise Unavailable

    def get(self, key: str) -> bytes | None:
        """Refuse: ORIGINALS_URL was set when the object was stored, and must be set to open it.

        Raises:
            Unavailable: always.
        """
        raise Unavailable

    def remove(self, keys: Sequence[str]) -> None:
        """Refuse, where objects were stored before.

        Raises:
            Unavailable: there are keys.
        """
        if keys:
            raise Unavailable

    def older_than(self, moment: datetime) -> Iterator[str]:
        """No keys."""
        return iter(())

    def ping(self) -> None:
        """Accept: nothing is needed."""


class S3Client(Protocol):
    """The calls of boto3's client for S3 that a bucket needs."""

    def put_object(self, **arguments: object) -> object:
        """PutObject."""

    def get_object(self, **arguments: object) -> Mapping[str, Any]:
        """GetObject."""

    def delete_objects(self, **arguments: object) -> Mapping[str, Any]:
        """DeleteObjects."""

    def list_objects_v2(self, **arguments: object) -> Mapping[str, Any]:
        """ListObjectsV2."""


class Bucket:
    """Objects in a bucket, all under one prefix."""

    is_used = True

    def __init__(self, client: S3Client, errors: tuple[type[Exception], ...], bucket: str, prefix: str) -> None:
        """client: of boto3, for S3. errors: what it raises. prefix: "" or ending with a slash."""
        self._client, self._errors, self._bucket, self._prefix = client, errors, bucket, prefix

    def put(self, key: str, content: bytes) -> None:
        """Store an object; see `ObjectStore`."""
        try:
            self._client.put_object(Bucket=self._bucket, Key=self._prefix + key, Body=content)
        except self._errors as error:
            raise Unavailable from error

    def get(self, key: str) -> bytes | None:
        """An object, or None; see `ObjectStore`."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)
            content: bytes = answer["Body"].read()
        except self._errors as error:
            if getattr(error, "response", {}).get("Error", {}).get("Code") == "NoSuchKey":
                return None
            raise Unavailable from error
        return content

    def remove(self, keys: Sequence[str]) -> None:
        """Remove objects; see `ObjectStore`."""
        for start in range(0, len(keys), _REMOVED_AT_ONCE):
            some = keys[start : start + _REMOVED_AT_ONCE]
            named = {"Objects": [{"Key": self._prefix + key} for key in some], "Quiet": True}
            try:
                answer = self._client.delete_objects(Bucket=self._bucket, Delete=named)
            except self._errors as error:
                raise Unavailable from error
            if answer.get("Errors"):
                raise Unavailable

    def older_than(self, moment: datetime) -> Iterator[str]:
        """Keys by age; see `ObjectStore`."""
        more: dict[str, str] | None = {}
        while more is not None:
            try:
                page = self._client.list_objects_v2(Bucket=self._bucket, Prefix=self._prefix, **more)
            except self._errors as error:
                raise Unavailable from error
            old = (one["Key"] for one in page.get("Contents", ()) if one["LastModified"] < moment)
            yield from (key.removeprefix(self._prefix) for key in old)
            more = {"ContinuationToken": page["NextContinuationToken"]} if page.get("IsTruncated") else None

    def ping(self) -> None:
        """Store a probe, which the sweep of orphans takes away."""
        self.put(_PROBE, b"")


def open_objects(settings: BucketSettings | None) -> ObjectStore:
    """The bucket of the settings, or `NoObjects`; nothing is sent yet.

    Raises:
        ConfigError: boto3 is not installed, or cannot use the settings.
    """
    if settings is None:
        return NoObjects()
    try:
        import boto3  # noqa: PLC0415 - an optional extra, for those who set ORIGINALS_URL
        from botocore.config import Config  # noqa: PLC0415
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415
    except ImportError:
        raise ConfigError("ORIGINALS_URL needs boto3: install fracture-detection[s3].") from None
    config = Config(
        connect_timeout=_CONNECT_TIMEOUT_S,
        read_timeout=_READ_TIMEOUT_S,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        max_pool_connections=_CONNECTIONS,
        # Servers other than Amazon's may not know the newer checksums; AES-GCM tells a damaged object from a whole one.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": "path" if settings.endpoint else "auto"},
    )
    try:
        client = boto3.session.Session(
            aws_access_key_id=settings.access_key,
            aws_secret_access_key=settings.secret_key,
            region_name=settings.region,
        ).client("s3", endpoint_url=settings.endpoint, verify=str(settings.ca) if settings.ca else None, config=config)
    except (BotoCoreError, ValueError) as error:
        raise ConfigError(f"The bucket of ORIGINALS_URL cannot be used: {error}") from None
    return Bucket(client, (BotoCoreError, ClientError), settings.bucket, settings.prefix)
