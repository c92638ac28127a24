"""The stand-alone script for what takes arrays: JAX, TensorFlow and plain NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.probe.answer import ProbeAnswer
    from conformance.probe.examine import Report
    from conformance.probe.interface import Interface

PADDING = 5
"""Positions of padding in a script."""

_SHORT, _LONG = 6, 50


IMPORTS = {
    "jax": "jax, numpy as np",
    "tensorflow": "numpy as np, tensorflow as tf",
    "numpy": "numpy as np",
}
"""What a script imports, by framework."""


def lines(
    report: Report, answer: ProbeAnswer, call: Sequence[str], pick: str
) -> list[str]:
    """Return the script's lines.

    Args:
        report: What came of probing.
        answer: The leak that is shown.
        call: Lines that define ``call(each)``, by the model's kind.
        pick: What picks the output from an answer.
    """
    interface, sizes = report.subject.interface, report.subject.sizes
    framework = report.target.framework.name
    length = _SHORT if sizes.time < _LONG else sizes.time
    path, *code = report.target.code
    if not path.startswith("import sys"):
        path, code = "import sys", [path, *code]
    made = [
        f"import {IMPORTS[framework]}, {path.removeprefix('import ')}",
        *code,
        f"random, length = np.random.default_rng(0), {length}",
        *_rows(interface, answer.question),
        f"given = [{_given(interface)} for x, m in zip(rows, keep)]",
        *call,
        f"one, two = [np.asarray(call(each){pick}) for each in given]",
    ]
    output = report.subject.output(answer.output)
    if output is not None and output.timed:
        made.append(_valid(answer.question, _time_axis(output.layout)))
    return [*made, "print(abs(one - two).max())  # should be 0, but for rounding"]


def _rows(interface: Interface, question: str) -> list[str]:
    """Return the lines that make a row, its padding, and what says where it counts."""
    left = question.startswith("left")
    ids = interface.kind == "ids"
    ends = "".join(f", {each}" for each in interface.features)
    row = f"random.standard_normal((1, length{ends})).astype('float32')"
    zero = f"np.zeros((1, {PADDING}{ends}), 'float32')"
    other = f"random.standard_normal({zero}.shape).astype('float32') * 100"
    if ids:
        row = f"random.integers(3, {interface.vocabulary}, (1, length), 'int32')"
        zero = f"np.zeros((1, {PADDING}), 'int32')"
        other = f"random.integers(3, {interface.vocabulary}, (1, {PADDING}), 'int32')"
    joined = (
        "np.concatenate([{0}, row], 1)" if left else "np.concatenate([row, {0}], 1)"
    )
    mask = f"np.arange(length + {PADDING})[None]"
    mask += f" >= {PADDING}" if left else " < length"
    first = [f"row, zero = {row}, {zero}"]
    if question in {"other-numbers", "left-numbers"}:
        filled = joined.format("zero"), joined.format(other)
        return [*first, f"rows, keep = [{filled[0]}, {filled[1]}], [{mask}] * 2"]
    return [
        *first,
        f"rows = [row, {joined.format('zero')}]",
        f"keep = [np.ones((1, length), bool), {mask}]",
    ]


def _given(interface: Interface) -> str:
    """Return what makes a call's arguments from a row and its mask."""
    turned = {"TBF": "x.swapaxes(0, 1)", "BFT": "x.swapaxes(1, 2)"}
    turned["TB"] = turned["TBF"]
    value = turned.get(interface.layout, "x")
    parts = [f"{name!r}: {value}" for name in interface.inputs]
    kind = {"int64": "int32"}.get(interface.mask_type, interface.mask_type)
    mask = {
        "keep": "m" if kind == "bool" else f"m.astype({kind!r})",
        "padding": "~m" if kind == "bool" else f"(~m).astype({kind!r})",
        "lengths": "m.sum(1)",
        "additive": "np.where(m, 0, -1e9).astype('float32')",
    }.get(interface.convention)
    if interface.mask and mask:
        shape = "[:, None, None]" if interface.mask_shape == "B11T" else ""
        parts.append(
            f"{interface.mask!r}: ({mask}){shape}"
            if shape
            else f"{interface.mask!r}: {mask}"
        )
    if interface.positions:
        parts.append(f"{interface.positions!r}: np.maximum(m.cumsum(1) - 1, 0)")
    parts += [f"{name!r}: {each!r}" for name, each in interface.constants.items()]
    return "{" + ", ".join(parts) + "}"


def _time_axis(layout: object) -> int:
    axes = layout if isinstance(layout, tuple) else ()
    for at, axis in enumerate(axes):
        if any(factor.kind in {"time", "strided"} for factor in axis):
            return at
    return 1


def _valid(question: str, axis: int) -> str:
    """Return the line that cuts the outputs to what counts."""
    before = "[" + ":, " * axis
    if question == "left-numbers":
        return f"one, two = one{before}{PADDING}:], two{before}{PADDING}:]"
    if question == "other-numbers":
        return f"one, two = one{before}:length], two{before}:length]"
    if question == "left":
        return f"two = two{before}{PADDING}:]"
    return f"two = two{before}:one.shape[{axis}]]"
