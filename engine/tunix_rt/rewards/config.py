"""RewardsConfig: which terms a reward is made of, and how much each weighs.

    # tunix-rt rewards check --rewards configs/rewards-shown-work.yaml
    kind: rewards
    terms:
      - {kind: correctness, weight: 1.0, options: {lenient: 0.2}}
      - {kind: format, weight: 0.2}

It does not know how a term is computed.
"""

from __future__ import annotations

import difflib
from typing import Any, Literal, cast
from urllib.parse import urlsplit

from pydantic import Field, JsonValue, ValidationError, field_validator, model_validator

from tunix_rt.formats import Format, digest_value

TermKind = Literal["correctness", "format", "steps", "follows", "length", "relevance", "judge"]
"""Names of the terms; docs/rewards.md says what each pays and how it can be gamed."""


class NoOptions(Format):
    """A term without options."""


class CorrectnessOptions(Format):
    """What a right answer earns outside the prompt form."""

    lenient: float = Field(0.0, ge=0, lt=1)
    """Value of a right answer that only the lenient grader finds; 0: the form is a condition."""


class FormatOptions(Format):
    """When the format term has done its work."""

    decay_at: float | None = Field(0.95, gt=0, lt=1)
    """Share of well-formed completions from which the weight falls, to 0 where all are; None: it never falls."""
    window: int = Field(256, ge=1, le=100_000)
    """Newest completions that the share is taken over; before there are so many the whole weight counts."""


class FollowsOptions(Format):
    """What an answer earns that the last trace step does not derive."""

    mentioned: float = Field(0.5, ge=0, le=1)
    """Value of an answer that stands in an earlier trace step."""


class LengthOptions(Format):
    """Where a completion begins to be too long."""

    soft: float = Field(0.8, gt=0, le=1)
    """Share of `max_new_tokens` from which the penalty grows, from 0 to -1 at the limit."""


class JudgeOptions(Format):
    """A judge of your own, asked over HTTP."""

    url: str
    """Address that takes `{"items": [{"prompt", "target", "completion"}]}` and gives `{"scores": [0.5, null, …]}`."""
    timeout_seconds: float = Field(30.0, gt=0, le=600)
    """Longest wait for the scores of one call; after it every completion of the call is a fault."""

    @field_validator("url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("a judge needs the address of a service, such as http://127.0.0.1:9000/judge")
        return url


OPTIONS: dict[TermKind, type[Format]] = {
    "correctness": CorrectnessOptions,
    "format": FormatOptions,
    "steps": NoOptions,
    "follows": FollowsOptions,
    "length": LengthOptions,
    "relevance": NoOptions,
    "judge": JudgeOptions,
}
"""Class of the options of each term."""


class RewardTerm(Format):
    """One part of a reward."""

    kind: TermKind
    """Which term."""
    weight: float = Field(1.0, ge=0, le=1000)
    """What its value is multiplied by; 0: it is measured and not paid."""
    options: dict[str, JsonValue] = Field(default_factory=dict)
    """Options of the term (`tunix-rt rewards list`)."""

    @model_validator(mode="after")
    def _options_are_known(self) -> RewardTerm:
        cls = OPTIONS[self.kind]
        try:
            cls.model_validate(self.options)
        except ValidationError as error:
            raise ValueError(_explain(self.kind, cls, error)) from None
        return self

    def read_options(self) -> Any:
        """Return the options, with their defaults, as the class of the term."""
        return OPTIONS[self.kind].model_validate(self.options)


def _explain(kind: str, cls: type[Format], error: ValidationError) -> str:
    detail = error.errors()[0]
    key = str(detail["loc"][0]) if detail["loc"] else ""
    if detail["type"] != "extra_forbidden":
        return f"option {key!r} of {kind}: {detail['msg'].removeprefix('Value error, ')}"
    near = difflib.get_close_matches(key, cls.model_fields, n=1, cutoff=0.5)
    known = ", ".join(cls.model_fields) or "none"
    return f"unknown option {key!r} of {kind}; " + (f"did you mean {near[0]!r}?" if near else f"known options: {known}")


class RewardsConfig(Format):
    """What a completion earns: the sum of its terms, each with its weight."""

    kind: Literal["rewards"] = "rewards"
    """What this file configures."""
    terms: tuple[RewardTerm, ...] = Field(
        (RewardTerm(kind="correctness", weight=1.0), RewardTerm(kind="format", weight=0.2)), min_length=1
    )
    """The terms, each kind at most once."""
    clip: tuple[float, float] | None = None
    """Lowest and highest total; a total beyond is set to the end that it passed. None: no limits."""

    @model_validator(mode="after")
    def _can_pay(self) -> RewardsConfig:
        kinds = [term.kind for term in self.terms]
        twice = sorted({kind for kind in kinds if kinds.count(kind) > 1})
        if twice:
            raise ValueError(f"each kind of term stands at most once; twice there: {', '.join(twice)}")
        if not any(term.weight for term in self.terms):
            raise ValueError("at least one term needs a weight above 0, or every completion earns the same")
        if self.clip and self.clip[0] >= self.clip[1]:
            raise ValueError(f"clip needs the lower end first; got {list(self.clip)}")
        return self

    @property
    def digest(self) -> str:
        """Digest of what is paid: the terms with all their options, and the clipping."""
        terms = [
            {"kind": term.kind, "weight": term.weight, "options": cast(Format, term.read_options()).model_dump()}
            for term in self.terms
        ]
        return digest_value({"terms": terms, "clip": self.clip})
