"""Kaggle's side: what a session takes of its limits, the files that Kaggle reads, the locked wheels, the notebook."""

import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from submitted import finished_run
from tunix_rt.architecture import ARCHITECTURES
from tunix_rt.cli import app
from tunix_rt.config import SessionConfig, SFTConfig, load_config
from tunix_rt.errors import DataError, MissingError, UsageError
from tunix_rt.submission import forecast, read_lock, write_kernel
from tunix_rt.submission.forecast import trained_weights

ROOT = Path(__file__).parents[2]
RECIPES = sorted((ROOT / "configs").glob("kaggle-*.yaml"))
NOTEBOOKS = ROOT / "notebooks"
HASH = "0" * 64
Invoke = Callable[..., Result]


@pytest.fixture
def invoke(tmp_path: Path) -> Invoke:
    def run(*words: str) -> Result:
        result = CliRunner().invoke(app, ["submit", *words], env={"TUNIX_RT_HOME": str(tmp_path / "home")})
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "lock.txt"
    path.write_text(
        f"alpha==1.2 \\\n    --hash=sha256:{HASH}\nbeta-x==3.0 ; sys_platform == 'linux' \\\n"
        f"    --hash=sha256:{'1' * 64} \\\n    --hash=sha256:{'2' * 64}\n"
    )
    return path


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_recipe_fits_into_one_session(path: Path) -> None:
    found = forecast(load_config(SessionConfig, path))
    assert found.fits, found.problems
    assert found.minutes <= 540
    assert found.sessions_a_week == 2
    assert found.disk["export orbax"] == 2 * ARCHITECTURES[load_config(SessionConfig, path).sft.base_model].parameters
    assert sum(found.disk.values()) == found.disk_bytes < found.output_bytes
    assert set(found.sources) >= {"session_hours", "week_hours", "output_bytes"}


def test_what_does_not_fit_is_said_with_what_to_change() -> None:
    config = load_config(SessionConfig, RECIPES[0])
    assert "at most 520" in forecast(config.model_copy(update={"budget_minutes": 521})).problems[0]
    assert forecast(config.model_copy(update={"budget_minutes": 520})).fits
    assert "3 are left" in forecast(config, owned_hours=3).problems[0]
    assert "nan are left" in forecast(config, owned_hours=float("nan")).problems[0]
    many = config.sft.model_copy(update={"method": "full", "dtype": "float32"})
    full = config.model_copy(update={"sft": many, "exports": ("orbax", "merged")})
    assert "the largest part is checkpoints" in forecast(full).problems[0]
    assert "orbax" in forecast(config.model_copy(update={"exports": ("merged",)})).problems[0]


def test_weights_of_an_adapter_are_counted_by_hand() -> None:
    nano = ARCHITECTURES["nano"]
    # Two layers; q 128→128, k and v 128→32, o 128→128, gate and up 128→384, down 384→128; rank · (in + out) each.
    a_layer = (128 + 128) + 2 * (128 + 32) + (128 + 128) + 2 * (128 + 384) + (384 + 128)
    lora = SFTConfig(base_model="nano").lora.model_copy(update={"rank": 4})
    assert trained_weights(SFTConfig(base_model="nano", lora=lora), nano) == 2 * 4 * a_layer
    assert trained_weights(SFTConfig(base_model="nano", method="full"), nano) == nano.parameters


def test_lock_is_read_with_names_versions_markers_and_hashes(lock: Path) -> None:
    first, second = read_lock(lock)
    assert (first.name, first.version, first.marker, first.hashes) == ("alpha", "1.2", None, [HASH])
    assert (second.name, second.marker, len(second.hashes)) == ("beta-x", "sys_platform == 'linux'", 2)
    lock.write_text("alpha==1.2\n")
    with pytest.raises(DataError, match="alpha without a hash"):
        read_lock(lock)
    lock.write_text("alpha>=1.2\n")
    with pytest.raises(DataError, match="line 1"):
        read_lock(lock)
    lock.unlink()
    with pytest.raises(MissingError, match="make lock"):
        read_lock(lock)


def test_lock_of_a_session_holds_the_trainer_and_the_runtime_of_the_chips() -> None:
    names = {wheel.name for wheel in read_lock(ROOT / "requirements" / "kaggle.txt")}
    assert {"google-tunix", "jax", "libtpu", "orbax-checkpoint", "setuptools"} <= names
    assert not {"fastapi", "sqlalchemy", "pytest"} & names


