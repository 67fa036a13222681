"""The command line: exit codes, JSON on the last line, underscores, and a help that answers at once."""

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from tunix_rt.cli import FLOW, app, doctor
from tunix_rt.config import SFTConfig
from tunix_rt.run import attempt, new_run, update_run

CONFIGS = Path(__file__).parents[2] / "configs"
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def invoke(*words: str) -> Result:
        result = CliRunner().invoke(app, list(words), env={"TUNIX_RT_HOME": str(tmp_path / "home")})
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


def last(result: Result) -> Any:
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout.splitlines()[-1])


def write_rows(path: Path, count: int = 30) -> Path:
    words = "apples pears plums nuts figs dates limes grapes kiwis mangos".split()
    rows = [
        {
            "question": f"{words[i % 10].title()} number {i}: a box holds {i} and {i * 7} more come. How many?",
            "answer": f"{i} + {i * 7} = <<{i}+{i * 7}={i * 8}>>{i * 8}\n#### {i * 8}",
        }
        for i in range(1, count + 1)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def every_command() -> list[tuple[str, ...]]:
    def walk(command: Any, names: tuple[str, ...]) -> list[tuple[str, ...]]:
        children = getattr(command, "commands", None)
        return [names] if children is None else [n for name in children for n in walk(children[name], (*names, name))]

    return walk(typer.main.get_command(app), ())


def test_help_is_fast_and_imports_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "from tunix_rt.cli import main\n"
        "sys.argv = ['tunix-rt', '--help']\n"
        "try:\n    main()\nfinally:\n"
        "    heavy = {'pydantic', 'numpy', 'jax', 'tunix', 'rich.live', 'pyarrow', 'sympy'} & set(sys.modules)\n"
        "    sys.stderr.write(' '.join(sorted(heavy)))\n"
    )
    best = 9.0
    for _ in range(5):
        began = processor_seconds()
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        best = min(best, processor_seconds() - began)
    assert done.stderr == ""
    assert best < 0.4


@pytest.mark.parametrize("asked", [{}, {"OPENBLAS_NUM_THREADS": "2"}, {"OMP_NUM_THREADS": "2"}])
def test_numpy_starts_no_threads_unless_asked_to(asked: dict[str, str]) -> None:
    program = (
        "import atexit, json, os, tunix_rt.cli\n"
        "def tell():\n    import numpy, psutil\n"
        "    print(json.dumps([psutil.Process().num_threads(), os.environ.get('OPENBLAS_NUM_THREADS')]))\n"
        "atexit.register(tell)\n"
        "tunix_rt.cli.main()\n"
    )
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
    environment = {name: value for name, value in os.environ.items() if name not in names} | asked
    words = [sys.executable, "-c", program, "--version"]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    threads, told = json.loads(done.stdout.splitlines()[-1])
    assert told == asked.get("OPENBLAS_NUM_THREADS", None if asked else "1")
    assert asked or threads == 1


