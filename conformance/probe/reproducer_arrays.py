"""The stand-alone script for what takes arrays: JAX, TensorFlow and plain NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.probe.examine import Report
    from conformance.probe.interface import Interface
    from conformance.probe.reproducer_batches import ScriptBatches


IMPORTS = {
    "jax": "jax, numpy as np",
    "tensorflow": "numpy as np, tensorflow as tf",
    "numpy": "numpy as np",
}
"""What a script imports, by framework."""


def lines(report: Report, batches: ScriptBatches, pick: str) -> list[str]:
    """Return the lines of a script that make two answers, ``one`` and ``two``.

    Args:
        report: What came of probing.
        batches: What is compared.
        pick: What picks the output from an answer.
    """
    interface, framework = report.subject.interface, report.target.framework
    path, *code = report.target.code
    if not path.startswith("import sys"):
        path, code = "import sys", [path, *code]
    return [
        f"import {IMPORTS[framework.name]}, {path.removeprefix('import ')}",
        *code,
        f"random, length = np.random.default_rng(0), {batches.length}",
        *_make(interface, batches),
        f"given = [{_given(interface)} for x, m in zip(rows, keep)]",
        *framework.script(report.target.model),  # type: ignore[attr-defined]
        f"one, two = [np.asarray(call(each){pick}) for each in given]",
    ]


def _make(interface: Interface, batches: ScriptBatches) -> list[str]:
    """Return the lines that make two batches, and what says where they count."""
    ends = "".join(f", {each}" for each in interface.features)
    if interface.kind == "ids":
        drawn = f"random.integers(3, {interface.vocabulary}, (1, {{}}), 'int32')"
        zero, large = "np.zeros((1, 5), 'int32')", ""
    else:
        drawn = f"random.standard_normal((1, {{}}{ends})).astype('float32')"
        zero, large = f"np.zeros((1, 5{ends}), 'float32')", " * 100"
    made = {
        "zero": zero,
        "other": drawn.format(5) + large,
        "more": drawn.format("length + 5"),
    }
    values = [drawn.format("length"), *(made[name] for name in batches.names)]
    return [f"row, {', '.join(batches.names)} = {', '.join(values)}", *batches.lines]


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
