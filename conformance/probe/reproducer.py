"""A leak shown without this suite: a command, a short script, an issue's text."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from conformance.probe import devices, reproducer_arrays, reproducer_keras

if TYPE_CHECKING:
    from conformance.probe.answer import ProbeAnswer
    from conformance.probe.examine import Report
    from conformance.probe.interface import Interface

LINES = 15
"""Lines of a script at most."""

SHOWN = ("other-numbers", "more-padding", "alone", "beside", "left", "left-numbers")
"""Questions whose leak one row shows: padded in one way, and in another."""


def command(report: Report, question: str) -> str:
    """Return the command that asks a question again."""
    settings = report.subject.settings
    parts = ["mask-conformance", "probe", report.target.name, "--question", question]
    for name, convention in settings.masks.items():
        parts += ["--mask", f"{name}={convention}"]
    for flag, value in (
        ("--features", settings.features),
        ("--vocab", settings.vocabulary),
        ("--kind", settings.kind),
        ("--layout", settings.layout),
        ("--seed", settings.seed),
        ("--device", settings.device),
    ):
        parts += [flag, str(value)] if value else []
    for name in settings.inputs:
        parts += ["--input", name]
    for route in settings.routes if settings.routes != ("eager",) else ():
        parts += ["--route", route]
    return shlex.join(parts)


def script(report: Report, answer: ProbeAnswer) -> str:
    """Return a stand-alone script; empty where none is offered for the question."""
    if answer.kind != "leak" or answer.question not in SHOWN:
        return ""
    framework = report.target.framework
    if not report.target.code:
        return ""
    lines: list[str] = []
    if framework.name == "torch":
        lines = _torch(report, answer)
    elif framework.name in reproducer_arrays.IMPORTS:
        call = framework.script(report.target.model)  # type: ignore[attr-defined]
        lines = reproducer_arrays.lines(report, answer, call, _get(answer.output))
    elif framework.name == "keras":
        output = report.subject.output(answer.output)
        timed = output is not None and output.timed
        axis = _time_axis(output.layout) if output is not None and timed else -1
        lines = reproducer_keras.lines(report, answer, _get(answer.output), axis)
    return "\n".join(lines) + "\n" if 0 < len(lines) <= LINES else ""


def _torch(report: Report, answer: ProbeAnswer) -> list[str]:
    """Return the script's lines for torch."""
    interface = report.subject.interface
    length = 6 if report.subject.sizes.time < 50 else report.subject.sizes.time  # noqa: PLR2004
    left = answer.question.startswith("left")
    code = [line for line in report.target.code if line != "import torch"]
    head = "import torch"
    if code[0].startswith("import "):
        head = f"import torch, {code.pop(0).removeprefix('import ')}"
    lines = [head, *_on_device(report, code), f"length = {length}"]
    lines += [f"row = {_row(interface, 'length')}"]
    lines += _call_lines(interface, answer.question, left=left)
    lines += [
        "with torch.no_grad():",
        f"    one, two = [model(**each){_get(answer.output)} for each in given]",
    ]
    output = report.subject.output(answer.output)
    if output is not None and output.timed:
        axis = _time_axis(output.layout)
        lines += [_valid_line(answer.question, axis)]
    return [*lines, "print((one - two).abs().max())  # should be 0, but for rounding"]


def _on_device(report: Report, code: list[str]) -> list[str]:
    """Return the lines that make the model and seed numbers, where it was probed."""
    device = devices.name_current("torch")
    if device == "cpu":
        return [*code, "torch.manual_seed(0)"]
    if hasattr(report.target.model, "parameters"):
        code = [*code[:-1], f"{code[-1]}.to({device!r})"]
    return [*code, f"torch.manual_seed(0); torch.set_default_device({device!r})"]


def _row(interface: Interface, length: str) -> str:
    if interface.kind == "ids":
        return f"torch.randint(3, {interface.vocabulary}, (1, {length}))"
    shape = ", ".join(["1", length, *map(str, interface.features)])
    return f"torch.randn({shape})"


