"""Rollouts of a run: its groups page by page, and scored again with other rewards; it trains nothing.

The file may have come from elsewhere and be of any size: an update is found by a few looks at it, and every line that
is shown is checked.
"""

from __future__ import annotations

import os
from pathlib import Path

import orjson
from sqlalchemy.orm import Session

from tunix_rt.errors import DataError
from tunix_rt.rewards.replay import Replay
from tunix_rt.rollouts import RolloutGroup, find_step, parse_group
from tunix_rt.run_folder import RunDir
from tunix_rt.session import rollouts_path
from tunix_rt_backend.errors import Conflict, NotFound, Unavailable
from tunix_rt_backend.schemas.pages import Pagination
from tunix_rt_backend.schemas.run_files import ReplayBody
from tunix_rt_backend.services import apart, lines
from tunix_rt_backend.services.configs import check_rewards
from tunix_rt_backend.services.files import open_beneath
from tunix_rt_backend.services.replays import FILE, MOST_READ
from tunix_rt_backend.services.run_files import check_run
from tunix_rt_backend.settings import Settings


def list_groups(
    session: Session,
    home: Path,
    run_id: str,
    *,
    step: int | None,
    trace_id: str | None,
    limit: int,
    cursor: str | None,
) -> tuple[list[RolloutGroup], Pagination]:
    """Return one page of a run's groups in the order of its updates: all, those of an update, those of a prompt.

    Raises NotFound for an unknown run or cursor, Conflict for a line that is no group.
    """
    folder, within = check_run(session, home, run_id), None
    name = FILE if step is None else f"{FILE}, step {step}"
    needle = None if trace_id is None else orjson.dumps(trace_id)

    def read(line: bytes, number: int) -> RolloutGroup | None:
        if not line.endswith(b"\n") or (needle and needle not in line):  # torn, or not parsed in vain
            return None
        try:
            group = parse_group(line, f"row {number} of {name}")
        except DataError as error:
            raise Conflict(f"{error}; look into the file itself") from error
        return group if trace_id in (None, group.trace_id) and step in (None, group.step) else None

    try:
        opened = open_beneath(folder, rollouts_path(RunDir(folder)).relative_to(folder).as_posix())
    except NotFound:  # not written yet
        return [], Pagination(limit=limit, offset=0, next_offset=None, next_cursor=None)
    most = lines.MOST_BYTES if trace_id is None else MOST_READ
    with os.fdopen(opened.descriptor, "rb") as stream:
        if step is not None:
            try:
                within = find_step(stream, step), find_step(stream, step + 1)
            except DataError as error:
                raise Conflict(f"{FILE} of run {run_id} is damaged: {error}") from error
        return lines.page(stream, name, read, limit=limit, cursor=cursor, most=most, within=within)


def replay(settings: Settings, run_id: str, body: ReplayBody) -> Replay:
    """Score stored groups again with other rewards, in a process of its own.

    Raises Unprocessable for rewards that ask a judge or a line that is no group, Conflict if there is
    nothing to score or too much at once, Unavailable if it takes longer than a request may.
    """
    check_rewards(body.rewards)
    try:
        found = apart.run(
            settings,
            "replay",
            seconds=settings.request_seconds,
            run_id=run_id,
            rewards=body.rewards.model_dump(mode="json"),
            first=body.first_step,
            last=body.last_step,
        )
    except TimeoutError as error:
        raise Unavailable(
            f"these updates were not scored within {settings.request_seconds:.0f} s; choose fewer by first_step and "
            "last_step, or ask again when the machine is less busy",
            retry_after=30,
        ) from error
    return Replay.model_validate(found)
