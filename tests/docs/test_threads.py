"""The table of threads about attention says what the mutants and the laws say."""

from __future__ import annotations

import re
from pathlib import Path

from conformance.commands.mistakes import read_mistakes
from conformance.operations import load_operations
from conformance.specification.plan import clauses

PAGE = Path(__file__).parents[2] / "docs" / "exactness.md"
HEADING = "## Threads about attention\n"
ROW = re.compile(
    r"(?m)^\| \[(\S+) (\d+)\]\((\S+)\) \| `([\w-]+)` \| `(\w+)\.([\w-]+)` \| (\w+) \|$"
)
ASKED = (
    "attention",
    "cross_attention",
    "windowed_attention",
    "packed_attention",
    "positions",
    "rotary",
    "decode",
    "attention_pooling",
    "alibi_attention",
    "sink_attention",
)


def section() -> str:
    return PAGE.read_text("utf-8").partition(HEADING)[2].partition("\n## ")[0]


def expected() -> list[tuple[str, ...]]:
    """Return each thread that a mutant was taken from, as its row says it."""
    found = []
    for name in ASKED:
        levels = {each.name: each.level for each in clauses(load_operations()[name])}
        for each in read_mistakes()[name]:
            if each.url:
                place = re.fullmatch(
                    r"https://github\.com/(.+)/(?:issues|pull)/(\d+)", each.url
                )
                assert place, each.url
                where = (*place.groups(), each.url, each.name)
                found.append((*where, name, each.first, levels[each.first]))
    return found


def test_the_table_has_every_thread_with_its_mutant_check_and_level() -> None:
    assert ROW.findall(section()) == expected()
