"""Alembic's entry: runs the migrations on the database that the caller names."""

from alembic import context
from sqlalchemy import JSON, create_engine, pool

from tunix_rt_backend.tables import Base, UtcDateTime

config = context.config


def include(obj, name, kind, reflected, compare_to):
    """Leave out what only a migration knows: full-text tables of SQLite, search column and blocks of PostgreSQL."""
    if kind == "table" and name.startswith(("traces_fts", "trace_blocks")):
        return False
    return not (reflected and name in {"search", "ix_traces_search"})


def render(kind, obj, autogen_context):
    """Write our column types in a new migration as plain SQLAlchemy, so that old migrations need no code of today."""
    if kind == "type" and isinstance(obj, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(obj, JSON) and "postgresql" in obj._variant_mapping:
        autogen_context.imports.add("from sqlalchemy.dialects import postgresql")
        return "sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')"
    return False


def run() -> None:
    """Run the migrations in one transaction where the database can."""
    engine = create_engine(config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_object=include,
            compare_type=True,
            render_item=render,
            render_as_batch=connection.dialect.name == "sqlite",
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
