"""Run several adapters, one process after the other, and say how it went."""

from __future__ import annotations

import os
import sys
from functools import cache, partial
from threading import Event
from typing import TYPE_CHECKING, Any

import click
import msgspec

from conformance.adapters.installed import find_missing
from conformance.adapters.load import list_variants, read_declarations
from conformance.commands.conclude import Done, conclude
from conformance.commands.formats import Display
from conformance.commands.lastfailed import select_failed
from conformance.commands.options import (
    PATH,
    RESULTS,
    CountRange,
    complete_adapters,
    deterministic_option,
    device_option,
    limit_options,
    need_packages,
    read_limits,
    read_placement,
    read_selection,
    read_view,
    selection_options,
    tell,
    view_options,
    warn,
)
from conformance.commands.terminal import Progress
from conformance.errors import ConformanceError, IncompleteRunError, UsageError
from conformance.gate import judge
from conformance.run import catalogue
from conformance.run.declare import declare
from conformance.run.launch import Order
from conformance.run.parts import Division, run_parts
from conformance.run.place import place
from conformance.run.project import read_project
from conformance.run.settings import Settings
from conformance.specification.device import kind_of
from conformance.specification.selection import EXAMPLES
from conformance.specification.shard import Shard

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from conformance.records import Run
    from conformance.run.process import Limits
    from conformance.specification.declaration import Declaration
    from conformance.specification.selection import Check


def run(  # noqa: PLR0917 - what is asked for has that many parts
    references: Sequence[str],
    output: Path,
    settings: Settings,
    division: Division,
    limits: Limits,
    say: Callable[[str], Any],
    warn: Callable[[str], Any] | None = None,
    view: Display | None = None,
    *,
    lastfailed: bool = False,
) -> int:
    """Run adapters, print their summary and return the exit status.

    One that does not load leaves the others' runs as they are.

    Args:
        references: Adapters as the command line names them; none means all installed.
        output: The folder of the records.
        settings: What each is asked for; the adapter and the record are filled in.
        division: How each run is divided.
        limits: How far a check may go.
        say: Prints a line.
        warn: Prints what is wrong; as ``say`` where it is not given.
        view: How results are shown.
        lastfailed: Whether to ask only what failed in the last run.

    Raises:
        UsageError: An option's value does not exist, or nothing can run.
    """
    need_extra(memory=bool(limits.memory))
    project, warn, view = read_project(), warn or say, view or Display()
    note = warn if view.is_document else say
    chosen = [
        each
        for reference in references
        or project.adapter
        or _find_installed(note, settings.placement.device)
        for each in _spread(reference)
    ]
    runs: list[Run] = []
    declared: list[Declaration] = []
    errors: list[ConformanceError] = []
    selected, stop = settings.selection, Event()
    for reference in chosen:
        if stop.is_set():
            errors.append(IncompleteRunError(f"{reference}: not run, stopped before"))
            warn(f"error: {errors[-1]}")
            continue
        try:
            declaration = _read_unrun(reference, runs)
            device = settings.placement.device
            record = output / _record_name(declaration, division.shard, device)
            if lastfailed:
                selected = select_failed(settings.selection, record, note)
            _need_checks(reference, catalogue.list_checks(declaration, selected))
            asked = msgspec.structs.replace(
                settings,
                reference=reference,
                record=place(record, selected),
                selection=selected,
                known=project.choose_known(reference),
            )
            plan = cache(partial(catalogue.plan_run, declaration, asked))
            # Only what is divided has to be listed whole before it starts.
            every = plan() if division.parts > 1 else ()
            order = Order(
                settings=asked,
                variables=declaration.variables,
                limits=limits,
                file=os.path.abspath(declaration.file),  # noqa: PTH100 - links are kept
                plan=plan,
                note=warn,
            )
            counted = partial(catalogue.count_offered, plan, division.shard)
            with Progress(declaration.name, count=counted) as progress:
                runs.append(run_parts(order, division, every, progress, stop))
                declared.append(declaration)
        except ConformanceError as error:
            errors.append(error)
            warn(f"error: {error}")
            continue
        if settings.exitfirst and judge(runs[-1]).new:
            note(f"{reference}: stopped at the first new failure (-x)")
            break
    done = Done(runs=runs, errors=errors, declared=declared, selection=selected)
    return conclude(done, view, say)


def _spread(reference: str) -> list[str]:
    """Return a reference, or its variants; one that cannot be read is named later."""
    try:
        return list_variants(reference)
    except ConformanceError:
        return [reference]


