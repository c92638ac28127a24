"""The kill matrix as text for a terminal and as a page of the documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.commands.mistakes import Mistake
from conformance.operations import load_operations
from conformance.run import catalogue
from conformance.specification.plan import laws_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.commands.pages.matrix import Matrix
    from conformance.commands.pages.power import Power
    from conformance.operations._common.mutant import Mutant

_HEAD = """# Mutants

Implementations made wrong on purpose, and what catches them.
A suite is worth what it catches: every mutant here is caught by a law or a case,
and every law and every case catches a mutant.
This page is written by `python -m conformance.commands.pages.mutants --write`.
"""


def lines(matrix: Matrix) -> Iterator[str]:
    """Yield the matrix for a terminal: a line for each mutant, then what is amiss."""
    for mutant in matrix.mutants:
        laws, cases = find_catchers(matrix, mutant)
        yield f"{mutant.id}: {', '.join(laws) or 'no law'}; {len(cases)} cases"
    yield from problems(matrix)
    for mutant in matrix.not_run:
        yield f"not run: {mutant.id} ({mutant.framework} is not asked for or not there)"
    for law in matrix.unjudged:
        yield f"not judged: {law} (no framework here that it needs)"
    yield (
        f"{len(matrix.mutants)} mutants run, {len(matrix.survivors)} survive, "
        f"{len(matrix.not_run)} not run"
    )


def problems(matrix: Matrix) -> Iterator[str]:
    """Yield what makes the matrix unsound, one line each."""
    for mutant in matrix.survivors:
        yield f"survives: {mutant.id}: {mutant.text}"
    for text in matrix.late:
        yield f"not caught by the law that it is made for: {text}"
    for item in matrix.idle:
        yield f"catches no mutant: {item}"
    for text in matrix.wrong:
        yield f"right, but failed: {text}"


def page(matrix: Matrix, powers: Mapping[str, Power]) -> str:
    """Return the documentation's page.

    Args:
        matrix: What caught what.
        powers: How sharp each law is, by its clause's id.
    """
    parts = [_HEAD, *_summary(matrix)]
    for name in load_operations():
        own = [each for each in matrix.mutants if each.operation == name]
        parts += [f"\n## {name}\n", *_list(matrix, own), *_grid(matrix, name, own)]
    parts += ["\n## Power\n", *_power(matrix, powers)]
    return "\n".join(parts) + "\n"


def find_catchers(matrix: Matrix, mutant: Mutant) -> tuple[list[str], list[str]]:
    """Return the names of the laws, and the cases, that catch a mutant."""
    items = matrix.kills[mutant.id]
    laws = [item.partition(".")[2] for item in items if "/" not in item]
    return laws, [item for item in items if "/" in item]


def collect_mistakes(matrix: Matrix) -> dict[str, list[Mistake]]:
    """Return what laws catch as the data that `explain` reads, by operation."""
    found: dict[str, list[Mistake]] = {}
    for name, operation in load_operations().items():
        order = [law.name for law in laws_of(operation)]
        found[name] = [
            Mistake(
                name=mutant.name,
                text=mutant.text,
                url=mutant.url,
                first=mutant.clause,
                laws=tuple(
                    law for law in order if law in find_catchers(matrix, mutant)[0]
                ),
            )
            for mutant in matrix.mutants
            if mutant.operation == name
        ]
    return found


def _summary(matrix: Matrix) -> Iterator[str]:
    run = len(matrix.mutants)
    yield f"{run} mutants ran, {run - len(matrix.survivors)} were caught."
    for mutant in matrix.not_run:
        yield f"Not run, {mutant.framework} was not installed: `{mutant.id}`."
    for law in matrix.unjudged:
        yield f"Not judged, its framework was not installed: `{law}`."


def _list(matrix: Matrix, own: list[Mutant]) -> Iterator[str]:
    yield "| mutant | what is wrong | on | law that it breaks first | cases |"
    yield "| --- | --- | --- | --- | ---: |"
    for mutant in own:
        text = f"[{mutant.text}]({mutant.url})" if mutant.url else mutant.text
        text = text.replace("|", "\\|")
        count = len(find_catchers(matrix, mutant)[1])
        yield (
            f"| {mutant.name} | {text} | {mutant.framework} | {mutant.clause} "
            f"| {count} |"
        )


def _grid(matrix: Matrix, name: str, own: list[Mutant]) -> Iterator[str]:
    laws = [law.name for law in laws_of(load_operations()[name])]
    yield f"\nLaws of {name} by number, `x` where one catches the mutant:\n"
    yield ", ".join(f"{number} {law}" for number, law in enumerate(laws, 1)) + ".\n"
    numbers = [str(number) for number in range(1, len(laws) + 1)]
    yield f"| mutant | {' | '.join(numbers)} |"
    yield f"| --- | {' | '.join('---' for _ in laws)} |"
    for mutant in own:
        found = find_catchers(matrix, mutant)[0]
        marks = ("x" if law in found else "" for law in laws)
        yield f"| {mutant.name} | {' | '.join(marks)} |"


def _power(matrix: Matrix, powers: Mapping[str, Power]) -> Iterator[str]:
    yield "How many mutants each clause catches, by its law and by its cases."
    yield (
        "Then the smallest error that its law catches, when a right answer in float32 "
        "is multiplied by 1 + k 2^-23 (k in powers of two, the law's first variant), "
        "and how many generated rows that takes."
    )
    yield "A law that is about something else than the answer's size has none.\n"
    yield "| clause | by its law | by its cases | smallest error k | rows needed |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    cases = catalogue.cases()
    for name, operation in load_operations().items():
        for law in laws_of(operation):
            clause = f"{name}.{law.name}"
            own = {case.id for case in cases.get(name, ()) if case.clause == clause}
            by_cases = sum(bool(own & set(items)) for items in matrix.kills.values())
            sharp = powers.get(clause)
            figures = f"{sharp.ulp} | {sharp.rows}" if sharp else " | "
            by_law = matrix.power.get(clause, 0)
            yield f"| {clause} | {by_law} | {by_cases} | {figures} |"
