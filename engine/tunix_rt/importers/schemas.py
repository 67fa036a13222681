"""Outside schemas to traces: which columns each one has, and how a row of it becomes a trace.

    trace              prompt, steps, final_answer[, trace_version, meta]
    tunix_trace        prompts, trace_steps, final_answer[, metadata]        (rows of the earlier system)
    tunix_sft          prompts (the whole rendered text), final_answer[, metadata]
    training_example   prompt, response[, metadata]
    stepwise           prompt, completions[], labels[]                       (TRL)
    prompt_completion  prompt, completion                                    (text or messages)
    messages           messages[{role, content[, reasoning_content | thinking]}]
    openthoughts       conversations with <|begin_of_thought|>; or problem, deepseek_reasoning, deepseek_solution
    sharegpt           conversations[{from, value}][, system]
    alpaca             instruction, output[, input, system, history]
    openr1_math        problem, answer, and generations[] (with correctness…) or solution
    reasoning_gym      question, answer, metadata{source_dataset, …}
    gsm8k              question, answer that ends in #### N
    mapped             any columns, named by a mapping

Other columns that hold one short value are kept in `meta`. A row without marked reasoning is kept with
`meta.reasoning = "absent"`, so that it can be counted and left out. This module does not know files or row numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import orjson

from tunix_rt.errors import UsageError
from tunix_rt.importers.columns import (
    Draft,
    Row,
    draft_of,
    from_completion,
    from_reasoning,
    list_of,
    pick,
    raw_text,
    structured,
    text_of,
)
from tunix_rt.importers.conversations import from_turns, prompt_of
from tunix_rt.importers.problems import RowProblem
from tunix_rt.importers.reasoning import (
    Reasoning,
    clean,
    find_answer,
    join_reasoning,
    read_completion,
    split_steps,
    unwrap_prompt,
)


def convert_trace(row: Row) -> Draft:
    """Our own rows; white space around a step or the answer, which rendering would lose, is stripped."""
    draft = dict(row)
    if draft.get("meta", ...) is None:
        del draft["meta"]
    if isinstance(answer := draft.get("final_answer"), str):
        draft["final_answer"] = answer.strip()
    if isinstance(steps := draft.get("steps"), list):
        draft["steps"] = [_stripped(step) for step in steps]
    return draft


def _stripped(step: Any) -> Any:
    if isinstance(step, dict) and isinstance(content := step.get("content"), str):
        return {**step, "content": content.strip()}
    return step


def convert_tunix_trace(row: Row) -> Draft:
    """Rows that the earlier system exported as `trace`."""
    steps = [clean(str(step)) for step in list_of(row, "trace_steps")]
    return draft_of(row, text_of(row, "prompts"), steps, text_of(row, "final_answer"))


_LEGACY_STEP = re.compile(r"^\d+\. ", re.MULTILINE)
_MODEL_TURN = "<start_of_turn>model\n"


def convert_tunix_sft(row: Row) -> Draft:
    """Rows of `tunix_sft`: the rendered text, ours or that of the earlier system."""
    text = raw_text(row, "prompts")
    prompt, turn, completion = text.partition(_MODEL_TURN)
    if not turn:
        raise RowProblem("prompts", "has no model turn", f"write {_MODEL_TURN.strip()} before the completion", text)
    prompt = unwrap_prompt(prompt + _MODEL_TURN)
    prompt = prompt.removeprefix("<start_of_turn>user\n").removesuffix("<end_of_turn>\n" + _MODEL_TURN)
    return from_completion(row, prompt, _legacy(completion))


def convert_training_example(row: Row) -> Draft:
    """Rows of `training_example`, ours or those of the earlier system."""
    prompt = unwrap_prompt(raw_text(row, "prompt")).removesuffix("\n\nPlease show your reasoning steps.")
    return from_completion(row, prompt, _legacy(raw_text(row, "response")))


def _legacy(completion: str) -> str:
    if not completion.startswith("Reasoning:\n"):
        return completion
    return _LEGACY_STEP.sub("", completion.removeprefix("Reasoning:\n").removesuffix("<end_of_turn>"))


def convert_stepwise(row: Row) -> Draft:
    """TRL's stepwise supervision; labels go to `meta.step_labels`, and a dataset refuses rows with a wrong step."""
    steps = [clean(str(step)) for step in list_of(row, "completions")]
    if not steps:
        raise RowProblem("completions", "is empty", "give at least one step")
    labels = list_of(row, "labels") if "labels" in row else []
    if labels and len(labels) != len(steps):
        found = f"{len(labels)} labels for {len(steps)} completions"
        raise RowProblem("labels", "are not as many as the completions", "give one label a step", found)
    answer = next((text_of(row, name) for name in ("final_answer", "answer") if row.get(name)), None)
    if answer is None:
        marked = find_answer(steps[-1])
        answer = marked[0] if marked else steps[-1]
    draft = draft_of(row, prompt_of(row), steps, answer)
    if labels:
        draft["meta"]["step_labels"] = [bool(label) for label in labels]
    return draft


