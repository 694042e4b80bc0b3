"""A real Chromium (Debian's), one for all tests; each gets a context of its own that has no network."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

from browser import runs
from harness.errors import SetupError
from harness.report.html import write_html
from harness.results import read_results

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        raise SetupError("there is no chromium on this machine", "make test-tools")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of one run."""
    folder = tmp_path_factory.mktemp("report")
    results = runs.write(folder / "r.jsonl", list(runs.cells()))
    write_html(folder / "r.html", read_results(results))
    return folder / "r.html"


@pytest.fixture
def opened(chromium: Browser, report: Path) -> Iterator[Open]:
    """Opens a page at a fragment. In the end no script has failed and nothing but the file was asked for."""
    context = chromium.new_context(viewport={"width": 1400, "height": 900}, offline=True)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    errors: list[str] = []
    requests: list[str] = []

    def note(request: Request) -> None:
        requests.append(request.url.split("#")[0])

    def open_page(fragment: str = "", path: Path = report) -> Page:
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("request", note)
        page.goto(f"{path.as_uri()}{fragment}")
        page.wait_for_selector("main > section, main > h2, main > p")
        return page

    yield open_page
    context.close()
    assert errors == []
    assert all(url.startswith("file:///") and url.endswith(".html") for url in requests), requests
