"""ReasoningTrace, and the prompt contract: how a trace becomes text and text becomes a trace again.

    <start_of_turn>user
    {instruction}

    {prompt}<end_of_turn>
    <start_of_turn>model
    <reasoning>
    {step}
    {step}
    </reasoning>
    <answer>{answer}</answer><end_of_turn>

One step is one line; the further lines of a step are indented by two spaces, so that steps can be told apart again.
The contract is versioned and hashed (`CONTRACT_DIGEST`): datasets, runs and evaluations record it. This module does not
know tokens: the begin-of-text token is the tokenizer's business.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints, field_validator

from tunix_rt.errors import RenderError
from tunix_rt.formats import Format, digest_value

TRACE_VERSION: Final = "1.0"

CONTRACT_VERSION = "1"
INSTRUCTION = "Reason step by step in <reasoning>, then answer in <answer>."
START_OF_TURN = "<start_of_turn>"
END_OF_TURN = "<end_of_turn>"
_PREFIX = f"{START_OF_TURN}user\n{INSTRUCTION}\n\n"
_MIDDLE = f"{END_OF_TURN}\n{START_OF_TURN}model\n"
_OPEN, _BETWEEN, _CLOSE = "<reasoning>\n", "\n</reasoning>\n<answer>", "</answer>"
_INDENT = "  "
CONTRACT_DIGEST = digest_value([CONTRACT_VERSION, _PREFIX, _MIDDLE, _OPEN, _INDENT, _BETWEEN, _CLOSE, END_OF_TURN])
PROMPT_PREFIX = _PREFIX
"""The text that every prompt starts with; a sampler may prefill it once."""

_TURN_MARKERS = (START_OF_TURN, END_OF_TURN, "<bos>", "<eos>", "<pad>", "<unk>")
_TAGS = ("<reasoning>", "</reasoning>", "<answer>", "</answer>")
_MARKERS = _TURN_MARKERS + _TAGS

Text = Annotated[str, StringConstraints(min_length=1, max_length=50_000)]
StepText = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]


class TraceStep(Format):
    """One numbered piece of reasoning (never called plain "step": that word is an optimiser update)."""

    i: int
    """Number of the trace step; unique in its trace."""
    type: str = "step"
    """Kind of step, for people: `step`, `compute`, `check`, …; it is not part of the rendered text."""
    content: StepText
    """What the step says, 1 to 20,000 characters."""


class ReasoningTrace(Format):
    """A prompt with the reasoning and the answer that followed, plus where it came from."""

    trace_version: Literal["1.0"] = TRACE_VERSION
    """Version of this format."""
    prompt: Text
    """What is asked, 1 to 50,000 characters, before any template."""
    steps: list[TraceStep] = Field(min_length=1, max_length=1000)
    """The reasoning, 1 to 1,000 trace steps in order."""
    final_answer: Text
    """The answer, 1 to 50,000 characters."""
    meta: dict[str, Any] = Field(default_factory=dict)
    """`id`, `source`, `license`, `domain`, `family`, `difficulty`, `answer_kind`, …"""

    @field_validator("steps")
    @classmethod
    def _numbers_are_unique(cls, steps: list[TraceStep]) -> list[TraceStep]:
        if len({step.i for step in steps}) != len(steps):
            raise ValueError("the numbers `i` of the steps must be unique")
        return steps


class RenderedTrace(Format):
    """A trace as text: `prompt` is given to the model, `completion` is what it is trained to write."""

    prompt: str
    """The user's turn and the opening of the model's."""
    completion: str
    """The rest of the model's turn, its end marker included."""

    @property
    def text(self) -> str:
        """The whole text, prompt and completion."""
        return self.prompt + self.completion


class ParsedCompletion(Format):
    """What a completion shows."""

    steps: list[str]
    """Contents of the trace steps, in order; empty if no reasoning was found."""
    answer: str | None
    """Text between the answer tags; None if there is no closed pair."""
    well_formed: bool
    """Whether it is exactly the contract, with nothing before, between or after."""


def make_trace(prompt: str, steps: list[str], answer: str, **meta: Any) -> ReasoningTrace:
    """Build a trace from plain texts; the steps are numbered from 1."""
    numbered = [TraceStep(i=number, content=content) for number, content in enumerate(steps, start=1)]
    return ReasoningTrace(prompt=prompt, steps=numbered, final_answer=answer, meta=meta)


def canonical(trace: ReasoningTrace) -> ReasoningTrace:
    """Return the part of a trace that its text carries: steps numbered from 1, type `step`, no meta."""
    return make_trace(trace.prompt, [step.content for step in trace.steps], trace.final_answer)


