"""The tables as the newest migration leaves them. A test compares the two."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy import text as sql

from app.storage.access.tables import people
from app.storage.columns import UtcDateTime, blob, metadata, of_person, of_study, text, time

# `metadata` knows all tables only where those of people are imported, too.
__all__ = ["metadata", "people"]

_IN_BIN = sql("deleted_at IS NOT NULL")

studies = Table(
    "studies",
    metadata,
    text("tenant"),
    text("id"),
    time("created_at"),
    text("created_by"),
    blob("wrapped_key"),
    # Patient, examination and label; NULL where nothing is known.
    Column("sealed_details", LargeBinary),
    Column("is_read", Boolean, nullable=False, server_default=false()),
    # The fingerprint of the key that made the study's rows of `worklist`; NULL where there are none yet.
    Column("indexed_by", LargeBinary),
    # When and by whom it was put into the bin; NULL for a study that is not there.
    Column("deleted_at", UtcDateTime),
    Column("deleted_by", Text),
    # Under a legal hold: nothing may delete it.
    Column("is_held", Boolean, nullable=False, server_default=false()),
    PrimaryKeyConstraint("tenant", "id"),
    # Serves a tenant's pages, read backwards. One on created_at alone would tempt PostgreSQL away from it.
    Index(None, "tenant", "created_at", "id"),
    Index(None, "tenant", "indexed_by", "created_at", "id"),
    Index(None, "tenant", "deleted_at", "id", sqlite_where=_IN_BIN, postgresql_where=_IN_BIN),
)

images = Table(
    "images",
    metadata,
    text("tenant"),
    text("id"),
    text("study"),
    Column("position", Integer, nullable=False),
    time("created_at"),
    blob("sealed_assessment"),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "study", "position"),
    of_study(),
)

# Objects from other systems. `due_at` is when an image that is not inferred yet may be taken, NULL once it is.
received = Table(
    "received",
    metadata,
    text("tenant"),
    text("image"),
    text("study"),
    blob("instance"),
    blob("study_uid"),
    blob("content"),
    time("received_at"),
    Column("due_at", UtcDateTime),
    Column("attempts", Integer, nullable=False),
    PrimaryKeyConstraint("tenant", "image"),
    UniqueConstraint("tenant", "instance"),
    of_study(),
    # Of every table that goes with a study, so that deleting one looks nowhere else.
    Index(None, "tenant", "study"),
    Index(None, "tenant", "study_uid", "received_at"),
    Index(None, "due_at"),
)

# Apart from `images`, so that a list of studies never reads past megabytes of originals.
originals = Table(
    "originals",
    metadata,
    text("tenant"),
    text("image"),
    # Empty where the original is an object of the bucket.
    blob("sealed_original"),
    Column("object", Text),
    PrimaryKeyConstraint("tenant", "image"),
    ForeignKeyConstraint(["tenant", "image"], ["images.tenant", "images.id"], ondelete="CASCADE"),
    Index(None, "object", unique=True),
)

# Small WebP images for the worklist, made with the assessment or when they are first asked for.
thumbnails = Table(
    "thumbnails",
    metadata,
    text("tenant"),
    text("image"),
    blob("sealed"),
    PrimaryKeyConstraint("tenant", "image"),
    ForeignKeyConstraint(["tenant", "image"], ["images.tenant", "images.id"], ondelete="CASCADE"),
)

# How a person has set up their pages; nothing clinical.
preferences = Table(
    "preferences",
    metadata,
    text("tenant"),
    text("person"),
    text("name"),
    text("value"),
    PrimaryKeyConstraint("tenant", "person", "name"),
    of_person(),
)

# The person is named, not bound: what somebody said of an image outlives their account.
feedback = Table(
    "feedback",
    metadata,
    text("tenant"),
    text("id"),
    text("study"),
    text("image"),
    text("person"),
    time("created_at"),
    blob("sealed"),
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
    text("tenant"),
    text("study"),
    text("person"),
    time("at"),
    PrimaryKeyConstraint("tenant", "study", "person"),
    of_study(),
)

# The blind index: under each facet that a study shows, its bucket, fine and broad. All three are labels made with a key
# that the database does not have (app.security.blind_index).
worklist = Table(
    "worklist",
    metadata,
    text("tenant"),
    text("study"),
    blob("facet"),
    blob("bucket"),
    blob("broad_bucket"),
    time("created_at"),
    PrimaryKeyConstraint("tenant", "study", "facet"),
    of_study(),
    # Read backwards: the studies of one facet and bucket, newest first.
    Index(None, "tenant", "facet", "bucket", "created_at", "study"),
    Index(None, "tenant", "facet", "broad_bucket", "created_at", "study"),
)

audit = Table(
    "audit",
    metadata,
    text("tenant"),
    Column("sequence", Integer, autoincrement=False, nullable=False),
    time("at"),
    text("actor"),
    text("action"),
    text("subject"),
    blob("mac"),
    PrimaryKeyConstraint("tenant", "sequence"),
    # For who has viewed a study, and when.
    Index(None, "tenant", "subject", "at"),
)

# Disagreements of readers that a person closed. The person is named, not bound, as for feedback.
audit_exports = Table(
    "audit_exports",
    metadata,
    text("tenant"),
    text("receiver"),
    Column("sequence", Integer, nullable=False),
    PrimaryKeyConstraint("tenant", "receiver"),
)

closings = Table(
    "closings",
    metadata,
    text("tenant"),
    text("id"),
    text("study"),
    text("person"),
    time("created_at"),
    blob("sealed"),
    PrimaryKeyConstraint("tenant", "id"),
    of_study(),
    Index(None, "tenant", "study"),
)

# Signed reports, each version a row of its own.
reports = Table(
    "reports",
    metadata,
    text("tenant"),
    text("id"),
    text("study"),
    Column("version", Integer, nullable=False),
    text("person"),
    time("created_at"),
    blob("sealed"),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "study", "version"),
    of_study(),
)

# Requests that a program may repeat: under the digest of its key, the study that the first one made.
idempotency = Table(
    "idempotency",
    metadata,
    text("tenant"),
    text("person"),
    blob("digest"),
    blob("fingerprint"),
    text("study"),
    time("created_at"),
    blob("sealed"),
    PrimaryKeyConstraint("tenant", "person", "digest"),
    of_study(),
    Index(None, "tenant", "study"),
    Index(None, "created_at"),
)

# Names of refused files, for the next page of their sender; the names are sealed.
notices = Table(
    "notices",
    metadata,
    text("tenant"),
    text("id"),
    text("study"),
    text("person"),
    time("created_at"),
    blob("sealed"),
    PrimaryKeyConstraint("tenant", "id"),
    of_study(),
    Index(None, "tenant", "study", "person"),
    Index(None, "created_at"),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    text("tenant"),
    text("id"),
    text("channel"),
    text("address"),
    text("events"),
    time("created_at"),
    PrimaryKeyConstraint("tenant", "id"),
)

outbox = Table(
    "outbox",
    metadata,
    text("tenant"),
    text("id"),
    text("subscription"),
    text("event"),
    text("study"),
    time("created_at"),
    time("due_at"),
    Column("attempts", Integer, nullable=False),
    text("error"),
    Column("is_dead", Boolean, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    ForeignKeyConstraint(["tenant", "subscription"], ["subscriptions.tenant", "subscriptions.id"], ondelete="CASCADE"),
    of_study(),
    Index(None, "tenant", "study"),
    Index(None, "is_dead", "due_at"),
)
