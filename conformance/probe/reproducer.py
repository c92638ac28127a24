"""A leak shown without this suite: a command, a short script, an issue's text."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from conformance.probe import devices, reproducer_arrays, reproducer_keras
from conformance.probe.reproducer_batches import (
    SHOWN,
    ScriptBatches,
    build_batches,
    can_pick,
    choose_length,
    cut,
)

if TYPE_CHECKING:
    from conformance.probe.answer import ProbeAnswer
    from conformance.probe.examine import Report
    from conformance.probe.interface import Interface

LINES = 15
"""Lines of a script at most."""


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
    framework, interface = report.target.framework, report.subject.interface
    library = "torch" if framework.name == "torch" else "np"
    join = "torch.cat" if library == "torch" else "np.concatenate"
    length = choose_length(report, answer)
    batches = build_batches(answer.question, length, join, f"{library}.arange")
    output = report.subject.output(answer.output)
    if not report.target.code or not can_pick(output, batches):
        return ""
    if interface.convention == "value" and answer.question == "empty-row":
        return ""  # a row that holds nothing but this value is no other row
    pick, end = _get(answer.output), cut(answer.question, batches, output)
    if framework.name == "torch":
        lines = _torch(report, batches, pick)
    elif framework.name == "keras":
        lines = reproducer_keras.lines(report, batches, pick)
    else:
        lines = reproducer_arrays.lines(report, batches, pick)
    lines += [end] if end else []
    lines += ["print(abs(one - two).max())  # should be 0, but for rounding"]
    return "\n".join(lines) + "\n" if len(lines) <= LINES else ""


def _torch(report: Report, batches: ScriptBatches, pick: str) -> list[str]:
    """Return the lines for torch that make two answers."""
    interface, length = report.subject.interface, batches.length
    code = [line for line in report.target.code if line != "import torch"]
    head = "import torch"
    if code[0].startswith("import "):
        head = f"import torch, {code.pop(0).removeprefix('import ')}"
    return [
        head,
        *_on_device(report, code),
        *_unhide(report),
        f"length, row = {length}, {_numbers(interface, str(length))}",
        *_batches(interface, batches),
        f"given = [{_call(interface)} for x, m in zip(rows, keep)]",
        "with torch.no_grad():",
        f"    one, two = [model(**each){pick} for each in given]",
    ]


def _on_device(report: Report, code: list[str]) -> list[str]:
    """Return the lines that make the model and seed numbers, where it was probed."""
    device = devices.name_current("torch")
    if device == "cpu":
        return [*code, "torch.manual_seed(0)"]
    if hasattr(report.target.model, "parameters"):
        code = [*code[:-1], f"{code[-1]}.to({device!r})"]
    return [*code, f"torch.manual_seed(0); torch.set_default_device({device!r})"]


def _unhide(report: Report) -> list[str]:
    """Return the line that leaves no parameter zero, where the probe left none."""
    if not any(note.startswith("random numbers were added") for note in report.notes):
        return []
    loop = "for p in model.parameters(): p.data += 0.1 * torch.randn_like(p)"
    return [f"{loop}  # zeros hide it"]


def _numbers(interface: Interface, length: str) -> str:
    if interface.kind == "ids":
        return f"torch.randint(3, {interface.vocabulary}, (1, {length}))"
    shape = ", ".join(["1", length, *map(str, interface.features)])
    return f"torch.randn({shape})"


def _batches(interface: Interface, batches: ScriptBatches) -> list[str]:
    """Return the lines that make two batches and their masks."""
    ids = interface.kind == "ids"
    shape = ", ".join(["1", "5", *map(str, () if ids else interface.features)])
    made = {
        "zero": f"torch.zeros({shape}{', dtype=torch.long' if ids else ''})",
        "other": f"{_numbers(interface, '5')}{'' if ids else ' * 100'}",
        "more": _numbers(interface, "length + 5"),
    }
    values = ", ".join(made[name] for name in batches.names)
    return [f"{', '.join(batches.names)} = {values}", *batches.lines]


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
        ids = f"torch.arange(3, {extra.length + 3}).expand(len(x), -1)"
        parts += [f"{extra.name!r}: {ids}"]
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
