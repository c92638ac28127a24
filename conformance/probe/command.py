"""What ``mask-conformance probe`` does with its options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.probe.settings import Settings, read_masks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path


def probe(
    targets: Sequence[str],
    output: Path,
    options: Mapping[str, Any],
    say: Callable[[str], object],
) -> int:
    """Probe targets and return the exit status.

    Args:
        targets: Their names.
        output: The folder of records.
        options: Options of the command by name.
        say: Prints a line.

    Raises:
        UsageError: An option's value does not exist.
    """
    from conformance.running import need_extra

    need_extra({"memory": True})
    from conformance.probe.launch import limits, probe_all
    from conformance.probe.questions import select

    select(options["questions"])
    return probe_all(
        targets,
        output,
        read_settings(options),
        limits(options["timeout"], options["memory"]),
        say,
        framework=options["framework"],
        known=options["known"],
    )


def read_settings(options: Mapping[str, Any]) -> Settings:
    """Return the command's options as settings."""
    return Settings(
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
    )
