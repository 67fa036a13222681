"""Verify: whoever changes a submission is found, also if they make every digest anew."""

import json
import re
import shutil
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from submitted import ITEMS, finished_run
from tunix_rt.errors import DataError, DigestError, UsageError
from tunix_rt.evaluation import EvaluationManifest, load_evaluation
from tunix_rt.evaluation.folder import SAMPLES, content_digest
from tunix_rt.formats import MANIFEST, digest_file, write_format
from tunix_rt.submission import BUNDLE, SubmissionManifest, recheck, submit
from tunix_rt.submission.bundle import _content_digest, _name, _write_archive


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a whole submission; tests change copies of it."""
    home = tmp_path_factory.mktemp("home")
    done, _ = submit(home, finished_run(home))
    return home / "submissions" / done.id


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / whole.name))


def rebuild(folder: Path, change: Callable[[Path], None]) -> None:
    """Change the content of a submission as somebody does who makes all its digests anew."""
    inside = folder.parent / "inside"
    with zipfile.ZipFile(folder / BUNDLE) as archive:
        archive.extractall(inside)
    change(inside)
    manifest = SubmissionManifest.read(folder / MANIFEST)
    sources = {path.relative_to(inside).as_posix(): path for path in sorted(inside.rglob("*")) if path.is_file()}
    evaluations = {
        path.parent.name: EvaluationManifest.read(path).digest
        for path in sorted(inside.glob(f"evaluations/*/{MANIFEST}"))
    }
    files = {name: digest_file(path) for name, path in sorted(sources.items())}
    manifest = manifest.model_copy(update={"files": files, "evaluations": evaluations})
    (folder / BUNDLE).unlink()
    size, digest = _write_archive(folder / BUNDLE, sources, files)
    reseal_submission(folder, manifest.model_copy(update={"bytes": size, "bundle_digest": digest}))


def reseal_submission(folder: Path, manifest: SubmissionManifest) -> None:
    digest = _content_digest(manifest)
    write_format(folder / MANIFEST, manifest.model_copy(update={"digest": digest, "id": _name(manifest.run, digest)}))


def tuned(inside: Path) -> Path:
    """Return the folder of the trained model's evaluation."""
    return next(
        path.parent
        for path in inside.glob(f"evaluations/*/{MANIFEST}")
        if EvaluationManifest.read(path).model.run is not None
    )


def test_whole_submission_is_graded_again(whole: Path) -> None:
    found = recheck(whole)
    assert found.n == ITEMS
    assert len(found.evaluations) == 3
    assert all(one.regraded == one.samples == ITEMS and one.figures for one in found.evaluations)
    assert found.writeup_words
    sampled = recheck(whole, samples=10)
    assert [one.regraded for one in sampled.evaluations] == [10, 10, 10]
    assert not any(one.figures for one in sampled.evaluations)
    assert sampled.score == found.score


def test_changed_byte_of_any_file_is_found_and_named(folder: Path) -> None:
    manifest = SubmissionManifest.read(folder / MANIFEST)
    data = bytearray((folder / BUNDLE).read_bytes())
    with zipfile.ZipFile(folder / BUNDLE) as archive:
        spots = {name: archive.getinfo(name).header_offset + 30 + len(name) + 5 for name in manifest.files}
    for name, spot in spots.items():
        data[spot] ^= 1
        (folder / BUNDLE).write_bytes(data)
        for record in (manifest, manifest.model_copy(update={"bundle_digest": digest_file(folder / BUNDLE)})):
            write_format(folder / MANIFEST, record)
            with pytest.raises(DigestError, match=name.replace(".", r"\.")):
                recheck(folder)
        data[spot] ^= 1
    (folder / BUNDLE).write_bytes(bytes(data) + b"more")
    write_format(folder / MANIFEST, manifest)
    with pytest.raises(DigestError, match=r"bundle\.zip changed"):
        recheck(folder)
    (folder / BUNDLE).write_bytes(data[:-40])
    with pytest.raises(DigestError, match=r"bundle\.zip changed"):
        recheck(folder)
    (folder / BUNDLE).unlink()
    with pytest.raises(DigestError, match=r"bundle\.zip is missing"):
        recheck(folder)


