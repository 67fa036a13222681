"""Full-text search over traces, and an audit log that only grows."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STEPS = "(SELECT group_concat(json_extract(value, '$.content'), char(10)) FROM json_each({row}.steps))"


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


# The index keeps no copy of the texts: a deleted row is taken out by giving its words once more.
SQLITE_UP = [
    "CREATE VIRTUAL TABLE traces_fts USING fts5(prompt, steps, final_answer, content='', detail=full)",
    f"""CREATE TRIGGER traces_fts_insert AFTER INSERT ON traces BEGIN
        INSERT INTO traces_fts (rowid, prompt, steps, final_answer)
        VALUES (new.seq, new.prompt, {STEPS.format(row="new")}, new.final_answer);
    END""",
    f"""CREATE TRIGGER traces_fts_delete AFTER DELETE ON traces BEGIN
        INSERT INTO traces_fts (traces_fts, rowid, prompt, steps, final_answer)
        VALUES ('delete', old.seq, old.prompt, {STEPS.format(row="old")}, old.final_answer);
    END""",
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
    "DROP TRIGGER traces_fts_delete",
    "DROP TRIGGER traces_fts_insert",
    "DROP TABLE traces_fts",
]
POSTGRESQL_UP = [
    """ALTER TABLE traces ADD COLUMN search tsvector GENERATED ALWAYS AS (
        to_tsvector('simple', prompt)
        || jsonb_to_tsvector('simple', jsonb_path_query_array(steps::jsonb, '$[*].content'), '["string"]')
        || to_tsvector('simple', final_answer)
    ) STORED""",
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
