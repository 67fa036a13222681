"""The reward terms: what each sees of a completion and what value it gives it, before any weight.

A term gives a finite number, or None where it has nothing to say (it abstains). Whatever else happens in it, an error,
a time-out, a value that is not finite, is a fault with its reason and never a number. Terms do not know each other.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tunix_rt.arithmetic import check_step
from tunix_rt.errors import GradingError
from tunix_rt.formats import Format
from tunix_rt.grading import Target, compare
from tunix_rt.grading.number import last_number, plain
from tunix_rt.rewards.case import Case
from tunix_rt.rewards.config import CorrectnessOptions, FollowsOptions, LengthOptions, RewardTerm, TermKind
from tunix_rt.rewards.judge import ask_judge
from tunix_rt.rewards.relevance import Relevance

_LAST_STEPS = 50
"""Trace steps, from the last one back, that are searched for the answer."""


class Outcome(NamedTuple):
    """What a term says of one completion."""

    value: float | None
    """Its value; None if it abstained or faulted."""
    fault: str | None = None
    """Why there is no value; None if it abstained."""


Evaluate = Callable[[Sequence[Case]], list[Outcome]]
"""Completions to outcomes, one each."""


class Description(NamedTuple):
    """A term in words, for people."""

    values: str
    """Lowest and highest value."""
    pays: str
    """What it pays, and when it abstains."""
    games: str
    """How a policy can earn it without deserving it."""


DESCRIPTIONS: dict[TermKind, Description] = {
    "correctness": Description(
        "0 to 1",
        "1 for the right answer in its place, by the grader of the evaluation; abstains for open prompts",
        "a guess, or reasoning made up for an answer that is known, earns as much as a derivation",
    ),
    "format": Description(
        "0 or 1",
        "1 if the completion is exactly in the form of the prompt; its weight fades once nearly all are",
        "any text between the tags earns it",
    ),
    "steps": Description(
        "0 to 1",
        "share of the different arithmetic steps that are right when executed again; abstains where there are none",
        "true sums that lead nowhere, such as 1 + 0 = 1, raise the share",
    ),
    "follows": Description(
        "0 to 1",
        "1 if the last step ends in the answer, less if an earlier step names it; abstains without an answer",
        "one step that only repeats the answer earns it, right or wrong",
    ),
    "length": Description(
        "-1 to 0",
        "0 up to a share of the token limit, then falling to -1 at the limit, and -1 if truncated",
        "a completion that leaves its reasoning out loses nothing",
    ),
    "relevance": Description(
        "0 to 1",
        "TF-IDF cosine of prompt and reasoning without what is copied from it; abstains unless the prompt is open",
        "the words of the prompt in another order, with nothing said",
    ),
    "judge": Description(
        "0 to 1",
        "what your own service says of the completion; abstains where it says null",
        "whatever persuades the judge",
    ),
}


def evaluator(term: RewardTerm, corpus: Sequence[str]) -> Evaluate:
    """Return the function that values completions by one term.

    Args:
        term: Kind and options.
        corpus: Prompts of the training set, from which relevance learns which words are common.
    """
    options = term.read_options()
    match term.kind:
        case "correctness":
            return _each(correctness, options)
        case "format":
            return _each(well_formed, options)
        case "steps":
            return _each(steps, options)
        case "follows":
            return _each(follows, options)
        case "length":
            return _each(length, options)
        case "relevance":
            relevance = Relevance(corpus)
            return _each(lambda case, _: relevance.value(case), options)
        case "judge":
            return lambda cases: _judged(cases, options)


def _each(value: Callable[[Case, Any], float | None], options: Format) -> Evaluate:
    def one(case: Case) -> Outcome:
        try:
            return _checked(value(case, options))
        except Exception as error:  # whatever a term raises is its fault, not the end of the training
            return _fault(error)

    return lambda cases: [one(case) for case in cases]


def _judged(cases: Sequence[Case], options: Any) -> list[Outcome]:
    try:
        return [_checked(value) for value in ask_judge(cases, options)]
    except Exception as error:
        return [_fault(error)] * len(cases)


def _fault(error: Exception) -> Outcome:
    return Outcome(None, f"{type(error).__name__}: {error}"[:200])


def _checked(value: object) -> Outcome:
    if value is None:
        return Outcome(None)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return Outcome(None, f"gave {value!r:.80}, which is no finite number")
    return Outcome(float(value))


def correctness(case: Case, options: CorrectnessOptions) -> float | None:
    """Return the verdict of the strict grader, or less for an answer that only the lenient one finds."""
    strict = case.strict
    for score in (strict, case.lenient) if options.lenient and not strict.value else (strict,):
        if score.verdict == "timeout":
            raise TimeoutError(score.explanation)
    if strict.value is None or strict.value == 1.0 or not options.lenient:
        return strict.value
    return options.lenient * (case.lenient.value or 0.0)


def well_formed(case: Case, options: Format) -> float:
    """Return 1 for a completion that is exactly in its form."""
    return float(case.reading.well_formed)


def steps(case: Case, options: Format) -> float | None:
    """Return the share of right ones among the different arithmetic steps; one that is only spaced anew is the same."""
    judged = {
        ("".join(plain(text).split()), check.verdict)
        for text, check in zip(case.reading.steps, case.checks, strict=True)
        if check.verdict != "none"
    }
    return sum(verdict == "right" for _, verdict in judged) / len(judged) if judged else None


def length(case: Case, options: LengthOptions) -> float:
    """Return the soft penalty of an overlong completion (arXiv 2503.14476, equation 13), in tokens of the limit."""
    if case.finish == "length":
        return -1.0
    start = options.soft * case.max_new_tokens
    if case.tokens <= start:
        return 0.0
    return max(-1.0, -(case.tokens - start) / (case.max_new_tokens - start)) if start < case.max_new_tokens else -1.0


def follows(case: Case, options: FollowsOptions) -> float | None:
    """Return whether the answer, right or wrong, is what the reasoning arrives at."""
    answer, texts = case.reading.answer, case.reading.steps[-_LAST_STEPS:]
    if answer is None or case.target.kind == "open":
        return None
    wordings = _wordings(answer, case.target)
    lines = [_even(text) for text in texts]
    if not lines:
        return 0.0
    if any(_ends_in(lines[-1], wording) for wording in wordings) or _computes(texts[-1], answer, case.target):
        return 1.0
    if case.target.kind != "number" and any(_names(lines[-1], wording) for wording in wordings):
        return 1.0
    return options.mentioned if any(_names(line, wording) for line in lines for wording in wordings) else 0.0


def _even(text: str) -> str:
    """Return a text with case, digits, spaces and what may follow an answer evened out."""
    return " ".join(plain(text).casefold().split()).rstrip(" .!*`$)]}")


def _wordings(answer: str, target: Target) -> list[str]:
    """Return how reasoning may word an answer: as it stands and, for the label of a choice, as the choice's text."""
    label = re.fullmatch(r"[(\[]?([A-Za-z])[)\].:]{0,2}", answer.strip()) if target.kind == "choice" else None
    index = ord(label[1].upper()) - ord("A") if label else len(target.choices)
    texts = [answer, target.choices[index]] if index < len(target.choices) else [answer]
    return [wording for wording in map(_even, texts) if wording]


def _ends_in(line: str, wording: str) -> bool:
    """Return whether a line ends in a wording that is not the rest of a longer number or word."""
    if not line.endswith(wording):
        return False
    before, first = line[: len(line) - len(wording)][-1:], wording[0]
    within_number = first.isdigit() and (before.isdigit() or before in (".", ",", "-"))
    return not before or not (within_number or (first.isalpha() and before.isalnum()))


def _computes(step: str, answer: str, target: Target) -> bool:
    """Return whether the last number of a step, or the value of an equation in it, is the answer."""
    if target.kind != "number":
        return False
    found = [last_number(step), *(equation.found for equation in check_step(step))]
    own = Target(kind="number", value=answer, unit=target.unit)
    try:
        return any(compare(value, own).value == 1.0 for value in found if value)
    except GradingError:  # an answer that is no number
        return False


def _names(line: str, wording: str) -> bool:
    """Return whether a line contains a wording as whole words or a whole number."""
    pattern = rf"(?<!\w)(?<!\d[.,]){re.escape(wording)}(?!\w)(?![.,]\d)"
    return re.search(pattern, line) is not None
