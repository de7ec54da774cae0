"""The first tables: people and how they sign in, studies with their images, the audit log."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_PERSON = (["tenant", "person"], ["people.tenant", "people.id"])


def upgrade() -> None:
    """Create them all."""
    _people()
    _credentials()
    _studies()
    _audit()


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _blob(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=False)


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _people() -> None:
    op.create_table(
        "people",
        _text("tenant"),
        _text("id"),
        _text("name"),
        _text("role"),
        sa.Column("password_hash", sa.Text),
        _time("created_at"),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_people"),
        sa.UniqueConstraint("tenant", "name", name="uq_people_tenant_name"),
        sa.CheckConstraint("role IN ('clinician', 'admin')", name=op.f("ck_people_role")),
    )


def _credentials() -> None:
    op.create_table(
        "api_tokens",
        _text("tenant"),
        _text("id"),
        _text("person"),
        _blob("digest"),
        _time("created_at"),
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
        sa.PrimaryKeyConstraint("digest", name="pk_sign_in_links"),
        sa.ForeignKeyConstraint(*_PERSON, name="fk_sign_in_links_people", ondelete="CASCADE"),
    )
    op.create_table(
        "sessions",
        _text("tenant"),
        _blob("digest"),
        _text("person"),
        _time("expires_at"),
        sa.PrimaryKeyConstraint("digest", name="pk_sessions"),
        sa.ForeignKeyConstraint(*_PERSON, name="fk_sessions_people", ondelete="CASCADE"),
    )


def _studies() -> None:
    op.create_table(
        "studies",
        _text("tenant"),
        _text("id"),
        _time("created_at"),
        _text("created_by"),
        _blob("wrapped_key"),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_studies"),
    )
    op.create_index("ix_studies_tenant_created_at_id", "studies", ["tenant", "created_at", "id"])
    op.create_table(
        "images",
        _text("tenant"),
        _text("id"),
        _text("study"),
        sa.Column("position", sa.Integer, nullable=False),
        _time("created_at"),
        _blob("sealed_reading"),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_images"),
        sa.UniqueConstraint("tenant", "study", "position", name="uq_images_tenant_study_position"),
        sa.ForeignKeyConstraint(
            ["tenant", "study"], ["studies.tenant", "studies.id"], name="fk_images_studies", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "originals",
        _text("tenant"),
        _text("image"),
        _blob("sealed_original"),
        sa.PrimaryKeyConstraint("tenant", "image", name="pk_originals"),
        sa.ForeignKeyConstraint(
            ["tenant", "image"], ["images.tenant", "images.id"], name="fk_originals_images", ondelete="CASCADE"
        ),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        _text("tenant"),
        sa.Column("sequence", sa.Integer, autoincrement=False, nullable=False),
        _time("at"),
        _text("actor"),
        _text("action"),
        _text("subject"),
        _blob("mac"),
        sa.PrimaryKeyConstraint("tenant", "sequence", name="pk_audit"),
    )
