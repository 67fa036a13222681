"""Tags of traces."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table, and the index that finds the newest traces with a tag."""
    op.create_table(
        "trace_tags",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("tag", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["traces.seq"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("seq", "tag"),
    )
    op.create_index("ix_trace_tags_tag", "trace_tags", ["tag", "seq"], unique=False)


def downgrade() -> None:
    """Take them away again."""
    op.drop_index("ix_trace_tags_tag", "trace_tags")
    op.drop_table("trace_tags")
