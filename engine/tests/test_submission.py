"""Submissions: the same content in the same bytes, and nothing in them that was not measured."""

import shutil
import zipfile
from pathlib import Path

import pytest

from evaluated import make_task, tuned_sampler
from tunix_rt.config import EvalConfig, SFTConfig
from tunix_rt.errors import DigestError, MissingError, UsageError
from tunix_rt.evaluation import Evaluation, ModelRef, evaluate, write_evaluation
from tunix_rt.formats import MANIFEST, write_text
from tunix_rt.provenance import FolderRef, folder_ref
from tunix_rt.run import attempt, new_run, update_run
from tunix_rt.run_folder import RunDir
from tunix_rt.submission import BUNDLE, SubmissionManifest, bundle, verify

ADAPTER = "sha256:" + "a" * 64


def make_dataset(home: Path) -> FolderRef:
    folder = home / "datasets" / "small-v1"
    folder.mkdir(parents=True)
    (folder / "train.jsonl").write_text('{"a": 1}\n')
    (folder / MANIFEST).write_text("{}\n")
    return folder_ref("dataset", "small-v1", folder, home=home)


def trained_run(home: Path) -> RunDir:
    """Return a run that ended with weights, as the trainer leaves it."""
    run = new_run(home, "sft", "small", config=SFTConfig(), inputs={"dataset": make_dataset(home)})
    with attempt(run):
        write_text(run.adapter / "weights.safetensors", "weights")
        write_text(run.adapter / MANIFEST, "{}\n")
        write_text(run.report, "<html></html>")
    return run


def measure(home: Path, run: RunDir | None) -> Evaluation:
    task = make_task(12)
    model = ModelRef(name="nano", run=run.id if run else None, adapter_digest=ADAPTER if run else None)
    done = evaluate(tuned_sampler(task), task, EvalConfig(), model=model)
    write_evaluation(home / "evaluations", done)
    return done


def test_bundle_holds_the_run_its_evaluations_and_the_manifest_of_its_dataset(tmp_path):
    run = trained_run(tmp_path)
    done = measure(tmp_path, run)
    found = bundle(tmp_path, run)
    folder = tmp_path / "submissions" / found.id
    assert verify(folder) == found == SubmissionManifest.read(folder / MANIFEST)
    with zipfile.ZipFile(folder / BUNDLE) as archive:
        assert archive.namelist() == sorted(found.files)
        assert archive.testzip() is None
    assert sorted(found.files) == [
        "dataset/manifest.json",
        f"evaluations/{done.id}/manifest.json",
        f"evaluations/{done.id}/samples.jsonl",
        "run/adapter/manifest.json",
        "run/adapter/weights.safetensors",
        "run/config.json",
        "run/manifest.json",
        "run/report.html",
    ]
    assert found.evaluations == {done.id: done.manifest.digest}
    assert "dataset/train.jsonl" in bundle(tmp_path, run, with_rows=True).files


def test_same_content_gives_the_same_bytes_and_other_content_another_id(tmp_path):
    run = trained_run(tmp_path)
    measure(tmp_path, run)
    first = bundle(tmp_path, run)
    folder = tmp_path / "submissions" / first.id
    before = (folder / BUNDLE).read_bytes()
    assert bundle(tmp_path, run) == first
    shutil.rmtree(folder)
    assert bundle(tmp_path, run).digest == first.digest
    assert (folder / BUNDLE).read_bytes() == before
    assert bundle(tmp_path, run, with_rows=True).id != first.id


def test_run_without_its_own_evaluation_is_refused(tmp_path):
    run = trained_run(tmp_path)
    with pytest.raises(UsageError, match="no evaluation with a score"):
        bundle(tmp_path, run)
    base = measure(tmp_path, None)
    with pytest.raises(UsageError, match="no evaluation with a score"):
        bundle(tmp_path, run, evaluations=[base.id])
    assert not (tmp_path / "submissions").exists()


def test_run_that_has_not_ended_or_trained_nothing_is_refused(tmp_path):
    run = new_run(tmp_path, "sft", "small", config=SFTConfig())
    with pytest.raises(UsageError, match="is queued"):
        bundle(tmp_path, run)
    with attempt(run):
        pass
    with pytest.raises(UsageError, match="no trained weights"):
        bundle(tmp_path, run)


def test_changed_byte_is_found_before_and_after_bundling(tmp_path):
    run = trained_run(tmp_path)
    measure(tmp_path, run)
    found = bundle(tmp_path, run)
    archive = tmp_path / "submissions" / found.id / BUNDLE
    whole = archive.read_bytes()
    archive.write_bytes(whole.replace(b"weights", b"heights", 1))
    with pytest.raises(DigestError, match="changed"):
        verify(archive.parent)
    archive.write_bytes(whole)
    write_text(archive.parent / MANIFEST, found.model_copy(update={"run": "another"}).to_json())
    with pytest.raises(DigestError, match="changed"):
        verify(archive.parent)
    write_text(run.adapter / "weights.safetensors", "heights")
    with pytest.raises(DigestError, match=r"weights\.safetensors changed"):
        bundle(tmp_path, run)
    with pytest.raises(MissingError):
        verify(tmp_path)


def test_manifest_from_elsewhere_does_not_lead_out_of_the_home_folder(tmp_path):
    home = tmp_path / "home"
    run = trained_run(home)
    measure(home, run)
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / MANIFEST).write_text("secret\n")
    outside = folder_ref("dataset", "x", tmp_path / "secret", home=home)
    update_run(run, inputs={"dataset": outside})
    with pytest.raises(UsageError, match="outside"):
        bundle(home, run)
    update_run(run, inputs={"dataset": outside.model_copy(update={"path": "../secret"})})
    with pytest.raises(UsageError, match="outside"):
        bundle(home, run)
    update_run(run, inputs={})
    with pytest.raises(UsageError, match="outside"):
        bundle(home, run, evaluations=["../../secret"])