def convert_prompt_completion(row: Row) -> Draft:
    """`prompt` and `completion`, each a text or a list of messages."""
    completion = structured(row, "completion")
    if not isinstance(completion, list):
        return from_completion(row, prompt_of(row), raw_text(row, "completion"))
    prompt = structured(row, "prompt")
    turns = prompt if isinstance(prompt, list) else [{"role": "user", "content": raw_text(row, "prompt")}]
    return from_turns(row, [*turns, *completion], "completion")


def convert_messages(row: Row) -> Draft:
    """OpenAI messages; `reasoning_content` or `thinking` of the last message is the reasoning."""
    return from_turns(row, list_of(row, "messages"), "messages")


def convert_openthoughts(row: Row) -> Draft:
    """OpenThoughts, both configurations; its system text only explains its markers and is dropped."""
    if "conversations" in row:
        turns = [turn for turn in list_of(row, "conversations") if not _is_system(turn)]
        return from_turns(row, turns, "conversations")
    reasoning = join_reasoning(text_of(row, "deepseek_reasoning"), text_of(row, "deepseek_solution"))
    return from_reasoning(row, text_of(row, "problem"), reasoning)


def _is_system(turn: Any) -> bool:
    return isinstance(turn, dict) and "system" in (turn.get("from"), turn.get("role"))


def convert_sharegpt(row: Row) -> Draft:
    """ShareGPT; the prompt is every turn before the last one."""
    turns = list_of(row, "conversations")
    if row.get("system"):
        turns = [{"from": "system", "value": text_of(row, "system")}, *turns]
    return from_turns(row, turns, "conversations")


def convert_alpaca(row: Row) -> Draft:
    """Alpaca; `input` follows the instruction, `system` and `history` come before it."""
    prompt = text_of(row, "instruction")
    if extra := clean(str(row.get("input") or "")):
        prompt += "\n\n" + extra
    turns: list[Any] = []
    if row.get("system"):
        turns.append({"role": "system", "content": text_of(row, "system")})
    for pair in list_of(row, "history") if row.get("history") else []:
        if not (isinstance(pair, list) and len(pair) == 2):
            raise RowProblem("history", "is not a list of pairs", 'write [["question", "answer"], …]', pair)
        turns += [{"role": "user", "content": pair[0]}, {"role": "assistant", "content": pair[1]}]
    turns += [{"role": "user", "content": prompt}, {"role": "assistant", "content": text_of(row, "output")}]
    return from_turns(row, turns, "output")


_CORRECTNESS = ("correctness_math_verify", "correctness_llama", "correctness")


def convert_openr1_math(row: Row) -> Draft:
    """OpenR1-Math: `answer`, with the steps of the first generation marked correct, otherwise of the solution."""
    text = _marked_correct(row) if row.get("generations") else None
    if text is None and not row.get("solution"):
        raise RowProblem("generations", "none is marked correct and there is no solution", "drop the row")
    answer = text_of(row, "answer")
    if text is None:
        solution = text_of(row, "solution")
        marked = find_answer(solution)
        steps = split_steps(marked[1] if marked else solution)
    else:
        steps = read_completion(text).steps
    return draft_of(row, text_of(row, "problem"), steps or split_steps(answer), answer)


def _marked_correct(row: Row) -> str | None:
    generations = [str(text) for text in list_of(row, "generations")]
    marks = [list_of(row, name) for name in _CORRECTNESS if row.get(name)]
    if not marks:
        return generations[0] if generations else None
    for index, text in enumerate(generations):
        if any(index < len(flags) and flags[index] is True for flags in marks):
            return text
    return None


def convert_reasoning_gym(row: Row) -> Draft:
    """reasoning-gym entries: they hold no reasoning; `meta.family` is the source dataset."""
    answer = text_of(row, "answer")
    draft = from_reasoning(row, text_of(row, "question"), Reasoning(split_steps(answer), answer, False))
    if source := draft["meta"].get("source_dataset"):
        draft["meta"].setdefault("family", source)
    return draft


_CALCULATOR = re.compile(r"<<[^<>]*>>")


def convert_gsm8k(row: Row) -> Draft:
    """GSM8K: one line is one step, the calculator marks `<<…>>` are removed, the answer follows `####`."""
    text = text_of(row, "answer")
    reasoning, mark, answer = text.rpartition("####")
    if not mark:
        fix = "end it with a line `#### N`, or give a mapping"
        raise RowProblem("answer", "has no #### before the final answer", fix, text[-80:])
    answer = answer.strip()
    if not answer:
        raise RowProblem("answer", "nothing follows ####", "write the final answer after ####", text[-80:])
    lines = [line.strip() for line in _CALCULATOR.sub("", reasoning).split("\n")]
    steps = [line for line in lines if line]
    return from_reasoning(row, text_of(row, "question"), Reasoning(steps or [answer], answer, bool(steps)))


