"""The tables as the newest migration leaves them. A test compares the two."""

from datetime import UTC, datetime

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    true,
)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment to the microsecond: aware in, aware and UTC out, on SQLite (which knows no zones) as well."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a time without a zone; it could mean anything."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time needs its time zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The same moment in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _blob(name: str) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=False)


def _time(name: str) -> Column[datetime]:
    return Column(name, UtcDateTime, nullable=False)


def _of_person() -> ForeignKeyConstraint:
    # The tenant is part of every key, so that no row can point into another tenant.
    return ForeignKeyConstraint(["tenant", "person"], ["people.tenant", "people.id"], ondelete="CASCADE")


def _of_study() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["tenant", "study"], ["studies.tenant", "studies.id"], ondelete="CASCADE")


tenants = Table(
    "tenants",
    metadata,
    _text("tenant"),
    _time("created_at"),
    PrimaryKeyConstraint("tenant"),
)

# `mac` authenticates a row that decides access (app.security.access_seal); the database cannot make one.
people = Table(
    "people",
    metadata,
    _text("tenant"),
    _text("id"),
    _text("name"),
    _text("role"),
    Column("password_hash", Text),
    _time("created_at"),
    Column("is_enabled", Boolean, nullable=False, server_default=true()),
    _blob("mac"),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "name"),
    CheckConstraint("role IN ('clinician', 'reader', 'uploader', 'auditor', 'admin')", name="role"),
)

# Digests are keyed: one that was made without SECRET_KEY matches no token.
api_tokens = Table(
    "api_tokens",
    metadata,
    _text("tenant"),
    _text("id"),
    _text("person"),
    _blob("digest"),
    # Separated by spaces; empty for everything that the person may do.
    _text("scopes"),
    _time("created_at"),
    Column("expires_at", UtcDateTime),
    Column("last_used_at", UtcDateTime),
    _blob("mac"),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("digest"),
    _of_person(),
)

sign_in_links = Table(
    "sign_in_links",
    metadata,
    _text("tenant"),
    _blob("digest"),
    _text("person"),
    _time("expires_at"),
    Column("used_at", UtcDateTime),
    _blob("mac"),
    PrimaryKeyConstraint("digest"),
    _of_person(),
)

sessions = Table(
    "sessions",
    metadata,
    _text("tenant"),
    _text("id"),
    _text("person"),
    _blob("digest"),
    _time("created_at"),
    _time("expires_at"),
    _time("last_seen_at"),
    _text("method"),
    _text("browser"),
    _text("address"),
    _blob("mac"),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("digest"),
    _of_person(),
)

# Refused sign-ins of the last minutes; `subject` is a keyed digest of an account, an address, or both.
sign_in_attempts = Table(
    "sign_in_attempts",
    metadata,
    _text("tenant"),
    _text("id"),
    _blob("subject"),
    _time("at"),
    PrimaryKeyConstraint("tenant", "id"),
    Index(None, "tenant", "subject", "at"),
)

studies = Table(
    "studies",
    metadata,
    _text("tenant"),
    _text("id"),
    _time("created_at"),
    _text("created_by"),
    _blob("wrapped_key"),
    # Patient, examination and label; NULL where nothing is known.
    Column("sealed_details", LargeBinary),
    Column("is_read", Boolean, nullable=False, server_default=false()),
    # The fingerprint of the key that made the study's rows of `worklist`; NULL where there are none yet.
    Column("indexed_by", LargeBinary),
    PrimaryKeyConstraint("tenant", "id"),
    # Serves a tenant's pages, read backwards. One on created_at alone would tempt PostgreSQL away from it.
    Index(None, "tenant", "created_at", "id"),
    Index(None, "tenant", "indexed_by", "created_at", "id"),
)

images = Table(
    "images",
    metadata,
    _text("tenant"),
    _text("id"),
    _text("study"),
    Column("position", Integer, nullable=False),
    _time("created_at"),
    _blob("sealed_assessment"),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "study", "position"),
    _of_study(),
)

# Objects from other systems. `due_at` is when an image that is not inferred yet may be taken, NULL once it is.
received = Table(
    "received",
    metadata,
    _text("tenant"),
    _text("image"),
    _text("study"),
    _blob("instance"),
    _blob("study_uid"),
    _blob("content"),
    _time("received_at"),
    Column("due_at", UtcDateTime),
    Column("attempts", Integer, nullable=False),
    PrimaryKeyConstraint("tenant", "image"),
    UniqueConstraint("tenant", "instance"),
    _of_study(),
    Index(None, "tenant", "study_uid", "received_at"),
    Index(None, "due_at"),
)

