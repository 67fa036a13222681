# %%
# 1 · Settings, and the accelerator. Everything below follows these names; `--max_steps 100` and the like set them when
# this file runs as a script.
import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

STARTED = time.monotonic()  # the budget counts from here: Kaggle's clock runs while packages are installed
parser = argparse.ArgumentParser()
parser.add_argument("--accelerator", default="tpu", choices=["tpu", "gpu", "cpu"])  # `cpu` is for a trial run with nano
parser.add_argument("--recipe", type=Path)  # a session's YAML file; without it, recipe.yaml of the attached dataset
parser.add_argument("--model_path", type=Path)  # weights of the base model; without it, those attached, if any are
parser.add_argument("--inputs", type=Path, default=Path("/kaggle/input"))  # where Kaggle mounts what is attached
parser.add_argument("--output", type=Path, default=Path("/kaggle/working"))  # what Kaggle keeps
parser.add_argument("--time_budget_minutes", type=float, default=500)  # of the whole notebook; a session has 540
parser.add_argument("--max_steps", type=int)  # fewer optimiser updates, for a quick look
parser.add_argument("--max_examples", type=int)  # fewer training examples
parser.add_argument("--seed", type=int, default=42)
S = parser.parse_args([] if "get_ipython" in globals() else None)

# A TPU belongs to one process at a time, so another process looks, and gives it back before the training wants it.
looked = subprocess.run(
    [
        sys.executable,
        "-c",
        "import jax; print(jax.default_backend(), jax.device_count(), jax.devices()[0].device_kind)",
    ],
    capture_output=True,
    text=True,
)
backend, count, kind = [*looked.stdout.split(maxsplit=2), "none", "0", "no JAX"][:3]
print(f"found {count} × {kind.strip()} ({backend}); asked for {S.accelerator}")
if backend != S.accelerator or (S.accelerator == "tpu" and count != "8"):
    raise RuntimeError(
        f"This notebook wants {'8 TPU chips' if S.accelerator == 'tpu' else S.accelerator}, and JAX finds {count} of "
        f"{backend}. Choose Settings → Accelerator → TPU v5e-8 and run again; --accelerator cpu is for nano only."
    )

# %% [markdown]
# # A small Gemma that shows its work
#
# **What.** One session turns a stock Gemma into a model that writes its reasoning, line by line, before its answer, and
# measures what that gained. It is one command, `tunix-rt session run`, inside one wall-clock budget.
#
# **How to read it.** Cells 4 and 6 tell the story (data, prompt, hyperparameters, strategy); the cells between do the
# work; cell 8 prints the score; cell 9 loads the checkpoint with plain Tunix; cell 10 locks it all into one archive.
#
# **How to reproduce it.** Attach the dataset that `tunix-rt submit plan --out` wrote, choose TPU v5e-8, *Save & Run
# All*. The same seed gives the same data, the same order and the same questions. `tunix-rt submit verify` then hashes
# every file of the output again and grades every stored answer again.

# %%
# 3 · Install: into an environment of its own, so that nothing of Kaggle's image is mixed in. With attached wheels no
# internet is needed; every file must have a hash of the lock.
lock = next(iter(sorted(S.inputs.rglob("requirements.txt"))), None)
PYTHON = sys.executable
if subprocess.run([PYTHON, "-c", "import tunix_rt"], capture_output=True).returncode == 0:
    print("tunix-rt is installed here already")
elif lock is None:
    raise RuntimeError(
        f"no requirements.txt under {S.inputs}: attach the dataset that `tunix-rt submit plan --out` wrote"
    )
else:
    wheels = sorted((lock.parent / "wheels").glob("*"))
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "/tmp/tunix_rt"], check=True)
    PYTHON = "/tmp/tunix_rt/bin/python"
    pip = [sys.executable, "-m", "pip", "--python", PYTHON, "install", "-q", "--no-deps"]
    source = ["--no-index", "--find-links", str(lock.parent / "wheels")] if wheels else []
    print(f"{len(wheels)} attached files" if wheels else "no attached wheels: from the index")
    if not wheels or any(path.suffix == ".gz" for path in wheels):  # something is published as source only
        subprocess.run([*pip, *source, "setuptools", "wheel"], check=True)
    subprocess.run([*pip, *source, "--no-build-isolation", "--require-hashes", "-r", str(lock)], check=True)
    subprocess.run([*pip, *source, "tunix-rt"], check=True)


def tunix_rt(*words):
    """Run a command of tunix-rt, show what it says, and return the JSON object that it ends with."""
    shown = [str(word) for word in words if word is not None]
    print("$ tunix-rt", *shown)
    command = [PYTHON, "-m", "tunix_rt", *shown, "--json"]
    environment = {**os.environ, "TUNIX_RT_HOME": str(S.output / "tunix_rt")}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run:
        last = ""
        for line in run.stdout:
            if line.startswith("{"):
                last = line
            else:
                print(line, end="")
    if run.returncode:
        raise RuntimeError(f"`tunix-rt {' '.join(shown)}` ended with exit code {run.returncode}")
    return json.loads(last)


# %% [markdown]
# ## Data and prompt
#
# **Data.** Reasoning traces: a question, steps of one line each, an answer. `dev-reasoning-v1` is made by a program, in
# 25 families from sums and dates to reading, logic, science and ideas; every answer is right by construction.
# The build checks each row, removes near duplicates, leaves out every row that repeats a test question, and splits by
# template, so that no template stands on both sides. Files of your own join it under `dataset.sources` in the recipe.
#
# **Prompt.** One template for training, evaluation and serving: Gemma's turns, the instruction *"Reason step by step in
# <reasoning>, then answer in <answer>."*, then the two tags. The end-of-turn token is trained, so that the model stops.
# The base model is measured under the same prompt, and once more with worked examples, since a base that was never
# shown the form is no fair baseline.

