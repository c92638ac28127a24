"""`python -m conformance.commands.pages.bits [write]`: docs/devices.md's tables of bits.

They are made of reports/bits.jsonl, which `mask-conformance bits` writes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.errors import UsageError
from conformance.records.bits import read_bits
from conformance.report.bits import WORDS, lay_out
from conformance.report.markdown import escape
from conformance.report.signs import SIGNS
from conformance.specification.disk import read_text, write_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.report.bits import BitsCell, BitsGrid, BitsSection

ROOT = Path(__file__).parents[3]
FILE = ROOT / "reports" / "bits.jsonl"
PAGE = ROOT / "docs" / "devices.md"
BEGIN, END = "<!-- bits begin -->", "<!-- bits end -->"


def fill(page: str, found: BitsGrid | None) -> str:
    """Return a page with what stands between its marks made anew.

    Raises:
        UsageError: It has no such marks.
    """
    before, _, rest = page.partition(f"{BEGIN}\n")
    _, mark, after = rest.partition(END)
    if not mark:
        msg = f"{PAGE}: has no {BEGIN} ... {END}; put both marks on lines of their own"
        raise UsageError(msg)
    body = "\n".join(_lines(found)) if found else "Nothing was measured.\n"
    return f"{before}{BEGIN}\n\n{body}\n{END}{after}"


def _lines(found: BitsGrid) -> Iterator[str]:
    words = [f"{SIGNS[name].glyph} {text}" for name, text in WORDS.items() if name]
    yield f"{'; '.join(words)}; blank: not asked."
    yield "Behind a sign stand the questions that change bits in some dtype."
    yield "Where the exact answer is another one nothing is asked."
    yield "A number is the largest difference as a share of what both bounds allow."
    yield "On a CPU unless a head says otherwise; strict is the deterministic mode."
    yield ""
    yield _row("operation", *found.heads)
    yield _row(*["---"] * (1 + len(found.heads)))
    for row in found.rows:
        yield _row(f"`{row.operation}`", *map(_say, row.cells))
    yield ""
    for section in found.sections:
        yield from _section(section)


def _section(section: BitsSection) -> Iterator[str]:
    yield f"**{escape(section.head)}** ({escape(section.versions)})."
    yield ""
    for dtypes, operations in section.kept:
        named = ", ".join(f"`{name}`" for name in operations)
        yield f"The same bits in all six, {dtypes}: {named}."
        yield ""
    if section.rows:
        yield _row("operation", "what changes its bits")
        yield _row("---", "---")
        for operation, changes in section.rows:
            yield _row(f"`{operation}`", changes)
        yield ""
    for note in section.notes:
        yield f"- {escape(note)}"
    if section.notes:
        yield ""


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _say(cell: BitsCell) -> str:
    return f"{cell.sign.glyph} {cell.why}".strip()


def main(arguments: list[str]) -> int:
    """Write the tables, or check that they are those of the file."""
    old = read_text(PAGE)
    new = fill(old, lay_out(read_bits(FILE)))
    if arguments == ["write"]:
        write_text(PAGE, new)
        return 0
    if old == new:
        return 0
    sys.stderr.write(
        f"{PAGE}: differs from {FILE.name}; run "
        "`python -m conformance.commands.pages.bits write`\n"
    )
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
