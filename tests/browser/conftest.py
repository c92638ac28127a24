"""A real browser for the page: Debian's Chromium, driven by Playwright.

Only `nox -s browser` installs Playwright; without it nothing here is collected.
"""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from conformance.records import diff, read
from conformance.records.bits import read_bits
from conformance.report import write
from conformance.report.changes import Pair, as_page
from conformance.report.history import summarize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

collect_ignore_glob = [] if find_spec("playwright") else ["test_*.py"]

GOLDEN = Path(__file__).parents[1] / "golden"
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
CLAUSES = {"masked_mean.value": "The answer is the exact one within the error bound."}


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Start the browser; MASK_BROWSER names another than the one on the path."""
    from playwright.sync_api import sync_playwright

    found = os.environ.get("MASK_BROWSER") or shutil.which("chromium")
    if not found:
        pytest.fail(
            "no chromium on this machine: `apt-get install chromium`, or set "
            "MASK_BROWSER to the path of a Chromium or Chrome"
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Write the golden runs' page and return its address on disk."""
    folder = tmp_path_factory.mktemp("report")
    runs = [read(path) for path in sorted(GOLDEN.glob("*.jsonl"))]
    found = summarize(runs)
    older = [replace(each, version="1.0") for each in found]
    write(
        runs,
        folder,
        generated="2026-01-02",
        clauses=CLAUSES,
        releases=[*older, *found],
        bits=read_bits(GOLDEN.parents[1] / "reports" / "bits.jsonl"),
    )
    return (folder / "index.html").as_uri()


@pytest.fixture(scope="session")
def changed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Write the page of what changed between the golden runs; return its address."""
    path = tmp_path_factory.mktemp("changes") / "diff.html"
    old, new = (read(GOLDEN / f"{name}.jsonl") for name in ("jax", "torch"))
    pair = Pair(name="jax and torch", old=old, new=new, difference=diff(old, new))
    path.write_text(as_page([pair], "2026-01-02"), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def visit(chromium: Any, report: str) -> Iterator[Callable[..., Any]]:
    """Open an address in a fresh profile; whatever the browser complains of fails."""
    contexts: list[Any] = []
    said: list[str] = []

    def opened(hash_: str = "", *, address: str = report, **options: Any) -> Any:
        context = chromium.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address + hash_)
        return page

    asked: list[str] = []
    yield opened
    for context in contexts:
        context.close()
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "blob:"))] == []
