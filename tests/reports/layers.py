"""What threads say of recurrent layers, convolutions, norms and chains."""

# Each function is described by its entry in the table.

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.check.mutants import correct

Array = Any


def last_output(
    forward: Any, backward: Any, *, cell: str, merge: str, output: str
) -> Any:
    build = correct("birnn").functions["build_birnn"]
    parts = {"forward": forward, "backward": backward}
    layer = build(**parts, cell=cell, merge=merge, output="sequence")

    def call(x: Array, mask: Array) -> Array:
        every = np.ones_like(mask)
        if output == "sequence":
            return layer(x, mask)
        return layer(x, every)[:, -1]

    return call


def lost_mask(
    x: Array, mask: Array, kernel: Array, bias: Array, *, padding: str, dilation: str
) -> Array:
    right = correct("conv1d").functions["conv1d"]
    every = np.ones_like(mask)
    return right(x, every, kernel, bias, padding=padding, dilation=dilation)


def lost_statistics_mask(x: Array, mask: Array, scale: Array, offset: Array) -> Array:
    del mask
    wide = x.astype(np.float64)
    mean, variance = wide.mean(axis=(0, 1)), wide.var(axis=(0, 1))
    return ((wide - mean) / np.sqrt(variance + 1e-3) * scale + offset).astype(x.dtype)


def partition_over_padding(  # noqa: PLR0917 - the operation has as many
    emissions: Array,
    tags: Array,
    mask: Array,
    transitions: Array,
    start: Array,
    end: Array,
) -> Array:
    right = correct("crf_log_likelihood").functions["crf_log_likelihood"]
    found = right(emissions, tags, mask, transitions, start, end)
    given = (emissions, transitions, start, end)
    masked = _partition(*given, mask)
    every = _partition(*given, np.ones_like(mask))
    return (found + masked - every).astype(emissions.dtype)


def _partition(
    emissions: Array, transitions: Array, start: Array, end: Array, mask: Array
) -> Array:
    totals = []
    for row, keep in zip(emissions.astype(np.float64), mask, strict=True):
        steps = row[keep]
        score = start + steps[0] if len(steps) else np.zeros_like(start)
        for step in steps[1:]:
            score = _added(score[:, None] + transitions) + step
        totals.append(_added((score + end)[:, None])[0] if len(steps) else 0.0)
    return np.asarray(totals)


def _added(scores: Array) -> Array:
    top = scores.max(axis=0)
    return np.log(np.exp(scores - top).sum(axis=0)) + top
