"""The whole flow by mouse and keyboard alone, on SQLite and on PostgreSQL: from two files to a bundle that holds."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

import arithmetic_rows
from browser import flaws, movements, open_page
from compiling import ONE_THREAD
from postgresql import Server
from service import Service, running

pytestmark = pytest.mark.train

expect.set_options(timeout=20_000)

TASK = "nano-arithmetic:heldout"
SUMS, SCHOOL, ITEMS = 1500, 400, 32
"""Sums that are learned, rows of GSM8K that are frozen, and questions that are asked."""
SETTINGS = {
    "Learning rate": "5e-3",
    "Max steps": "60",
    "Max length": "256",
    "Batch size": "4",
    "Accumulation": "1",
    "Weight decay": "0.01",
}
"""Enough for a model that keeps the form and errs in its sums."""
MINUTES = 180_000
"""Milliseconds that a training or a measurement may take on a machine that is shared."""


@pytest.fixture(params=["sqlite", "postgresql"])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Service]:
    """The real service and its worker, on a fresh database of each kind."""
    server = Server() if request.param == "postgresql" else None
    try:
        made = Service(tmp_path / "home", server.create("flow") if server else None)
        made.environment |= ONE_THREAD
        with running(made):
            yield made
    finally:
        if server:
            server.close()


def test_two_files_become_a_model_beside_its_base_and_a_bundle(
    browser: Browser, service: Service, tmp_path: Path
) -> None:
    page, complaints = open_page(browser, str(service.client.base_url))
    look = Look(page, wanted=bool(service.environment["TUNIX_RT_DATABASE_URL"]))  # pages are the same on both
    page.goto("/")
    expect(page.get_by_role("heading", name="Bring traces")).to_be_visible()
    look.at("home, empty")
    _build_renamed(page, look, arithmetic_rows.gsm8k_file(tmp_path))
    _build_arithmetic(page, look, arithmetic_rows.arithmetic_file(tmp_path, SUMS))
    run = _train(page, look)
    _measure(page, run)
    _read_a_wrong_answer(page, look, run)
    _compare_with_the_base(page, look)
    _find_both_ranked(page, look, run)
    _submit(page, look, run, tmp_path)
    _flow(page, "Home")
    expect(page.get_by_text("Read and compare")).to_be_visible()
    look.at("home")
    assert not look.flaws
    assert not complaints
    page.context.close()


class Look:
    """What axe and a small window find on the pages of a journey, as they stand when one comes by."""

    def __init__(self, page: Page, *, wanted: bool) -> None:
        self.page = page
        self.wanted = wanted
        self.flaws: dict[str, list[str]] = {}

    def at(self, name: str) -> None:
        """Look at the page as it is now."""
        if self.wanted and (found := flaws(self.page)):
            self.flaws[name] = found


def _flow(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="The flow").get_by_role("link", name=name, exact=True).click()


def _choose_file(page: Page, path: Path) -> Locator:
    """Choose a file as a person does, and return the button that sends it."""
    with page.expect_file_chooser() as chooser:
        page.get_by_text("Drop a file here").click()
    chooser.value.set_files(path)
    return page.get_by_role("button", name="Upload")


def _build_renamed(page: Page, look: Look, path: Path) -> None:
    """GSM8K's rows under columns that no importer knows: they are named on the screen."""
    renamed = path.with_name("school-sums.jsonl")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    arithmetic_rows.write(renamed, [{"task_text": row["question"], "worked": row["answer"]} for row in rows])
    page.get_by_role("link", name="Upload a file").click()
    send = _choose_file(page, renamed)
    send.click()
    expect(page.get_by_role("alert")).to_contain_text("schema")
    page.get_by_label("Prompt", exact=True).select_option("task_text")
    page.get_by_label("Reasoning and answer in one").select_option("worked")
    send.press("Enter")
    expect(page.get_by_role("link", name=f"{len(rows):,}", exact=True)).to_be_visible(timeout=MINUTES)
    expect(page.get_by_text(f"{len(rows):,} traces match.")).to_be_visible()
    page.get_by_label("Of these, take").select_option("latest")
    page.get_by_label("At most").fill(str(SCHOOL))
    look.at("builder")
    page.get_by_label("Name").press("Enter")
    expect(page.get_by_role("heading", name="school-sums-v1")).to_be_visible(timeout=MINUTES)


def _build_arithmetic(page: Page, look: Look, path: Path) -> None:
    """The sums that a model of 0.4 M parameters learns in seconds."""
    _flow(page, "Datasets")
    page.get_by_role("link", name="Build a dataset").click()
    _choose_file(page, path).press("Enter")
    name = page.get_by_label("Name")
    expect(name).to_have_value("arithmetic", timeout=MINUTES)
    name.press("Enter")
    expect(page.get_by_role("heading", name="arithmetic-v1")).to_be_visible(timeout=MINUTES)
    look.at("dataset")


