"""How large the page of 20,000 cells is, how fast it is written, opened and filtered: ``make bench-html``.

The run is made up: 250 cases between 8 producers and 10 consumers. Nine in twenty cells are not clean, as
many as in the default matrix, and carry their evidence. Times are medians (lowest to highest) of fresh pages
in one Chromium.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import msgspec
from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent))

from browser import runs
from harness.amqp.values import Double, Longstr, double_bits
from harness.report.html import write_html
from harness.results import CaseLine, CellLine, Foot, PeerInfo, ResultsWriter, read_results

CASES, PRODUCERS, CONSUMERS = 250, 8, 10
UNCLEAN = 9
"""Of 20 cases, those that half of the consumers misread."""
ROUNDS = 7
TOPICS = ("bodies", "headers", "properties", "routing_keys", "mixed")


def cases() -> Iterator[CaseLine]:
    """Every second case holds a double, which some read as an integer."""
    for number in range(CASES):
        value = Double(double_bits(number + 0.14)) if number % 20 < 2 * UNCLEAN else Longstr(f"text {number}")
        asked = runs.message(("k", value), ("n", Longstr("x" * (number % 40))), app_id="shop")
        yield CaseLine(
            f"{TOPICS[number % 5]}/case-{number:03}", f"Case {number} of the measurement.", None, asked
        )


def cells() -> Iterator[CellLine]:
    """A cell of each case between each two peers."""
    for case in cases():
        assert case.message is not None
        seen = {reader: runs.evidence("amqp091-go", reader, case.message) for reader in ("pika", "rabbitpy")}
        lines = {reader: runs.line(case.id, "p", reader, one) for reader, one in seen.items()}
        for producer in range(PRODUCERS):
            for consumer in range(CONSUMERS):
                names = f"producer-{producer}", f"consumer-{consumer}"
                yield msgspec.structs.replace(
                    lines["pika" if consumer % 2 else "rabbitpy"],
                    id=f"{case.id}[{names[0]}->{names[1]}]",
                    producer=names[0],
                    consumer=names[1],
                )


def write(path: Path) -> None:
    """The results file."""
    peers = [
        PeerInfo(f"producer-{n}", f"producer-{n}", "1.0", "go", "1", ("producer",)) for n in range(PRODUCERS)
    ]
    peers += [
        PeerInfo(f"consumer-{n}", f"consumer-{n}", "1.0", "go", "1", ("consumer",)) for n in range(CONSUMERS)
    ]
    with ResultsWriter(path) as writer:
        writer.write(runs.head(cells=CASES * PRODUCERS * CONSUMERS, cases=CASES, peers=tuple(peers)))
        for case in cases():
            writer.write(case)
        for cell in cells():
            writer.write(cell)
        writer.write(Foot({}, {}, {"first pass": 1.5}))


SHOWN = "main > section"
FILTERED = """
(change) => new Promise((done) => {
  const began = performance.now();
  new MutationObserver((_, watch) => {
    watch.disconnect();
    document.body.getBoundingClientRect();
    done(performance.now() - began);
  }).observe(document.getElementById("main"), { childList: true });
  change.startsWith("#") ? location.hash = change : (() => {
    const field = document.querySelector("[name=q]");
    field.value = change;
    field.dispatchEvent(new Event("input"));
  })();
})
"""
LOADED = """() => performance.getEntriesByType("navigation")[0].loadEventEnd"""
CHANGES = {
    "filter by verdict": "#verdict=narrowed",
    "filter by text": "double 7.14",
    "only where they disagree": "#disagree=1",
    "list all cells": "#list=1",
    "open a cell": "#cell=headers%2Fcase-001%5Bproducer-3-%3Econsumer-5%5D",
}


def measured(fresh: Callable[[], Page], address: str) -> Iterator[tuple[str, list[float]]]:
    """Milliseconds: from navigation to the drawn matrix, and from a change to its result."""
    loaded, opened = [], []
    changed: dict[str, list[float]] = {name: [] for name in CHANGES}
    for _ in range(ROUNDS):
        page = fresh()
        began = time.perf_counter()
        page.goto(address)
        page.wait_for_selector(SHOWN)
        opened.append((time.perf_counter() - began) * 1000)
        loaded.append(page.evaluate(LOADED))
        for name, change in CHANGES.items():
            page.evaluate("location.hash = ''")
            page.wait_for_selector("#matrix")
            changed[name].append(page.evaluate(FILTERED, change))
        page.close()
    yield "navigation to load event", loaded
    yield "navigation to matrix shown", opened
    yield from changed.items()


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        results, html = Path(folder, "r.jsonl"), Path(folder, "r.html")
        write(results)
        began, used = time.perf_counter(), time.process_time()
        write_html(html, read_results(results))
        wrote, used = time.perf_counter() - began, time.process_time() - used
        print(
            f"{CASES * PRODUCERS * CONSUMERS:,} cells, results file {results.stat().st_size / 1e6:.1f} MB, "
            f"page {html.stat().st_size / 1e6:.1f} MB, made in {wrote:.1f} s ({used:.1f} s of processor time)"
        )
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, times in measured(browser.new_page, html.as_uri()):
            print(f"{name:28} {median(times):5.0f} ms ({min(times):.0f} to {max(times):.0f})")
        browser.close()


if __name__ == "__main__":
    main()
