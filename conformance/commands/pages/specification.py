"""The specification as people read it, written from the clauses in the code.

Run as ``python -m conformance.commands.pages.specification check`` or ``write``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.operations import load_operations
from conformance.run import catalogue
from conformance.specification.plan import clauses

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.cases import Case
    from conformance.specification import Clause, Operation

FILE = Path(__file__).parents[3] / "docs" / "specification.md"

HEAD = """# Specification

Written from the clauses in the code by `python -m conformance.commands.pages.specification write`; a test holds the two together.

## Words

An *operation* is one thing with a specification, a *variant* an operation with its keywords fixed.
A *mask* is boolean, **true = this position counts**; *padding* are the positions that do not.
A row is *trimmed* when it is reduced to its valid positions in their order.
A *law* holds over generated batches, a *case* has literal inputs and the exact answer.
What is *declared* is a choice that this specification leaves to each adapter, and that the suite then holds it to.

## Levels

Each level includes those before it.

**core**: finite numbers, right padding, every row has a valid position; at padding stand numbers up to 1e4, at least 100 times the valid ones, or zeros; float32.
**robust**: infinities, NaN and the largest numbers at padding, padding on the left and in gaps, empty rows, long rows, every declared dtype and route.
**extended**: what adapters may declare beyond that: further routes (XLA, dynamic shapes, inductor, vmap, forward mode, autocast, training mode), T = 0, B = 0 and subnormals.

## Exactness

An answer is right when every element is within its bound of the exact one; [where the bounds come from](exactness.md).
In them u is the unit roundoff of the dtype, v that of float32 (in float64 its own), eta the smallest normal number (in float16 the smallest subnormal), n the number of valid terms, M a row's maximum.

Bit for bit are only: other numbers at padding in the same shape (eager, forward, CPU), zeros at padding, the maximum, and the repeat of one call; -0.0 equals 0.0.

"""


def text() -> str:
    """Return the whole specification as Markdown."""
    found = catalogue.cases()
    operations = load_operations().values()
    parts = [_chapter(each, found.get(each.name, ())) for each in operations]
    return HEAD + "\n".join(parts)


def _chapter(operation: Operation, cases: Iterable[Case]) -> str:
    variants = ", ".join(f"`{variant.name}`" for variant in operation.variants)
    lines = [
        f"## {operation.number}. `{operation.name}`",
        "",
        f"{operation.title}.",
        "",
        f"- called as: `{operation.signature}`",
        f"- exact answer: {operation.formula}",
        f"- error bound: {operation.bound}",
        f"- variants: {variants}",
        "",
    ]
    by_clause: dict[str, list[Case]] = {}
    for case in cases:
        by_clause.setdefault(case.clause, []).append(case)
    for clause in clauses(operation):
        lines += _clause(operation, clause, by_clause.get(clause.id, []))
    return "\n".join(lines)


def _clause(operation: Operation, clause: Clause, cases: Iterable[Case]) -> list[str]:
    head = f"### {operation.number}.{clause.number} `{clause.id}` ({clause.level})"
    lines = [head, "", clause.text, f"It catches {clause.why}.", ""]
    listed = [f"- `{case.id}`: {case.title}" for case in cases]
    return [*lines, *listed, ""] if listed else lines


def main(arguments: list[str]) -> int:
    """Write the file, or say whether it is what the code says."""
    if arguments == ["write"]:
        FILE.write_text(text(), encoding="utf-8")
        return 0
    if FILE.exists() and FILE.read_text(encoding="utf-8") == text():
        return 0
    sys.stderr.write(
        f"{FILE}: not what the clauses in the code say; run "
        "`python -m conformance.commands.pages.specification write`\n"
    )
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
