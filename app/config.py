"""`Settings`: complete and checked before anything starts. The only place that knows the names of variables.

A secret may come from the variable itself, from the file that `NAME_FILE` names, or, when `DATA_DIR` is given, from
the file that the launcher made under `DATA_DIR/keys`. There is no default secret.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Literal, cast, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.errors import ConfigError
from app.records import Role

Engine = Literal["auto", "openvino", "torch"]
Precision = Literal["auto", "float32"]

MODELS_DIR = Path(__file__).resolve().parent.parent / "models"


@dataclass(frozen=True)
class Limits:
    """Limits of one upload: bytes as sent, pixels once decoded, files in one study.

    in_flight_bytes: all requests and answers at a time, and so one request.
    """

    upload_bytes: int = 64 * 1024 * 1024
    pixels: int = 64_000_000
    files: int = 20
    in_flight_bytes: int = 128 * 1024 * 1024


@dataclass(frozen=True)
class DicomSettings:
    """How the DICOM node listens and whom it knows; `app.hospital.peers` parses senders and destinations.

    tls_*: PEM files for mutual TLS; None without.
    """

    ae_title: str = "FRACTURES"
    host: str = "0.0.0.0"  # noqa: S104 - a node of a department listens to its network; senders are named one by one
    port: int = 11112
    senders: str = ""
    destinations: str = ""
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    tls_ca: Path | None = None


@dataclass(frozen=True)
class DicomWebSettings:
    """The archive that is searched and whose studies are taken by DICOMweb, and the viewer that opens ours.

    url: base of the archive's service, "" without one. tenant: whose people may search it.
    authorization: value of the header of this name. ca: authorities of its certificate (PEM), None for the usual ones.
    viewer_url: with {study_uid} in it, "" without one.
    """

    url: str = ""
    tenant: str = "default"
    authorization: str = field(default="", repr=False)
    ca: Path | None = None
    viewer_url: str = ""


@dataclass(frozen=True)
class BucketSettings:
    """A bucket for originals, and how to reach it.

    prefix: of every key; "" or ending with a slash. endpoint: None for Amazon's own.
    """

    bucket: str
    prefix: str
    access_key: str
    secret_key: str = field(repr=False)
    endpoint: str | None = None
    region: str = "us-east-1"
    ca: Path | None = None


@dataclass(frozen=True)
class SingleSignOnSettings:
    """An identity provider after OpenID Connect, and what its claims mean here.

    tenants, roles: (value of the claim, tenant or role), the first that fits counts, "*" fits anybody; without roles,
    people keep theirs. adds_people: somebody unknown is added, with the role that is mapped.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    scopes: str
    name_claim: str
    tenant_claim: str
    tenants: tuple[tuple[str, str], ...]
    role_claim: str
    roles: tuple[tuple[str, str], ...]
    adds_people: bool = False


