"""One layer made of layers over an array namespace, with a place for each fault.

Written for mutants: the right layer is the one without a fault. It answers in any
namespace; NumPy's is trained too, by hand.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import (
    MASKS,
    clean,
    lengths,
    namespace,
    read_mask,
    widen,
)
from conformance.operations.nested.mutants_steps import take_step

if TYPE_CHECKING:
    from collections.abc import Callable

    Function = Callable[[Any], Any]

_SHARED: dict[str, Any] = {}


def build(
    xp: Any,
    first: Any,
    second: Any = None,
    norm: Any = None,
    *,
    inner: str,
    fault: str = "",
) -> WrongLayer:
    """Return a layer; ``fault`` names what is wrong with it."""
    weights = {"first.kernel": first.kernel, "first.bias": first.bias}
    if second is not None:
        weights |= {"second.kernel": second.kernel, "second.bias": second.bias}
    if norm is not None:
        for part in ("scale", "offset", "mean", "variance"):
            weights[f"norm.{part}"] = getattr(norm, part)
    if hasattr(first.kernel, "requires_grad_"):
        weights = {
            name: each.detach().clone().requires_grad_()
            for name, each in weights.items()
        }
    else:
        weights = {name: xp.asarray(each, copy=True) for name, each in weights.items()}
    if fault.startswith("shares-"):
        own = ("norm.mean", "norm.variance") if fault == "shares-state" else weights
        # One configuration, one set of arrays: whoever comes later gets them too.
        key = str([each.tolist() for each in weights.values()])
        weights |= {n: _SHARED.setdefault(f"{n}{key}", weights[n]) for n in own}
    return WrongLayer(weights, inner, fault)


class WrongLayer:
    """Inner layers' weights by name, what is trained, and what is not.

    Args:
        weights: By ``first.kernel`` and the like.
        inner: The variant.
        fault: What is wrong.
    """

    def __init__(self, weights: dict[str, Any], inner: str, fault: str) -> None:
        self.weights = weights
        self.inner = inner
        self.fault = fault
        still = {"norm.mean", "norm.variance"}
        still |= {"first.kernel", "first.bias"} if inner == "frozen" else set()
        self.trained = [name for name in weights if name not in still]
        self.still = [name for name in weights if name in still]

    @property
    def parameters(self) -> list[Any]:
        """What is trained."""
        return [self.weights[name] for name in self.tracked()]

    @property
    def state(self) -> list[Any]:
        """What is not."""
        left = self.fault in {"loses-state", "frozen-is-lost"}
        return [] if left else [self.weights[name] for name in self.still]

    @property
    def names(self) -> list[str]:
        """A name for each."""
        found = [*self.tracked(), *(self.still if self.state else ())]
        if self.fault == "same-names":
            return [name.replace("second", "first") for name in found]
        if self.fault == "short-names":
            return [name.rpartition(".")[2] for name in found]
        return found[:-1] if self.fault == "a-name-too-few" else found

    def tracked(self) -> list[str]:
        """Return the names of what the layer says it trains, right or wrong."""
        lost = {
            "first-is-lost": ("first.kernel", "first.bias"),
            "second-is-lost": ("second.kernel", "second.bias"),
            "norm-is-lost": ("norm.scale", "norm.offset"),
        }.get(self.fault, ())
        found = [name for name in self.trained if name not in lost]
        if self.fault in {"counted-twice", "counted-at-each-use"}:
            return [*found, found[0], found[1]]
        tracks_all = self.fault in {"tracks-state", "tracks-frozen"}
        return [*found, *self.still] if tracks_all else found

    def __call__(self, x: Any, mask: Any) -> Any:
        """Return the output for ``x [B, T, F]``."""
        found = self.apply([self.weights[name] for name in self.trained], x, mask)
        if self.fault == "moves-when-answering":
            self.weights["norm.mean"] += 0.5
        return found

    def apply(self, parameters: list[Any], x: Any, mask: Any) -> Any:
        """Return the output with other parameters, as JAX wants it."""
        xp = namespace(x)
        given = {**self.weights, **dict(zip(self.trained, parameters, strict=True))}
        w = {name: widen(xp, each) for name, each in given.items()}
        keep = self._mask(xp, x, mask)
        y = self._forward(xp, w, self._inputs(xp, x, keep))
        if self.fault == "multiplies":
            y = y * xp.astype(keep[..., None], y.dtype)
        else:
            y = xp.where(keep[..., None], y, 0.0)
        return xp.astype(y, x.dtype)

    def _mask(self, xp: Any, x: Any, mask: Any) -> Any:
        keep = read_mask(xp, x, mask)
        if self.fault in MASKS:
            return MASKS[self.fault][0](xp, keep)
        if self.fault == "bitwise" and mask is not None:
            return ~mask == 0
        if self.fault == "empty-row-is-full":
            return keep | (lengths(xp, keep) == 0)
        return _bake_lengths(xp, x, keep) if self.fault == "baked" else keep

    def _inputs(self, xp: Any, x: Any, keep: Any) -> Any:
        if self.fault == "writes-its-input":
            x[~keep] = 0
        if self.fault == "reads-memory":
            x = x.ravel(order="K").reshape(x.shape)
        if self.fault == "no-nan":
            x = xp.where(xp.isnan(x), xp.zeros_like(x), x)
        if self.fault in {"raw", "multiplies", "batch-statistics"}:
            return widen(xp, x)
        return clean(xp, x, keep)

    def _forward(self, xp: Any, w: dict[str, Any], x: Any) -> Any:
        f, g = _activations(xp, self.fault)
        kernel, bias = w["first.kernel"], w["first.bias"]
        if self.fault == "detached":
            kernel = kernel.detach()
        if self.fault == "no-first-bias":
            bias = bias * 0
        z = x @ kernel + bias
        if self.fault == "norm-before-activation":
            a = f(self._normalise(xp, w, z))
        else:
            a = self._normalise(xp, w, f(z)) if self.inner == "normed" else f(z)
        if self.fault == "used-once":
            return g(a)
        last = "first" if self.inner == "twice" else "second"
        bias = w[f"{last}.bias"]
        if self.fault == "no-last-bias":
            bias = bias * 0
        return g(a @ w[f"{last}.kernel"] + bias)

    def _normalise(self, xp: Any, w: dict[str, Any], a: Any) -> Any:
        mean, variance = w["norm.mean"], w["norm.variance"]
        if self.fault == "batch-statistics":
            flat = a.reshape((-1, a.shape[-1]))
            number = max(flat.shape[0], 1)
            mean = xp.sum(flat, axis=0) / number
            variance = xp.sum((flat - mean) ** 2, axis=0) / number
        if self.fault == "no-moving-mean":
            mean = mean * 0
        epsilon = {"small-epsilon": 1e-5, "no-epsilon": 0.0}.get(self.fault, 1e-3)
        root = xp.sqrt(variance + epsilon)
        if self.fault == "divides-by-the-variance":
            root = variance + epsilon
        scale, offset = w["norm.scale"], w["norm.offset"]
        if self.fault == "offset-is-scaled":
            return ((a - mean) / root + offset) * scale
        if self.fault == "scale-less-one":
            scale = 1 + scale
        return (a - mean) / root * scale + offset

    def step(self, x: Any, mask: Any, cotangent: Any) -> None:
        """Take one step of gradient descent, rate 1/4, on NumPy."""
        del mask
        take_step(self, x, cotangent)

    def saved(self) -> dict[str, Any]:
        """Return copies of everything."""
        lost = {
            "saves-no-state": ("norm.mean", "norm.variance"),
            "saves-no-frozen": ("first.kernel", "first.bias"),
            "saves-no-last": ("second.kernel", "second.bias"),
            "saves-no-bias": ("first.bias",),
        }.get(self.fault, ())
        return {n: each.copy() for n, each in self.weights.items() if n not in lost}

    def restore(self, saved: dict[str, Any]) -> None:
        """Take what was saved."""
        self.weights |= {name: each.copy() for name, each in saved.items()}


def _activations(xp: Any, fault: str) -> tuple[Function, Function]:
    f, g = xp.tanh, partial(_logistic, xp)
    return {
        "activations-swapped": (g, f),
        "no-first-activation": (_same, g),
        "no-second-activation": (f, _same),
    }.get(fault, (f, g))


def _same(x: Any) -> Any:
    return x


def _logistic(xp: Any, x: Any) -> Any:
    small = xp.exp(-xp.abs(x))
    return xp.where(x >= 0, 1.0, small) / (1 + small)


def _bake_lengths(xp: Any, x: Any, keep: Any) -> Any:
    try:
        known = [int(number) for number in lengths(xp, keep)[:, 0]]
    except TypeError:  # a tracer has no value: what is left is the static shape
        known = [x.shape[1]] * x.shape[0]
    return xp.arange(x.shape[1])[None] < xp.asarray(known)[:, None]
