"""Tokens: a trace as a base model reads it; found in a process of its own, since only that may know a tokenizer.

It does not know who asks, and downloads nothing.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import orjson

from tunix_rt.base_models import BASE_MODELS
from tunix_rt.config import SFTConfig
from tunix_rt.trace import ReasoningTrace
from tunix_rt_backend.errors import Unavailable, Unprocessable
from tunix_rt_backend.schemas.traces import TraceTokens
from tunix_rt_backend.services import plans, processes
from tunix_rt_backend.settings import Settings, command_environment

MOST_CHARACTERS = 50_000
"""Longest trace whose tokens are shown one by one."""


def read(trace: ReasoningTrace, model: str, settings: Settings) -> TraceTokens:
    """Return the tokens of a trace.

    Raises Conflict for a base model that is not here, Unprocessable for a trace that is too long to be shown or cannot
    be read by the model, Unavailable if too many such answers are being made already or this one takes too long.
    """
    if model not in BASE_MODELS:
        raise Unprocessable(f"there is no base model {model!r}; expected one of {', '.join(BASE_MODELS)}")
    size = len(trace.prompt) + len(trace.final_answer) + sum(len(step.content) for step in trace.steps)
    if size > MOST_CHARACTERS:
        raise Unprocessable(
            f"this trace has {size:,} characters, and tokens are shown of those up to {MOST_CHARACTERS:,}; "
            "`tunix-rt data tokens FILE` shows those of a longer one"
        )
    plans.require_here(settings.home, model)
    with plans.place(), tempfile.TemporaryDirectory(prefix="tunix-rt-tokens-") as folder:
        file = Path(folder) / "trace.jsonl"
        file.write_bytes(orjson.dumps(trace.model_dump(mode="json")))
        try:
            done = processes.run(
                [sys.executable, "-P", "-m", "tunix_rt", "data", "tokens", str(file), "--model", model, "--json"],
                folder=file.parent,
                environment=command_environment(settings.home, "cpu"),
                seconds=settings.request_seconds,
            )
        except TimeoutError as error:
            raise Unavailable("the tokens were not ready in time; ask again when the machine is less busy") from error
    if done.returncode:
        raise Unprocessable(plans.last_line(done.stderr.decode(errors="replace")))
    tokens = orjson.loads(done.stdout.strip().rpartition(b"\n")[2])["tokens"]
    return TraceTokens(
        model_id=model,
        texts=[token["text"] for token in tokens],
        given=sum(not token["trained"] for token in tokens),
        max_length=SFTConfig.model_fields["max_length"].default,
    )
