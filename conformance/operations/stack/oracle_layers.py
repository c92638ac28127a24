"""The three layers of ``stack`` in float64: forwards with their errors, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common import windows
from conformance.operations._common.cells import Uncertain, without_error
from conformance.operations._common.oracle import select_valid, to_float64
from conformance.operations.birnn import oracle as birnn
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch

CONVOLUTION = {"padding": "same", "dilation": "1"}


def recurrent(options: Mapping[str, str], which: str) -> dict[str, str]:
    """Return the keywords of the first or the second recurrent layer."""
    output = options["output"] if which == "second" else "sequence"
    return {"cell": options["cell"], "merge": "concat", "output": output}


def select_weights(weights: Mapping[str, Array], which: str) -> dict[str, Array]:
    """Return one recurrent layer's weights as ``birnn`` names them.

    >>> own({"first_forward.bias": 1, "convolution.bias": 2}, "first")
    {'forward.bias': 1}
    """
    start = f"{which}_"
    return {
        name.removeprefix(start): array
        for name, array in weights.items()
        if name.startswith(start)
    }


def forwards(options: Mapping[str, str], batch: Batch, dtype: str) -> list[Uncertain]:
    """Return what each of the three layers gives, stored; zeros at padding."""
    mask, u = batch.mask, PRECISIONS[dtype].u
    eta, here = PRECISIONS[dtype].eta, mask[..., None]
    found, now = [], without_error(select_valid(batch, "x", 0.0))
    for which in ("first", "second"):
        how, weights = recurrent(options, which), select_weights(batch.weights, which)
        now = birnn.layer(how, now, mask, weights, dtype)
        shown = (
            here
            if how["output"] == "sequence"
            else np.asarray(mask.any(axis=1))[:, None]
        )
        now = _store(now, shown, u, eta)
        found.append(now)
        if which == "first":
            now = _store(_convolve(batch, now, u), here, u, eta)
            found.append(now)
    return found


def backwards(
    options: Mapping[str, str], batch: Batch, cotangent: Array, *, majorant: bool
) -> dict[str, Array]:
    """Return the derivative through x and every weight, or what bounds its size."""
    first, middle, _ = (each.value for each in forwards(options, batch, "float64"))
    size = np.abs if majorant else np.asarray
    found: dict[str, Array] = {}
    pulled = _recurrent_back(
        options, batch, "second", middle, cotangent, found, majorant=majorant
    )
    here = batch.mask[..., None]
    pulled = np.where(here, pulled, 0.0)
    kernel = size(to_float64(batch.weights["convolution.kernel"]))
    at = windows.reach(CONVOLUTION, len(kernel))
    seen = windows.windows(size(first), at)
    found["convolution.kernel"] = np.einsum("btkf,btc->kfc", seen, pulled)
    found["convolution.bias"] = pulled.sum(axis=(0, 1))
    parts = np.einsum("btc,kfc->btkf", pulled, kernel)
    pulled = np.where(here, windows.scatter(parts, batch.time, at), 0.0)
    x = select_valid(batch, "x", 0.0)
    found["x"] = _recurrent_back(
        options, batch, "first", x, pulled, found, majorant=majorant
    )
    return found


def _convolve(batch: Batch, x: Uncertain, u: float) -> Uncertain:
    kernel = to_float64(batch.weights["convolution.kernel"])
    bias = to_float64(batch.weights["convolution.bias"])
    at = windows.reach(CONVOLUTION, len(kernel))
    seen = windows.windows(x.value, at)
    size = _product(np.abs(seen), np.abs(kernel)) + np.abs(bias)
    carried = _product(windows.windows(x.error, at), np.abs(kernel))
    terms = kernel.shape[0] * kernel.shape[1] + 2
    return Uncertain(_product(seen, kernel) + bias, carried + terms * u * size)


def _product(seen: Array, kernel: Array) -> Array:
    return np.asarray(np.einsum("btkf,kfc->btc", seen, kernel))


def _store(x: Uncertain, shown: Array, u: float, eta: float) -> Uncertain:
    """Return an answer as the next layer gets it: rounded, and zero at padding."""
    error = x.error + u * np.abs(x.value) + 2 * eta
    return Uncertain(np.where(shown, x.value, 0.0), np.where(shown, error, 0.0))


def _recurrent_back(  # noqa: PLR0917 - a layer has as many parts
    options: Mapping[str, str],
    batch: Batch,
    which: str,
    x: Array,
    cotangent: Array,
    found: dict[str, Array],
    *,
    majorant: bool = False,
) -> Array:
    """Add a recurrent layer's derivatives to ``found``; return that of its input."""
    gradients = birnn.layer_gradient(
        recurrent(options, which),
        x,
        batch.mask,
        select_weights(batch.weights, which),
        cotangent,
        majorant=majorant,
    )
    through = gradients.pop("x")
    found |= {f"{which}_{name}": array for name, array in gradients.items()}
    return through