def test_compressed_archive_is_not_unpacked(folder: Path) -> None:
    with zipfile.ZipFile(folder / BUNDLE) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(folder / BUNDLE, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    with pytest.raises(DigestError, match="holds other files"):
        recheck(folder)


def test_verdict_that_does_not_follow_from_its_answer_is_found(folder: Path) -> None:
    def forge(inside: Path) -> None:
        path = tuned(inside)
        rows = [json.loads(line) for line in (path / SAMPLES).read_text().splitlines()]
        wrong = next(row for row in rows if row["strict"]["value"] == 0.0)
        wrong["strict"]["value"] = wrong["lenient"]["value"] = 1.0
        (path / SAMPLES).write_text("".join(json.dumps(row) + "\n" for row in rows))
        reseal(path)

    rebuild(folder, forge)
    with pytest.raises(DataError, match="does not follow from its samples"):
        recheck(folder)


@pytest.mark.parametrize("samples", [10, 2_000])
def test_figure_that_does_not_follow_from_the_samples_is_found(folder: Path, samples: int) -> None:
    def forge(inside: Path) -> None:
        manifest = load_evaluation(tuned(inside)).manifest
        assert manifest.metrics.strict
        better = manifest.metrics.strict.model_copy(update={"value": 0.99})
        reseal(tuned(inside), metrics=manifest.metrics.model_copy(update={"strict": better}))

    rebuild(folder, forge)
    with pytest.raises(DataError, match=r"metrics\.strict"):
        recheck(folder, samples=samples)


def reseal(path: Path, **changes: object) -> None:
    manifest = EvaluationManifest.read(path / MANIFEST)
    manifest = manifest.model_copy(update=changes | {"files": {SAMPLES: digest_file(path / SAMPLES)}})
    write_format(path / MANIFEST, manifest.model_copy(update={"digest": content_digest(manifest)}))


def test_other_weights_than_the_measured_ones_are_found(folder: Path) -> None:
    rebuild(folder, lambda inside: (inside / "run/adapter/weights.safetensors").write_text("heights") and None)
    with pytest.raises(DigestError, match="measured the weights"):
        recheck(folder)


def test_writeup_with_a_better_table_is_found(folder: Path) -> None:
    def forge(inside: Path) -> None:
        path = inside / "kaggle" / "writeup.md"
        path.write_text(path.read_text().replace("| trained | contract |", "| trained | contract, seed 1 |"))

    rebuild(folder, forge)
    with pytest.raises(UsageError, match="table of results"):
        recheck(folder)


def test_configuration_of_another_run_is_found(folder: Path) -> None:
    def forge(inside: Path) -> None:
        path = inside / "run" / "config.json"
        path.write_text(path.read_text().replace('"learning_rate": 0.0005', '"learning_rate": 0.0006'))

    rebuild(folder, forge)
    with pytest.raises(DigestError, match=r"config\.json changed"):
        recheck(folder)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("run/report.html", lambda path: path.write_text("<h1>99 %</h1>")),
        ("run/result.json", lambda path: path.write_text('{"training": {"steps": 50, "planned_steps": 50}}')),
        ("run/report.html", Path.unlink),
        ("run/extra", lambda path: path.write_text("more")),
        ("dataset/manifest.json", lambda path: path.write_text(path.read_text().replace("Apache-2.0", "MIT"))),
        ("dataset/extra", lambda path: path.write_text("more")),
    ],
)
def test_file_that_the_run_did_not_record_so_is_found(
    folder: Path, name: str, change: Callable[[Path], object]
) -> None:
    rebuild(folder, lambda inside: change(inside / name) and None)
    with pytest.raises(DigestError, match=re.escape(name)):
        recheck(folder)


def test_measurement_that_was_left_out_is_found(folder: Path) -> None:
    def leave_out(inside: Path) -> None:
        [few] = inside.glob("evaluations/*few-shot*")
        shutil.rmtree(few)
        (inside / "kaggle" / "writeup.md").unlink()  # its table has a line for it

    rebuild(folder, leave_out)
    with pytest.raises(DigestError, match="few-shot"):
        recheck(folder)


def test_record_that_is_not_the_run_s_is_found(folder: Path) -> None:
    manifest = SubmissionManifest.read(folder / MANIFEST)
    for change in ({"id": "another"}, {"bytes": 5}):
        write_format(folder / MANIFEST, manifest.model_copy(update=change))
        with pytest.raises(DigestError, match=r"manifest\.json changed"):
            recheck(folder)
    other = "sha256:" + "0" * 64
    for change in ({"base_model": other}, {"dataset": other}, {"with_rows": True}, {"evaluations": {"../x": other}}):
        reseal_submission(folder, manifest.model_copy(update=change))
        with pytest.raises(DigestError, match=r"another base model or dataset|dataset/|no name of an evaluation"):
            recheck(folder)


def test_verdicts_are_not_spared_by_naming_another_contract(folder: Path) -> None:
    rebuild(folder, lambda inside: reseal(tuned(inside), contract_digest="sha256:" + "0" * 64))
    with pytest.raises(DataError, match="another prompt contract"):
        recheck(folder)


@pytest.mark.parametrize("at", [6, 8, 42])
def test_changed_byte_between_the_files_is_an_answer(folder: Path, at: int) -> None:
    """A version, flags and a place that no archive has: for each Python's reader raises an error of its own."""
    manifest, data = SubmissionManifest.read(folder / MANIFEST), bytearray((folder / BUNDLE).read_bytes())
    data[data.rindex(b"PK\x01\x02") + at] ^= 0xFF
    (folder / BUNDLE).write_bytes(data)
    for record in (manifest, manifest.model_copy(update={"bundle_digest": digest_file(folder / BUNDLE)})):
        write_format(folder / MANIFEST, record)
        with pytest.raises(DigestError, match=r"changed|holds other files"):
            recheck(folder)


def test_link_in_the_archive_is_refused(folder: Path) -> None:
    data = bytearray((folder / BUNDLE).read_bytes())
    data[data.rindex(b"PK\x01\x02") + 41] = 0xA1
    (folder / BUNDLE).write_bytes(data)
    with zipfile.ZipFile(folder / BUNDLE) as archive:
        assert stat.S_ISLNK(archive.infolist()[-1].external_attr >> 16)
    changed = SubmissionManifest.read(folder / MANIFEST).model_copy(
        update={"bundle_digest": digest_file(folder / BUNDLE)}
    )
    write_format(folder / MANIFEST, changed)
    with pytest.raises(DigestError, match="links"):
        recheck(folder)
