"""docs/models.md and models/results.jsonl: what the last sweep gave."""

from __future__ import annotations

from conformance.commands.models import page


def test_the_page_is_what_the_last_sweep_gave() -> None:
    assert page.is_current()
