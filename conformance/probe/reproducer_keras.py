"""A leak in a Keras model, shown by a script that needs Keras and NumPy alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.probe.answer import ProbeAnswer
    from conformance.probe.examine import Report
    from conformance.probe.interface import Interface

_MANY = 50
"""Positions from which on a model needs rows as long as those that were probed."""


def lines(report: Report, answer: ProbeAnswer, get: str, axis: int) -> list[str]:
    """Return the script's lines.

    Args:
        report: What came of probing.
        answer: The leak.
        get: What picks the output from the model's answer.
        axis: The output's axis of time; -1 where it has none.
    """
    interface, time = report.subject.interface, report.subject.sizes.time
    code = [line for line in report.target.code if line != "import keras"]
    made = ["import keras, numpy as np", *code]
    # A short row shows best what a maximum takes in.
    length = 3 if time < _MANY else time
    made += [f"random, length = np.random.default_rng(0), {length}"]
    made += [f"row = {_numbers(interface, 'length')}", *_padded(interface, answer)]
    names = report.target.framework.input_names(report.target.model)  # type: ignore[attr-defined]
    call = "model(each)" if names else "model(**each)"
    if not report.subject.settings.as_is:
        if not any("keras.Model(" in line for line in code):
            made += [f"{call.replace('each', 'given[0]')}  # builds it"]
        made += [
            "for v in model.trainable_variables: v.assign(v + 0.1)  # no zero bias"
        ]
    made += [
        f"one, two = [keras.ops.convert_to_numpy({call}{get}) for each in given]",
    ]
    if axis >= 0:
        made += [_cut(answer.question, axis)]
    return [*made, "print(abs(one - two).max())  # should be 0, but for rounding"]


def _numbers(interface: Interface, length: str, size: int = 1) -> str:
    if interface.kind == "ids":
        return f"random.integers(3, {interface.vocabulary}, (1, {length}))"
    shape = ", ".join(["1", length, *map(str, interface.features)])
    times = "" if size == 1 else f" * {size}"
    return f'random.standard_normal(({shape})).astype("float32"){times}'


def _padded(interface: Interface, answer: ProbeAnswer) -> list[str]:
    """Return the lines that make the two calls' arguments."""
    left = answer.question.startswith("left")
    same = answer.question in {"other-numbers", "left-numbers"}
    value = f"{interface.padding_value or 0:g}"
    shape = ", ".join(["1", "5", *map(str, interface.features)])
    zero = f"np.full(({shape}), {value}, row.dtype)"
    parts = ["[{}, row]" if left else "[row, {}]"] * 2
    keep = "np.arange(length + 5)[None] " + (">= 5" if left else "< length")
    if same:
        found = [f"zero, other = {zero}, {_numbers(interface, '5', 100)}"]
        one, two = parts[0].format("zero"), parts[1].format("other")
        found += [f"rows = [np.concatenate({one}, 1), np.concatenate({two}, 1)]"]
        found += [f"keep = [{keep}] * 2"] if interface.mask else []
    else:
        two = parts[0].format(zero)
        found = [f"rows = [row, np.concatenate({two}, 1)]"]
        found += (
            [f"keep = [np.ones((1, length), bool), {keep}]"] if interface.mask else []
        )
    over = "x, m in zip(rows, keep)" if interface.mask else "x in rows"
    return [*found, f"given = [{_call(interface)} for {over}]"]


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


def _cut(question: str, axis: int) -> str:
    """Return the line that cuts the outputs to what counts."""
    before = ":, " * axis
    if question == "other-numbers":
        return f"one, two = one[{before}:length], two[{before}:length]"
    if question == "left-numbers":
        return f"one, two = one[{before}5:], two[{before}5:]"
    start = f"two.shape[{axis}] - one.shape[{axis}]:" if question == "left" else ""
    return f"two = two[{before}{start or f':one.shape[{axis}]'}]"
