"""The long-lived objects, built once and handed over. Nothing here is global."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import UTC, datetime

from app.config import Settings
from app.detection import Detector, Explainer, load_detector
from app.imaging import Decoder, DecoderPool, RadiographCache
from app.security import (
    AccessSeal,
    AuditChain,
    BlindIndex,
    FactorSeal,
    KeyFile,
    KeyRing,
    MasterKeys,
    Passwords,
    SecretKeys,
    UploadKeys,
    Vault,
    WebhookKeys,
)
from app.storage import Store, new_id, open_store

# Change it with what app/usecases/triage.py labels: every study is then indexed anew.
WORKLIST_SCHEME = "worklist/v3"


@dataclass(frozen=True)
class RecordServices:
    """The services of people, keys and records; no detector is loaded for them."""

    settings: Settings
    store: Store
    keys: KeyRing
    vault: Vault
    passwords: Passwords
    access_seal: AccessSeal
    factor_seal: FactorSeal
    audit_chain: AuditChain
    blind_index: BlindIndex
    webhook_keys: WebhookKeys
    clock: Callable[[], datetime]
    new_id: Callable[[], str]


@dataclass(frozen=True)
class Services(RecordServices):
    """The services of inference besides; tests build one from fakes."""

    upload_keys: UploadKeys
    decoder: Decoder
    detector: Detector
    radiograph_cache: RadiographCache
    explainer: Explainer


def build_record_services(settings: Settings) -> RecordServices:
    """Open the database.

    Raises:
        ConfigError: a setting is wrong, or the database is not at this version's schema.
    """
    secrets = SecretKeys.parse(settings.secret_key)
    keys: KeyRing = MasterKeys.parse(settings.master_keys)
    if settings.master_keys_file is not None:
        keys = KeyFile(settings.master_keys_file)
    return RecordServices(
        settings=settings,
        store=open_store(settings.database_url, settings.bucket),
        keys=keys,
        vault=Vault(keys),
        passwords=Passwords(),
        access_seal=AccessSeal(secrets),
        factor_seal=FactorSeal(secrets),
        audit_chain=AuditChain(*secrets),
        blind_index=BlindIndex(secrets.newest, WORKLIST_SCHEME),
        webhook_keys=WebhookKeys(secrets.newest),
        clock=now,
        new_id=new_id,
    )


def build_services(settings: Settings) -> Services:
    """Start the decoders, open the database and load the weights.

    The forkserver of the decoders is the first, so that it has no thread and no detector of this process.

    Raises:
        ConfigError: a setting is wrong, or the database is not at this version's schema.
        ModelError: the weights are missing, altered or of another architecture.
    """
    decoder = DecoderPool(settings.limits)
    records = build_record_services(settings)
    detector = load_detector(
        settings.models_dir,
        settings.detector_engine,
        settings.detector_threads,
        settings.detector_queue,
        settings.site_prevalence,
        precision=settings.detector_precision,
    )
    return Services(
        **{part.name: getattr(records, part.name) for part in fields(RecordServices)},
        upload_keys=UploadKeys(records.keys, now),
        decoder=decoder,
        detector=detector,
        explainer=Explainer(detector),
        radiograph_cache=RadiographCache(settings.radiograph_cache_bytes),
    )


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)
