"""PromptForm: the text around an evaluated item, and how a completion under it is read.

    contract         the prompt contract, nothing else: what the tuned model was trained on
    few_shot_plain   worked examples as plain text (`Question:`, `Reasoning:`, `Answer:`), which a base model knows
    few_shot_turns   worked examples as turns of the prompt contract

A base model that is measured under the contract alone is no baseline: it was never shown the form. Under each form
"well formed" means exactly the form that its prompt shows, so that no model is marked down for tags it never saw. This
module does not know models, tokens or scores.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
from typing import Literal

from tunix_rt.errors import UsageError
from tunix_rt.formats import Format, digest_value
from tunix_rt.trace import (
    CONTRACT_DIGEST,
    END_OF_TURN,
    START_OF_TURN,
    ReasoningTrace,
    make_trace,
    render,
    render_prompt,
)

FormName = Literal["contract", "few_shot_plain", "few_shot_turns"]

DEFAULT_FEW_SHOT: FormName = "few_shot_plain"
"""The form meant by `few_shot`; on the development split a pretrained base is as often right under either form, and
only under this one does it end its answers (docs/experiments.md)."""

_LONGEST_EXAMPLE = 1200
"""Characters of a worked example at most; a longer one would cost more prompt than it teaches."""

_MARK = "\x00"
_CONTRACT_PREFIX, _CONTRACT_SUFFIX = render_prompt(_MARK).split(_MARK)
_PLAIN_PREFIX, _PLAIN_SUFFIX = "Question: ", "\nReasoning:\n"
_PLAIN = re.compile(r"(?P<reasoning>(?!Answer:)\S(?:(?!\nAnswer:).)*)\nAnswer:[ \t]*(?P<answer>\S[^\n]*)\s*", re.DOTALL)
_PLAIN_ANSWER = re.compile(r"^Answer:.*?(?=\n\s*\n|\nAnswer:|\Z)", re.DOTALL | re.MULTILINE)


class PromptForm(Format):
    """The fixed text before and after an item's prompt, shared by all items of an evaluation."""

    name: FormName
    """Which of the three forms."""
    prefix: str
    """Text that every prompt starts with, worked examples included; a sampler may prefill it once."""
    suffix: str
    """Text between the item and the completion."""
    stop: list[str]
    """Texts that end a completion under this form, beside the end tokens."""
    shots: list[str]
    """Names of the worked examples, in order; empty without examples."""

    @property
    def digest(self) -> str:
        """Digest of everything that shapes the prompts."""
        return digest_value([CONTRACT_DIGEST, self.model_dump(mode="json")])

    def render(self, prompt: str) -> str:
        """Return the text given to the model; raise RenderError if the prompt contains a turn marker."""
        render_prompt(prompt)
        return self.prefix + prompt + self.suffix


def contract_form() -> PromptForm:
    """Return the prompt contract as a form without examples."""
    return PromptForm(name="contract", prefix=_CONTRACT_PREFIX, suffix=_CONTRACT_SUFFIX, stop=[], shots=[])


def few_shot_form(shots: Sequence[ReasoningTrace], name: FormName = DEFAULT_FEW_SHOT) -> PromptForm:
    """Return a form with worked examples, in the order given."""
    if not shots:
        raise UsageError("a few-shot prompt needs at least one worked example; pass traces of the training split")
    names = [trace_name(trace) for trace in shots]
    if name == "few_shot_plain":
        examples = "".join(_plain_example(trace) for trace in shots)
        prefix, suffix = examples + _PLAIN_PREFIX, _PLAIN_SUFFIX
        return PromptForm(name=name, prefix=prefix, suffix=suffix, stop=["\nQuestion:"], shots=names)
    if name == "few_shot_turns":
        prefix = "".join(render(trace).text + "\n" for trace in shots) + _CONTRACT_PREFIX
        return PromptForm(name=name, prefix=prefix, suffix=_CONTRACT_SUFFIX, stop=[START_OF_TURN], shots=names)
    raise UsageError(f"the prompt form {name} has no worked examples; use few_shot_plain or few_shot_turns")


