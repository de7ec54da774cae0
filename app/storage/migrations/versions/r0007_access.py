"""Tenants on purpose, five roles, disabled people, and credentials that only the holder of SECRET_KEY can issue.

API tokens, links and sessions were kept as plain SHA-256 digests, which somebody who writes the database could insert.
They are dropped: people sign in again, and programs need new tokens.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_PERSON = (["tenant", "person"], ["people.tenant", "people.id"])
_ROLES = "role IN ('clinician', 'reader', 'uploader', 'auditor', 'admin')"


def upgrade() -> None:
    """Make the tables anew but for people, who stay; `database migrate` authenticates their rows."""
    for table in ("api_tokens", "sign_in_links", "sessions"):
        op.drop_table(table)
    _people()
    _tenants()
    _credentials()
    _attempts()


def _people() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    columns = (
        sa.Column("is_enabled", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("mac", sa.LargeBinary, nullable=False, server_default=sa.text("x''" if is_sqlite else "''")),
    )
    if is_sqlite:
        # SQLite cannot change a constraint: the table is copied, without its old CHECK.
        with op.batch_alter_table("people", recreate="always") as batch:
            for column in columns:
                batch.add_column(column)
            batch.create_check_constraint(op.f("ck_people_role"), _ROLES)
        return
    op.drop_constraint(op.f("ck_people_role"), "people")
    op.create_check_constraint(op.f("ck_people_role"), "people", _ROLES)
    for column in columns:
        op.add_column("people", column)


def _tenants() -> None:
    op.create_table(
        "tenants",
        _text("tenant"),
        _time("created_at"),
        sa.PrimaryKeyConstraint("tenant", name="pk_tenants"),
    )
    op.execute(
        "INSERT INTO tenants (tenant, created_at) SELECT tenant, CURRENT_TIMESTAMP FROM "
        "(SELECT tenant FROM people UNION SELECT tenant FROM studies UNION SELECT 'default') AS known"
    )


def _credentials() -> None:
    op.create_table(
        "api_tokens",
        _text("tenant"),
        _text("id"),
        _text("person"),
        _blob("digest"),
        _text("scopes"),
        _time("created_at"),
        _time("expires_at", nullable=True),
        _time("last_used_at", nullable=True),
        _blob("mac"),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_api_tokens"),
        sa.UniqueConstraint("digest", name="uq_api_tokens_digest"),
        sa.ForeignKeyConstraint(*_PERSON, name="fk_api_tokens_people", ondelete="CASCADE"),
    )
    op.create_table(
        "sign_in_links",
        _text("tenant"),
        _blob("digest"),
        _text("person"),
        _time("expires_at"),
        _time("used_at", nullable=True),
        _blob("mac"),
        sa.PrimaryKeyConstraint("digest", name="pk_sign_in_links"),
        sa.ForeignKeyConstraint(*_PERSON, name="fk_sign_in_links_people", ondelete="CASCADE"),
    )
    op.create_table(
        "sessions",
        _text("tenant"),
        _text("id"),
        _text("person"),
        _blob("digest"),
        _time("created_at"),
        _time("expires_at"),
        _time("last_seen_at"),
        _blob("mac"),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_sessions"),
        sa.UniqueConstraint("digest", name="uq_sessions_digest"),
        sa.ForeignKeyConstraint(*_PERSON, name="fk_sessions_people", ondelete="CASCADE"),
    )


def _attempts() -> None:
    op.create_table(
        "sign_in_attempts",
        _text("tenant"),
        _text("id"),
        _blob("subject"),
        _time("at"),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_sign_in_attempts"),
    )
    op.create_index("ix_sign_in_attempts_tenant_subject_at", "sign_in_attempts", ["tenant", "subject", "at"])


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _blob(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=False)


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
