"""The page by axe: no violation of WCAG A or AA, in either colour scheme."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    Visit = Callable[..., Any]

RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    }
}


def violations(page: Any) -> list[str]:
    """Return what axe finds, one line for each element."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options=RULES).response
    assert len(found["passes"]) > 10
    return [
        f"{rule['id']}: {node['target']}: {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def opened(page: Any) -> Any:
    """Open whatever is folded: what is hidden is not judged."""
    page.evaluate(
        "for (const one of document.querySelectorAll('details')) one.open = true"
    )
    if page.locator("[data-help]").count():
        page.keyboard.press("?")
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_axe_finds_nothing_on_the_page(visit: Visit, scheme: str, width: int) -> None:
    page = visit(color_scheme=scheme, viewport={"width": width, "height": 900})
    assert violations(opened(page)) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_page_of_changes(
    visit: Visit, changed: str, scheme: str
) -> None:
    assert violations(opened(visit(address=changed, color_scheme=scheme))) == []


def test_axe_finds_what_is_wrong(visit: Visit) -> None:
    page = opened(visit())
    page.evaluate("document.querySelector('h1').style.color = '#cccccc'")
    page.evaluate("document.documentElement.removeAttribute('lang')")

    found = {line.partition(":")[0] for line in violations(page)}
    assert found == {"color-contrast", "html-has-lang"}
