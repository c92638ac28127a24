"""Run several adapters, one process after the other, and say how it went."""

from __future__ import annotations

import os
from threading import Event
from typing import TYPE_CHECKING, Any

from conformance.adapters.installed import filter_missing, find_missing
from conformance.adapters.load import read_declaration, read_declarations
from conformance.commands.terminal import Progress, complaints, summary
from conformance.errors import ConformanceError, IncompleteRunError, UsageError
from conformance.gate import exit_status, judge
from conformance.run import catalogue
from conformance.run.launch import Order
from conformance.run.parts import Division, run_parts
from conformance.run.process import Limits
from conformance.specification.shard import Shard

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from conformance.records import Run
    from conformance.specification.declaration import Declaration
    from conformance.specification.selection import Check


def run(
    references: Sequence[str],
    output: Path,
    options: Mapping[str, Any],
    say: Callable[[str], Any],
) -> int:
    """Run adapters, print their summary and return the exit status.

    One that does not load leaves the others' runs as they are.

    Args:
        references: Adapters as the command line names them; none means all installed.
        output: The folder of the records.
        options: Options of ``mask-conformance run`` by name.
        say: Prints a line.

    Raises:
        UsageError: An option's value does not exist, or nothing can run.
    """
    need_extra(options)
    division = Division(
        shard=Shard.parsed(options["shard"] or "1/1"),
        parts=options["parts"],
        resume=options["resume"],
    )
    selected = catalogue.selection(
        **{key: options[key] for key in _SELECTION}, corpus=options.get("corpus")
    )
    chosen = references or _installed(say)
    runs: list[Run] = []
    errors: list[ConformanceError] = []
    stop = Event()
    for reference in chosen:
        if stop.is_set():
            errors.append(IncompleteRunError(f"{reference}: not run, stopped before"))
            say(f"error: {errors[-1]}")
            continue
        try:
            declaration = _fresh(reference, runs)
            _need_checks(reference, catalogue.asked(declaration, selected))
            # Only what is divided has to be listed whole before it starts.
            many = division.parts > 1
            every = catalogue.planned(declaration, selected) if many else ()
            order = _order(reference, declaration, output, options, selected.level)
            with Progress(declaration.name) as progress:
                runs.append(run_parts(order, division, every, progress, stop))
        except ConformanceError as error:
            errors.append(error)
            say(f"error: {error}")
    for each in runs:
        text = complaints(each)
        if text:
            say(f"{each.header.adapter}:{text}\n")
    if runs:
        say(summary(runs))
        say(f"records: {output}")
    status = exit_status([judge(each) for each in runs]) if runs else 0
    return max([status, *(error.exit_status for error in errors)])


_SELECTION = ("level", "operations", "dtypes", "routes", "checks")


def _fresh(reference: str, runs: Sequence[Run]) -> Declaration:
    """Return what an adapter declares if no other of its name has just run."""
    declaration = read_declaration(reference)
    if declaration.name in {each.header.adapter for each in runs}:
        msg = (
            f"{reference}: its record would replace that of another adapter "
            f"{declaration.name!r}; run it by itself with another -o, or rename it"
        )
        raise UsageError(msg)
    return declaration


def _order(
    reference: str,
    declaration: Declaration,
    output: Path,
    options: Mapping[str, Any],
    level: str,
) -> Order:
    name = declaration.name.replace(":", "-")
    if options["shard"]:
        name += f".{options['shard'].replace('/', '-of-')}"
    return Order(
        reference=reference,
        record=output / f"{name}.jsonl",
        options=arguments({**options, "level": level}),
        variables=declaration.variables,
        limits=Limits(seconds=options["timeout"], memory=options["memory"] * 2**20),
        file=os.path.abspath(declaration.file),  # noqa: PTH100 - links are kept
    )


def _need_checks(reference: str, planned: Sequence[Check]) -> None:
    """Refuse a run in which nothing would be asked: it must not look green."""
    if any(not check.unsupported for check in planned):
        return
    reasons = "; ".join(sorted({check.unsupported for check in planned}))
    why = f" that can run ({reasons})" if planned else ""
    msg = (
        f"{reference}: no check is selected{why}; see `mask-conformance checks "
        f"{reference}` for those there are"
    )
    raise UsageError(msg)


def arguments(options: Mapping[str, Any]) -> list[str]:
    """Return options of ``mask-conformance run`` as those of the pytest plugin."""
    arguments = ["--mask-level", str(options["level"])]
    for key, option in (
        ("operations", "--mask-operation"),
        ("dtypes", "--mask-dtype"),
        ("routes", "--mask-route"),
        ("checks", "--mask-check"),
    ):
        for value in options[key]:
            arguments += [option, value]
    for key in ("examples", "seed", "explore", "corpus"):
        if options.get(key) is not None:
            arguments += [f"--mask-{key}", str(options[key])]
    return arguments


def _installed(say: Callable[[str], Any]) -> list[str]:
    """Return the built-in adapters that can run here; say which cannot."""
    found = []
    for name, declaration in read_declarations().items():
        missing = find_missing(declaration)
        if missing:
            say(f"left out: {name} ({', '.join(missing)} not installed)")
        else:
            found.append(name)
    if not found:
        msg = "no adapter can run: no framework is installed; install NumPy at least"
        raise UsageError(msg)
    return found


def need_extra(options: Mapping[str, Any]) -> None:
    """Refuse to run where only the base dependencies are installed."""
    needed = ["hypothesis", "ml-dtypes", "numpy", "pytest"]
    needed += ["psutil"] if options["memory"] else []
    needed += ["distributed"] if options.get("soak") else []
    extra = "run,soak" if options.get("soak") else "run"
    missing = filter_missing(needed)
    if missing:
        msg = (
            f"running needs {', '.join(missing)}; install them with "
            f'`pip install "mask-conformance[{extra}]"`'
        )
        raise UsageError(msg)