# Apart from `images`, so that a list of studies never reads past megabytes of originals.
originals = Table(
    "originals",
    metadata,
    _text("tenant"),
    _text("image"),
    _blob("sealed_original"),
    PrimaryKeyConstraint("tenant", "image"),
    ForeignKeyConstraint(["tenant", "image"], ["images.tenant", "images.id"], ondelete="CASCADE"),
)

# The person is named, not bound: what somebody said of an image outlives their account.
feedback = Table(
    "feedback",
    metadata,
    _text("tenant"),
    _text("id"),
    _text("study"),
    _text("image"),
    _text("person"),
    _time("created_at"),
    _blob("sealed"),
    PrimaryKeyConstraint("tenant", "id"),
    ForeignKeyConstraint(["tenant", "image"], ["images.tenant", "images.id"], ondelete="CASCADE"),
    # For a study's page, for deleting an image, and for what was said since a moment.
    Index(None, "tenant", "study"),
    Index(None, "tenant", "image"),
    Index(None, "tenant", "created_at", "id"),
)

# Who has read a study, and when last. The person is named, not bound, as for feedback.
read_marks = Table(
    "read_marks",
    metadata,
    _text("tenant"),
    _text("study"),
    _text("person"),
    _time("at"),
    PrimaryKeyConstraint("tenant", "study", "person"),
    _of_study(),
)

# The blind index: under each facet that a study shows, its bucket, fine and broad. All three are labels made with a key
# that the database does not have (app.security.blind_index).
worklist = Table(
    "worklist",
    metadata,
    _text("tenant"),
    _text("study"),
    _blob("facet"),
    _blob("bucket"),
    _blob("broad_bucket"),
    _time("created_at"),
    PrimaryKeyConstraint("tenant", "study", "facet"),
    _of_study(),
    # Read backwards: the studies of one facet and bucket, newest first.
    Index(None, "tenant", "facet", "bucket", "created_at", "study"),
    Index(None, "tenant", "facet", "broad_bucket", "created_at", "study"),
)

audit = Table(
    "audit",
    metadata,
    _text("tenant"),
    Column("sequence", Integer, autoincrement=False, nullable=False),
    _time("at"),
    _text("actor"),
    _text("action"),
    _text("subject"),
    _blob("mac"),
    PrimaryKeyConstraint("tenant", "sequence"),
    # For who has viewed a study, and when.
    Index(None, "tenant", "subject", "at"),
)

# Disagreements of readers that a person closed. The person is named, not bound, as for feedback.
closings = Table(
    "closings",
    metadata,
    _text("tenant"),
    _text("id"),
    _text("study"),
    _text("person"),
    _time("created_at"),
    _blob("sealed"),
    PrimaryKeyConstraint("tenant", "id"),
    _of_study(),
    Index(None, "tenant", "study"),
)

# Signed reports, each version a row of its own.
reports = Table(
    "reports",
    metadata,
    _text("tenant"),
    _text("id"),
    _text("study"),
    Column("version", Integer, nullable=False),
    _text("person"),
    _time("created_at"),
    _blob("sealed"),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "study", "version"),
    _of_study(),
)

# Requests that a program may repeat: under the digest of its key, the study that the first one made.
idempotency = Table(
    "idempotency",
    metadata,
    _text("tenant"),
    _text("person"),
    _blob("digest"),
    _blob("fingerprint"),
    _text("study"),
    _time("created_at"),
    _blob("sealed"),
    PrimaryKeyConstraint("tenant", "person", "digest"),
    _of_study(),
    Index(None, "created_at"),
)

# Names of refused files, for the next page of their sender; the names are sealed.
notices = Table(
    "notices",
    metadata,
    _text("tenant"),
    _text("id"),
    _text("study"),
    _text("person"),
    _time("created_at"),
    _blob("sealed"),
    PrimaryKeyConstraint("tenant", "id"),
    _of_study(),
    Index(None, "tenant", "study", "person"),
    Index(None, "created_at"),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    _text("tenant"),
    _text("id"),
    _text("channel"),
    _text("address"),
    _text("events"),
    _time("created_at"),
    PrimaryKeyConstraint("tenant", "id"),
)

outbox = Table(
    "outbox",
    metadata,
    _text("tenant"),
    _text("id"),
    _text("subscription"),
    _text("event"),
    _text("study"),
    _time("created_at"),
    _time("due_at"),
    Column("attempts", Integer, nullable=False),
    _text("error"),
    Column("is_dead", Boolean, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    ForeignKeyConstraint(["tenant", "subscription"], ["subscriptions.tenant", "subscriptions.id"], ondelete="CASCADE"),
    _of_study(),
    Index(None, "is_dead", "due_at"),
)
