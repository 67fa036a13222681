"""The words of each block of traces, on PostgreSQL."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; workers fill it."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE TABLE trace_blocks (block bigint PRIMARY KEY, words text[] NOT NULL)")
        op.execute("CREATE INDEX ix_trace_blocks_words ON trace_blocks USING gin (words) WITH (fastupdate = off)")


def downgrade() -> None:
    """Take it away again."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TABLE trace_blocks")