@dataclass(frozen=True)
class Settings:
    """Everything that an administrator may set; `docs/configuration.md` says what each means."""

    database_url: str
    master_keys: str = field(repr=False)
    secret_key: str = field(repr=False)
    detector_engine: Engine = "auto"
    detector_precision: Precision = "auto"
    detector_threads: int = 0
    detector_queue: int = 32
    site_prevalence: float | None = None
    limits: Limits = Limits()
    retention_days: int = 0
    session_minutes: int = 480
    session_idle_minutes: int = 60
    secure_cookies: bool = False
    hsts_subdomains: bool = False
    trusted_hosts: tuple[str, ...] = ()
    trusted_proxies: int = 0
    models_dir: Path = MODELS_DIR
    master_keys_file: Path | None = None
    radiograph_cache_bytes: int = 256 * 1024 * 1024
    dicom: DicomSettings = DicomSettings()
    dicomweb: DicomWebSettings = DicomWebSettings()
    cors_origins: tuple[str, ...] = ()
    bucket: BucketSettings | None = None
    traces_url: str = ""
    single_sign_on: SingleSignOnSettings | None = None
    second_factor_roles: tuple[str, ...] = ()
    second_factor_tenants: tuple[str, ...] = ()
    time_zone: tzinfo = UTC

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Read and check the settings.

        Raises:
            ConfigError: names the variable that is missing or wrong; never shows a secret.
        """
        data_dir = Path(environ["DATA_DIR"]).expanduser().resolve() if environ.get("DATA_DIR") else None
        return cls(
            database_url=_database_url(environ, data_dir),
            master_keys=_secret(environ, "MASTER_KEYS", data_dir),
            secret_key=_secret(environ, "SECRET_KEY", data_dir),
            detector_engine=cast(Engine, _choice(environ, "DETECTOR_ENGINE", "auto", ("auto", "openvino", "torch"))),
            detector_precision=cast(Precision, _choice(environ, "DETECTOR_PRECISION", "auto", ("auto", "float32"))),
            detector_threads=_number(environ, "DETECTOR_THREADS", 0, 0, 1024),
            detector_queue=_number(environ, "DETECTOR_QUEUE", 32, 1, 10_000),
            site_prevalence=_percent(environ, "SITE_PREVALENCE"),
            limits=_limits(environ),
            retention_days=_number(environ, "RETENTION_DAYS", 0, 0, 36_500),
            session_minutes=_number(environ, "SESSION_MINUTES", 480, 1, 60 * 24 * 30),
            session_idle_minutes=_number(environ, "SESSION_IDLE_MINUTES", 60, 1, 60 * 24 * 30),
            secure_cookies=_choice(environ, "SECURE_COOKIES", "no", ("yes", "no")) == "yes",
            hsts_subdomains=_choice(environ, "HSTS_SUBDOMAINS", "no", ("yes", "no")) == "yes",
            trusted_hosts=_hosts(environ, "TRUSTED_HOSTS"),
            trusted_proxies=_number(environ, "TRUSTED_PROXIES", 0, 0, 8),
            models_dir=Path(environ.get("MODELS_DIR") or MODELS_DIR),
            master_keys_file=_secret_file(environ, "MASTER_KEYS", data_dir),
            radiograph_cache_bytes=_number(environ, "RADIOGRAPH_CACHE_MB", 256, 0, 65_536) * 1024 * 1024,
            dicom=_dicom(environ),
            dicomweb=_dicomweb(environ),
            cors_origins=_origins(environ, "CORS_ORIGINS"),
            bucket=_bucket(environ),
            traces_url=_address(environ, "TRACES_URL"),
            single_sign_on=_single_sign_on(environ),
            second_factor_roles=_roles(environ, "SECOND_FACTOR_ROLES"),
            second_factor_tenants=_names(environ, "SECOND_FACTOR_TENANTS"),
            time_zone=_time_zone(environ, "TIME_ZONE"),
        )


def _single_sign_on(environ: Mapping[str, str]) -> SingleSignOnSettings | None:
    """The identity provider, None where OIDC_ISSUER is not set."""
    found = SingleSignOnSettings(
        issuer=environ.get("OIDC_ISSUER", "").strip(),
        client_id=environ.get("OIDC_CLIENT_ID", "").strip(),
        client_secret=_optional_secret(environ, "OIDC_CLIENT_SECRET"),
        scopes=environ.get("OIDC_SCOPES") or "openid profile",
        name_claim=environ.get("OIDC_NAME_CLAIM") or "preferred_username",
        tenant_claim=environ.get("OIDC_TENANT_CLAIM") or "tenant",
        tenants=_rules(environ, "OIDC_TENANTS"),
        role_claim=environ.get("OIDC_ROLE_CLAIM") or "groups",
        roles=_rules(environ, "OIDC_ROLES"),
        adds_people=_choice(environ, "OIDC_ADD_PEOPLE", "no", ("yes", "no")) == "yes",
    )
    if not found.issuer:
        return None
    if not found.issuer.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
        raise ConfigError("OIDC_ISSUER must be an address such as https://login.example.org/realm.")
    if not (found.client_id and found.client_secret and found.tenants):
        raise ConfigError("OIDC_ISSUER needs OIDC_CLIENT_ID, OIDC_CLIENT_SECRET and OIDC_TENANTS, such as *=default.")
    if not {role for _, role in found.roles} <= set(get_args(Role)):
        raise ConfigError(f"OIDC_ROLES must give roles: {', '.join(get_args(Role))}.")
    return found


def _rules(environ: Mapping[str, str], name: str) -> tuple[tuple[str, str], ...]:
    """Rules VALUE=RESULT with commas between."""
    rules = [rule.rpartition("=") for rule in _names(environ, name)]
    if not all(value.strip() and result.strip() for value, _, result in rules):
        raise ConfigError(f"{name} must be rules such as VALUE=RESULT, with commas between.")
    return tuple((value.strip(), result.strip()) for value, _, result in rules)


def _names(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Names with commas between."""
    return tuple(one.strip() for one in environ.get(name, "").split(",") if one.strip())