def _read_unrun(reference: str, runs: Sequence[Run]) -> Declaration:
    """Return what an adapter declares if no other of its name has just run."""
    declaration = declare(reference)
    taken = {each.header.adapter.replace(":", "-") for each in runs}
    if declaration.name.replace(":", "-") in taken:
        msg = (
            f"{reference}: its record would replace that of another adapter "
            f"{declaration.name!r}; run it separately with another -o, or rename it"
        )
        raise UsageError(msg)
    return declaration


def _record_name(declaration: Declaration, shard: Shard, device: str) -> str:
    part = "" if shard.whole else f".{shard.number}-of-{shard.of}"
    if device not in {"", "cpu"}:
        # Beside the record of the CPU, not instead of it.
        part = f".{device.replace(':', '-')}{part}"
    return f"{declaration.name.replace(':', '-')}{part}.jsonl"


def _need_checks(reference: str, planned: Sequence[Check]) -> None:
    """Refuse a run in which nothing would be asked: it must not look green."""
    if any(not check.unsupported for check in planned):
        return
    reasons = "; ".join(sorted({check.unsupported for check in planned}))
    why = f" that can run ({reasons})" if planned else ""
    msg = (
        f"{reference}: no check is selected{why}; "
        f"`mask-conformance checks {reference}` lists them"
    )
    raise UsageError(msg)


def _find_installed(say: Callable[[str], Any], device: str = "") -> list[str]:
    """Return the built-in adapters that can run here; say which cannot."""
    found = []
    for name, declaration in read_declarations().items():
        missing = find_missing(declaration)
        pinned = declaration.device or declaration.traits.device
        if pinned and device and kind_of(pinned) != kind_of(device):
            say(f"left out: {name} (runs on {pinned} only)")
        elif missing:
            say(f"left out: {name} ({', '.join(missing)} not installed)")
        else:
            found.append(name)
    if not found:
        msg = "no adapter can run: no framework is installed; install NumPy at least"
        raise UsageError(msg)
    return found


def need_extra(*, memory: bool = False, soak: bool = False) -> None:
    """Refuse to run where only the base dependencies are installed.

    Args:
        memory: Whether memory is limited.
        soak: Whether Dask is needed.
    """
    needed = ["hypothesis", "ml-dtypes", "numpy", "pytest"]
    needed += ["psutil"] if memory else []
    needed += ["distributed"] if soak else []
    need_packages("running", needed, "run,soak" if soak else "run")


@click.command("run")
@click.argument("adapters", nargs=-1, shell_complete=complete_adapters)
@click.option(
    "-o",
    "output",
    type=PATH,
    default=RESULTS,
    show_default=True,
    help="Folder for the records.",
)
@selection_options
@click.option("-x", "--exitfirst", is_flag=True, help="Stop at the first new failure.")
@click.option(
    "--lf",
    "--last-failed",
    "lastfailed",
    is_flag=True,
    help="Run only what failed in the last run.",
)
@click.option(
    "--examples",
    type=CountRange(1),
    help=f"Generated rows per law (default: {EXAMPLES}).",
)
@click.option(
    "--seed",
    type=CountRange(0),
    default=0,
    show_default=True,
    help="Seed of the generated batches.",
)
@click.option(
    "--explore",
    type=CountRange(0),
    default=0,
    help="Further batches per law, drawn by Hypothesis (default: 0).",
)
@click.option(
    "-n",
    "parts",
    type=click.IntRange(1, 256),
    default=1,
    help="Number of processes (default: 1).",
)
@click.option(
    "--shard", help="Run only part K of N, e.g. 2/4; merge combines the parts."
)
@click.option(
    "--resume", is_flag=True, help="Continue an interrupted run from its record."
)
@device_option
@deterministic_option
@view_options
@limit_options
def command(adapters: tuple[str, ...], output: Path, **options: Any) -> None:
    """Run the checks of ADAPTERS, each adapter in its own process.

    An adapter is the name of a built-in one, a file, or package.module:object. Without
    ADAPTERS, run the adapter of [tool.mask-conformance] in pyproject.toml, or all
    built-in adapters whose framework is installed.
    """
    given = {} if options["examples"] is None else {"examples": options["examples"]}
    settings = Settings(
        reference="",
        selection=read_selection(options),
        seed=options["seed"],
        explore=options["explore"],
        placement=read_placement(options),
        exitfirst=options["exitfirst"],
        **given,
    )
    division = Division(
        shard=Shard.parse(options["shard"] or "1/1"),
        parts=options["parts"],
        resume=options["resume"],
    )
    limits, view = read_limits(options), read_view(options)
    last = options["lastfailed"]
    sys.exit(
        run(
            *(adapters, output, settings, division, limits, tell, warn, view),
            lastfailed=last,
        )
    )