def _train(page: Page, look: Look) -> str:
    """Plan and start a training, and watch it without loading the page again; return its name."""
    page.get_by_role("link", name="Train on it").click()
    page.get_by_label("Base model").select_option("nano")
    page.get_by_text("Advanced", exact=True).click()
    for label, value in SETTINGS.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("Method").select_option("full")
    plan = page.get_by_role("region", name="Plan")
    expect(plan).to_contain_text("Memory", timeout=MINUTES)
    look.at("train")
    plan.get_by_role("button", name="Start").press("Enter")
    summary = page.get_by_label("Summary")
    expect(summary).to_contain_text("running", timeout=MINUTES)
    run = page.get_by_role("heading", level=1).inner_text()
    assert not movements(page), "its badge and its bar stand still too"
    page.evaluate("window.since = 'the beginning'")
    _stop_and_go_on(page)
    page.get_by_role("tab", name="Log").click()
    log = page.get_by_role("region", name="Log")
    expect(log).to_contain_text("attempt 2")
    expect(log).to_contain_text("examples in", timeout=MINUTES)
    page.get_by_role("tab", name="Log").press("ArrowLeft")
    loss = page.get_by_role("group", name="Loss by step")
    expect(loss).to_be_visible(timeout=MINUTES)
    expect(summary).to_contain_text("running")
    told = loss.get_attribute("aria-label")
    assert told
    expect(loss).not_to_have_attribute("aria-label", told, timeout=MINUTES)
    expect(summary).to_contain_text("completed", timeout=MINUTES)
    assert page.evaluate("window.since") == "the beginning"
    look.at("run")
    return run


def _measure(page: Page, run: str) -> None:
    """Have the run and its base measured on the same items, as soon as the page offers it."""
    page.get_by_role("button", name="Evaluate").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Task").select_option(TASK)
    dialog.get_by_label("Items at most").fill(str(ITEMS))
    dialog.get_by_role("button", name="Measure").press("Enter")
    measured = dialog.get_by_label("Measurements").get_by_role("listitem")
    expect(measured).to_have_count(2)
    expect(measured.filter(has_text="completed")).to_have_count(2, timeout=MINUTES)
    dialog.get_by_role("link", name="Evaluations of this run").click()
    page.get_by_role("region", name="Evaluations").get_by_role("link", name=run).click()


def _read_a_wrong_answer(page: Page, look: Look, run: str) -> None:
    expect(page.get_by_role("link", name=run)).to_be_visible()
    page.get_by_label("Verdict").select_option("wrong")
    wrong = page.get_by_label("Samples").get_by_role("listitem").filter(has_text="✗ wrong")
    broken = wrong.get_by_role("listitem").filter(has_text="should be").first
    expect(broken).to_contain_text("✗")
    look.at("evaluation")


def _compare_with_the_base(page: Page, look: Look) -> None:
    page.get_by_role("link", name="Compare").click()
    other = page.get_by_label("B, on the same items")
    expect(other.locator("option")).to_have_count(2)
    other.select_option(index=1)
    expect(page.get_by_role("heading", name="Only A got right")).to_be_visible()
    expect(page.get_by_text(f"Pairs{ITEMS}")).to_be_visible()
    look.at("compare")


def _find_both_ranked(page: Page, look: Look, run: str) -> None:
    _flow(page, "Leaderboard")
    ranked = page.get_by_role("region", name="Leaderboard").get_by_role("row")
    expect(ranked).to_have_count(3)
    expect(ranked.nth(1)).to_contain_text(run)
    expect(ranked.nth(2)).to_contain_text("base")
    look.at("leaderboard")


def _submit(page: Page, look: Look, run: str, folder: Path) -> None:
    """Bundle the run, have the bundle verified, and take it home."""
    _flow(page, "Runs")
    expect(page.get_by_role("heading", name="Runs", level=1)).to_be_visible()  # the board links to evaluations
    page.get_by_role("link", name=run).click()
    page.get_by_role("link", name="Submit").click()
    make = page.get_by_role("button", name="Bundle it")
    expect(make).to_be_visible()
    look.at("bundle")
    make.press("Enter")
    verify = page.get_by_role("button", name="Verify")
    expect(verify).to_be_visible(timeout=MINUTES)
    verify.click()
    checked = page.get_by_role("list", name="What was checked")
    expect(checked).to_contain_text(f"{ITEMS} of {ITEMS} answers graded again", timeout=MINUTES)
    look.at("submission")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    download.value.save_as(folder / "bundle.zip")
    assert any(name.endswith("writeup.md") for name in zipfile.ZipFile(folder / "bundle.zip").namelist())


def _stop_and_go_on(page: Page) -> None:
    """End the run early, so that what it learned counts; then let it go on from there."""
    page.get_by_role("tab", name="Log").click()
    # From here on a signal is noted; one that comes while the model is read ends the run with nothing to keep.
    expect(page.get_by_role("region", name="Log")).to_contain_text("from update 0", timeout=MINUTES)
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("dialog").get_by_role("button", name="Stop and save").press("Enter")
    expect(page.get_by_label("Summary")).to_contain_text("stopped", timeout=MINUTES)
    page.get_by_role("button", name="Resume").press("Enter")
    expect(page.get_by_label("Summary")).to_contain_text("running", timeout=MINUTES)
