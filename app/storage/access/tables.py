"""Tables of people and of what lets them in. `mac` authenticates a row that decides access; see app.security."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    false,
    true,
)

from app.storage.columns import UtcDateTime, blob, metadata, of_person, text, time

tenants = Table(
    "tenants",
    metadata,
    text("tenant"),
    time("created_at"),
    PrimaryKeyConstraint("tenant"),
)

# `mac` authenticates a row that decides access (app.security.access_seal); the database cannot make one.
people = Table(
    "people",
    metadata,
    text("tenant"),
    text("id"),
    text("name"),
    text("role"),
    Column("password_hash", Text),
    time("created_at"),
    Column("is_enabled", Boolean, nullable=False, server_default=true()),
    Column("has_second_factor", Boolean, nullable=False, server_default=false()),
    blob("mac"),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "name"),
    CheckConstraint("role IN ('clinician', 'reader', 'uploader', 'auditor', 'admin')", name="role"),
)

# Digests are keyed: one that was made without SECRET_KEY matches no token.
api_tokens = Table(
    "api_tokens",
    metadata,
    text("tenant"),
    text("id"),
    text("person"),
    blob("digest"),
    # Separated by spaces; empty for everything that the person may do.
    text("scopes"),
    time("created_at"),
    Column("expires_at", UtcDateTime),
    Column("last_used_at", UtcDateTime),
    blob("mac"),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("digest"),
    of_person(),
)

sign_in_links = Table(
    "sign_in_links",
    metadata,
    text("tenant"),
    blob("digest"),
    text("person"),
    time("expires_at"),
    Column("used_at", UtcDateTime),
    blob("mac"),
    PrimaryKeyConstraint("digest"),
    of_person(),
)

sessions = Table(
    "sessions",
    metadata,
    text("tenant"),
    text("id"),
    text("person"),
    blob("digest"),
    time("created_at"),
    time("expires_at"),
    time("last_seen_at"),
    text("method"),
    text("browser"),
    text("address"),
    # What is missing before the session lets anybody in; empty for a whole one.
    Column("awaits", Text, nullable=False, server_default=""),
    blob("mac"),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("digest"),
    of_person(),
)

# Sealed and bound to the person by SECRET_KEY.
second_factors = Table(
    "second_factors",
    metadata,
    text("tenant"),
    text("person"),
    blob("sealed"),
    PrimaryKeyConstraint("tenant", "person"),
    of_person(),
)

identities = Table(
    "identities",
    metadata,
    text("tenant"),
    text("person"),
    text("issuer"),
    text("subject"),
    blob("mac"),
    PrimaryKeyConstraint("tenant", "person"),
    UniqueConstraint("tenant", "issuer", "subject"),
    of_person(),
)

passkeys = Table(
    "passkeys",
    metadata,
    text("tenant"),
    text("id"),
    text("person"),
    blob("credential"),
    blob("public_key"),
    Column("sign_count", BigInteger, nullable=False),
    text("label"),
    time("created_at"),
    Column("last_used_at", UtcDateTime),
    blob("mac"),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("credential"),
    of_person(),
)

# Refused sign-ins of the last minutes; `subject` is a keyed digest of an account, an address, or both.
sign_in_attempts = Table(
    "sign_in_attempts",
    metadata,
    text("tenant"),
    text("id"),
    blob("subject"),
    time("at"),
    PrimaryKeyConstraint("tenant", "id"),
    Index(None, "tenant", "subject", "at"),
)
