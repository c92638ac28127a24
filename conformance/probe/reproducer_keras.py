"""A leak in a Keras model, shown by a script that needs Keras and NumPy alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.probe.examine import Report
    from conformance.probe.interface import Interface
    from conformance.probe.reproducer_batches import ScriptBatches


def lines(report: Report, batches: ScriptBatches, pick: str) -> list[str]:
    """Return the lines of a script that make two answers, ``one`` and ``two``.

    Args:
        report: What came of probing.
        batches: What is compared.
        pick: What picks the output from the model's answer.
    """
    interface = report.subject.interface
    code = [line for line in report.target.code if line != "import keras"]
    made = ["import keras, numpy as np", *code]
    made += [f"random, length = np.random.default_rng(0), {batches.length}"]
    made += [f"row = {_numbers(interface, 'length')}", *_make(interface, batches)]
    names = report.target.framework.input_names(report.target.model)  # type: ignore[attr-defined]
    call = "model(each)" if names else "model(**each)"
    if not report.subject.settings.as_is:
        if not any("keras.Model(" in line for line in code):
            made += [f"{call.replace('each', 'given[0]')}  # builds it"]
        made += [
            "for v in model.trainable_variables: v.assign(v + 0.1)  # no zero bias"
        ]
    return [
        *made,
        f"one, two = [keras.ops.convert_to_numpy({call}{pick}) for each in given]",
    ]


def _numbers(interface: Interface, length: str, size: int = 1) -> str:
    if interface.kind == "ids":
        return f"random.integers(3, {interface.vocabulary}, (1, {length}))"
    shape = ", ".join(["1", length, *map(str, interface.features)])
    times = "" if size == 1 else f" * {size}"
    return f'random.standard_normal(({shape})).astype("float32"){times}'


def _make(interface: Interface, batches: ScriptBatches) -> list[str]:
    """Return the lines that make the two calls' arguments."""
    value = f"{interface.padding_value or 0:g}"
    shape = ", ".join(["1", "5", *map(str, interface.features)])
    values = {
        "zero": f"np.full(({shape}), {value}, row.dtype)",
        "other": _numbers(interface, "5", 100),
        "more": _numbers(interface, "length + 5"),
    }
    made = [
        f"{', '.join(batches.names)} = {', '.join(values[n] for n in batches.names)}"
    ]
    rows, keep = batches.lines
    made, over = [*made, rows], "x in rows"
    if interface.mask:
        made += [keep]
        over = "x, m in zip(rows, keep)"
    return [*made, f"given = [{_call(interface)} for {over}]"]


def _call(interface: Interface) -> str:
    turned = {"BFT": "x.swapaxes(1, 2)", "TBF": "x.swapaxes(0, 1)"}
    parts = [
        f"{name!r}: {turned.get(interface.layout, 'x')}" for name in interface.inputs
    ]
    kind = interface.mask_type
    mask = {
        "keep": f'm.astype("{kind}")',
        "padding": f'(~m).astype("{kind}")',
        "lengths": "m.sum(1)",
        "additive": 'np.where(m, 0, -1e9).astype("float32")',
    }.get(interface.convention)
    if interface.mask and mask:
        shape = "[:, None, None]" if interface.mask_shape == "B11T" else ""
        parts += [f"{interface.mask!r}: {mask}{shape}"]
    parts += [f"{name!r}: {value!r}" for name, value in interface.constants.items()]
    return "{" + ", ".join(parts) + "}"