def test_plan_writes_what_kaggle_reads(invoke: Invoke, lock: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    recipe = str(RECIPES[0])
    done = invoke("plan", recipe, "--owner", "ada-l", "--out", str(out), "--lock", str(lock), "--json")
    assert done.exit_code == 0, done.stderr
    record = json.loads(done.stdout.splitlines()[-1])
    assert record["fits"] is True
    assert [wheel["name"] for wheel in record["wheels"]] == ["alpha", "beta-x"]
    kernel: dict[str, Any] = json.loads((out / "kernel/kernel-metadata.json").read_text())
    data: dict[str, Any] = json.loads((out / "dataset/dataset-metadata.json").read_text())
    owner, slug = kernel["id"].split("/")
    assert (owner, slug) == ("ada-l", kernel["title"].lower().replace(" ", "-"))
    assert kernel["dataset_sources"] == [data["id"]]
    assert (kernel["enable_tpu"], kernel["enable_internet"]) == ("true", "false")
    assert kernel["model_sources"] == ["google/gemma-2/flax/gemma2-2b-it/1"]
    assert (out / "kernel" / kernel["code_file"]).read_bytes() == (NOTEBOOKS / "kaggle_submission.ipynb").read_bytes()
    assert 6 <= len(data["title"]) <= 50
    assert 20 <= len(data["subtitle"]) <= 80
    assert 3 <= len(data["id"].split("/")[1]) <= 50
    assert len(data["licenses"]) == 1
    assert (out / "dataset/recipe.yaml").read_bytes() == RECIPES[0].read_bytes()
    assert (out / "dataset/requirements.txt").read_bytes() == lock.read_bytes()
    everything = b"".join(path.read_bytes() for path in out.rglob("*.json"))
    assert b"null" not in everything.replace(b'"marker": null', b"")
    assert b"INSERT" not in everything
    again = invoke("plan", recipe, "--owner", "ada-l", "--out", str(out), "--lock", str(lock))
    assert again.exit_code == 2
    assert "exists already" in again.stderr


def test_plan_that_does_not_fit_ends_with_one(invoke: Invoke, lock: Path) -> None:
    done = invoke("plan", str(RECIPES[0]), "--time_budget_minutes", "600", "--lock", str(lock))
    assert done.exit_code == 1
    assert "set budget_minutes to at most 520" in done.stderr
    assert "GB" in done.stdout
    half = invoke("plan", str(RECIPES[0]), "--owner", "ada-l", "--lock", str(lock))
    assert half.exit_code == 2
    assert "belong together" in half.stderr


@pytest.mark.parametrize("flag", [("--max_steps", "8"), ("--seed=7",), ("--set", "sft.lora.rank=8")])
def test_flags_that_the_notebook_would_not_see_are_refused(
    invoke: Invoke, lock: Path, tmp_path: Path, flag: tuple[str, ...]
) -> None:
    out = tmp_path / "out"
    done = invoke("plan", str(RECIPES[0]), "--owner", "ada-l", "--out", str(out), "--lock", str(lock), *flag)
    assert done.exit_code == 2
    assert "would not reach the notebook" in done.stderr
    assert not out.exists()


def test_impossible_owner_writes_nothing(lock: Path, tmp_path: Path) -> None:
    config = load_config(SessionConfig, RECIPES[0])
    files = {"recipe": RECIPES[0], "notebook": RECIPES[0], "loader": RECIPES[0], "lock": lock}
    with pytest.raises(UsageError, match="no Kaggle user name"):
        write_kernel(tmp_path / "out", config, owner="Ada Lovelace", **files)
    with pytest.raises(MissingError, match="checkout"):
        write_kernel(tmp_path / "out", config, owner="ada-l", **(files | {"notebook": tmp_path / "none.ipynb"}))
    assert not (tmp_path / "out").exists()


def test_bundle_locks_the_kernel_in_and_verify_reads_it_all(invoke: Invoke, lock: Path, tmp_path: Path) -> None:
    run = finished_run(tmp_path / "home")
    kernel = str(tmp_path / "kaggle")
    invoke("plan", str(RECIPES[0]), "--owner", "ada-l", "--out", kernel, "--lock", str(lock))
    (tmp_path / "kaggle/dataset/wheels/large.whl").write_text("not locked in")
    done = invoke("bundle", "latest", "--kernel", kernel, "--out", str(tmp_path / "papers"), "--json")
    record = json.loads(done.stdout.splitlines()[-1])
    files = record["manifest"]["files"]
    assert {"kaggle/writeup.md", "kaggle/video.md", "kaggle/checklist.md"} < set(files)
    assert {"kaggle/kernel/kernel-metadata.json", "kaggle/dataset/requirements.txt"} < set(files)
    assert not any("large.whl" in name for name in files)
    assert (tmp_path / "papers/writeup.md").read_text() == record["papers"]["writeup.md"]
    (tmp_path / "kaggle/writeup.md").write_text("no paper of ours")
    (tmp_path / "kaggle/dataset/link").symlink_to(lock)
    again = invoke("bundle", run.id, "--kernel", kernel, "--json")
    assert json.loads(again.stdout.splitlines()[-1])["manifest"] == record["manifest"], "no links, nothing beside"
    checked = json.loads(invoke("verify", record["manifest"]["id"], "--json").stdout.splitlines()[-1])
    assert checked["files"] == len(files)
    archive = Path(record["folder"]) / "bundle.zip"
    archive.write_bytes(archive.read_bytes().replace(b"Before you submit", b"After you submit!"))
    bad = invoke("verify", record["folder"])
    assert bad.exit_code == 1
    assert "kaggle/checklist.md" in bad.stderr
    none = invoke("bundle", "latest", "--kernel", str(tmp_path / "papers"))
    assert none.exit_code == 1
    assert "holds no kernel" in none.stderr


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("notebook_generator", NOTEBOOKS / "generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_notebook_is_what_its_python_says_in_at_most_ten_cells() -> None:
    text = (NOTEBOOKS / "kaggle_submission.py").read_text()
    found = json.loads((NOTEBOOKS / "kaggle_submission.ipynb").read_text())
    assert (NOTEBOOKS / "kaggle_submission.ipynb").read_text() == generator().notebook(text)
    assert len(found["cells"]) <= 10
    assert found["cells"][0]["cell_type"] == "code"
    assert "jax.device_count()" in "".join(found["cells"][0]["source"])
    story = "".join(line for cell in found["cells"] if cell["cell_type"] == "markdown" for line in cell["source"])
    for judged in ("Data", "Prompt", "Hyperparameters", "Strategy"):
        assert f"**{judged}" in story
    code = ["".join(cell["source"]) for cell in found["cells"] if cell["cell_type"] == "code"]
    assert not any(re.search(r"^\s*[%!]", part, flags=re.MULTILINE) for part in code), "plain Python runs anywhere"
    for part in code:
        compile(part, "cell", "exec")


def test_generator_splits_cells_and_names_a_stale_notebook(tmp_path: Path) -> None:
    made = generator().cells("# %%\na = 1\n\n# %% [markdown]\n# # Title\n#\n# text\n\n# %%\nb = 2\n")
    assert ["".join(cell["source"]) for cell in made] == ["a = 1", "# Title\n\ntext", "b = 2"]
    assert [cell["cell_type"] for cell in made] == ["code", "markdown", "code"]
    folder = tmp_path / "notebooks"
    folder.mkdir()
    (folder / "generate.py").write_bytes((NOTEBOOKS / "generate.py").read_bytes())
    (folder / "small.py").write_text("# %%\na = 1\n")
    (folder / "loader.py").write_text("a = 1\n")

    def generate(*words: str) -> subprocess.CompletedProcess[str]:
        words = (sys.executable, str(folder / "generate.py"), *words)
        return subprocess.run(words, capture_output=True, text=True, check=False)

    assert generate().returncode == 0
    assert generate("--check").returncode == 0
    assert not (folder / "loader.ipynb").exists()
    (folder / "small.py").write_text("# %%\na = 2\n")
    stale = generate("--check")
    assert stale.returncode == 1
    assert "small.ipynb" in stale.stderr
    (folder / "small.py").write_text("# %%\na = 2\n" * 11)
    assert "10 are the most" in generate("--check").stderr


def test_notebook_without_its_accelerator_stops_at_once(tmp_path: Path) -> None:
    words = [sys.executable, str(NOTEBOOKS / "kaggle_submission.py"), "--output", str(tmp_path / "out")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "8 TPU chips" in done.stderr
    assert "Accelerator" in done.stderr
    assert not (tmp_path / "out").exists()


def test_flags_reach_both_trainings_of_the_forecast(invoke: Invoke, lock: Path) -> None:
    def rollouts(*words: str) -> int:
        done = invoke("plan", str(RECIPES[0]), "--lock", str(lock), "--json", *words)
        found: int = json.loads(done.stdout.splitlines()[-1])["forecast"]["disk"]["rollouts"]
        return found

    assert rollouts("--max_steps", "8") * 100 == rollouts("--max-steps=800") == rollouts()
