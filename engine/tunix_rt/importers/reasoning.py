"""Text of other people's models to trace steps and an answer.

It does not know rows, columns or files. Nothing is invented: where a text marks no reasoning, all of it becomes the
answer as well as the steps, and `marked` says so.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tunix_rt.importers.problems import RowProblem
from tunix_rt.trace import END_OF_TURN, INSTRUCTION, PROMPT_PREFIX, parse_completion, render_prompt

MAX_STEPS = 1000
"""Most steps of a trace; longer reasoning is joined into this many."""
MAX_STEP = 20_000
"""Most characters of a step; a longer piece is cut at white space."""

_TURN_END = render_prompt("")[len(PROMPT_PREFIX) :]


class Reasoning(NamedTuple):
    """What a completion shows."""

    steps: list[str]
    answer: str
    marked: bool
    """False if nothing in the text told reasoning and answer apart."""


def clean(text: str) -> str:
    """Return a text with `\\n` line ends and no white space around it; letters are kept as they are (no NFC)."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.strip()


def unwrap_prompt(text: str) -> str:
    """Return a prompt without our own template around it; any other prompt as it is."""
    if text.startswith(PROMPT_PREFIX) and text.endswith(_TURN_END):
        return text[len(PROMPT_PREFIX) : -len(_TURN_END)]
    return text.removeprefix(INSTRUCTION + "\n\n")


def split_steps(text: str) -> list[str]:
    """Split reasoning into steps: its paragraphs if it has any, otherwise its lines.

    An indented line stays with the line above it, and a fenced block of code stays whole.
    """
    text = clean(text)
    paragraphs = _BLANK_LINE.split(text)
    pieces, glue = (paragraphs, "\n\n") if len(paragraphs) > 1 else (text.split("\n"), "\n")
    steps: list[str] = []
    fenced = False
    for piece in pieces:
        if steps and (fenced or piece[:1] in (" ", "\t")):
            steps[-1] += glue + piece
        else:
            steps.append(piece)
        fenced ^= piece.count("```") % 2 == 1
    return fit_steps([part for step in steps for part in _cut(step.strip())], glue)


_BLANK_LINE = re.compile(r"\n(?:[^\S\n]*\n)+")


def _cut(step: str) -> list[str]:
    parts = []
    while len(step) > MAX_STEP:
        space = max(step.rfind(" ", 0, MAX_STEP), step.rfind("\n", 0, MAX_STEP))
        end = space if space > 0 else MAX_STEP
        parts.append(step[:end].strip())
        step = step[end:].strip()
    return [part for part in (*parts, step) if part]


def fit_steps(steps: list[str], glue: str = "\n") -> list[str]:
    """Join neighbours where there are more steps than a trace may have."""
    if len(steps) <= MAX_STEPS:
        return steps
    room = min(MAX_STEP, 3 * sum(len(step) + len(glue) for step in steps) // MAX_STEPS)
    joined = steps[:1]
    for step in steps[1:]:
        if len(joined[-1]) + len(glue) + len(step) <= room:
            joined[-1] += glue + step
        else:
            joined.append(step)
    return joined


_ANSWER_LINE = re.compile(
    r"^[*_\s]*(?:(?:so|thus|therefore|hence),? )?(?:the )?(?:final )?answer[*_\s]*"
    r"(?::|=| is:?)[*_\s]*(?P<answer>.+?)[*_\s]*$",
    re.IGNORECASE,
)
_ANSWER_INSIDE = re.compile(r"\b(?:the )?(?:final )?answer is:?\s+(?P<answer>[^\n]+)", re.IGNORECASE)


def find_answer(text: str) -> tuple[str, str] | None:
    """Find the marked answer of a text: `(answer, what remains as reasoning)`, or None.

    Looked for in this order: a last line `#### N`, the last `\\boxed{…}`, a last line `Answer: …` or `The answer is …`,
    the words `the answer is …` in the last line. A line that only states the answer is taken out of the reasoning.
    """
    text = clean(text)
    before, _, last = text.rpartition("\n")
    head, mark, tail = last.partition("####")
    if mark and tail.strip():
        return tail.strip(), clean(before + "\n" + head)
    boxed = _last_boxed(text)
    if boxed:
        return boxed, "" if text.strip("$\\[]. \n") == f"boxed{{{boxed}}}" else text
    if line := _ANSWER_LINE.match(last):
        return _bare(line["answer"]), before.strip()
    if inside := _ANSWER_INSIDE.search(last):
        return _bare(inside["answer"]), text
    return None


def _bare(answer: str) -> str:
    return answer.strip().rstrip("*_ ").removesuffix(".").strip() or answer.strip()


def _last_boxed(text: str) -> str | None:
    start = text.rfind("\\boxed{")
    if start < 0:
        return None
    depth, begin = 0, start + len("\\boxed")
    for place in range(begin, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return text[begin + 1 : place].strip() or None
    return None


_THOUGHT = re.compile(
    r"^\s*(?:<(?P<tag>think|thinking|thought)>|<\|begin_of_thought\|>)?(?P<thought>.*?)"
    r"(?:</(?:think|thinking|thought)>|<\|end_of_thought\|>)(?P<rest>.*)$",
    re.DOTALL,
)
_SOLUTION_MARKS = re.compile(r"<\|(?:begin|end)_of_solution\|>")
_THOUGHT_OPEN = ("<think>", "<thinking>", "<thought>", "<|begin_of_thought|>")


def read_completion(text: str) -> Reasoning:
    """Read a whole completion: our tags, `<think>` or thought markers, a marked answer, or plain text.

    Raises RowProblem if a block of reasoning is not closed or no answer follows it.
    """
    text = text.removesuffix(END_OF_TURN)
    if "<answer>" in text or "<reasoning>" in text:
        return _read_tagged(text)
    if thought := _THOUGHT.match(text):
        return join_reasoning(thought["thought"], _SOLUTION_MARKS.sub("", thought["rest"]))
    if any(mark in text for mark in _THOUGHT_OPEN):
        fix = "close it, or drop the cut row"
        raise RowProblem("completion", "the reasoning is opened and never closed", fix, text[-80:])
    text = clean(text)
    found = find_answer(text)
    if found and found[1]:
        return Reasoning(split_steps(found[1]), found[0], True)
    answer = found[0] if found else text
    return Reasoning(split_steps(answer), answer, False)


def _read_tagged(text: str) -> Reasoning:
    parsed = parse_completion(text)
    if parsed.answer is None:
        fix = "write <answer>…</answer> after the reasoning"
        raise RowProblem("completion", "has no closed <answer>", fix, text[-80:])
    if parsed.steps:
        return Reasoning(parsed.steps, parsed.answer, True)
    before = clean(text[: text.rindex("<answer>")])
    return Reasoning(split_steps(before or parsed.answer), parsed.answer, bool(before))


def join_reasoning(thought: str, rest: str) -> Reasoning:
    """Join reasoning that stands apart with the text after it.

    If that text marks its answer, only the answer is taken from it and its explanation becomes further steps, so that
    nothing is lost; otherwise all of it is the answer.
    """
    rest = clean(rest.removesuffix(END_OF_TURN))
    if not rest:
        fix = "add the answer, or drop the cut row"
        raise RowProblem("completion", "no answer follows the reasoning", fix, thought[-80:])
    answer, explanation = find_answer(rest) or (rest, "")
    steps = split_steps(thought)
    if explanation != answer:
        steps = fit_steps(steps + split_steps(explanation))
    return Reasoning(steps or split_steps(answer), answer, bool(steps))
