"""Find the answer in a completion and grade it.

Strict: the whole completion must follow the prompt contract, and its one answer counts. Lenient: the first of these
that exists, the last one of its sort: `<answer>…`, `#### …`, `\\boxed{…}`, "the answer is …", then what the kind
suggests (the last number, date, choice, formula or line). Text that a model goes on to write after its turn, or after
it starts a next question of its own, is left out. It does not know how a completion was made.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from pydantic import ValidationError

from tunix_rt.errors import RenderError
from tunix_rt.grading import moment
from tunix_rt.grading.comparison import compare, infer_kind, no_answer
from tunix_rt.grading.number import last_number
from tunix_rt.grading.target import Mode, Score, Target
from tunix_rt.trace import END_OF_TURN, ReasoningTrace, parse_completion, render

MAX_COMPLETION = 200_000
"""Longest completion that is read, in characters; strict refuses a longer one, lenient reads its end."""
_MAX_PHRASE = 2_000

_TURN_END = re.compile(r"<end_of_turn>|<eos>|<start_of_turn>")
_NEXT_QUESTION = re.compile(r"^(?:[#*]{1,4} ?)?(?:Q|Question|Problem|User|Human)(?: ?\d{1,4})?[ *]{0,3}:", re.MULTILINE)
_PHRASE = re.compile(
    r"(?<![</\w])answers?\b(?:\s(?:to|for|in)\b[^.:\n]{0,80}?)?[ *]{0,4}(?::|=|\b(?:is|are|was)\b)[ :*]{0,4}"
    r"([^\n]{1,2000})",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?:(?<=\w{3})|(?<=\d)|(?<=[)\]}*\"$%]))[.!]\s+(?=\S)")
_BOXED = "\\boxed{"
_DENIED = re.compile(r"\bnot\s+\S+", re.IGNORECASE)
"""What a statement says that the answer is not: `41, not 42`."""


def _own_text(completion: str) -> str:
    """Return the part of a completion that answers the prompt."""
    text = completion[-MAX_COMPLETION:]
    end = _TURN_END.search(text)
    text = text[: end.start()] if end else text
    for match in _NEXT_QUESTION.finditer(text):
        if text[: match.start()].strip():
            return text[: match.start()]
    return text


def _boxed(text: str) -> str | None:
    start = text.rfind(_BOXED)
    if start < 0:
        return None
    start += len(_BOXED)
    depth = 1
    for position in range(start, min(len(text), start + _MAX_PHRASE)):
        depth += (text[position] == "{") - (text[position] == "}")
        if depth == 0:
            return text[start:position]
    return None


def _stated(text: str) -> tuple[str, str] | None:
    """Return the answer that the text marks as its answer, and where it was found."""
    closed = parse_completion(text).answer
    if closed:
        return closed, "found between answer tags"
    _, tag, tail = text.rpartition("<answer>")
    if tag and tail.strip():
        return tail.strip().splitlines()[0], "found after an answer tag that is not closed"
    _, tag, tail = text.rpartition("####")
    if tag and tail.strip():
        return tail.strip().splitlines()[0], "found after ####"
    boxed = _boxed(text)
    if boxed and boxed.strip():
        return boxed, "found in \\boxed"
    phrases = [match[1] for match in _PHRASE.finditer(text) if match[1].strip(" .*:")]
    if phrases:
        phrase = _SENTENCE_END.split(phrases[-1].strip(), maxsplit=1)[0]
        return phrase.strip("*").rstrip(".").strip(), 'found after "answer"'
    return None


_LABELLED = re.compile(
    r"[(\[](?P<a>[A-Za-z])[)\]]|\b(?:option|choice|answer)\s(?P<b>[A-Za-z])\b|(?<![\w'])(?P<c>[B-HJ-Z]|[AI](?=[.):,]|$))(?![\w'])",
    re.MULTILINE,
)


def _last_choice(text: str, choices: list[str]) -> str | None:
    """Return the label or the text of the choice that is mentioned last."""
    best: tuple[int, int, str] | None = None
    limit = len(choices) or 26
    for match in _LABELLED.finditer(text):
        label = (match["a"] or match["b"] or match["c"]).upper()
        if ord(label) - ord("A") < limit:
            best = (match.end(), 0, label)
    folded = text.casefold()
    for choice in choices:
        needle = choice.strip().casefold()
        start = folded.rfind(needle) if needle else -1
        while start >= 0 and re.match(r"\w", folded[start - 1 : start] or " ") and needle[0].isalnum():
            start = folded.rfind(needle, 0, start + len(needle) - 1)
        end = start + len(needle)
        if start >= 0 and not (needle[-1].isalnum() and folded[end : end + 1].isalnum()):
            best = max(filter(None, (best, (end, len(needle), choice))))
    return best[2] if best else None


_LEADING_CHOICE = re.compile(r"[(\[]?(?P<label>[B-HJ-Z]|[A-Z](?=[)\].:,]))(?:[)\].:,]|(?=\s))")


_BRACKETED = re.compile(r"\[[^\[\]]{0,5000}\]|\{[^{}]{0,5000}\}")
_FORMULA = re.compile(r"\$([^$]{1,2000})\$")


def _last_match(pattern: re.Pattern[str]) -> Callable[[str], str | None]:
    def last(text: str) -> str | None:
        matches = pattern.findall(text)
        return matches[-1] if matches else None

    return last


def _last_of_kind(text: str, target: Target) -> tuple[str, str] | None:
    """Return the last thing in running text that has the form of the target's kind."""
    match target.kind:
        case "number":
            found, name = last_number(text), "number"
        case "date":
            found, name = moment.last_date(text[-moment.MAX_MOMENT :]), "date"
        case "time":
            found, name = moment.last_time(text[-moment.MAX_MOMENT :]), "time"
        case "choice":
            found, name = _last_choice(text, target.choices), "choice"
        case "list" | "set" | "python":
            found, name = _last_match(_BRACKETED)(text), "brackets"
        case "latex":
            found, name = _last_match(_FORMULA)(text), "formula"
        case _:
            found, name = None, ""
    return (found, f"found as the last {name}") if found else None


