"""The long-lived objects, built once and handed over. Nothing here is global."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import UTC, datetime

from app.config import Settings
from app.detection import Detector, Explainer, load_detector
from app.imaging import RadiographCache
from app.security import AuditChain, BlindIndex, KeyFile, KeyRing, MasterKeys, Passwords, UploadKeys, Vault
from app.storage import Store, open_store

# Change it with what app/usecases/worklist/triage.py labels: every study is then indexed anew.
WORKLIST_SCHEME = "worklist/v1"


@dataclass(frozen=True)
class Desk:
    """What people, keys and records need; no network is loaded for it."""

    settings: Settings
    store: Store
    keys: KeyRing
    vault: Vault
    passwords: Passwords
    audit_chain: AuditChain
    blind_index: BlindIndex
    clock: Callable[[], datetime]
    new_id: Callable[[], str]


@dataclass(frozen=True)
class Services(Desk):
    """What reading radiographs needs besides; tests build one from fakes."""

    upload_keys: UploadKeys
    detector: Detector
    radiograph_cache: RadiographCache
    explainer: Explainer


def build_desk(settings: Settings) -> Desk:
    """Open the database.

    Raises:
        ConfigError: a setting is wrong, or the database is not at this version's schema.
    """
    keys: KeyRing = MasterKeys.parse(settings.master_keys)
    if settings.master_keys_file is not None:
        keys = KeyFile(settings.master_keys_file)
    return Desk(
        settings=settings,
        store=open_store(settings.database_url),
        keys=keys,
        vault=Vault(keys),
        passwords=Passwords(),
        audit_chain=AuditChain(settings.secret_key),
        blind_index=BlindIndex(settings.secret_key, WORKLIST_SCHEME),
        clock=now,
        new_id=new_id,
    )


def build_services(settings: Settings) -> Services:
    """Open the database and load the weights.

    Raises:
        ConfigError: a setting is wrong, or the database is not at this version's schema.
        ModelError: the weights are missing, altered or of another architecture.
    """
    desk = build_desk(settings)
    detector = load_detector(
        settings.models_dir, settings.detector_engine, settings.detector_threads, settings.detector_queue
    )
    return Services(
        **{part.name: getattr(desk, part.name) for part in fields(Desk)},
        upload_keys=UploadKeys(desk.keys, now),
        detector=detector,
        explainer=Explainer(detector),
        radiograph_cache=RadiographCache(settings.radiograph_cache_bytes),
    )


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


def new_id() -> str:
    """128 random bits in hexadecimal: nobody guesses the id of a study."""
    return secrets.token_hex(16)
