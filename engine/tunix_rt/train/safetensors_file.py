"""Safetensors files, read as memory maps and written one tensor at a time. It does not know what a tensor means.

The layout is that of https://github.com/huggingface/safetensors: eight bytes with the length of a JSON header, the
header, then the tensors back to back. Tunix's reader wants one dtype in a file, so the writer takes one dtype.
"""

from __future__ import annotations

import json
import math
import os
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from tunix_rt.errors import DataError

Array = NDArray[Any]

DTYPES: dict[str, np.dtype[Any]] = {
    "F32": np.dtype(np.float32),
    "F16": np.dtype(np.float16),
    "BF16": np.dtype(ml_dtypes.bfloat16),
}
"""Safetensors name of each dtype that a model may have."""


def _read_header(path: Path) -> tuple[dict[str, Any], int]:
    try:
        with path.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            header = json.loads(stream.read(length))
    except (struct.error, ValueError, MemoryError) as error:
        raise DataError(f"{path} is not a safetensors file: {error}") from error
    header.pop("__metadata__", None)
    return header, 8 + length


def read_tensors(path: Path) -> dict[str, Array]:
    """Return the tensors of a file by name, mapped from disk; raise DataError if it is no safetensors file."""
    header, start = _read_header(path)
    data = np.memmap(path, dtype=np.uint8, mode="r", offset=start)
    tensors = {}
    for name, entry in header.items():
        if entry["dtype"] not in DTYPES:
            raise DataError(f"{path}: tensor {name} has dtype {entry['dtype']}; expected one of {', '.join(DTYPES)}")
        begin, end = entry["data_offsets"]
        if end > data.size:
            raise DataError(f"{path} is cut short: tensor {name} ends at byte {start + end}; fetch the file again")
        tensors[name] = data[begin:end].view(DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors


def read_folder(folder: Path) -> dict[str, Array]:
    """Return the tensors of every `*.safetensors` file of a folder (shards), mapped from disk."""
    tensors: dict[str, Array] = {}
    for path in sorted(folder.glob("*.safetensors")):
        tensors |= read_tensors(path)
    return tensors


def write_tensors(
    path: Path,
    shapes: Mapping[str, tuple[int, ...]],
    tensors: Iterable[tuple[str, Array]],
    dtype: str,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write tensors into a file that nobody reads yet (a staged folder), one at a time.

    `shapes` names every tensor in the order of the file; `tensors` yields them in any order; each is cast to `dtype`
    (a key of DTYPES). Raises ValueError if a tensor is missing, unknown or of another shape.
    """
    item = DTYPES[dtype].itemsize
    header: dict[str, Any] = {"__metadata__": {"format": "pt", **(metadata or {})}}
    offset = 0
    for name, shape in shapes.items():
        size = math.prod(shape) * item
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    start = 8 + len(text)
    missing = set(shapes)
    with path.open("wb") as stream:
        stream.write(struct.pack("<Q", len(text)) + text)
        stream.truncate(start + offset)
        for name, tensor in tensors:
            if name not in missing or tuple(tensor.shape) != tuple(shapes[name]):
                raise ValueError(f"tensor {name} of shape {tensor.shape} is unknown, doubled or of another shape")
            missing.remove(name)
            stream.seek(start + header[name]["data_offsets"][0])
            stream.write(np.ascontiguousarray(tensor.astype(DTYPES[dtype], copy=False)).tobytes())
        stream.flush()
        os.fsync(stream.fileno())
    if missing:
        raise ValueError(f"{len(missing)} tensors were not given, {min(missing)} among them")