def _call_lines(interface: Interface, question: str, *, left: bool) -> list[str]:
    """Return the lines that make the two calls' arguments."""
    ids, same = interface.kind == "ids", question in {"other-numbers", "left-numbers"}
    width = (
        "(1, 5)" if ids else f"(1, 5{''.join(f', {n}' for n in interface.features)})"
    )
    fresh = (
        f"torch.randint(3, {interface.vocabulary}, {width})"
        if ids
        else (f"torch.randn({width}) * 100")
    )
    kind = ", dtype=torch.long" if ids else ""
    zeros = f"torch.zeros({width}{kind})"
    first = "[zero, row]" if left else "[row, zero]"
    second = "[other, row]" if left else "[row, other]"
    keep = (
        "torch.arange(length + 5)[None] >= 5"
        if left
        else ("torch.arange(length + 5)[None] < length")
    )
    lines = [f"zero, other = {zeros}, {fresh}"]
    if same:
        lines += [f"rows = [torch.cat({first}, 1), torch.cat({second}, 1)]"]
        lines += [f"keep = [{keep}] * 2"]
    else:
        lines += [f"rows = [row, torch.cat({first}, 1)]"]
        lines += [f"keep = [torch.ones(1, length, dtype=bool), {keep}]"]
    return [*lines, f"given = [{_call(interface)} for x, m in zip(rows, keep)]"]


def _call(interface: Interface) -> str:
    turned = {"TBF": "x.transpose(0, 1)", "BFT": "x.transpose(1, 2)"}
    turned["TB"] = turned["TBF"]
    parts = [
        f"{name!r}: {turned.get(interface.layout, 'x')}" for name in interface.inputs
    ]
    mask = {
        "keep": f"m.{_type(interface)}",
        "padding": f"(~m).{_type(interface)}",
        "lengths": "m.sum(1)",
        "additive": "torch.where(m, 0.0, -1e9)",
    }.get(interface.convention)
    if interface.mask and mask:
        shape = "[:, None, None]" if interface.mask_shape == "B11T" else ""
        parts += [f"{interface.mask!r}: {mask}{shape}"]
    if interface.positions:
        parts += [f"{interface.positions!r}: (m.cumsum(1) - 1).clamp(min=0)"]
    for extra in interface.extras:
        parts += [f"{extra.name!r}: torch.arange(1, {extra.length + 1})[None] + 2"]
    parts += [f"{name!r}: {value!r}" for name, value in interface.constants.items()]
    return "{" + ", ".join(parts) + "}"


def _type(interface: Interface) -> str:
    return {"int64": "long()", "float32": "float()"}.get(interface.mask_type, "bool()")


def _get(output: str) -> str:
    """Return what picks an output; ``out`` is the answer itself."""
    if output == "out":
        return ""
    parts = output.split(".")
    return "".join(f"[{part}]" if part.isdigit() else f"[{part!r}]" for part in parts)


def _time_axis(layout: object) -> int:
    axes = layout if isinstance(layout, tuple) else ()
    for at, axis in enumerate(axes):
        if any(factor.kind in {"time", "strided"} for factor in axis):
            return at
    return 1


def _valid_line(question: str, axis: int) -> str:
    """Return the line that cuts the outputs to what counts."""
    if question == "left-numbers":
        return (
            f"one, two = one.narrow({axis}, 5, length), two.narrow({axis}, 5, length)"
        )
    start = "5" if question == "left" else "0"
    if question == "other-numbers":
        return (
            f"one, two = one.narrow({axis}, 0, length), two.narrow({axis}, 0, length)"
        )
    return f"two = two.narrow({axis}, {start}, one.shape[{axis}])"


def issue(report: Report, answer: ProbeAnswer) -> str:
    """Return the text of an issue for the library's own tracker."""
    from conformance.probe.describe import place_text

    location = report.locations.get(answer.question)
    code = script(report, answer)
    versions = ", ".join(
        f"{name} {number}" for name, number in report.target.versions.items()
    )
    parts = [
        f"# Padding changes {report.target.name}",
        f"{answer.output or 'The answer'} changes at valid positions: {answer.text}.",
        f"It comes in {place_text(location)}." if location else "",
        f"```python\n{code}```" if code else f"`{command(report, answer.question)}`",
        f"Versions: {versions}.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"