def _last_line(text: str) -> tuple[str, str] | None:
    lines = text.strip().splitlines()
    return (lines[-1].strip(), "found as the last line") if lines else None


def _grade_lenient(completion: str, target: Target) -> Score:
    text = _own_text(completion)
    stated = _stated(text)
    found = stated or _last_of_kind(text, target) or _last_line(text)
    if found is None:
        return no_answer("the completion is empty")
    score = compare(found[0], target, where=found[1])
    if stated and score.verdict == "parse_fail":
        # A sentence or several answers: the last one that has the right form counts.
        leading = _LEADING_CHOICE.match(stated[0]) if target.kind == "choice" else None
        if leading:
            return compare(leading["label"], target, where=stated[1])
        narrowed = _last_of_kind(_DENIED.sub("", stated[0]), target)
        if narrowed:
            return compare(narrowed[0], target, where=f"{narrowed[1]} of what was {stated[1]}")
    return score


def _why_not_well_formed(completion: str) -> str:
    text = completion.removesuffix(END_OF_TURN)
    answers = text.count("<answer>")
    if answers > 1:
        return f"the completion has {answers} answers, where the prompt contract has one"
    if "</answer>" not in text or not answers:
        return "the completion has no closed <answer> tags"
    if not text.startswith("<reasoning>\n"):
        return "the completion does not start with <reasoning>"
    if not text.endswith("</answer>"):
        return "the completion goes on after </answer>"
    return "the completion does not follow the prompt contract"


def _grade_strict(completion: str, target: Target) -> Score:
    if len(completion) > MAX_COMPLETION:
        return no_answer(f"the completion is longer than {MAX_COMPLETION:,} characters")
    parsed = parse_completion(completion)
    if not parsed.well_formed or parsed.answer is None:
        return no_answer(_why_not_well_formed(completion))
    return compare(parsed.answer, target)


def grade(completion: str, target: Target, *, mode: Mode) -> Score:
    """Grade a completion: find its answer as `mode` allows and compare it with the target.

    An open target leaves every completion unscored, whatever its form: form is counted by itself.
    """
    if target.kind == "open":
        return compare(parse_completion(completion[-MAX_COMPLETION:]).answer or "", target)
    return _grade_strict(completion, target) if mode == "strict" else _grade_lenient(completion, target)


_PLAIN_NUMBER = re.compile(r"-?\$?(?:\d{1,15}|[1-9]\d{0,2}(?:,\d{3}){1,4})(?:\.\d{1,15})?%?")


def _renders_plainly(trace: ReasoningTrace) -> bool:
    """Tell cheaply that nothing in a trace can clash with the tags; false means only that it must be rendered."""
    if "<" in trace.prompt:
        return False
    for step in trace.steps:
        content = step.content
        if "<" in content or content.strip() != content:
            return False
    return True


def trace_target(trace: ReasoningTrace) -> Target:
    """Return what completions of a trace's prompt are graded against: its own final answer.

    `meta.answer_kind` and `meta.choices` say how the answer is read; without them the kind is inferred. Raises
    pydantic's ValidationError if the meta cannot be used.
    """
    answer, kind = trace.final_answer, trace.meta.get("answer_kind")
    return Target(kind=kind or infer_kind(answer), value=answer, choices=trace.meta.get("choices") or [])


def grade_trace(trace: ReasoningTrace) -> Score:
    """Grade a trace's own answer against itself, through its text: 1.0 unless it could never be graded right."""
    answer, kind = trace.final_answer, trace.meta.get("answer_kind")
    if kind in (None, "number") and _PLAIN_NUMBER.fullmatch(answer) and _renders_plainly(trace):
        # Such a number reads back as itself: no need to render and parse the whole text, which is ten times slower.
        return Score(value=1.0, answer=answer, explanation=f'Right: "{answer}" reads back as itself.', verdict="equal")
    try:
        completion = render(trace).completion
        target = trace_target(trace)
    except RenderError as error:
        return no_answer(str(error))
    except ValidationError as error:
        first = error.errors()[0]
        return no_answer(
            f"the meta of the trace cannot be used: {first['loc'][0] if first['loc'] else ''} {first['msg']}"
        )
    return grade(completion, target, mode="strict")
