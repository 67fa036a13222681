"""Traces on the wire: written, listed, read, compared, scored and rated; what a trace is says `tunix_rt.trace`."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from fastapi import Query
from pydantic import ConfigDict, Field, StringConstraints, field_validator, model_validator

from tunix_rt.trace import TRACE_VERSION, ReasoningTrace
from tunix_rt_backend.schemas.pages import MOST, NO_NUL, Body, Cursor, Limit, Moment, Offset, Text, Wire

Tag = Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\s\x00-\x1f](?:[^\x00-\x1f]*[^\s\x00-\x1f])?$")]
"""A word or a few that people put on traces, without white space around them."""
MAX_BATCH = 1000
"""Most traces of one batch."""

_FILLED = r"^[^\x00]*[^\s\x00][^\x00]*$"
Prose = Annotated[str, StringConstraints(min_length=1, max_length=50_000, pattern=_FILLED)]
Thought = Annotated[str, StringConstraints(min_length=1, max_length=20_000, pattern=_FILLED)]
StepNumber = Annotated[int, Field(ge=0, le=MOST)]


class StepBody(Body):
    """One trace step."""

    i: StepNumber
    """Number of the step, unique in its trace."""
    type: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NO_NUL)] = "step"
    """Kind of step, for people."""
    content: Thought
    """What it says; white space around it is stripped."""


class TraceBody(Body):
    """A trace to be kept."""

    trace_version: Literal["1.0"] = TRACE_VERSION
    """Version of the trace format."""
    prompt: Prose
    """What is asked."""
    steps: list[StepBody] = Field(min_length=1, max_length=1000)
    """The reasoning, in order."""
    final_answer: Prose
    """The answer; white space around it is stripped."""
    meta: dict[str, Any] | None = None
    """`id`, `source`, `license`, `domain`, `family`, `difficulty`, …"""


BatchBody = Annotated[list[TraceBody], Field(min_length=1, max_length=MAX_BATCH)]


class TraceCreated(Wire):
    """A trace that is kept now."""

    id: uuid.UUID
    """Its name from now on."""
    created_at: datetime
    """When it came in."""
    trace_version: str
    """Version of the trace format."""


class BatchCreated(Wire):
    """Traces that are kept now, all of them."""

    created_count: int
    """How many."""
    traces: list[TraceCreated]
    """In the order in which they were sent."""


class TraceListed(Wire):
    """A trace in a list; its steps and meta are in the trace itself."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    """Name of the trace."""
    created_at: datetime
    """When it came in."""
    trace_version: str
    """Version of the trace format."""
    prompt: str
    """The first 300 characters of what is asked."""
    final_answer: str
    """The first 300 characters of the answer."""
    source: str | None
    """`meta.source`, as the next four are theirs, cut to the width that filters compare."""
    license: str | None
    """Licence of the text."""
    domain: str | None
    """Field of knowledge."""
    family: str | None
    """Kind of problem."""
    difficulty: str | None
    """How hard it is."""
    upload_id: uuid.UUID | None
    """Upload that it came with; None: it was sent alone or in a batch."""
    tags: list[str]
    """What people put on it, in alphabetical order."""


class TraceRead(Wire):
    """A whole trace."""

    id: uuid.UUID
    """Name of the trace."""
    created_at: datetime
    """When it came in."""
    trace_version: str
    """Version of the trace format."""
    payload: ReasoningTrace
    """The trace."""


class TraceScored(TraceRead):
    """A whole trace with its structural score."""

    score: float
    """Structural score, 0 to 100; it is not kept."""


class TraceTokens(Wire):
    """A trace as the tokens that a base model reads."""

    model_id: str
    """The base model."""
    texts: list[str]
    """What each token stands for, in order."""
    given: int
    """The first so many are given to the model, begin of text included; it is trained to write the others."""
    max_length: int
    """Tokens of a row, if a run does not ask for others; a longer trace is refused or left out, and never cut."""


class StepChange(Wire):
    """What became of one step."""

    change: Literal["same", "changed", "added", "removed"]
    """`added`: only in the other trace; `removed`: only in the base."""
    base_i: int | None
    """Number of the step in the base; None if it was added."""
    other_i: int | None
    """Number of the step in the other trace; None if it was removed."""


class TraceDifference(Wire):
    """How two traces differ."""

    same_prompt: bool
    """Whether they answer the same prompt."""
    same_answer: bool
    """Whether their final answers are the same text."""
    steps: list[StepChange]
    """Every step of both, in reading order."""


class TracesCompared(Wire):
    """Two traces side by side."""

    base: TraceScored
    """The one that is compared with."""
    other: TraceScored
    """The one that is compared."""
    difference: TraceDifference
    """How they differ, step by step."""


class TracesDeleted(Wire):
    """Traces that are gone."""

    deleted_count: int
    """How many."""


class FacetValue(Wire):
    """A value that traces have, and how many have it."""

    value: str
    """The value, as the filter takes it."""
    count: int
    """Traces with it; at most the cap."""
    capped: bool
    """Whether there may be more than were counted."""


class Facets(Wire):
    """The values that filters can take."""

    source: list[FacetValue]
    """Sources, in alphabetical order, as all of these."""
    license: list[FacetValue]
    """Licences."""
    domain: list[FacetValue]
    """Fields of knowledge."""
    family: list[FacetValue]
    """Kinds of problems."""
    difficulty: list[FacetValue]
    """Difficulties."""
    tag: list[FacetValue]
    """Tags."""
    truncated: list[str]
    """Filters with more values than are shown."""


class TraceQuery(Wire):
    """Which traces are listed; all filters must hold."""

    source: Text | None = Query(None, max_length=256, description="Exactly this `meta.source`.")
    license: Text | None = Query(None, max_length=128, description="Exactly this `meta.license`.")
    domain: Text | None = Query(None, max_length=128, description="Exactly this `meta.domain`.")
    family: Text | None = Query(None, max_length=128, description="Exactly this `meta.family`.")
    difficulty: Text | None = Query(None, max_length=32, description="Exactly this `meta.difficulty`.")
    upload_id: uuid.UUID | None = Query(None, description="Came with this upload.")
    tag: Text | None = Query(None, max_length=64, description="Has this tag.")
    created_after: Moment | None = Query(None, description="At this moment or later.")
    created_before: Moment | None = Query(None, description="Earlier than this moment.")
    q: str | None = Query(
        None,
        max_length=500,
        pattern=NO_NUL,
        description='Words that must all be there; `"a phrase"`, `begin*`. Case does not matter.',
    )

    limit: Limit = 20
    offset: Offset = 0
    cursor: Cursor = None

    @field_validator("q")
    @classmethod
    def _empty_is_none(cls, q: str | None) -> str | None:
        return q or None


class TagBody(Body):
    """Which traces are tagged, and with what."""

    trace_ids: list[uuid.UUID] = Field(min_length=1, max_length=MAX_BATCH)
    """The traces; one that is gone is passed over."""
    add: list[Tag] = Field(default_factory=list, max_length=16)
    """Tags to put on."""
    remove: list[Tag] = Field(default_factory=list, max_length=16)
    """Tags to take off, before others are put on."""

    @model_validator(mode="after")
    def _names_a_tag(self) -> Self:
        if not self.add and not self.remove:
            raise ValueError("name a tag to add or to remove")
        return self


class TracesTagged(Wire):
    """What became of it."""

    matching: int
    """Traces that are here."""
    changed: int
    """Tags that were put on or taken off; those that were so already are not counted."""


class ScoreBody(Body):
    """What to judge a trace by."""

    criteria: Literal["structure", "arithmetic", "answer", "baseline"]
    """`structure`: form of the reasoning; `arithmetic`: each equation computed again; `answer`: whether the last step
    arrives at the answer; `baseline`: earlier name of `structure`."""


class ScoreRead(Wire):
    """A grader's verdict on a trace."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    """Name of the verdict."""
    trace_id: uuid.UUID
    """The trace."""
    criteria: Literal["structure", "arithmetic", "answer"]
    """What it was judged by."""
    score: float | None
    """0 to 100; None: not scored, and `details.reason` says why."""
    details: dict[str, Any]
    """What the score is made of."""
    created_at: datetime
    """When it was judged."""


class RatingBody(Body):
    """What a person thinks of a trace or of one of its steps."""

    rating: Annotated[int, Field(ge=1, le=5)]
    """1 (useless) to 5 (exemplary)."""
    step_i: StepNumber | None = None
    """Number of the rated step; None: the trace as a whole."""
    comment: Annotated[str, StringConstraints(max_length=5_000, pattern=NO_NUL)] | None = None
    """Why."""
    rater: Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=NO_NUL)] | None = None
    """Who rates; None: the one who asks."""


class RatingRead(Wire):
    """A person's rating."""

    trace_id: uuid.UUID
    """The trace."""
    step_i: int | None
    """Number of the rated step; None: the trace as a whole."""
    rater: str
    """Who rated."""
    rating: int
    """1 (useless) to 5 (exemplary)."""
    comment: str | None
    """Why."""
    created_at: datetime
    """When this was last said."""
