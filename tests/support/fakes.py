"""Stand-ins that are handed to the application in place of what is slow or what a test must command."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

from app.config import Settings
from app.detection import Calibration, Detector, Explainer, Load, ModelSpec, NmsRule
from app.errors import Busy
from app.imaging import InProcessDecoder, RadiographCache
from app.records import BoxPx, Detection, ModelInput, ModelVersion
from app.security import (
    AccessSeal,
    AuditChain,
    BlindIndex,
    FactorSeal,
    MasterKeys,
    PasswordCost,
    Passwords,
    SecretKeys,
    UploadKeys,
    Vault,
    WebhookKeys,
)
from app.services import WORKLIST_SCHEME, Services
from app.storage import new_id, open_store

QUICK = PasswordCost(passes=1, memory_kib=64, lanes=1, salt_bytes=16, tag_bytes=32)
SPEC = ModelSpec(
    name="fake",
    version="7",
    regions=("elbow", "wrist"),
    input_size_px=128,
    stride=32,
    nms=NmsRule(iou=0.5, class_agnostic=True, most=10, floor=0.01),
    calibration=Calibration("identity", ((0.0, 0.0), (1.0, 1.0)), possible=0.25, definite=0.6),
)


class FakeClock:
    """Tells the time it is set to, in UTC."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def pass_(self, **time: float) -> None:
        """Let time pass: `pass_(minutes=5)`."""
        self.time += timedelta(**time)


@dataclass
class FakeDetector:
    """Says of every radiograph what `scores_of` says; boxes stand in the middle of the image, each second one
    below."""

    scores_of: Mapping[str, float] = field(default_factory=lambda: {"wrist": 0.87, "elbow": 0.4})
    busy: bool = False
    broken: Exception | None = None
    is_ready: bool = True
    spec: ModelSpec = SPEC
    version: ModelVersion = field(default_factory=lambda: ModelVersion("fake", "7", "ab" * 32))
    engine_name: str = "fake"

    def detect(self, model_input: ModelInput) -> tuple[Detection, ...]:
        """The detections, or `Busy`."""
        if self.busy:
            raise Busy
        if self.broken:
            raise self.broken
        height, width = model_input.radiograph_hw
        box: BoxPx = (width * 0.25, height * 0.25, width * 0.75, height * 0.5)
        below: BoxPx = (width * 0.25, height * 0.6, width * 0.75, height * 0.85)
        return tuple(
            Detection(region, score, below if number % 2 else box)
            for number, (region, score) in enumerate(self.scores_of.items())
        )

    @property
    def load(self) -> Load:
        """An idle engine."""
        return Load(inside=0, limit=32, busy_s=1.5)

    def ready(self) -> bool:
        """Whether it takes radiographs."""
        return self.is_ready

    def close(self) -> None:
        """Nothing to end."""


def build_fake_services(settings: Settings, clock: FakeClock, detector: FakeDetector) -> Services:
    """Services over a migrated database: real encryption, a fake network and a fake clock."""
    keys = MasterKeys.parse(settings.master_keys)
    secrets = SecretKeys.parse(settings.secret_key)
    return Services(
        settings=settings,
        store=open_store(settings.database_url, settings.bucket),
        keys=keys,
        vault=Vault(keys),
        passwords=Passwords(QUICK),
        access_seal=AccessSeal(secrets),
        factor_seal=FactorSeal(secrets),
        audit_chain=AuditChain(*secrets),
        blind_index=BlindIndex(secrets.newest, WORKLIST_SCHEME),
        webhook_keys=WebhookKeys(secrets.newest),
        clock=clock,
        new_id=new_id,
        upload_keys=UploadKeys(keys, clock),
        decoder=InProcessDecoder(settings.limits),
        detector=cast(Detector, detector),
        radiograph_cache=RadiographCache(settings.radiograph_cache_bytes),
        explainer=Explainer(cast(Detector, detector)),
    )
