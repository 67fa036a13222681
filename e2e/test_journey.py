"""From a file to a dataset, by mouse and keyboard alone; then every page, read by a person and by axe."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

import filled
import made
import reinforced
from browser import barriers, flaws, open_page
from filled import ROWS, SCRIPT, own_schema
from service import Service, running, start

pytestmark = pytest.mark.slow

expect.set_options(timeout=20_000)


def test_a_file_becomes_a_dataset_and_a_run_is_cancelled(browser: Browser, tmp_path: Path) -> None:
    with running(Service(tmp_path / "home", worker=False)) as service:
        page, complaints = open_page(browser, str(service.client.base_url))
        _build(page, own_schema(tmp_path))
        _read_traces(page)
        _compare_traces(page)
        _watch_a_run(page, service)
        _let_somebody_in(page)
        assert not complaints
        page.context.close()


def _build(page: Page, path: Path) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="Bring traces")).to_be_visible()
    page.get_by_role("link", name="Upload a file").click()
    page.get_by_label("A file of traces").set_input_files(path)
    send = page.get_by_role("button", name="Upload")
    send.click()
    expect(page.get_by_role("alert")).to_contain_text("schema")
    for part, column in {"Prompt": "task_text", "Reasoning": "worked", "Answer": "result"}.items():
        page.get_by_label(part, exact=True).select_option(column)
    send.click()
    expect(page.get_by_role("alert")).to_contain_text("Rows that cannot be used")
    expect(page.get_by_role("region", name="Rows that cannot be used")).to_contain_text("final_answer")
    page.get_by_label("Leave bad rows out").focus()
    page.keyboard.press("Space")
    send.press("Enter")
    expect(page.get_by_role("heading", name="A dataset of these traces")).to_be_visible()
    expect(page.get_by_role("link", name=str(ROWS - 1), exact=True)).to_be_visible()
    expect(page.get_by_text(f"{ROWS - 1} traces match.")).to_be_visible()
    page.get_by_label("Search").fill("مرحبا")
    expect(page.get_by_text("1 trace matches.")).to_be_visible()
    expect(page.get_by_label("How they read")).to_contain_text("🍎")
    page.get_by_label("Search").fill("")
    expect(page.get_by_text(f"{ROWS - 1} traces match.")).to_be_visible()
    name = page.get_by_label("Name")
    expect(name).to_have_value("my-sums")
    name.fill("sums")
    name.press("Enter")
    expect(page.get_by_role("heading", name="sums-v1")).to_be_visible()
    page.get_by_role("tab", name="Overview").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("<start_of_turn>model").first).to_be_visible()
    page.get_by_role("tab", name="Manifest").click()
    expect(page.get_by_text("Digest of the rows")).to_be_visible()


def _read_traces(page: Page) -> None:
    page.get_by_role("link", name="Traces", exact=True).click()
    page.get_by_label("Search").fill('"Basket 7"')
    rows = page.get_by_role("region", name="Traces").get_by_role("row")
    expect(rows).to_have_count(2)
    rows.nth(1).get_by_role("link").click()
    expect(page.get_by_text(SCRIPT)).to_be_visible()
    assert page.evaluate("window.hacked") is None
    page.get_by_role("button", name="Check the steps").click()
    expect(page.get_by_text("should be 29")).to_be_visible()
    page.keyboard.press("2")
    expect(page.get_by_text("2 of 5")).to_be_visible()
    _read_tokens(page)
    page.go_back()
    expect(page.get_by_label("Search")).to_have_value('"Basket 7"')
    _tag(page)
    page.get_by_role("checkbox").nth(1).check()
    page.get_by_role("button", name="Delete them").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete them").click()
    expect(page.get_by_role("heading", name="No trace is like that")).to_be_visible()


def _tag(page: Page) -> None:
    """Tag every trace that is there, take the tag off one, and find the others by it."""
    page.get_by_label("Search").fill("")
    table = page.get_by_role("region", name="Traces").get_by_role("table")
    expect(table).to_have_attribute("aria-rowcount", str(ROWS))  # its head is one of them, a row without answer is not
    page.get_by_role("checkbox", name="Select all that are loaded").press("Space")
    dialog = page.get_by_role("dialog")
    page.get_by_role("button", name="Tag").click()
    dialog.get_by_label("Tag", exact=True).fill("to check")
    page.keyboard.press("Enter")
    expect(table.get_by_role("row").nth(1).get_by_role("list", name="Tags")).to_have_text("to check")
    page.get_by_role("checkbox").nth(1).check()
    page.get_by_role("button", name="Tag").click()
    dialog.get_by_label("Tag", exact=True).fill("to check")
    dialog.get_by_role("button", name="Take it off").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("search").get_by_label("Tag", exact=True).select_option("to check")
    expect(table).to_have_attribute("aria-rowcount", str(ROWS - 1))
    assert flaws(page) == []
    page.get_by_role("search").get_by_label("Tag", exact=True).select_option("")
    page.get_by_label("Search").fill('"Basket 7"')
    expect(table.get_by_role("row")).to_have_count(2)


def _configure_and_start(page: Page) -> tuple[str, str]:
    """Start two runs by the form, the second one from the address that it had; return their ids."""
    page.get_by_role("link", name="Datasets", exact=True).click()
    page.get_by_role("link", name="sums-v1").click()
    page.get_by_role("link", name="Train on it").click()
    expect(page.get_by_label("Dataset")).to_have_value("sums-v1")
    page.get_by_label("Base model").select_option("nano")
    page.get_by_label("Max steps").fill("0")
    expect(page.get_by_text("greater than or equal to 1")).to_be_visible()
    page.get_by_label("Max steps").fill("4")
    plan = page.get_by_role("region", name="Plan")
    expect(plan).to_contain_text("Memory", timeout=90_000)  # a process of its own, which shares the machine
    expect(page.get_by_label("Recipe as YAML")).to_contain_text("max_steps: 4")
    runs = []
    for _ in range(2):
        plan.get_by_role("button", name="Start").click()
        expect(page.get_by_label("Summary")).to_contain_text("queued")
        runs.append(page.url.rpartition("/")[2])
        page.go_back()
        expect(page.get_by_label("Max steps")).to_have_value("4")
    return runs[0], runs[1]


def _read_tokens(page: Page) -> None:
    page.get_by_role("tab", name="Tokens").click()
    page.get_by_label("Base model that reads it").select_option("nano")
    expect(page.get_by_text("It fits into a row of 512 tokens.")).to_be_visible()
    page.get_by_label("Tokens of a row (max_length)").fill("60")
    expect(page.get_by_text("It is longer than a row by")).to_be_visible()
    expect(page.get_by_text("the row ends here")).to_be_visible()
    assert barriers(page) == []
    page.go_back()


def _compare_traces(page: Page) -> None:
    page.get_by_role("link", name="Traces", exact=True).click()
    boxes = page.get_by_role("region", name="Traces").get_by_role("checkbox")
    boxes.nth(1).check()
    boxes.nth(2).check()
    page.get_by_role("link", name="Compare", exact=True).click()
    expect(page.get_by_role("deletion").first).to_be_visible()
    expect(page.get_by_role("insertion").first).to_be_visible()
    assert barriers(page) == []


def _watch_a_run(page: Page, service: Service) -> None:
    first, second = _configure_and_start(page)
    page.get_by_role("link", name="Runs", exact=True).click()
    row = page.get_by_role("row").filter(has_text=first)
    expect(row).to_contain_text("queued")
    service.json("POST", f"/api/tunix/runs/{first}/cancel")
    expect(row).to_contain_text("cancelled")
    page.get_by_role("link", name=second).click()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(page.get_by_label("Summary")).to_contain_text("cancelled")
    page.get_by_role("button", name="Start over").click()
    expect(page.get_by_label("Summary")).to_contain_text("queued")
    assert page.url.rpartition("/")[2] not in (first, second)


def _let_somebody_in(page: Page) -> None:
    page.goto("/settings?tab=tokens")
    page.get_by_label("Name").fill("notebook")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("form", name="A new token")).to_contain_text("trt_")
    assert barriers(page) == []
    page.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("row").filter(has_text="notebook")).to_contain_text("revoked")
    page.get_by_role("tab", name="Audit log").click()
    page.get_by_label("What").fill("revoke_token")
    rows = page.get_by_role("region", name="Audit log").get_by_role("row")
    expect(rows).to_have_count(2)
    expect(rows.nth(1)).to_contain_text("notebook")
    assert barriers(page) == []


PAGES = {
    "/traces": "80 rows",
    "/traces/compare": "Choose two traces",
    "/datasets": "few-v1",
    "/datasets/new": "Drop a file here",
    "/datasets/few-v1": "It was compared with no task",
    "/datasets/few-v1?tab=samples": "Marked text",
    "/datasets/few-v1?tab=manifest": made.RUN,
    "/train?kind=grpo&tier=everything&dataset=few-v1&base_model=nano": "Rewards terms",
    "/runs": made.RUN,
    f"/runs/{reinforced.RUN}": "Gradient norm",
    f"/runs/{reinforced.RUN}?tab=log": "run started",
    f"/runs/{made.RUN}?tab=samples": "before training",
    f"/runs/{reinforced.RUN}?tab=groups": "advantage",
    f"/runs/{reinforced.RUN}?tab=artifacts": "metrics.jsonl",
    f"/runs/{reinforced.RUN}?tab=config": "num_generations",
    "/evaluations": made.RUN,
    "/evaluations/compare": "Choose two evaluations",
    "/submissions": made.RUN,
    "/submissions/new": "A session on Kaggle",
    "/settings": "What the service needs",
    "/settings?tab=workers": "No worker was ever here",
    "/settings?tab=tokens": "This is for administrators",
    "/nowhere": "There is no such page",
}
"""Pages of a filled service that `test_whole_flow.py` does not look at, and something that stands on each."""


def test_every_page_is_for_everyone_and_the_connection_may_break(browser: Browser, tmp_path: Path) -> None:
    token = filled.fill(tmp_path / "home")
    submission = f"/submissions/{filled.submission(tmp_path / 'home')}"
    pages = PAGES | {f"{submission}?tab=files": "Made from"}
    # A service that answers to another name as well lets nobody in without a token.
    asking = Service(tmp_path / "home", worker=False, allowed_hosts="elsewhere.test")
    with running(asking) as service:
        page, complaints = open_page(browser, str(service.client.base_url))
        page.goto("/runs")
        page.get_by_label("Token", exact=True).fill(token)
        page.keyboard.press("Enter")
        expect(page.get_by_role("link", name=reinforced.RUN)).to_be_visible()
        found = {}
        for path, text in pages.items():
            page.goto(path)
            expect(page.get_by_text(text).first).to_be_visible()
            found[path] = flaws(page)
        assert not {place: said for place, said in found.items() if said}
        _read_an_evaluation(page)
        _check_a_submission(page, submission)
        _bundle(page, service)
        assert not complaints
        service.kill()
        page.get_by_role("link", name="Datasets", exact=True).click()
        expect(page.get_by_text("The connection is lost.")).to_be_visible()
        service.start()
        expect(page.get_by_text("Connected again")).to_be_visible()
        page.context.close()


def _read_an_evaluation(page: Page) -> None:
    page.goto("/leaderboard")
    expect(page.get_by_text("tie of 2").first).to_be_visible()
    page.get_by_role("region", name="Leaderboard").get_by_role("link").first.click()
    page.get_by_label("Verdict").select_option("wrong")
    samples = page.get_by_label("Samples").get_by_role("listitem").filter(has_text="Target")
    expect(samples.first).to_contain_text("✗ wrong")
    page.get_by_role("link", name="Compare").click()
    page.get_by_label("B, on the same items").select_option(index=1)
    expect(page.get_by_text("Least change that would show")).to_be_visible()
    expect(page.get_by_role("group", name="Loss by step").first).to_be_visible()
    assert barriers(page) == []


def _check_a_submission(page: Page, submission: str) -> None:
    page.goto(submission)
    page.get_by_role("button", name="Verify").click()
    checked = page.get_by_role("list", name="What was checked")
    expect(checked).to_contain_text("40 of 40 answers graded again")
    page.get_by_role("tab", name="Write-up").click()
    expect(page.get_by_role("columnheader", name="strict")).to_be_visible()


def _bundle(page: Page, service: Service) -> None:
    page.goto(f"/submissions/new?run={made.RUN}")
    page.get_by_role("button", name="Bundle it").click()
    expect(page.get_by_role("region", name="The bundle")).to_contain_text("none is alive")
    worker = start("worker", environment=service.environment, log=service.log)
    expect(page.get_by_role("link", name="Download")).to_be_visible(timeout=60_000)
    assert page.url.rpartition("/")[2] == filled.submission(service.home), "the same content is the same submission"
    worker.terminate()
    worker.wait(60)