# %%
# 5 · Build the dataset, and look at one row as the model reads it.
RECIPE = S.recipe or next(iter(sorted(S.inputs.rglob("recipe.yaml"))))
weights = S.model_path or next((path.parent for path in sorted(S.inputs.rglob("tokenizer.model"))), None)
FLAGS = [RECIPE, "--seed", S.seed]
FLAGS += ["--max_steps", S.max_steps] if S.max_steps else []
FLAGS += ["--max_examples", S.max_examples] if S.max_examples else []
FLAGS += ["--set", f"sft.model_path={weights}"] if weights else []
chip = {"tpu": "v5e-8", "gpu": "t4x2", "cpu": "cpu"}[S.accelerator]
budget = ["--time_budget_minutes", S.time_budget_minutes]
plan = tunix_rt("session", "run", *FLAGS, *budget, "--dry_run", "--chip", chip)
print("planned seconds:", plan["phases"])
for one in plan["memory"]:
    print(f"memory of {one['phase']} on {one['chip']}: {one['words']}")
for stage in ("sft", "grpo"):
    print(f"{stage}:", {name: value for name, value in (plan["config"].get(stage) or {}).items() if value is not None})
part = plan["config"]["dataset"]
names = [word for name in ("name", "version", "valid_fraction", "near_duplicate") for word in (f"--{name}", part[name])]
most = ["--max_examples", part["max_examples"]] if part["max_examples"] else []
built = tunix_rt("data", "build", *part["sources"], *names, *most, "--seed", S.seed)
row = tunix_rt("data", "show", built["key"])["row"]
print(
    f"\n{built['key']}: {built['splits']} rows, {built['digest']}\n\n{row['prompt']}\033[1m{row['completion']}\033[0m"
)

# %% [markdown]
# ## Hyperparameters and strategy
#
# **Strategy.** First measure the base; then a short supervised fine-tuning on traces, which teaches the form and the
# habit of small steps; then reinforcement learning (GRPO) with rewards that can be checked, above all a right answer,
# graded by the code that also evaluates; then measure again, pair by pair; export last. The planner divides the budget
# over the phases, replans from measured speed, and never gives away the time of the last measurement and the export:
# the notebook ends inside the budget with a score and a checkpoint, also when the machine is slow.
#
# **Hyperparameters** (Gemma 3 1B; the cell above printed all of them, with the plan): LoRA of rank 64 and alpha 64 on
# all seven projections of a bfloat16 base, adapter and optimiser in float32. Fine-tuning: packed rows of 2048 tokens,
# one row a chip on an (8, 1) mesh, about 80 traces an update, ten epochs, AdamW, peak learning rate 1e-4, cosine, 3 %
# warm-up, gradients clipped at 1; the loss covers the model's own turn only. GRPO: 16 prompts of 8 completions a step,
# at most 512 tokens each, temperature 1, learning rate 5e-6, KL weight 0.03. Gemma 2 2B: rank 32, 5e-5; 8 prompts,
# 2e-6, 0.04.

# %%
# 7 · Train and measure, for a bounded time: what is left of the budget, less what cells 8 to 10 need.
left = S.time_budget_minutes - (time.monotonic() - STARTED) / 60
result = tunix_rt("session", "run", *FLAGS, "--time_budget_minutes", round(left - max(0.75, 0.03 * left), 3))

# %%
# 8 · The score, and the samples behind it.
home = S.output / "tunix_rt"
samples = home / "evaluations" / result["tuned"]["evaluation"] / "samples.jsonl"
(S.output / "results.jsonl").write_bytes(samples.read_bytes())
(S.output / "result.json").write_text(json.dumps(result, indent=2) + "\n")
learned = result.get("reinforcement")
stages = {**result["base"], **({"fine-tuned": learned["sft"]} if learned else {}), "trained": result["tuned"]}
for name, one in stages.items():
    print(f"{name:10} n {one['n']:4}", *(f"{m} {one[m] and one[m]['value']}" for m in ("strict", "lenient")), sep="  ")
print(result["verdict"])
score = result["tuned"]["strict"]
print(f"leaderboard score: {score['value']:.4f}  (strict accuracy, n = {score['n']}, ", end="")
print(f"95 % interval {score['low']:.4f} to {score['high']:.4f})")

# %%
# 9 · The checkpoint is an Orbax folder that plain Tunix code loads. load_checkpoint.py imports nothing of this project.
checkpoint = home / "runs" / result["run"] / "exports" / "orbax"
if result["exports"]["orbax"]["path"] is None:  # the session had no time left for it; its note says so
    tunix_rt("export", result["run"], "--to", "orbax")
here = [Path(sys.argv[0]).parent, RECIPE.parent, Path("notebooks")]
loader = next(path / "load_checkpoint.py" for path in here if (path / "load_checkpoint.py").is_file())
print(subprocess.run([PYTHON, loader, checkpoint], stdout=subprocess.PIPE, text=True, check=True).stdout)
print(f"checkpoint: {checkpoint}")

# %%
# 10 · The lock: write-up, video script, checklist, weights, samples, and the digest of each; then the proof.
locked = tunix_rt("submit", "bundle", result["run"], "--out", S.output / "papers")
proof = tunix_rt("submit", "verify", locked["folder"])
print(f"{proof['submission']}: {proof['files']} files as recorded, score again {proof['score']:.4f}")
print(f"papers: {S.output / 'papers'}")
print(f"{(time.monotonic() - STARTED) / 60:.1f} of {S.time_budget_minutes:g} minutes")
