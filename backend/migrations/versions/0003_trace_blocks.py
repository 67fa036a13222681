"""The words of each block of traces, on PostgreSQL."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# The planner takes a table of few rows for a small one, and would read the words of every block.
NEWEST = """CREATE FUNCTION newest_block(sought text, facets text[]) RETURNS bigint
    LANGUAGE plpgsql STABLE SET enable_seqscan = off SET enable_indexscan = off AS $$
    DECLARE wanted text[] := tsvector_to_array(to_tsvector('simple', sought)) || facets;
    BEGIN
        IF wanted = '{}' THEN
            RETURN (SELECT max(block) FROM trace_blocks);
        END IF;
        RETURN (SELECT max(block) FROM trace_blocks WHERE words @> wanted);
    END $$"""


def upgrade() -> None:
    """Add the table; workers fill it."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE TABLE trace_blocks (block bigint PRIMARY KEY, words text[] NOT NULL)")
        op.execute("CREATE INDEX ix_trace_blocks_words ON trace_blocks USING gin (words) WITH (fastupdate = off)")
        op.execute(NEWEST)


def downgrade() -> None:
    """Take it away again."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION newest_block(text, text[])")
        op.execute("DROP TABLE trace_blocks")