class Schema(NamedTuple):
    """One schema: the sets of columns it is known by, its converter, and the columns that do not go to `meta`."""

    columns: tuple[frozenset[str], ...]
    convert: Callable[[Row], Draft]


def _known(*sets: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(names.split()) for names in sets)


SCHEMAS: dict[str, Schema] = {
    "trace": Schema(_known("prompt steps final_answer"), convert_trace),
    "tunix_trace": Schema(_known("prompts trace_steps final_answer"), convert_tunix_trace),
    "tunix_sft": Schema(_known("prompts final_answer"), convert_tunix_sft),
    "training_example": Schema(_known("prompt response"), convert_training_example),
    "stepwise": Schema(_known("prompt completions"), convert_stepwise),
    "prompt_completion": Schema(_known("prompt completion"), convert_prompt_completion),
    "messages": Schema(_known("messages"), convert_messages),
    "openthoughts": Schema(_known("problem deepseek_reasoning deepseek_solution"), convert_openthoughts),
    "sharegpt": Schema(_known("conversations"), convert_sharegpt),
    "alpaca": Schema(_known("instruction output"), convert_alpaca),
    "openr1_math": Schema(_known("problem answer generations", "problem answer solution"), convert_openr1_math),
    "reasoning_gym": Schema(_known("question answer metadata"), convert_reasoning_gym),
    "gsm8k": Schema(_known("question answer"), convert_gsm8k),
}
"""Every schema by name, in the order in which they are tried."""


def detect_schema(row: Row) -> tuple[str, frozenset[str]] | None:
    """Return the first schema whose columns a row has, and these columns; None if there is none."""
    columns = frozenset(row)
    for name, schema in SCHEMAS.items():
        for known in schema.columns:
            if known <= columns:
                thought = name == "sharegpt" and b"<|begin_of_thought|>" in orjson.dumps(row["conversations"])
                return "openthoughts" if thought else name, known
    return None


def converter(schema: str) -> Callable[[Row], Draft]:
    """Return the converter of a schema by name; raise UsageError if there is none."""
    if schema not in SCHEMAS:
        raise UsageError(f"unknown schema {schema!r}; expected auto or one of {', '.join(SCHEMAS)}")
    return SCHEMAS[schema].convert


def mapping_of(*texts: str) -> dict[str, str]:
    """Return the mapping that texts such as `prompt=question,final_answer=answer` write; raise UsageError if none."""
    mapping: dict[str, str] = {}
    for text in texts:
        for pair in _NEXT_PART.split(text):
            part, _, column = (side.strip() for side in pair.partition("="))
            if not part or not column or part in mapping:
                why = f"{part} comes twice" if part in mapping else f"found {pair!r}"
                raise UsageError(f"expected PART=COLUMN,…, such as prompt=question,final_answer=answer; {why}")
            mapping[part] = column
    return mapping


def mapped(mapping: Mapping[str, str]) -> Callable[[Row], Draft]:
    """Return a converter for columns of any name.

    `mapping` is `{part: column}` with the parts `prompt` and either `completion` (reasoning and answer in one text) or
    `final_answer` (also `answer`) with `steps` (a list) or `reasoning` (a text); any other part becomes a key of
    `meta`. A column may be a dotted path into nested objects.
    """
    parts = dict(mapping)
    if "answer" in parts:
        parts["final_answer"] = parts.pop("answer")
    if "prompt" not in parts or not ("completion" in parts or "final_answer" in parts):
        raise UsageError(
            "a mapping needs prompt and either completion or final_answer, "
            f"for example prompt=question,reasoning=solution,final_answer=answer; found {', '.join(sorted(mapping))}"
        )
    meta = {part.removeprefix("meta."): column for part, column in parts.items() if part not in _MAPPED}

    def convert(row: Row) -> Draft:
        picked = {part: pick(row, column) for part, column in parts.items()}
        if "completion" in parts:
            draft = from_completion({}, text_of(picked, "prompt"), text_of(picked, "completion"))
        else:
            answer = text_of(picked, "final_answer")
            if "steps" in parts:
                steps = [clean(str(step)) for step in list_of(picked, "steps")]
            else:
                steps = split_steps(text_of(picked, "reasoning")) if picked.get("reasoning") else []
            reasoning = Reasoning(steps or split_steps(answer), answer, bool(steps))
            draft = from_reasoning({}, text_of(picked, "prompt"), reasoning)
        draft["meta"].update({part: pick(row, column) for part, column in meta.items()})
        return draft

    return convert


_NEXT_PART = re.compile(r",(?=[^,=]+=)")
"""The comma before another part: one in a column's name is not followed by an equals sign."""
_MAPPED = frozenset({"prompt", "completion", "final_answer", "steps", "reasoning"})
