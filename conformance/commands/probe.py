"""`probe`: does padding change a layer or a model, by how much, and where."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from conformance.commands.detail import (
    count_outcomes,
    list_checks,
    list_slowest,
    shorten,
)
from conformance.commands.formats import Display, annotate, write_document
from conformance.commands.options import (
    PATH,
    PROBES,
    limit_options,
    read_view,
    tell,
    view_options,
    warn,
)
from conformance.commands.run import need_extra
from conformance.errors import UsageError
from conformance.gate import judge
from conformance.run.project import TABLE, read_project

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from conformance.probe.launch import Probes
    from conformance.probe.settings import ProbeSettings

_OPTIONS = (
    click.option(
        "-o",
        "output",
        type=PATH,
        default=PROBES,
        show_default=True,
        help="Folder for records, scripts and issue texts.",
    ),
    click.option(
        "--question",
        "questions",
        multiple=True,
        help="Ask only this question, e.g. more-padding (repeatable).",
    ),
    click.option(
        "--input",
        "inputs",
        multiple=True,
        help="Argument that takes the sequence (repeatable).",
    ),
    click.option(
        "--kind", type=click.Choice(("ids", "features")), help="What the input holds."
    ),
    click.option(
        "--features", type=click.IntRange(1), help="Numbers at each position."
    ),
    click.option("--vocab", type=click.IntRange(2), help="Ids are below this number."),
    click.option(
        "--layout",
        type=click.Choice(("BT", "TB", "BTF", "TBF", "BFT")),
        help="Order of the input's axes.",
    ),
    click.option(
        "--mask",
        "masks",
        multiple=True,
        help="Mask argument and its meaning: NAME=keep|padding|lengths|additive.",
    ),
    click.option(
        "--placement",
        "placements",
        multiple=True,
        type=click.Choice(("right", "left", "gaps")),
        help="Where padding may stand (repeatable); right alone: nowhere else.",
    ),
    click.option(
        "--causal", is_flag=True, help="No position may depend on a later one."
    ),
    click.option(
        "--route",
        "routes",
        multiple=True,
        type=click.Choice(("eager", "compiled")),
        help="Call the target this way (repeatable; default: eager).",
    ),
    click.option("--dtype", help="Compute in this dtype (default: the target's own)."),
    click.option("--rows", type=click.IntRange(2), help="Rows of the batch."),
    click.option("--time", type=click.IntRange(4), help="Positions of the batch."),
    click.option(
        "--seed",
        type=click.IntRange(0),
        default=0,
        show_default=True,
        help="Seed of content, padding and cotangents.",
    ),
    click.option("--framework", default="", help="Framework of a plain function."),
    click.option(
        "--as-is", is_flag=True, help="Leave parameters that are all zero or all one."
    ),
    click.option(
        "--no-locate", is_flag=True, help="Do not look for the place of a leak."
    ),
    click.option(
        "--device",
        default="",
        metavar="DEVICE",
        help="Probe on cpu, cuda, cuda:N, gpu or mps (default: where it is made).",
    ),
    click.option("--known", default="", help="File of known differences."),
)


def _options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command("probe")
@click.argument("targets", nargs=-1)
@_options
@click.option(
    "-x", "--exitfirst", is_flag=True, help="Stop at the first target that leaks."
)
@view_options
@limit_options
def command(targets: tuple[str, ...], output: Path, **options: Any) -> None:
    """Ask whether padding changes TARGETS, by how much, and where it comes in.

    A target is package.module:object, file.py:object, hf:TYPE (a tiny random model of
    transformers) or torch:LAYER. No adapter is needed. Without TARGETS, probe those
    of [tool.mask-conformance] in pyproject.toml.
    """
    need_extra(memory=True)
    view = read_view(options)
    targets = targets or read_project().probes
    if not targets:
        msg = (
            "no target is named; name one, such as mylib.models:encoder, or write "
            f'probes = ["mylib.models:encoder"] into [{TABLE}] of pyproject.toml'
        )
        raise UsageError(msg)
    from conformance.probe.launch import probe_all, read_limits
    from conformance.probe.questions import select

    select(options["questions"])
    plain = view.form in {"text", "github"} and not view.quiet
    found = probe_all(
        targets,
        output,
        read_settings(options),
        read_limits(options["timeout"], options["memory"]),
        tell if plain else silence,
        framework=options["framework"],
        known=options["known"],
        exitfirst=options["exitfirst"],
    )
    show(found, view)
    sys.exit(found.status)


def silence(text: object) -> None:
    """Print nothing: the form that was asked for says it behind."""
    del text


def show(found: Probes, view: Display) -> None:
    """Print what came of targets beside what was said of each."""
    judged = [(run, judge(run)) for run in found.runs]
    if view.is_document:
        tell(write_document(view.form, judged, found.errors, found.status))
        return
    if view.quiet:
        for run, each in judged:
            tell("\n".join([*shorten(run, each), count_outcomes(run, each)]))
        for error in found.errors:
            warn(f"error: {error}")
    if view.verbose:
        for run in found.runs:
            tell("\n".join([f"{run.header.adapter}:", *list_checks(run)]))
    if view.durations:
        tell("\n".join(list_slowest(found.runs, view.durations)))
    if view.form == "github":
        for line in annotate(judged, found.errors):
            click.echo(line)  # ours, and meant for the service


def read_settings(options: Mapping[str, Any]) -> ProbeSettings:
    """Return the command's options as settings.

    Raises:
        UsageError: There is no device of that name anywhere, or a mask is not of the
            form ``NAME=CONVENTION``.
    """
    from conformance.probe.settings import ProbeSettings, read_masks
    from conformance.specification.device import read_device

    return ProbeSettings(
        questions=options["questions"],
        routes=options["routes"] or ("eager",),
        dtype=options["dtype"] or "",
        inputs=options["inputs"],
        kind=options["kind"] or "",
        layout=options["layout"] or "",
        features=options["features"] or 0,
        vocabulary=options["vocab"] or 0,
        masks=read_masks(options["masks"]),
        placements=options["placements"],
        causal=options["causal"],
        rows=options["rows"] or 0,
        time=options["time"] or 0,
        seed=options["seed"],
        as_is=options["as_is"],
        locate=not options["no_locate"],
        device=read_device(options["device"]) if options["device"] else "",
    )
