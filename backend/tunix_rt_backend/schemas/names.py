"""Names that come from outside and become folder names: checked once, here, by their types; it opens no file.

A name is ASCII letters, digits, `.`, `_` and `-`; it begins with a letter or digit, and a dot stands alone and never
last: `2026-01-05-sft-dev-reasoning-7f3a`, `gsm8k-v1.2`. So it is never a path, never hidden, never leads upwards, and
never reads as an option of a command.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

_WORD = "[A-Za-z0-9][A-Za-z0-9_-]*"
_NAME = rf"^{_WORD}(\.[A-Za-z0-9_-]+)*$"
_NAME_LENGTH = 200
"""A file name may have 255 bytes; the engine puts a suffix after it while it writes."""

RunId = Annotated[str, StringConstraints(pattern=_NAME, min_length=1, max_length=_NAME_LENGTH)]
"""Folder of a run: `2026-01-05-sft-dev-reasoning-7f3a`."""
DatasetKey = Annotated[str, StringConstraints(pattern=_NAME, min_length=1, max_length=_NAME_LENGTH)]
"""Folder of a dataset, `<name>-<version>`: `dev-reasoning-v1`."""
DatasetName = Annotated[str, StringConstraints(pattern=_NAME, min_length=1, max_length=128)]
"""Name of a dataset without its version; a session's own datasets keep to small letters."""
DatasetVersion = Annotated[str, StringConstraints(pattern=_NAME, min_length=1, max_length=64)]
"""Version of a dataset: `v1`, `v1.2`, `2026-01`."""
EvaluationId = Annotated[str, StringConstraints(pattern=_NAME, min_length=1, max_length=_NAME_LENGTH)]
"""Folder of an evaluation: `2026-01-05-101910-dev-reasoning-v1-heldout-contract-0d5cab`."""
SubmissionId = Annotated[str, StringConstraints(pattern=_NAME, min_length=1, max_length=_NAME_LENGTH)]
"""Folder of a submission."""
ModelName = Annotated[str, StringConstraints(pattern=_NAME, min_length=1, max_length=_NAME_LENGTH)]
"""A base model by its name in this service: `nano`, `gemma3-270m`; never an address, never a path."""
TaskName = Annotated[
    str, StringConstraints(pattern=rf"^{_WORD}(\.[A-Za-z0-9_-]+)*(:{_WORD})?$", min_length=1, max_length=128)
]
"""A task, with its split after a colon where it has several: `gsm8k`, `dev-reasoning-v1:heldout`."""
IdempotencyKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._~+/=-]+$", min_length=1, max_length=128)]
"""What a client names a request by, so that sending it again changes nothing; a colon is the service's own."""
FilePath = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f\\]+$", max_length=1024)]
"""A file beneath a folder, its parts parted by `/`; `services.files` opens it, and refuses what leads elsewhere."""
