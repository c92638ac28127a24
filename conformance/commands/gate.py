"""`gate`: what records mean for a build, as text and an exit status."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from conformance import gate as gates
from conformance.commands.formats import Display, annotate, write_document
from conformance.commands.options import PATH, RESULTS, read_view, tell, view_options
from conformance.commands.present import compose
from conformance.errors import IncompleteRunError, ResultError
from conformance.records.gather import gather
from conformance.specification.disk import is_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conformance.gate import Judgement
    from conformance.records import Record
    from conformance.records.gather import Gathered


@dataclass(frozen=True, slots=True, kw_only=True)
class GateAnswer:
    """What a gate says.

    Attributes:
        text: For people.
        commands: For GitHub, a line each.
        status: The exit status.
    """

    text: str
    commands: tuple[str, ...] = ()
    status: int = 0


def gate(
    paths: Sequence[Path],
    old: Path | None = None,
    *,
    view: Display | None = None,
    complete: bool = False,
) -> GateAnswer:
    """Return what stored records mean, and the exit status.

    Args:
        paths: Records, or folders of them.
        old: The records of an older run: then only what changed matters.
        view: How the answer is shown.
        complete: Whether a run of a part of the plan is incomplete.
    """
    view, found = view or Display(), gather(paths)
    if old is not None:
        folders = any(map(is_folder, paths))
        return _against(found, gather([old]), view, whole=folders)
    judged = [(run, gates.judge(run, complete=complete)) for run in found.runs]
    status = max(gates.exit_status([each for _, each in judged]), found.status)
    return _answer(judged, found.complaints, view, status)


def _answer(
    judged: Sequence[tuple[Record, Judgement]],
    wrong: Sequence[str],
    view: Display,
    status: int,
) -> GateAnswer:
    """Return judged records as they are shown."""
    if view.is_document:
        text = write_document(view.form, judged, wrong, status)
        return GateAnswer(text=text, status=status)
    notes = [
        f"{each.adapter}: INCOMPLETE: {problem}"
        for run, each in judged
        for problem in each.problems
        if problem not in gates.problems(run)
    ]
    errors = [f"error: {text}" for text in wrong]
    parts = [*errors, *compose(judged, view, notes=notes)]
    commands = tuple(annotate(judged, wrong)) if view.form == "github" else ()
    return GateAnswer(text="\n\n".join(parts), commands=commands, status=status)


def _against(new: Gathered, old: Gathered, view: Display, *, whole: bool) -> GateAnswer:
    """Judge by an older run.

    Args:
        new: The newer records.
        old: The older ones.
        view: How the answer is shown; documents have what is new since then.
        whole: Whether every adapter of the older run has to be there.
    """
    wrong = [*new.complaints, *old.complaints]
    try:
        found = gates.compare_runs(new.runs, old.runs)
    except ResultError as error:
        # That an older record cannot be read may be why there is none.
        raise ResultError("\nerror: ".join([*wrong, str(error)])) from None
    lines = [f"error: {text}" for text in wrong]
    lines += [f"{each.run.header.adapter}:\n{each}" for each in found]
    status = max([each.status for each in found], default=0)
    lost = [
        f"{name}: the old run has a record of it, this one has none"
        for name in gates.missing(new.runs, old.runs)
    ]
    lines += [f"INCOMPLETE: {text}" if whole else f"note: {text}" for text in lost]
    if lost and whole:
        status = IncompleteRunError.exit_status
    judged = [(each.run, each.judgement) for each in found]
    missing = lost if whole else []
    status = max(status, new.status, old.status)
    if view.is_document:
        text = write_document(view.form, judged, [*wrong, *missing], status)
        return GateAnswer(text=text, status=status)
    commands = annotate(judged, [*wrong, *missing]) if view.form == "github" else ()
    return GateAnswer(text="\n\n".join(lines), commands=tuple(commands), status=status)


@click.command("gate")
@click.argument("results", nargs=-1, type=PATH)
@click.option(
    "--against",
    type=PATH,
    help="Records of an older run: judge only what is new or fixed since then.",
)
@click.option("--github", is_flag=True, help="Annotate the job too: --format github.")
@view_options
@click.option(
    "--complete", is_flag=True, help="Count a run of only some checks as incomplete."
)
def command(
    results: tuple[Path, ...],
    *,
    against: Path | None,
    github: bool,
    complete: bool,
    **options: Any,
) -> None:
    """Judge records; the exit status is for CI.

    New failures, stale known entries and incomplete runs fail. RESULTS are record files
    or folders of them (default: reports/results).
    """
    view = read_view({**options, "form": "github"} if github else options)
    answer = gate(results or (RESULTS,), against, view=view, complete=complete)
    tell(answer.text)
    for line in answer.commands:
        click.echo(line)  # ours, and meant for the service
    sys.exit(answer.status)
