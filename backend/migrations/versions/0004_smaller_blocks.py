"""Blocks of 1,024 places instead of 4,096: those kept before are numbered otherwise, and workers keep all anew."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Empty the table."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("TRUNCATE trace_blocks")


def downgrade() -> None:
    """Empty it again: the code before counts in blocks of 4,096."""
    upgrade()
