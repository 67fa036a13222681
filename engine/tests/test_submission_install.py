"""The notebook's install cell: from attached wheels alone, without an index, each file with a hash of the lock."""

import base64
import hashlib
import json
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# The third cell alone, where its settings point to another folder than Kaggle's.
PROGRAM = """
import argparse, json, os, pathlib, subprocess, sys
cells = json.loads(pathlib.Path("notebooks/kaggle_submission.ipynb").read_text())["cells"]
cell = "".join(cells[2]["source"])
assert "/tmp/tunix_rt" in cell
S = argparse.Namespace(inputs=pathlib.Path(sys.argv[1]))
exec(cell.replace("/tmp/tunix_rt", sys.argv[2]))
"""


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with pip and nothing else, as it is before a notebook installs anything."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, with_pip=True)
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("ours")
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def attach(folder: Path, ours: Path, digest: str | None = None) -> None:
    """Put a dataset folder together: a lock of one small package, its wheel, and ours."""
    wheels = folder / "wheels"
    wheels.mkdir(parents=True)
    (wheels / ours.name).write_bytes(ours.read_bytes())
    small = wheels / "smallest-1.0-py3-none-any.whl"
    parts = {
        "smallest.py": "VALUE = 7\n",
        "smallest-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: smallest\nVersion: 1.0\n",
        "smallest-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(small, "w") as archive:
        record = ""
        for name, text in parts.items():
            archive.writestr(name, text)
            hashed = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            record += f"{name},sha256={hashed},{len(text)}\n"
        archive.writestr("smallest-1.0.dist-info/RECORD", record + "smallest-1.0.dist-info/RECORD,,\n")
    digest = digest or hashlib.sha256(small.read_bytes()).hexdigest()
    (folder / "requirements.txt").write_text(f"smallest==1.0 \\\n    --hash=sha256:{digest}\n")


def install(bare: Path, inputs: Path, target: Path) -> subprocess.CompletedProcess[str]:
    words = [str(bare), "-c", PROGRAM, str(inputs), str(target)]
    return subprocess.run(words, cwd=ROOT, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False)


def test_attached_wheels_are_enough(bare: Path, ours: Path, tmp_path: Path) -> None:
    attach(tmp_path / "in" / "some-name", ours)
    done = install(bare, tmp_path / "in", tmp_path / "env")
    assert done.returncode == 0, done.stderr
    assert "2 attached files" in done.stdout
    program = "import json, smallest, tunix_rt; print(json.dumps([smallest.VALUE, tunix_rt.__file__]))"
    words = [str(tmp_path / "env/bin/python"), "-c", program]
    found = subprocess.run(words, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True)
    value, place = json.loads(found.stdout)
    assert value == 7
    assert Path(place).is_relative_to(tmp_path / "env")


def test_wheel_with_another_hash_is_refused(bare: Path, ours: Path, tmp_path: Path) -> None:
    attach(tmp_path / "in", ours, digest="0" * 64)
    done = install(bare, tmp_path / "in", tmp_path / "env")
    assert done.returncode == 1
    assert "HASH" in done.stderr.upper()


def test_nothing_attached_is_said(bare: Path, tmp_path: Path) -> None:
    done = install(bare, tmp_path, tmp_path / "env")
    assert done.returncode == 1
    assert "submit plan" in done.stderr
