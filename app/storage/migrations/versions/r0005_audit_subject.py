"""Find the audit entries of one subject: who has viewed a study, and when."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_audit_tenant_subject_at", "audit", ["tenant", "subject", "at"])
