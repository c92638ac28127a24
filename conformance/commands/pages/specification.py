"""Generate docs/specification.md from the clauses in the code.

Run as ``python -m conformance.commands.pages.specification check`` or ``write``.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.operations import load_operations
from conformance.run import catalogue
from conformance.specification.laws import LAWS
from conformance.specification.plan import clauses, laws_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from conformance.cases import Case
    from conformance.specification import Clause, Law, Operation, Variant

FILE = Path(__file__).parents[3] / "docs" / "specification.md"

HEAD = """# Specification

What a right answer is, for every operation: first the clauses that all operations share, then a chapter for each operation.
Read [Words](#words), [Common clauses](#common-clauses) and the chapter of the operation that you need.

`python -m conformance.commands.pages.specification write` generates this page from the clauses in the code; a test keeps the two equal.

## Words

An *operation* is one thing with a specification; a *variant* is an operation with its keywords fixed.
A *mask* is boolean, **true = this position counts**; *padding* means the positions that do not count.
To *trim* a row is to reduce it to its valid positions, in order.
A *law* holds over generated batches; a *case* has literal inputs and the exact answer.
A case's id is its variant and its slug, `masked_mean/article-mean`; the chapters give slugs, `cases/OPERATION.json` the data.
Where this specification leaves a choice, each adapter *declares* what its library does, and the suite checks that.

## Levels

Each level includes those before it.

**core**: finite numbers in float32, padding on the right, at least one valid position in every row. Padding holds zeros, or numbers up to 1e4 that are at least 100 times the valid ones.
Causal variants are given padding on the left as well: with padding on the right no valid query or window of theirs sees any, so that they would be right without a mask.
**robust**: infinities, NaN and the largest numbers at padding, padding on the left and in gaps, empty rows, long rows, every declared dtype and route.
**extended**: further routes that an adapter may declare (XLA, dynamic shapes, inductor, vmap, forward mode, autocast, training mode), T = 0, B = 0 and subnormals.

## Exactness

An answer is right when every element is within its error bound of the exact one; [Exactness](exactness.md) derives the bounds.
The formulas use u for the unit roundoff of the dtype, v for that of float32 (in float64: of float64), eta for the smallest normal number (in float16: the smallest subnormal), n for the number of valid terms and M for a row's maximum.

Only these are compared bit for bit: an answer whose padding got other numbers in the same shape (eager, forward, CPU), zeros at padding, the maximum, and the repeat of a call; -0.0 equals 0.0.

## Common clauses

These hold for every operation, except where its chapter says otherwise.
Their numbers are the same everywhere: clause 17 is clause 3.17, `masked_softmax.empty-row`, in the chapter of `masked_softmax`.
`mask-conformance explain masked_softmax.empty-row` shows a clause together with a case and the mistakes that it catches.

"""


def text() -> str:
    """Return the whole specification as Markdown."""
    found = catalogue.cases()
    operations = load_operations().values()
    parts = [_chapter(each, found.get(each.name, ())) for each in operations]
    return HEAD + "".join(_common(law) for law in LAWS) + "".join(parts)


def _common(law: Law) -> str:
    return f"""### {law.number} `{law.name}` ({law.level})

{law.text}
It catches {law.why}.{_scope(law)}

"""


def _scope(law: Law) -> str:
    """Return a sentence on where a common law applies, if in few operations only."""
    every = load_operations().values()
    having = [f"`{each.name}`" for each in every if law in laws_of(each)]
    if not _is_rare(law):
        return ""
    return f"\nIt applies only to {', '.join(having)}."


def _is_rare(law: Law) -> bool:
    """Tell whether a common law applies to less than half of the operations."""
    every = load_operations().values()
    return 2 * sum(law in laws_of(each) for each in every) < len(every)


def _chapter(operation: Operation, cases: Iterable[Case]) -> str:
    lines = [
        f"## {operation.number}. `{operation.name}`",
        "",
        f"{operation.title}.",
        "",
        f"- called as: `{operation.signature}`",
        f"- exact answer: {operation.formula}",
        f"- error bound: {operation.bound}",
        f"- variants: {_together(operation, operation.variants)}",
        *_choices(operation),
        f"- common clauses: {_shared_clauses(operation)}",
        "",
    ]
    laws = [law.clause(operation.name) for law in operation.laws]
    for clause in clauses(operation):
        if clause in laws or clause in operation.clauses:
            lines += _own_clauses(operation, clause)
    lines += ["Cases, each behind the number of its clause:", ""]
    return "\n".join([*lines, *_join_names(operation, cases), "", ""])


def _together(operation: Operation, variants: Sequence[Variant]) -> str:
    """Return variants' names, as one name with choices where that says it all."""
    names = ", ".join(f"`{each.name}`" for each in variants)
    # A part of the operation may have keywords that another has not.
    if len(variants) == 1 or len({len(each.keywords) for each in variants}) > 1:
        return names
    values = zip(*(each.options.values() for each in variants), strict=True)
    axes = [tuple(dict.fromkeys(axis)) for axis in values]
    if math.prod(map(len, axes)) != len(variants):
        return names
    parts = [axis[0] if len(axis) == 1 else f"{{{','.join(axis)}}}" for axis in axes]
    return f"`{'.'.join([operation.name, *parts])}`"


def _choices(operation: Operation) -> Iterator[str]:
    """Return a line on what the specification leaves to the adapter, if anything."""
    empty = [each for each in operation.variants if each.empty == "declared"]
    kept = [each for each in operation.variants if each.padding == "declared"]
    choices = [
        f"{choice}{_describe_limits(operation, variants)}"
        for choice, variants in (
            ("what an empty row gives", empty),
            ("what stands at padding of the answer", kept),
        )
        if variants
    ]
    if choices:
        yield f"- the adapter declares: {'; '.join(choices)}"


def _describe_limits(operation: Operation, variants: Sequence[Variant]) -> str:
    if len(variants) == len(operation.variants):
        return ""
    return f" ({_together(operation, variants)})"


def _shared_clauses(operation: Operation) -> str:
    """Return the numbers of the common clauses and those that do not apply."""
    chapter, last = operation.number, LAWS[-1].number
    numbers = f"{chapter}.{LAWS[0].number} to {chapter}.{last}"
    absent, parts = [], []
    for law in LAWS:
        found = [each for each in operation.variants if law in laws_of(operation, each)]
        named = f"{law.number} `{law.name}`"
        early = [each for each in found if law.level_for(each.name) != law.level]
        if early:
            parts.append(f"; {named} at core for {_together(operation, early)}")
        if not found and not _is_rare(law):
            absent.append(named)
        elif found and len(found) < len(operation.variants):
            parts.append(f"; {named} only for {_together(operation, found)}")
    without = f", without {', '.join(absent)}" if absent else ""
    return numbers + without + "".join(parts)


def _own_clauses(operation: Operation, clause: Clause) -> list[str]:
    head = f"### {operation.number}.{clause.number} `{clause.id}` ({clause.level})"
    return [head, "", clause.text, f"It catches {clause.why}.", ""]


def _join_names(operation: Operation, cases: Iterable[Case]) -> list[str]:
    number = {clause.id: clause.number for clause in clauses(operation)}
    ordered = sorted(cases, key=lambda case: number[case.clause])
    return [f"- {number[case.clause]} `{case.slug}`: {case.title}" for case in ordered]


def main(arguments: list[str]) -> int:
    """Write the file, or check that it matches the clauses."""
    if arguments == ["write"]:
        FILE.write_text(text(), encoding="utf-8")
        return 0
    if FILE.exists() and FILE.read_text(encoding="utf-8") == text():
        return 0
    sys.stderr.write(
        f"{FILE}: differs from the clauses in the code; run "
        "`python -m conformance.commands.pages.specification write`\n"
    )
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
