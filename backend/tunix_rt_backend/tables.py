"""Tables, in the order in which data flows: people's rows first, then the index of folders, the queue, and access.

`uploads`, `traces`, `trace_tags`, `scores`, `ratings`, `jobs`, `tokens`, `sessions` and `audit` are the truth
themselves; `datasets`, `tunix_runs`, `evaluations` and `submissions` are an index that `tunix-rt index` makes again
from the folders. An index row names what it came from by key and digest and has no foreign key: its folder may be here
without the other one.
Full-text search (`traces_fts` on SQLite, `traces.search` on PostgreSQL) and the triggers that keep `audit` append-only
are made by the migrations, since neither has a portable name in SQLAlchemy.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Json = JSON().with_variant(JSONB(), "postgresql")
JsonText = JSON()
"""JSON kept as it was written: JSONB would turn the float 1e22 into an integer, and the digest of a row with it."""
BigId = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite numbers rows by itself only in a column of type INTEGER, which has 64 bits there."""


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC; one without a time zone is refused, and none ever comes back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment in UTC; raise ValueError if it has no time zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone; give datetime.now(UTC)")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment with its time zone."""
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def utc_now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """Root of every table."""

    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: Json, list[Any]: Json, uuid.UUID: Uuid}


class Upload(Base):
    """One file that was sent: a repeated one (same key, or same content and settings) inserts nothing twice."""

    __tablename__ = "uploads"
    __table_args__ = (Index("ix_uploads_created", "created_at", "id"), Index("ix_uploads_digest", "digest"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    idempotency_key: Mapped[str | None] = mapped_column(String(128), unique=True)
    digest: Mapped[str | None] = mapped_column(String(71))
    """Digest of the bytes as sent; None while they arrive."""
    source_name: Mapped[str] = mapped_column(String(256))
    schema_name: Mapped[str | None] = mapped_column(String(64))
    settings: Mapped[dict[str, Any]]
    """`on_error`, `schema`, `mapping`, `license` as asked."""
    status: Mapped[str] = mapped_column(String(16))
    """receiving | reading | inserting | completed | failed | deleting"""
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    rows_read: Mapped[int] = mapped_column(BigInteger, default=0)
    rows_rejected: Mapped[int] = mapped_column(BigInteger, default=0)
    rows_inserted: Mapped[int] = mapped_column(BigInteger, default=0)
    errors: Mapped[list[Any]]
    """The first rows with an error, each as a RowError."""
    reasons: Mapped[dict[str, Any]]
    """How often each reason came."""
    detail: Mapped[str | None] = mapped_column(Text)
    """Why it failed."""
    actor: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]


class Trace(Base):
    """A reasoning trace; `seq` is the order of arrival, and what cursors count in."""

    __tablename__ = "traces"
    __table_args__ = (
        Index("ix_traces_source", "source", "seq"),
        Index("ix_traces_license", "license", "seq"),
        Index("ix_traces_domain", "domain", "seq"),
        Index("ix_traces_family", "family", "seq"),
        Index("ix_traces_difficulty", "difficulty", "seq"),
        Index("ix_traces_upload", "upload_id", "seq"),
        Index("ix_traces_created", "created_at", "seq"),
    )

    seq: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    id: Mapped[uuid.UUID] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    trace_version: Mapped[str] = mapped_column(String(64))
    prompt: Mapped[str] = mapped_column(Text)
    steps: Mapped[list[Any]] = mapped_column(JsonText)
    """The trace steps, each `{i, type, content}`."""
    final_answer: Mapped[str] = mapped_column(Text)
    meta: Mapped[dict[str, Any]] = mapped_column(JsonText)
    source: Mapped[str | None] = mapped_column(String(256))
    """`meta.source`, cut to 256 characters, as the next four are to theirs: for filters."""
    license: Mapped[str | None] = mapped_column(String(128))
    domain: Mapped[str | None] = mapped_column(String(128))
    family: Mapped[str | None] = mapped_column(String(128))
    difficulty: Mapped[str | None] = mapped_column(String(32))
    words: Mapped[str] = mapped_column(Text)
    """The words of prompt, steps and answer as `services.words.words` finds them: what both databases index."""
    upload_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("uploads.id", ondelete="SET NULL"))
    upload_row: Mapped[int | None] = mapped_column(BigInteger)
    """Number of the row in its upload, from 1."""


