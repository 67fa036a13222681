"""Mutations: real items answered in ways that a reward should or should not pay, each wrong or right by construction.

What is right is never asked of the grader that is being tested: a number is wrong because it was changed, a form is
broken because a tag was taken away. It does not know rewards; `checking` counts what they pay.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Literal, NamedTuple

from tunix_rt.grading import Target
from tunix_rt.rewards.config import TermKind
from tunix_rt.sampling import Finish
from tunix_rt.trace import END_OF_TURN, ReasoningTrace, make_trace, render

Expected = Literal["full", "less", "little"]
"""`full`: as much as the gold completion; `less`: not as much; `little`: at most half of it."""

CHARACTERS_A_TOKEN = 4
"""How the tokens of a made-up completion are counted, where there is no tokenizer."""


@dataclass(frozen=True)
class Subject:
    """A real item with its gold trace."""

    id: str
    trace: ReasoningTrace
    target: Target


class Attempt(NamedTuple):
    """A completion made up for an item."""

    text: str
    finish: Finish = "stop"


Make = Callable[[Subject, Subject, int, Random], Attempt | None]
"""Item, another item, token limit and randomness to a completion; None where the mutation does not apply."""


@dataclass(frozen=True)
class Mutation:
    """One way of answering, with what it deserves."""

    name: str
    expected: Expected
    """What the total should be, beside that of the gold completion."""
    make: Make
    seen_by: tuple[TermKind, ...]
    """Terms that can tell it from the gold completion; rewards with none of them do not look at it."""
    pays: Mapping[TermKind, bool] = field(default_factory=dict)
    """Whether a term should pay it by itself, where that is certain."""


def completion_of(prompt: str, steps: Sequence[str], answer: str) -> str:
    """Return a completion in the prompt contract, without its end of turn."""
    return render(make_trace(prompt, list(steps), answer)).completion.removesuffix(END_OF_TURN)


def _steps(subject: Subject) -> list[str]:
    return [step.content for step in subject.trace.steps]


def _with(subject: Subject, *, steps: Sequence[str] | None = None, answer: str | None = None) -> Attempt:
    return Attempt(
        completion_of(
            subject.trace.prompt,
            _steps(subject) if steps is None else steps,
            subject.trace.final_answer if answer is None else answer,
        )
    )


_ONE_NUMBER = re.compile(r"(?P<before>[^\d.]*?)(?P<number>-?\d{1,15}(?:\.\d{1,9})?)(?P<after>[^\d]*)")


def _changed_number(subject: Subject, change: Callable[[int], int]) -> str | None:
    """Return the answer with its number changed, in units of its last decimal; None if it is not one plain number."""
    match = _ONE_NUMBER.fullmatch(subject.trace.final_answer)
    if subject.target.kind != "number" or subject.target.tolerance or not match:
        return None
    whole, _, decimals = match["number"].partition(".")
    scaled = int(whole + decimals)
    value = change(scaled)
    if value == scaled:
        return None
    digits = str(abs(value)).rjust(len(decimals) + 1, "0")
    number = f"{digits[: len(digits) - len(decimals)]}.{digits[len(digits) - len(decimals) :]}" if decimals else digits
    return match["before"] + ("-" if value < 0 else "") + number + match["after"]


def _wrong_answer(subject: Subject, other: Subject) -> str | None:
    """Return an answer that is certainly wrong: a far number, another label, or a different answer of the same kind."""
    if subject.target.kind == "number":
        return _changed_number(subject, lambda value: 3 * value + 7)
    if subject.target.kind == "choice":
        return _other_label(subject.target)
    own = [subject.trace.final_answer, subject.target.value, *subject.target.aliases]
    answer = other.trace.final_answer
    different = other.target.kind == subject.target.kind and _letters(answer) not in map(_letters, own)
    return answer if different and subject.target.kind != "open" else None


def _other_label(target: Target) -> str | None:
    """Return the label of the next choice; a value may be the label or the text of the right one."""
    texts, size = [text.strip().casefold() for text in target.choices], len(target.choices) or 4
    value = target.value.strip().casefold()
    label = re.fullmatch(r"\(?([a-z])\)?\.?", value)
    index = texts.index(value) if value in texts else ord(label[1]) - ord("a") if label else size
    return chr(ord("A") + (index + 1) % size) if index < size and size > 1 else None


def _letters(text: str) -> str:
    """Return letters and digits in sorted order, equal for the same items in another order or another punctuation."""
    return "".join(sorted(re.sub(r"\W+", "", text.casefold())))


def _gold(subject: Subject, other: Subject, limit: int, random: Random) -> Attempt | None:
    return _with(subject)


def _grouped_thousands(subject: Subject, other: Subject, limit: int, random: Random) -> Attempt | None:
    answer = subject.trace.final_answer
    if subject.target.kind != "number" or not re.fullmatch(r"-?\d{4,15}", answer):
        return None
    return _with(subject, answer=f"{int(answer):,}")


def _full_stop(subject: Subject, other: Subject, limit: int, random: Random) -> Attempt | None:
    verifiable = subject.target.kind in ("number", "text", "choice")
    return _with(subject, answer=subject.trace.final_answer + ".") if verifiable else None


_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def _unicode_digits(subject: Subject, other: Subject, limit: int, random: Random) -> Attempt | None:
    answer = subject.trace.final_answer
    written = answer.translate(_FULL_WIDTH)
    return _with(subject, answer=written) if subject.target.kind == "number" and written != answer else None


def _superscript(subject: Subject, other: Subject, limit: int, random: Random) -> Attempt | None:
    answer = subject.trace.final_answer
    raised = re.fullmatch(r"-?\d{2,15}", answer) and subject.target.kind == "number"
    return _with(subject, answer=answer[:-1] + answer[-1].translate(_SUPERSCRIPT)) if raised else None


def _wrong_tags(subject: Subject, other: Subject, limit: int, random: Random) -> Attempt | None:
    steps = "\n".join(_steps(subject))
    return Attempt(f"<think>\n{steps}\n</think>\n<final>{subject.trace.final_answer}</final>")


def _no_tags(subject: Subject, other: Subject, limit: int, random: Random) -> Attempt | None:
    return Attempt("\n".join(_steps(subject)) + f"\nThe answer is {subject.trace.final_answer}.")


def _goes_on(subject: Subject, other: Subject, limit: int, random: Random) -> Attempt | None:
    return Attempt(_with(subject).text + "\nI hope this helps.")


def _empty_reasoning(subject: Subject, other: Subject, limit: int, random: Random) -> Attempt | None:
    return Attempt(f"<reasoning>\n\n</reasoning>\n<answer>{subject.trace.final_answer}</answer>")


_EQUATION = re.compile(r"(\d\s*[-+*/×÷x]\s*\d[^=\n]*=\s*\$?)(-?\d{1,12})(?![\d.,]*\d|\s*[-+*/×÷%])")


def has_sums(subject: Subject) -> bool:
    """Return whether a step of the gold trace holds a sum that can be made wrong."""
    return any(_EQUATION.search(step) for step in _steps(subject))


def _contradicting(subject: Subject, other: Subject, limit: int, random: Random) -> Attempt | None:
    if not has_sums(subject):
        return None
    off = random.randint(2, 9)
    return _with(subject, steps=[_EQUATION.sub(lambda m: f"{m[1]}{int(m[2]) + off}", step) for step in _steps(subject)])


def _padded_sums(subject: Subject, other: Subject, limit: int, random: Random) -> Attempt | None:
    broken = _contradicting(subject, other, limit, random)
    steps = broken.text.partition("\n")[2].partition("\n</reasoning>")[0].split("\n") if broken else []
    return _with(subject, steps=[*(f"{n} + 0 = {n}" for n in range(1, 9)), *steps]) if steps else None


def _hasty(subject: Subject, other: Subject, limit: int, random: Random) -> Attempt | None:
    return _with(subject, steps=[subject.trace.final_answer]) if has_sums(subject) else None


def _unrelated(subject: Subject, other: Subject, limit: int, random: Random) -> Attempt | None:
    steps = _steps(other)
    answer = subject.trace.final_answer.casefold()
    if other.trace.prompt == subject.trace.prompt or answer in "\n".join(steps).casefold():
        return None
    return _with(subject, steps=steps)


def _overlong(subject: Subject, other: Subject, limit: int, random: Random) -> Attempt | None:
    steps, filler = _steps(subject), "Let me think about that once more. " * 1000
    room = int(0.98 * limit) * CHARACTERS_A_TOKEN - len(_with(subject).text)
    lines = [filler[: min(room - at, 14_000)].strip() for at in range(0, room, 14_000)]
    return _with(subject, steps=[*steps[:-1], *filter(None, lines), steps[-1]])


def _truncated(subject: Subject, other: Subject, limit: int, random: Random) -> Attempt | None:
    text = _with(subject).text
    return Attempt(text[: text.index("</reasoning>") // 2 + len("<reasoning>")], "length")


def _wrong(subject: Subject, other: Subject, limit: int, random: Random) -> Attempt | None:
    answer = _wrong_answer(subject, other)
    return _with(subject, answer=answer) if answer else None


def _near_miss(subject: Subject, other: Subject, limit: int, random: Random) -> Attempt | None:
    """One to ten percent off; at least one unit of the last digit."""
    sign = random.choice((-1, 1))
    answer = _changed_number(subject, lambda n: n + sign * random.randint(1, max(1, abs(n) // 10)))
    return _with(subject, answer=answer) if answer else None


def _spam(subject: Subject, other: Subject, limit: int, random: Random) -> Attempt | None:
    wrong = _wrong_answer(subject, other)
    right = subject.trace.final_answer
    return _with(subject, answer=random.choice((f"{wrong} or {right}", f"{right} or {wrong}"))) if wrong else None


def _two_answers(subject: Subject, other: Subject, limit: int, random: Random) -> Attempt | None:
    wrong = _wrong_answer(subject, other)
    if not wrong:
        return None
    return Attempt(_with(subject, answer=wrong).text + f"\n<answer>{subject.trace.final_answer}</answer>")


def _copied_prompt(subject: Subject, other: Subject, limit: int, random: Random) -> Attempt | None:
    line = " ".join(subject.trace.prompt.replace("<", " ").split())[:5000].strip()
    return _with(subject, steps=[line], answer=line)


def _huge_latex(subject: Subject, other: Subject, limit: int, random: Random) -> Attempt | None:
    return _with(subject, answer=r"\frac{" * 1500 + "1" + r"}{\sqrt{2}}" * 1500)


def _placeholder(subject: Subject, other: Subject, limit: int, random: Random) -> Attempt | None:
    return _with(subject, steps=["…"], answer="…")


def _only_in_reasoning(subject: Subject, other: Subject, limit: int, random: Random) -> Attempt | None:
    steps = [*_steps(subject), subject.trace.final_answer]
    return _with(subject, steps=steps, answer="see above")


_Pays = dict[TermKind, bool]
_FORM: _Pays = {"correctness": True, "format": True}
_NO_FORM: _Pays = {"correctness": False, "format": False}
_BAD: _Pays = {"correctness": False, "format": True}
_SAYS: tuple[TermKind, ...] = ("correctness", "relevance")

MUTATIONS: tuple[Mutation, ...] = (
    Mutation("gold completion", "full", _gold, _SAYS, {**_FORM, "steps": True, "length": True, "relevance": True}),
    Mutation("grouped thousands", "full", _grouped_thousands, ("correctness",), _FORM),
    Mutation("full stop after the answer", "full", _full_stop, ("correctness",), _FORM),
    Mutation("unicode digits", "full", _unicode_digits, ("correctness",), _FORM),
    Mutation("right answer, wrong tags", "less", _wrong_tags, ("correctness", "format"), _NO_FORM),
    Mutation("right answer, no tags", "less", _no_tags, ("correctness", "format"), _NO_FORM),
    Mutation("right answer, then more text", "less", _goes_on, ("correctness", "format"), _NO_FORM),
    Mutation("empty reasoning", "less", _empty_reasoning, ("correctness", "format"), {**_NO_FORM, "follows": False}),
    Mutation("contradicting steps", "less", _contradicting, ("steps",), {**_FORM, "steps": False}),
    Mutation("wrong sums among true ones", "less", _padded_sums, ("steps",), _FORM),
    Mutation("answer without work", "less", _hasty, ("steps",), _FORM),
    Mutation(
        "unrelated reasoning",
        "less",
        _unrelated,
        ("follows", "relevance"),
        {**_FORM, "follows": False, "relevance": False},
    ),
    Mutation("overlong", "less", _overlong, ("length",), {**_FORM, "length": False}),
    Mutation("truncated", "little", _truncated, ("correctness", "format"), {**_NO_FORM, "length": False}),
    Mutation("wrong answer, right tags", "little", _wrong, ("correctness",), {**_BAD, "follows": False}),
    Mutation("near miss within 10 %", "little", _near_miss, ("correctness",), {**_BAD, "follows": False}),
    Mutation("answer spam", "little", _spam, ("correctness",), _BAD),
    Mutation("two answers", "little", _two_answers, ("correctness", "format"), _NO_FORM),
    Mutation("copied prompt", "little", _copied_prompt, _SAYS, {**_BAD, "relevance": False}),
    Mutation("huge LaTeX", "little", _huge_latex, ("correctness",), _BAD),
    Mutation("superscript digit", "little", _superscript, ("correctness",), {**_BAD, "follows": False}),
    Mutation("placeholder", "little", _placeholder, _SAYS, {**_BAD, "relevance": False}),
    Mutation(
        "answer only in the reasoning", "little", _only_in_reasoning, ("correctness",), {**_BAD, "follows": False}
    ),
)
"""The corpus, what should be paid first."""