def _hosts(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Host names with commas between, without scheme, port or path; a leading dot takes in subdomains."""
    hosts = tuple(host.lower() for host in _names(environ, name))
    if any(set(host) & set("/:@*? ") for host in hosts):
        raise ConfigError(f"{name} must be host names such as xray.example.org, with commas between.")
    return hosts


def _roles(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Roles with commas between."""
    roles = _names(environ, name)
    if not set(roles) <= set(get_args(Role)):
        raise ConfigError(f"{name} must be roles with commas between: {', '.join(get_args(Role))}.")
    return roles


def _limits(environ: Mapping[str, str]) -> Limits:
    upload_mb = _number(environ, "MAX_UPLOAD_MB", 64, 1, 512)
    in_flight_mb = _number(environ, "MAX_IN_FLIGHT_MB", max(128, upload_mb + 1), 2, 65_536)
    if in_flight_mb <= upload_mb:
        raise ConfigError("MAX_IN_FLIGHT_MB must be more than MAX_UPLOAD_MB.")
    return Limits(
        upload_bytes=upload_mb * 1024 * 1024,
        pixels=_number(environ, "MAX_PIXELS", 64_000_000, 1024, 1_000_000_000),
        in_flight_bytes=in_flight_mb * 1024 * 1024,
    )


def _origins(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Origins with commas between, each https without a path."""
    origins = tuple(origin.strip() for origin in environ.get(name, "").split(",") if origin.strip())
    for origin in origins:
        scheme, _, host = origin.partition("://")
        if scheme != "https" or not host or set(host) & set("/*?#@ "):
            raise ConfigError(f"{name} must be origins such as https://his.example.org, with commas between.")
    return origins


def _time_zone(environ: Mapping[str, str], name: str) -> tzinfo:
    """A zone of the IANA database; UTC where none is given."""
    text = environ.get(name, "").strip() or "UTC"
    try:
        return UTC if text == "UTC" else ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(f"{name} must be a time zone such as Europe/Berlin.") from None


def _dicom(environ: Mapping[str, str]) -> DicomSettings:
    """The DICOM node."""
    names = ("DICOM_TLS_CERTIFICATE", "DICOM_TLS_KEY", "DICOM_TLS_CA")
    certificate, key, ca = (Path(environ[name]) if environ.get(name) else None for name in names)
    return DicomSettings(
        ae_title=environ.get("DICOM_AE_TITLE") or DicomSettings.ae_title,
        host=environ.get("DICOM_HOST") or DicomSettings.host,
        port=_number(environ, "DICOM_PORT", DicomSettings.port, 0, 65_535),
        senders=environ.get("DICOM_SENDERS", ""),
        destinations=environ.get("DICOM_DESTINATIONS", ""),
        tls_certificate=certificate,
        tls_key=key,
        tls_ca=ca,
    )


def _dicomweb(environ: Mapping[str, str]) -> DicomWebSettings:
    """The archive and the viewer."""
    url, viewer = environ.get("DICOMWEB_URL", "").strip().rstrip("/"), environ.get("VIEWER_URL", "").strip()
    if url and not url.startswith(("https://", "http://")):
        raise ConfigError("DICOMWEB_URL must begin with https:// (or http:// inside a protected network).")
    if viewer and (not viewer.startswith(("https://", "http://", "weasis://")) or "{study_uid}" not in viewer):
        raise ConfigError("VIEWER_URL must begin with https://, http:// or weasis:// and contain {study_uid}.")
    return DicomWebSettings(
        url,
        tenant=environ.get("DICOMWEB_TENANT", "").strip() or DicomWebSettings.tenant,
        authorization=_optional_secret(environ, "DICOMWEB_AUTHORIZATION"),
        ca=Path(environ["DICOMWEB_CA"]) if environ.get("DICOMWEB_CA") else None,
        viewer_url=viewer,
    )


def _address(environ: Mapping[str, str], name: str) -> str:
    """An address of http or https; "" where there is none."""
    url = environ.get(name, "").strip()
    if url and not url.startswith(("https://", "http://")):
        raise ConfigError(f"{name} must begin with https:// or http://.")
    return url


def _bucket(environ: Mapping[str, str]) -> BucketSettings | None:
    """The bucket of `s3://BUCKET/PREFIX`; None where originals stay in the database."""
    url, endpoint = environ.get("ORIGINALS_URL", "").strip(), environ.get("S3_ENDPOINT", "").strip() or None
    region, ca = environ.get("S3_REGION") or BucketSettings.region, environ.get("S3_CA")
    access_key, secret_key = _optional_secret(environ, "S3_ACCESS_KEY"), _optional_secret(environ, "S3_SECRET_KEY")
    if not url:
        return None
    if not access_key or not secret_key:
        raise ConfigError("ORIGINALS_URL needs S3_ACCESS_KEY and S3_SECRET_KEY, or a file for each.")
    scheme, _, path = url.partition("://")
    bucket, _, prefix = path.partition("/")
    if scheme != "s3" or not bucket:
        raise ConfigError("ORIGINALS_URL must be s3://BUCKET or s3://BUCKET/PREFIX.")
    if endpoint and not endpoint.startswith(("https://", "http://")):
        raise ConfigError("S3_ENDPOINT must begin with https:// or http://.")
    prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
    return BucketSettings(bucket, prefix, access_key, secret_key, endpoint, region, Path(ca) if ca else None)


def _database_url(environ: Mapping[str, str], data_dir: Path | None) -> str:
    """The URL from DATABASE_URL or from the file that DATABASE_URL_FILE names, else a SQLite file under DATA_DIR."""
    if environ.get("DATABASE_URL", "").strip() or environ.get("DATABASE_URL_FILE"):
        return _secret(environ, "DATABASE_URL", data_dir)
    if data_dir is None:
        raise ConfigError("Set DATABASE_URL, or DATA_DIR for a SQLite database in that folder.")
    return f"sqlite:///{data_dir / 'fractures.db'}"


def _secret(environ: Mapping[str, str], name: str, data_dir: Path | None) -> str:
    """The secret from NAME, from the file named by NAME_FILE, or from DATA_DIR/keys/name."""
    if value := environ.get(name, "").strip():
        return value
    path = _secret_file(environ, name, data_dir)
    if path is None:
        raise ConfigError(f"Set {name}, or {name}_FILE to a file that holds it; there is no default.")
    try:
        value = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"The file for {name} cannot be read: {path}") from None
    if not value:
        raise ConfigError(f"The file for {name} is empty: {path}")
    return value


def _optional_secret(environ: Mapping[str, str], name: str) -> str:
    """The secret from NAME or from the file named by NAME_FILE; "" where neither is set."""
    is_set = environ.get(name, "").strip() or environ.get(f"{name}_FILE")
    return _secret(environ, name, None) if is_set else ""


def _secret_file(environ: Mapping[str, str], name: str, data_dir: Path | None) -> Path | None:
    """The file that the secret is read from; None when it stands in the variable itself, or nowhere."""
    if environ.get(name, "").strip():
        return None
    if named := environ.get(f"{name}_FILE"):
        return Path(named)
    return data_dir / "keys" / name.lower() if data_dir else None


def _number(environ: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = environ.get(name, "").strip()
    if not text:
        return default
    try:
        value = int(text)
    except ValueError:
        raise ConfigError(f"{name} must be a whole number.") from None
    if not least <= value <= most:
        raise ConfigError(f"{name} must be between {least} and {most}.")
    return value


def _percent(environ: Mapping[str, str], name: str) -> float | None:
    """A share, 0–1, that is given in percent; None where it is not given."""
    text = environ.get(name, "").strip().removesuffix("%").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        raise ConfigError(f"{name} must be a number of percent.") from None
    if not 0 < value < 100:
        raise ConfigError(f"{name} must lie between 0 and 100 percent.")
    return value / 100


def _choice(environ: Mapping[str, str], name: str, default: str, choices: tuple[str, ...]) -> str:
    value = environ.get(name, "").strip().lower() or default
    if value not in choices:
        raise ConfigError(f"{name} must be one of: {', '.join(choices)}.")
    return value