class TraceTag(Base):
    """A word that people put on a trace, which itself never changes."""

    __tablename__ = "trace_tags"
    __table_args__ = (Index("ix_trace_tags_tag", "tag", "seq"),)

    seq: Mapped[int] = mapped_column(
        BigId, ForeignKey("traces.seq", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    """The trace's `seq`, which lists are ordered by."""
    tag: Mapped[str] = mapped_column(String(64), primary_key=True)


class TraceScore(Base):
    """A grader's verdict on a trace; each call adds one."""

    __tablename__ = "scores"
    __table_args__ = (Index("ix_scores_trace", "trace_id", "criteria", "created_at"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    trace_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("traces.id", ondelete="CASCADE"))
    criteria: Mapped[str] = mapped_column(String(64))
    """structure | arithmetic | answer"""
    score: Mapped[float | None] = mapped_column(Float)
    """0 to 100; None: not scored, and `details` says why."""
    details: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class Rating(Base):
    """What a person thinks of a trace, or of one of its steps; a rater's newer rating replaces the older."""

    __tablename__ = "ratings"
    __table_args__ = (
        UniqueConstraint("trace_id", "step_i", "rater", name="uq_ratings_rater"),
        Index("ix_ratings_trace", "trace_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    trace_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("traces.id", ondelete="CASCADE"))
    step_i: Mapped[int] = mapped_column(BigInteger)
    """Number `i` of the rated trace step; -1: the trace as a whole (a unique constraint does not see NULL)."""
    rater: Mapped[str] = mapped_column(String(128))
    rating: Mapped[int] = mapped_column(Integer)
    """1 (useless) to 5 (exemplary)."""
    comment: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]


class DatasetRow(Base):
    """A frozen dataset folder."""

    __tablename__ = "datasets"
    __table_args__ = (
        Index("ix_datasets_created", "created_at", "key"),
        Index("ix_datasets_name", "name", "created_at"),
    )

    key: Mapped[str] = mapped_column(String(256), primary_key=True)
    name: Mapped[str] = mapped_column(String(128))
    version: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(71), index=True)
    created_at: Mapped[datetime]
    rows: Mapped[int] = mapped_column(BigInteger)
    bytes: Mapped[int] = mapped_column(BigInteger)
    splits: Mapped[dict[str, Any]]
    licenses: Mapped[dict[str, Any]]
    families: Mapped[dict[str, Any]]
    counts: Mapped[dict[str, Any]]


class Run(Base):
    """A run: its folder's manifest, or a queued job whose folder the worker has not made yet."""

    __tablename__ = "tunix_runs"
    __table_args__ = (
        Index("ix_runs_created", "created_at", "run_id"),
        Index("ix_runs_status", "status", "created_at", "run_id"),
        Index("ix_runs_kind", "kind", "created_at", "run_id"),
        Index("ix_runs_dataset", "dataset_key", "created_at", "run_id"),
        Index("ix_runs_model", "model_id", "created_at", "run_id"),
        Index("ix_runs_mode", "mode", "created_at", "run_id"),
    )

    run_id: Mapped[str] = mapped_column(String(256), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    """sft | grpo | session"""
    mode: Mapped[str] = mapped_column(String(16))
    """async: started by this service; local: found as a folder; import: taken in from elsewhere"""
    status: Mapped[str] = mapped_column(String(16))
    """Status of the manifest; `queued` before there is one."""
    stage: Mapped[str] = mapped_column(String(64))
    dataset_key: Mapped[str | None] = mapped_column(String(256))
    dataset_digest: Mapped[str | None] = mapped_column(String(71))
    model_id: Mapped[str] = mapped_column(String(256))
    seed: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    duration_seconds: Mapped[float | None] = mapped_column(Float)
    """From the start of the newest attempt to its end; waiting in the queue is not counted."""
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    error: Mapped[dict[str, Any] | None] = mapped_column(Json)
    results: Mapped[dict[str, Any]]
    """The run's own last figures."""
    config: Mapped[dict[str, Any]]
    """The resolved configuration."""
    git_commit: Mapped[str | None] = mapped_column(String(64))
    device: Mapped[str | None] = mapped_column(String(256))
    manifest_digest: Mapped[str | None] = mapped_column(String(71))


class EvaluationRow(Base):
    """An evaluation folder; the leaderboard is a query over these."""

    __tablename__ = "evaluations"
    __table_args__ = (
        Index("ix_evaluations_created", "created_at", "evaluation_id"),
        Index("ix_evaluations_run", "run_id", "created_at"),
        Index("ix_evaluations_board", "task_digest", "contract_digest", "mark"),
        Index("ix_evaluations_task", "task_name", "created_at"),
        Index("ix_evaluations_model", "model_name", "created_at"),
        Index("ix_evaluations_dataset", "dataset_key", "created_at"),
    )

    evaluation_id: Mapped[str] = mapped_column(String(256), primary_key=True)
    digest: Mapped[str] = mapped_column(String(71))
    created_at: Mapped[datetime]
    run_id: Mapped[str | None] = mapped_column(String(256))
    """Run whose model was measured; None: a base model."""
    model_name: Mapped[str] = mapped_column(String(256))
    adapter_digest: Mapped[str | None] = mapped_column(String(71))
    dataset_key: Mapped[str | None] = mapped_column(String(256))
    task_name: Mapped[str] = mapped_column(String(256))
    task_split: Mapped[str] = mapped_column(String(64))
    task_digest: Mapped[str] = mapped_column(String(71))
    contract_digest: Mapped[str] = mapped_column(String(71))
    prompt_name: Mapped[str] = mapped_column(String(32))
    """contract | few_shot_plain | few_shot_turns"""
    prompt_digest: Mapped[str] = mapped_column(String(71))
    n: Mapped[int] = mapped_column(BigInteger)
    strict: Mapped[float | None] = mapped_column(Float)
    lenient: Mapped[float | None] = mapped_column(Float)
    metrics: Mapped[dict[str, Any]]
    """The manifest's metrics, with their intervals; `imported`, if the folder was taken in from elsewhere;
    `verified`, if its items and verdicts were made again; and `stale`, if its run trained on since."""
    strict_outcomes: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    """One byte an item, as `tunix_rt.leaderboard.outcomes` makes them: thousands are paired without reading samples."""
    lenient_outcomes: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    """The same for lenient scores."""
    mark: Mapped[int] = mapped_column(BigInteger)
    """40 bits of a digest of id and digest: the sum over a board tells whether one came or went.

    Below 0: it came from elsewhere and is not verified, so that it has no rank, and no say in what is shown.
    """
    git_commit: Mapped[str | None] = mapped_column(String(64))
    device: Mapped[str | None] = mapped_column(String(256))


class SubmissionRow(Base):
    """A bundle of a run and all that it came from."""

    __tablename__ = "submissions"
    __table_args__ = (
        Index("ix_submissions_created", "created_at", "submission_id"),
        Index("ix_submissions_run", "run_id", "created_at"),
    )

    submission_id: Mapped[str] = mapped_column(String(256), primary_key=True)
    digest: Mapped[str] = mapped_column(String(71))
    run_id: Mapped[str] = mapped_column(String(256))
    created_at: Mapped[datetime]
    bytes: Mapped[int] = mapped_column(BigInteger)
    manifest: Mapped[dict[str, Any]]


class WorkerRow(Base):
    """A worker process, alive while its heartbeat is young."""

    __tablename__ = "workers"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    host: Mapped[str] = mapped_column(String(256))
    pid: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[str] = mapped_column(String(64))
    slots: Mapped[int] = mapped_column(Integer)
    started_at: Mapped[datetime]
    heartbeat_at: Mapped[datetime] = mapped_column(index=True)
    stopped_at: Mapped[datetime | None]


class Job(Base):
    """An item of the queue: one command line that a worker carries out."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_queue", "status", "priority", "seq"),
        Index("ix_jobs_lease", "status", "lease_until"),
        Index("ix_jobs_run", "run_id", "seq"),
        Index("ix_jobs_kind", "kind", "seq"),
    )

    seq: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    id: Mapped[uuid.UUID] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(String(32))
    """sft | grpo | session | eval | submission"""
    run_id: Mapped[str | None] = mapped_column(String(256))
    """The run that is made (sft, grpo, session), measured (eval) or bundled (submission)."""
    status: Mapped[str] = mapped_column(String(16))
    """queued | running | completed | stopped | failed | cancelled"""
    priority: Mapped[int] = mapped_column(Integer, default=0)
    """Higher goes first; in one priority the older."""
    spec: Mapped[dict[str, Any]]
    """What the executor needs to write the command line: the configuration, the model, the task."""
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    max_attempts: Mapped[int] = mapped_column(Integer, default=3)
    available_at: Mapped[datetime]
    """Not claimed before this moment: retries wait."""
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    worker_id: Mapped[uuid.UUID | None]
    lease_until: Mapped[datetime | None]
    pid: Mapped[int | None] = mapped_column(BigInteger)
    """Process group of the command, on the worker's host."""
    exit_code: Mapped[int | None] = mapped_column(Integer)
    reason: Mapped[str | None] = mapped_column(Text)
    """Why it ended as it did, in a sentence."""
    result: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """The JSON object that the command printed last."""
    actor: Mapped[str] = mapped_column(String(128))
    idempotency_key: Mapped[str | None] = mapped_column(String(128), unique=True)
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class Token(Base):
    """An API token; only its digest is kept."""

    __tablename__ = "tokens"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(128), unique=True)
    secret_digest: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of the 32 random bytes of the token, as hexadecimal: a random secret needs no slow hash."""
    scope: Mapped[str] = mapped_column(String(16))
    """read | write | admin; each includes the ones before it"""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class CookieSession(Base):
    """A browser that showed a token once."""

    __tablename__ = "sessions"

    id_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    token_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tokens.id", ondelete="CASCADE"), index=True)
    csrf_digest: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class AuditEntry(Base):
    """One change, in the same transaction as the change itself; rows are never changed or deleted."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_at", "at"),
        Index("ix_audit_actor", "actor", "seq"),
        Index("ix_audit_action", "action", "seq"),
    )

    seq: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(128))
    """Name of the token, `local` without one, `cli`, or `worker`."""
    action: Mapped[str] = mapped_column(String(64))
    """Operation id of the route, or the command."""
    target: Mapped[str | None] = mapped_column(String(512))
    """What was changed, by its id or name."""
    request_id: Mapped[str | None] = mapped_column(String(64))
    detail: Mapped[dict[str, Any]]
