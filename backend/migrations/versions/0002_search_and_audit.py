"""Full-text search over traces, and an audit log that only grows."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

FACETS = ("source", "license", "domain", "family", "difficulty", "upload_id")


def upgrade() -> None:
    """Add the search index and the triggers."""
    dialect = op.get_bind().dialect.name
    for statement in SQLITE_UP if dialect == "sqlite" else POSTGRESQL_UP:
        op.execute(statement)


def downgrade() -> None:
    """Take them away again."""
    dialect = op.get_bind().dialect.name
    for statement in SQLITE_DOWN if dialect == "sqlite" else POSTGRESQL_DOWN:
        op.execute(statement)


# Words and filters stand in one index, so that a common word with a rare filter costs no more than the rarer of them.
# A filter's token is its name with the hexadecimal digits of its value, in a column that no searched word looks at.
def tokens(row: str) -> str:
    """Return the SQL of the filter tokens of a row on SQLite."""
    return " || ".join(f"coalesce(' {name.replace('_', '')}' || hex({row}.{name}), '')" for name in FACETS)


# The index keeps no copy of the texts: a deleted row is taken out by giving its words once more.
PUT = f"""INSERT INTO traces_fts (rowid, words, facets) VALUES (new.seq, new.words, {tokens("new")});"""
TAKE = f"""INSERT INTO traces_fts (traces_fts, rowid, words, facets)
        VALUES ('delete', old.seq, old.words, {tokens("old")});"""

SQLITE_UP = [
    """CREATE VIRTUAL TABLE traces_fts
        USING fts5(words, facets, content='', prefix='3', tokenize='unicode61 remove_diacritics 0')""",
    f"CREATE TRIGGER traces_fts_insert AFTER INSERT ON traces BEGIN {PUT} END",
    f"CREATE TRIGGER traces_fts_delete AFTER DELETE ON traces BEGIN {TAKE} END",
    f"CREATE TRIGGER traces_fts_update AFTER UPDATE ON traces BEGIN {TAKE} {PUT} END",
    """CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN
        SELECT RAISE(ABORT, 'the audit log only grows');
    END""",
    """CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN
        SELECT RAISE(ABORT, 'the audit log only grows');
    END""",
]
SQLITE_DOWN = [
    "DROP TRIGGER audit_no_delete",
    "DROP TRIGGER audit_no_update",
    "DROP TRIGGER traces_fts_update",
    "DROP TRIGGER traces_fts_delete",
    "DROP TRIGGER traces_fts_insert",
    "DROP TABLE traces_fts",
]
LEXEMES = ", ".join(f"'{name.replace('_', '')}=' || {name}::text" for name in FACETS)
POSTGRESQL_UP = [
    f"""ALTER TABLE traces ADD COLUMN search tsvector GENERATED ALWAYS AS (
        to_tsvector('simple', words)
        || array_to_tsvector(array_remove(ARRAY[{LEXEMES}], NULL))
    ) STORED""",
    # The planner shall know how frequent the ten thousand most frequent words are, not only the first thousand.
    "ALTER TABLE traces ALTER COLUMN search SET STATISTICS 1000",
    "CREATE INDEX ix_traces_search ON traces USING gin (search)",
    """CREATE FUNCTION audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'the audit log only grows'; END $$""",
    """CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
        FOR EACH STATEMENT EXECUTE FUNCTION audit_only_grows()""",
]
POSTGRESQL_DOWN = [
    "DROP TRIGGER audit_no_change ON audit",
    "DROP FUNCTION audit_only_grows()",
    "DROP INDEX ix_traces_search",
    "ALTER TABLE traces DROP COLUMN search",
]