def _plain_example(trace: ReasoningTrace) -> str:
    reasoning = "\n".join(step.content for step in trace.steps)
    return f"{_PLAIN_PREFIX}{trace.prompt}{_PLAIN_SUFFIX}{reasoning}\nAnswer: {trace.final_answer}\n\n"


def trace_name(trace: ReasoningTrace) -> str:
    """Return the id of a trace, or a short digest of its prompt if it has none."""
    return str(trace.meta.get("id") or "prompt-" + hashlib.sha256(trace.prompt.encode()).hexdigest()[:12])


def normal_prompt(prompt: str) -> str:
    """Return a prompt with case and white space evened out, to tell whether two ask the same."""
    return " ".join(prompt.lower().split())


def choose_shots(
    pool: Iterable[ReasoningTrace], count: int, *, seed: int = 0, forbidden: Collection[str] = ()
) -> list[ReasoningTrace]:
    """Choose worked examples: one family after the other, in an order that only the seed and the texts decide.

    Args:
        pool: Gold traces of the training split.
        count: How many.
        seed: Another seed chooses other examples.
        forbidden: Prompts that must not be shown, i.e. those of the evaluated items.
    """
    hidden = {normal_prompt(prompt) for prompt in forbidden}
    families: dict[str, list[tuple[str, ReasoningTrace]]] = {}
    for trace in pool:
        if normal_prompt(trace.prompt) in hidden or not _is_good_example(trace):
            continue
        rank = hashlib.sha256(f"{seed}\n{trace_name(trace)}\n{trace.prompt}".encode()).hexdigest()
        families.setdefault(str(trace.meta.get("family", "")), []).append((rank, trace))
    if sum(map(len, families.values())) < count:
        raise UsageError(
            f"the pool holds {sum(map(len, families.values()))} usable worked examples, {count} are asked for; "
            "pass more traces of the training split or ask for fewer shots"
        )
    queues = sorted(
        (sorted(ranked, key=lambda pair: pair[0], reverse=True) for ranked in families.values()), key=_first
    )
    chosen: list[ReasoningTrace] = []
    while len(chosen) < count:
        for queue in queues:
            if queue and len(chosen) < count:
                chosen.append(queue.pop()[1])
    return chosen


def _first(queue: list[tuple[str, ReasoningTrace]]) -> str:
    return queue[-1][0]


def _is_good_example(trace: ReasoningTrace) -> bool:
    texts = [trace.prompt, trace.final_answer, *(step.content for step in trace.steps)]
    return (
        trace.meta.get("answer_kind") != "open"
        and "\n" not in trace.final_answer
        and "\n\n" not in "\n".join(texts)
        and sum(map(len, texts)) <= _LONGEST_EXAMPLE
    )


def own_part(form: PromptForm, completion: str) -> str:
    """Return the part of a completion that belongs to its item, without examples that the model invented after it."""
    if form.name == "contract":
        return completion
    completion = _until_stop(form, completion)
    if form.name == "few_shot_turns":
        completion = completion.split(END_OF_TURN, 1)[0]
        head, tag, _ = completion.partition("</answer>")
        return head + tag
    answer = _PLAIN_ANSWER.search(completion)
    return completion[: answer.end()].rstrip() if answer else completion


def _until_stop(form: PromptForm, completion: str) -> str:
    for stop in form.stop:
        completion = completion.split(stop, 1)[0]
    return completion


def as_contract(form: PromptForm, completion: str) -> str:
    """Return a completion in the words of the prompt contract, so that one parser and one strict grader read all forms.

    A plain completion that follows its form exactly is rewritten with tags; any other text is returned unchanged.
    """
    if form.name != "few_shot_plain":
        return completion
    match = _PLAIN.fullmatch(_until_stop(form, completion))
    if match is None:
        return completion
    steps = [line.strip() for line in match["reasoning"].split("\n") if line.strip()]
    if any("<" + tag in completion for tag in ("reasoning>", "/reasoning>", "answer>", "/answer>")):
        return completion
    return render(make_trace("-", steps, match["answer"].strip())).completion
