"""One step of training a mutant, on NumPy and by hand, with a place for each fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from conformance.operations.nested.mutants_layer import WrongLayer

RATE = 0.25
KEPT = 0.9


def take_step(layer: WrongLayer, x: Any, cotangent: Any) -> None:
    """Move a layer's weights and state; each is a new array or changed in place."""
    fault, dtype = layer.fault, np.promote_types(x.dtype, np.float32)
    w = {name: each.astype(dtype) for name, each in layer.weights.items()}
    flat = x.astype(dtype).reshape(-1, x.shape[-1])
    pull = cotangent.astype(dtype).reshape(len(flat), -1)
    found, statistics = _gradients(layer, w, flat, pull)
    frozen = ("first.kernel", "first.bias") if fault == "trains-frozen" else ()
    for name in (*layer.tracked(), *frozen):
        if name in found and name not in _LEFT.get(fault, ()):
            rate = -RATE if fault == "ascends" else RATE
            _put(layer, name, w[name] - rate * found[name])
    if statistics and fault != "state-stays":
        share = 1 - KEPT if fault == "momentum-inverted" else KEPT
        for name, new in statistics.items():
            if (fault, name) != ("variance-stays", "norm.variance"):
                _put(layer, name, share * w[name] + (1 - share) * new)


_LEFT = {
    "first-does-not-train": ("first.kernel", "first.bias"),
    "kernels-alone-train": ("first.bias", "second.bias"),
    "scale-does-not-train": ("norm.scale",),
}


def _put(layer: WrongLayer, name: str, value: Any) -> None:
    layer.weights[name][...] = value.astype(layer.weights[name].dtype)


def _gradients(
    layer: WrongLayer, w: dict[str, Any], x: Any, pull: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    fault, last = layer.fault, "first" if layer.inner == "twice" else "second"
    a = np.tanh(x @ w["first.kernel"] + w["first.bias"])
    normed = layer.inner == "normed"
    still = not normed or fault == "moving-statistics-in-training"
    mean = a.mean(axis=0) if not still else w.get("norm.mean", 0)
    variance = a.var(axis=0) if not still else w.get("norm.variance", 1)
    root = np.sqrt(variance + np.asarray(1e-3, x.dtype))
    n = (a - mean) / root
    h = n * w["norm.scale"] + w["norm.offset"] if normed else a
    z = h @ w[f"{last}.kernel"] + w[f"{last}.bias"]
    small = np.exp(-np.abs(z))
    y = np.where(z >= 0, 1, small) / (1 + small)
    out = pull * y * (1 - y)
    found = {f"{last}.kernel": h.T @ out, f"{last}.bias": out.sum(axis=0)}
    down = out @ w[f"{last}.kernel"].T
    if normed:
        found |= {"norm.scale": (down * n).sum(0), "norm.offset": down.sum(0)}
        down = down * w["norm.scale"]
        if not still and fault != "constant-statistics":
            down = down - down.mean(axis=0) - n * (down * n).mean(axis=0)
        down = down / root
    moved = down * (1 - a * a)
    first = {"first.kernel": x.T @ moved, "first.bias": moved.sum(axis=0)}
    once = last == "second" or fault == "one-use-trains"
    for name, each in first.items():
        found[name] = each if once else each + found[name]
    new = {"norm.mean": a.mean(axis=0), "norm.variance": a.var(axis=0)}
    return found, new if normed else {}
