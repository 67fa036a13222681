"""Conversations: turns with a role and a text become a prompt and a completion.

It does not know which schema the turns come from.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tunix_rt.importers.columns import Draft, Row, from_completion, from_reasoning, raw_text, structured
from tunix_rt.importers.problems import RowProblem
from tunix_rt.importers.reasoning import clean, join_reasoning, unwrap_prompt


def prompt_of(row: Row) -> str:
    """Return the `prompt` of a row, a text or a list of messages."""
    value = structured(row, "prompt")
    if isinstance(value, list):
        return _transcript([_turn(turn, "prompt") for turn in value])
    return unwrap_prompt(raw_text(row, "prompt"))


class _Turn(NamedTuple):
    role: str
    content: str
    thinking: str


_ROLES = {"human": "user", "gpt": "assistant", "model": "assistant", "chatgpt": "assistant", "bing": "assistant"}


def _turn(turn: Any, column: str) -> _Turn:
    if not isinstance(turn, Mapping):
        raise RowProblem(column, "holds a turn that is not an object", 'write {"role": …, "content": …}', turn)
    role = turn.get("role", turn.get("from"))
    content = turn.get("content", turn.get("value"))
    if not isinstance(role, str):
        raise RowProblem(column, "holds a turn without a role", "give each turn `role` (or `from`)", dict(turn))
    thinking = next((turn[name] for name in ("reasoning_content", "thinking", "reasoning") if turn.get(name)), "")
    if isinstance(content, list):
        parts = [part for part in content if isinstance(part, Mapping)]
        thinking = thinking or "\n\n".join(str(part["thinking"]) for part in parts if part.get("thinking"))
        content = "\n\n".join(str(part["text"]) for part in parts if part.get("text"))
    if not isinstance(content, str) or not isinstance(thinking, str):
        fix = "give each turn `content` (or `value`) as a text"
        raise RowProblem(column, "holds a turn without text", fix, dict(turn))
    return _Turn(_ROLES.get(role, role), content, thinking)


def _transcript(turns: list[_Turn]) -> str:
    # One user turn is the prompt; a system text comes before it; several turns are written with their speakers.
    system = [clean(turn.content) for turn in turns if turn.role == "system"]
    spoken = [turn for turn in turns if turn.role != "system"]
    if len(spoken) == 1 and not system:
        return unwrap_prompt(spoken[0].content)
    if len(spoken) == 1:
        return "\n\n".join([*filter(None, system), unwrap_prompt(clean(spoken[0].content))])
    texts = [f"{turn.role.capitalize()}: {clean(turn.content)}" for turn in spoken]
    return "\n\n".join([*filter(None, system), *texts])


def from_turns(row: Row, values: list[Any], column: str) -> Draft:
    """Return the draft of a conversation: its last turn is the completion, all before it the prompt."""
    turns = [_turn(value, column) for value in values]
    if len(turns) < 2 or turns[-1].role != "assistant":
        found = ", ".join(turn.role for turn in turns)
        raise RowProblem(column, "does not end with an assistant turn after a user turn", "cut or complete it", found)
    last = turns[-1]
    prompt = _transcript(turns[:-1])
    if not prompt.strip():
        raise RowProblem(column, "has an empty prompt", "fill it in or drop the row")
    if last.thinking:
        return from_reasoning(row, prompt, join_reasoning(last.thinking, last.content))
    if not last.content.strip():
        raise RowProblem(column, "ends with an empty assistant turn", "fill it in or drop the row")
    return from_completion(row, prompt, last.content)
