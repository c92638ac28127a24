"""What a reader does with the page: filter, follow links, press keys, copy, print."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.records import read

if TYPE_CHECKING:
    from collections.abc import Callable

    Visit = Callable[..., Any]

GOLDEN = Path(__file__).parents[1] / "golden"
FIRST = "f-masked_mean/value:float32:eager--jax"
LAST = "f-masked_softmax/empty-row:float32:eager--torch"
DARK, LIGHT = "rgb(20, 23, 28)", "rgb(255, 255, 255)"


def cards(page: Any) -> list[str]:
    """Return the cards that the filter lets through."""
    found = page.locator(".card:not([hidden])").evaluate_all(
        "nodes => nodes.map(node => node.id)"
    )
    return [str(each) for each in found]


def laid_out(page: Any) -> list[str]:
    """Return the cards that are shown, on the screen or on paper."""
    found = page.locator(".card").evaluate_all(
        "nodes => nodes.filter(node => node.checkVisibility()).map(node => node.id)"
    )
    return [str(each) for each in found]


def card(page: Any, name: str) -> Any:
    return page.locator(f'[id="{name}"]')


def await_hash(page: Any, text: str) -> None:
    """Wait until the address ends with a filter, or without one."""
    page.wait_for_url(re.compile(rf"index\.html{text and text + '.+'}$"))


def clipboard(page: Any) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))


def paper(page: Any) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("adapter:jax", ["jax"]),
        ("adapter:tor*", ["torch", "torch"]),
        ("known:no adapter:torch", ["torch"]),
        ("status:errored", ["jax"]),
        ("op:masked_softmax", ["torch"]),
        ("clause:masked_mean.* !jax", ["torch"]),
        ("item:empty-row", ["torch"]),
        ("boolean", ["jax"]),
        ("!boolean", ["torch", "torch"]),
        ("dtype:float64", []),
    ],
)
def test_a_filter_shows_what_it_says(
    visit: Visit, query: str, shown: list[str]
) -> None:
    page = visit()
    page.fill("#filter", query)
    await_hash(page, "#q=")

    assert [name.rpartition("--")[2] for name in cards(page)] == shown
    assert page.locator(".card:visible").count() == len(shown)
    assert page.inner_text("#found").endswith(f"{len(shown)} in full")


def test_a_filter_is_in_the_address_and_comes_back_from_it(visit: Visit) -> None:
    page = visit()
    page.fill("#filter", "adapter:jax status:errored")
    await_hash(page, "#q=")
    again = visit(page.evaluate("location.hash"))

    assert again.input_value("#filter") == "adapter:jax status:errored"
    assert cards(again) == [FIRST]


def test_a_filter_that_is_cleared_leaves_the_address(visit: Visit) -> None:
    page = visit("#q=adapter%3Ajax")
    page.fill("#filter", "")
    await_hash(page, "")

    assert len(cards(page)) == 3


def test_chips_write_into_the_filter_and_take_it_back(visit: Visit) -> None:
    page = visit()
    page.click("[data-term='known:no']")
    assert page.input_value("#filter") == "known:no"
    assert len(cards(page)) == 2
    page.click("[data-term='known:no']")
    assert page.input_value("#filter") == ""


@pytest.mark.parametrize("script", [True, False])
def test_a_link_to_a_failure_opens_what_it_is_in(visit: Visit, *, script: bool) -> None:
    page = visit(f"#{LAST}", java_script_enabled=script)
    found = card(page, LAST)

    found.wait_for(state="visible")
    box = found.bounding_box()
    assert box is not None
    assert 0 <= box["y"] < page.viewport_size["height"]
    assert page.locator(".card:target").count() == 1


def test_a_link_to_a_failure_that_is_filtered_out_takes_the_filter_away(
    visit: Visit,
) -> None:
    page = visit("#q=adapter%3Ajax")
    page.evaluate(f"location.hash = '#{LAST}'")
    card(page, LAST).wait_for(state="visible")
    assert page.input_value("#filter") == ""


def test_keys_go_from_failure_to_failure(visit: Visit) -> None:
    page = visit()
    order = cards(page)
    seen = []
    for key in ("n", "n", "n", "n", "p"):
        page.keyboard.press(key)
        seen.append(page.evaluate("document.activeElement.id"))

    assert seen == [*order, order[0], order[-1]]
    assert card(page, seen[-1]).is_visible()


def test_keys_focus_the_filter_and_show_the_help(visit: Visit) -> None:
    page = visit()
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    assert page.get_attribute("[data-help]", "aria-expanded") == "true"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "filter"
    page.keyboard.type("n?/")
    assert page.input_value("#filter") == "n?/"
    assert page.locator("#keys").is_visible()


def test_a_key_with_a_modifier_is_the_browsers(visit: Visit) -> None:
    page = visit()
    page.keyboard.press("Alt+n")
    assert page.evaluate("document.activeElement.tagName") == "BODY"


def test_buttons_copy_what_they_say(visit: Visit) -> None:
    from playwright.sync_api import expect

    page = visit(f"#{LAST}", permissions=["clipboard-read", "clipboard-write"])
    # Labels come back after a while; here they stay, so that they can be counted.
    page.evaluate("window.setTimeout = () => 0")
    torch = read(GOLDEN / "torch.jsonl").results[0]
    assert torch.failure is not None
    buttons = {
        "Copy command": torch.failure.command,
        "Copy snippet": torch.failure.snippet,
        "Copy link": page.url,
        "Copy issue text": f"`{torch.check}`: ",
    }

    for count, (label, want) in enumerate(buttons.items(), 1):
        card(page, LAST).get_by_role("button", name=label).click()
        said = card(page, LAST).get_by_role("button", name="Copied")
        expect(said).to_have_count(count)
        got = clipboard(page)
        assert got == want or got.startswith(buttons["Copy issue text"])
    assert torch.failure.command in clipboard(page)


def test_a_copy_that_is_not_allowed_says_so(visit: Visit) -> None:
    page = visit(f"#{LAST}")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.locator(".card:target [data-copy]").first.click()
    assert page.get_by_text("Not allowed: select it above").count() == 1


def test_a_record_can_be_saved_from_the_page(visit: Visit, tmp_path: Path) -> None:
    page = visit("#reading")
    with page.expect_download() as loading:
        page.click("[data-save=raw-torch]")
    loading.value.save_as(tmp_path / loading.value.suggested_filename)
    saved, want = read(tmp_path / "torch.jsonl"), read(GOLDEN / "torch.jsonl")

    assert (saved.header, saved.results, saved.footer) == (
        want.header,
        want.results,
        want.footer,
    )


@pytest.mark.parametrize(
    ("scheme", "at_first", "then"), [("light", LIGHT, DARK), ("dark", DARK, LIGHT)]
)
def test_colours_follow_the_system_until_they_are_turned(
    visit: Visit, scheme: str, at_first: str, then: str
) -> None:
    page = visit(color_scheme=scheme)
    assert paper(page) == at_first
    page.click("[data-theme-next]")
    assert paper(page) == then
    page.reload()
    assert paper(page) == then


def test_without_a_script_everything_is_there_and_nothing_is_dead(visit: Visit) -> None:
    page = visit(java_script_enabled=False)

    assert page.locator("button:visible, input:visible").count() == 0
    assert page.get_by_role("region", name="Systems by operation").is_visible()
    assert not card(page, FIRST).is_visible()
    page.click("#failures summary >> nth=0")
    assert card(page, FIRST).is_visible()


@pytest.mark.parametrize("script", [True, False])
def test_a_print_shows_every_card(visit: Visit, *, script: bool) -> None:
    page = visit(java_script_enabled=script)
    assert laid_out(page) == []
    page.emulate_media(media="print")
    assert sorted(laid_out(page)) == sorted(cards(page))


def test_a_print_has_tables_though_paper_is_narrow(visit: Visit) -> None:
    page = visit(viewport={"width": 740, "height": 1000})
    head = page.locator(".grid thead").first
    assert not head.is_visible()
    page.emulate_media(media="print")
    assert head.is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 740


def test_a_group_s_heading_is_not_cut_however_narrow_its_column(visit: Visit) -> None:
    page = visit(viewport={"width": 1440, "height": 900})
    groups = page.locator("#systems .groups th[scope=colgroup]")
    spans = groups.evaluate_all("nodes => nodes.map(node => node.colSpan)")
    assert min(spans) == 1
    fits = groups.evaluate_all(
        """nodes => nodes.every(node => {
            const range = document.createRange();
            range.selectNodeContents(node);
            const text = range.getBoundingClientRect();
            return text.right <= node.getBoundingClientRect().right;
        })"""
    )
    assert fits


def test_since_when_is_told_beside_the_finding_and_in_the_history(
    visit: Visit,
) -> None:
    page = visit()
    assert page.locator("#systems .finding a").first.inner_text().startswith("since ")
    page.locator("#systems .finding a").first.click()
    assert page.locator("#history table.releases").first.is_visible()
    narrow = visit(viewport={"width": 390, "height": 844})
    cut = "node => node.scrollWidth > node.clientWidth"
    assert not narrow.locator("#history .scroll").first.evaluate(cut)


def test_padding_and_wrong_elements_are_told_in_forced_colours(visit: Visit) -> None:
    page = visit(f"#{LAST}", forced_colors="active")
    padded = card(page, LAST).locator("td.pad").first
    wrong = card(page, LAST).locator("td.wrong").first

    assert padded.inner_text().endswith("pad")
    assert padded.evaluate("node => getComputedStyle(node).borderStyle") == "dashed"
    assert wrong.inner_text().startswith("nan ✗")
    assert wrong.evaluate("node => getComputedStyle(node).outlineWidth") == "3px"


def test_a_narrow_page_does_not_scroll_sideways(visit: Visit) -> None:
    page = visit(f"#{LAST}", viewport={"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_narrow_page_has_cards_and_chips_and_no_table(visit: Visit) -> None:
    page = visit(viewport={"width": 390, "height": 844})
    shown = page.locator(".grid .m.bad .op").first

    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert shown.is_visible()
    assert not page.locator(".grid thead").first.is_visible()
    display = "node => getComputedStyle(node).display"
    assert page.locator("table.grid").first.evaluate(display) == "block"


def test_a_wide_page_does_not_scroll_sideways(visit: Visit) -> None:
    page = visit(viewport={"width": 1440, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440
    assert page.locator(".grid thead").first.is_visible()


def test_a_sign_leads_to_its_cause(visit: Visit) -> None:
    page = visit()
    page.locator(".grid .m a").first.click()
    assert page.locator(".causes li:target").count() == 1


def test_changes_are_filtered_and_stepped_through(visit: Visit, changed: str) -> None:
    page = visit("#q=kind%3Anew", address=changed)
    assert page.locator("tr.step:visible").count() == 1
    assert page.inner_text("#found") == "1 check"
    page.keyboard.press("n")
    told = page.evaluate("document.activeElement.textContent")
    assert "masked_softmax/empty-row:float32:eager" in told
    assert "✓ passed✗ failed" in told.replace("\n", "")