def _forbid(text: str, markers: tuple[str, ...], part: str) -> None:
    for marker in markers:
        if marker in text:
            raise RenderError(f"{part} contains {marker}, which the prompt contract uses itself; remove or rewrite it")


def render_prompt(prompt: str) -> str:
    """Return the text given to the model; raise RenderError if the prompt contains a turn marker."""
    _forbid(prompt, _TURN_MARKERS, "the prompt")
    return _PREFIX + prompt + _MIDDLE


def check_renders(trace: ReasoningTrace) -> None:
    """Raise RenderError naming the part of a trace that could not be read back from its text; nothing is rendered."""
    # Every marker starts with "<", which few texts have: millions of traces are checked, so that is asked first.
    for step in trace.steps:
        content = step.content
        if "<" in content:
            _forbid(content, _MARKERS, f"step {step.i}")
        if content != content.strip() or not content:
            raise RenderError(f"step {step.i} starts or ends with white space, which would be lost; strip it")
    answer = trace.final_answer
    if "<" in answer:
        _forbid(answer, _MARKERS, "the answer")
    if answer != answer.strip() or not answer:
        raise RenderError("the answer starts or ends with white space, which would be lost; strip it")
    if "<" in trace.prompt:
        _forbid(trace.prompt, _TURN_MARKERS, "the prompt")


def render(trace: ReasoningTrace) -> RenderedTrace:
    """Render a trace under the prompt contract.

    Raises RenderError naming the part that could not be read back (`parse_text(render(t).text) == canonical(t)`).
    """
    check_renders(trace)
    reasoning = "\n".join(step.content.replace("\n", "\n" + _INDENT) for step in trace.steps)
    return RenderedTrace(
        prompt=render_prompt(trace.prompt),
        completion=_OPEN + reasoning + _BETWEEN + trace.final_answer + _CLOSE + END_OF_TURN,
    )


_STRICT = re.compile(re.escape(_OPEN) + r"(.+?)" + re.escape(_BETWEEN) + r"(.+?)" + re.escape(_CLOSE), re.DOTALL)


def _last_closed_answer(text: str) -> str | None:
    """Return the last answer that is closed and not empty; linear in the text, whatever a model writes."""
    end = text.rfind("</answer>")
    while end >= 0:
        start = text.rfind("<answer>", 0, end)
        if start < 0:
            return None
        answer = text[start + len("<answer>") : end].strip()
        if answer:
            return answer
        end = text.rfind("</answer>", 0, start)
    return None


def _first_reasoning(text: str) -> str:
    """Return what follows the first reasoning tag, up to its end, the answer or the end of the text."""
    _, _, after = text.partition("<reasoning>")
    return after.partition("</reasoning>")[0].partition("<answer>")[0].strip()


def _split_steps(reasoning: str) -> list[str]:
    steps: list[str] = []
    for line in reasoning.split("\n"):
        if line.startswith(_INDENT) and steps:
            steps[-1] += "\n" + line[len(_INDENT) :]
        elif line.strip():
            steps.append(line)
    return steps


def parse_completion(completion: str) -> ParsedCompletion:
    """Read a completion, with or without its end-of-turn marker; anything that can be found is returned.

    If several answers are closed, the last one counts for `answer`, and the completion is not well formed.
    """
    text = completion.removesuffix(END_OF_TURN)
    # Counted first: with several tags the pattern would need quadratic time to fail.
    match = _STRICT.fullmatch(text) if all(text.count(tag) == 1 for tag in _TAGS) else None
    if match and not any(marker in part for part in match.groups() for marker in _TURN_MARKERS):
        steps = _split_steps(match[1])
        well_formed = bool(match[2].strip()) and match[2] == match[2].strip() and bool(steps)
        return ParsedCompletion(steps=steps, answer=match[2].strip() or None, well_formed=well_formed)
    return ParsedCompletion(
        steps=_split_steps(_first_reasoning(text)),
        answer=_last_closed_answer(text),
        well_formed=False,
    )


def parse_text(text: str) -> ReasoningTrace:
    """Read back a whole rendered text; raise RenderError if it does not follow the contract."""
    if not text.startswith(_PREFIX) or text.count(_MIDDLE) != 1:
        raise RenderError("the text does not follow the prompt contract; expected one user turn and one model turn")
    prompt, completion = text[len(_PREFIX) :].split(_MIDDLE)
    parsed = parse_completion(completion)
    if not parsed.well_formed or parsed.answer is None:
        raise RenderError("the model turn does not follow the prompt contract; expected <reasoning> then <answer>")
    return make_trace(prompt, parsed.steps, parsed.answer)