def processor_seconds() -> float:
    """Return what ended child processes have computed: what a clock would show if nothing else ran."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_help_lists_the_commands_in_the_order_of_the_flow(run: Run) -> None:
    lines = run("--help").stdout.split("Commands:")[1].splitlines()
    listed = [line.split()[0] for line in lines if line.startswith("  ") and line[2] != " "]
    assert tuple(listed[: len(FLOW)]) == FLOW


@pytest.mark.parametrize("names", every_command(), ids=" ".join)
def test_every_command_explains_itself(run: Run, names: tuple[str, ...]) -> None:
    result = run(*names, "--help")
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) > 5


def test_verbs_speak_json() -> None:
    """All but those that run until they are told to end, and the one that prints nothing but JSON."""
    group = typer.main.get_command(app)
    for names in set(every_command()) - {("serve",), ("worker",), ("openapi",)}:
        command: Any = group
        for name in names:
            command = command.commands[name]
        assert "--json" in [option for param in command.params for option in param.opts], names


def test_version_and_usage_errors(run: Run) -> None:
    assert run("--version").stdout.startswith("tunix-rt 0.")
    assert run("data", "nonsense").exit_code == 2
    assert run("train", "sft", "--max-steps", "many").exit_code == 2
    assert run("session", "run", "absent.yaml").exit_code == 2


def test_options_may_have_underscores(run: Run) -> None:
    plans = [
        last(run("eval", "--model", "nano", "--task", "golden-v2", "--json", *words))
        for words in (
            ["--dry-run", "--few-shot-pool", "dev-reasoning-v1", "--time-budget-minutes=5", "--limit", "7"],
            ["--dry_run", "--few_shot_pool", "dev-reasoning-v1", "--time_budget_minutes=5", "--limit", "7"],
        )
    ]
    assert plans[0] == plans[1]
    assert plans[0]["items"] == 7


def test_unknown_key_ends_with_2_and_a_hint(run: Run) -> None:
    result = run("session", "run", str(CONFIGS / "demo.yaml"), "--dry-run", "--set", "sft.lora.rnk=3")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "did you mean 'rank'?" in result.stderr
    assert run("train", "sft", "--dry-run").exit_code == 2
    assert "--dataset KEY" in run("train", "sft", "--dry-run").stderr


def test_other_packages_add_commands(tmp_path: Path) -> None:
    (tmp_path / "guest.py").write_text(
        "def add(app):\n    @app.command()\n    def greet() -> None:\n        print('good day')\n"
    )
    record = tmp_path / "guest-1.0.dist-info"
    record.mkdir()
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: guest\nVersion: 1.0\n")
    (record / "entry_points.txt").write_text("[tunix_rt.commands]\nguest = guest:add\n")
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    for word, shown in (("greet", "good day"), ("--help", "greet")):
        words = [sys.executable, "-m", "tunix_rt", word]
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
        assert shown in done.stdout


def test_dataset_from_build_to_export(run: Run, tmp_path: Path) -> None:
    source = str(write_rows(tmp_path / "rows.jsonl"))
    assert last(run("data", "check", source, "--json"))["rows"] == 30
    built = last(run("data", "build", source, "--name", "boxes", "--json"))
    assert built["key"] == "boxes-v1"
    assert built["counts"]["imported"] == 30
    assert last(run("data", "build", source, "--name", "boxes", "--json"))["digest"] == built["digest"]
    assert [row["key"] for row in last(run("data", "list", "--json"))["datasets"]] == ["boxes-v1"]
    assert "boxes-v1" in run("data", "list").stdout
    shown = last(run("data", "show", "boxes-v1", "--json"))
    assert shown["manifest"]["digest"] == built["digest"]
    assert shown["row"]["prompt"].startswith("<start_of_turn>user\n")
    assert built["digest"] in run("data", "show", "boxes-v1").stdout
    assert last(run("data", "diff", "boxes-v1", "boxes-v1", "--json"))["identical"] is True
    out = tmp_path / "out.jsonl"
    assert last(run("data", "export", "boxes-v1", "--out", str(out), "--json"))["rows"] == built["counts"]["kept"]
    assert len(out.read_text().splitlines()) == built["counts"]["kept"]


def test_bad_rows_end_with_1_and_name_the_place(run: Run, tmp_path: Path) -> None:
    source = write_rows(tmp_path / "rows.jsonl")
    source.write_text(source.read_text() + '{"question": "", "answer": "#### 1"}\n')
    result = run("data", "check", str(source))
    assert result.exit_code == 1
    assert "rows.jsonl, row 31" in result.stdout
    result = run("data", "build", str(source), "--name", "boxes", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout.splitlines()[-1])["errors"][0]["row"] == 31
    assert run("data", "list", "--json").stdout == '{"datasets": []}\n'
    built = last(run("data", "build", str(source), "--name", "boxes", "--on-error", "skip", "--json"))
    assert built["counts"]["rejected"] == 1


def test_overlap_with_a_registered_task_refuses_to_freeze(run: Run, tmp_path: Path) -> None:
    source = str(write_rows(tmp_path / "rows.jsonl"))
    assert last(run("tasks", "register", "gsm8k", source, "--json"))["items"] == 30
    result = run("data", "build", source, "--name", "boxes")
    assert result.exit_code == 1
    assert "--allow-contaminated" in result.stderr
    refused = run("data", "build", source, "--name", "boxes", "--json")
    assert refused.exit_code == 1
    report = json.loads(refused.stdout.splitlines()[-1])
    assert not report["ok"]
    assert [part["task"] for part in report["contamination"] if part["rows"]] == ["gsm8k"]
    assert last(run("data", "build", source, "--name", "boxes", "--allow-contaminated", "--json"))["key"] == "boxes-v1"


def test_missing_things_end_with_1_and_say_what_to_do(run: Run) -> None:
    for words in (
        ["data", "show", "none-v1"],
        ["runs", "show", "none"],
        ["compare", "a", "b"],
        ["data", "check", "no.jsonl"],
    ):
        result = run(*words)
        assert result.exit_code == 1, words
        assert result.stderr.startswith("error: ")


def test_tasks_are_listed_and_shown(run: Run) -> None:
    assert "dev-reasoning-v1:heldout" in last(run("tasks", "list", "--json"))["tasks"]
    shown = last(run("tasks", "show", "golden-v2", "--limit", "2", "--json"))
    assert (shown["items"], len(shown["first_items"])) == (100, 2)
    assert run("tasks", "show", "golden-v3").exit_code == 1


def test_evaluation_plan_counts_completions(run: Run) -> None:
    plan = last(run("eval", "--model", "nano", "--task", "golden-v2", "--limit", "10", "--dry-run", "--json"))
    assert (plan["items"], plan["completions"]) == (10, 10)
    assert run("eval", "--task", "golden-v2").exit_code == 2


def test_runs_are_listed_shown_and_verified(run: Run, tmp_path: Path) -> None:
    home = tmp_path / "home"
    folder = new_run(home, "sft", "boxes", config=SFTConfig())
    with attempt(folder):
        update_run(folder, results={"loss": 0.5})
    rows = last(run("runs", "list", "--json"))["runs"]
    assert [(row["id"], row["status"]) for row in rows] == [(folder.id, "completed")]
    assert folder.id in run("runs", "list").stdout
    assert last(run("runs", "show", "boxes", "--json"))["results"] == {"loss": 0.5}
    assert "result loss" in run("runs", "show", "latest").stdout
    assert last(run("runs", "verify", "latest", "--json"))["run"] == folder.id
    folder.config.write_text(folder.config.read_text().replace("0.0005", "0.0006"))
    result = run("runs", "verify", folder.id)
    assert result.exit_code == 1
    assert "config.json changed" in result.stderr
    assert run("runs", "resume", folder.id).exit_code != 0


def test_doctor_reports_every_check(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "tunix_rt", "doctor", "--json"]  # a process of its own: it imports JAX
    environment = os.environ | {"TUNIX_RT_HOME": str(tmp_path / "home")}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["ok"] is True
    names = {check["name"] for check in report["checks"]}
    assert names >= {"python", "cores", "memory", "disk", "home", "packages", "devices"}
    assert not (tmp_path / "home").exists()


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    source = write_rows(tmp_path / "rows.jsonl")
    limits = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000)); from tunix_rt.cli import app; app(sys.argv[1:])"
    )
    environment = os.environ | {"TUNIX_RT_HOME": str(tmp_path / "home")}
    words = [sys.executable, "-c", limits, "data", "build", str(source), "--name", "boxes"]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("error: no room on the disk for ")
    assert not list((tmp_path / "home" / "datasets").iterdir())


def test_what_the_system_refuses_is_one_line(run: Run, tmp_path: Path) -> None:
    source = str(write_rows(tmp_path / "rows.jsonl"))
    assert run("data", "build", source, "--name", "boxes").exit_code == 0
    result = run("data", "export", "boxes-v1", "--out", str(tmp_path))
    assert result.exit_code == 1
    assert result.stderr.startswith("error: ")
    assert len(result.stderr.splitlines()) == 1
    assert str(tmp_path) in result.stderr
    assert not list(tmp_path.parent.glob(f".{tmp_path.name}.*"))


def test_a_trace_cannot_command_the_terminal(run: Run, tmp_path: Path) -> None:
    hostile = "\x1b]0;owned\x07 \x9b31m \u202e How many\tboxes?"
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"prompt": hostile, "completion": "<answer>3</answer>"}) + "\n")
    assert run("data", "build", str(path), "--name", "boxes").exit_code == 0
    shown = run("data", "show", "boxes-v1").stdout
    assert r"\x1b]0;owned\x07 \x9b31m \u202e How many" in shown
    assert not set("\x1b\x07\x9b\u202e") & set(shown)
    result = run("data", "show", "\x1b[2J")
    assert result.exit_code == 1
    assert r"\x1b[2J" in result.stderr
    assert "\x1b" not in result.stderr


def test_doctor_notices_a_home_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TUNIX_RT_HOME", str(tmp_path / "file" / "home"))
    check = next(check for check in doctor.CHECKS if check.__name__ == "_home")()
    assert check.state == "fail"
    assert check.fix == "set TUNIX_RT_HOME to another folder"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupt_ends_with_its_code_and_one_line(tmp_path: Path, number: int, code: int) -> None:
    source = write_rows(tmp_path / "rows.jsonl")
    source.write_text(source.read_text() * 10_000)  # more work than the signal needs to arrive
    words = [sys.executable, "-m", "tunix_rt", "data", "check", str(source)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        assert process.stderr.readline() == "check: started\n"
        process.send_signal(number)
        words_after = process.stderr.read().splitlines()
        data = process.stdout.read()
    assert process.returncode == code
    assert words_after[-1] == "interrupted; what is in a checkpoint is kept"
    assert "Traceback" not in " ".join(words_after)
    assert data == ""


def test_interrupted_process_leaves_without_taking_itself_apart() -> None:
    # XLA that still compiles in a thread crashes the end of Python; an exit handler that aborts stands for it.
    code = (
        "import atexit, os, sys\nfrom tunix_rt.cli import app, main\natexit.register(os.abort)\n"
        "@app.command()\ndef stop() -> None:\n    raise KeyboardInterrupt\n"
        "sys.argv = ['tunix-rt', 'stop']\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "interrupted; what is in a checkpoint is kept\n")
