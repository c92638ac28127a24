"""A derivative of the model's own may close over what it is computed from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import conformance

jax = pytest.importorskip("jax")
nnx = pytest.importorskip("flax.nnx", reason="parameters are a Flax module's here")
jnp = jax.numpy
KERNEL = np.random.default_rng(0).standard_normal((4, 6)).astype(np.float32)


def keep_rows(h: Any, keep: Any, *, wrong: bool) -> Any:
    """Set padding to zero, with a derivative that closes over the mask."""

    @jax.custom_gradient  # type: ignore[untyped-decorator]
    def masked(h: Any) -> Any:
        def back(gradient: Any) -> Any:
            return gradient + 0 * keep if wrong else gradient * keep

        return h * keep, back

    return masked(h)


class Encoder(nnx.Module):  # type: ignore[misc,name-defined]
    """A linear layer, the derivative behind it, and a mean."""

    def __init__(self, *, wrong: bool) -> None:
        self.mix = nnx.Linear(4, 6, rngs=nnx.Rngs(0))
        self.wrong = wrong

    def __call__(self, x: Any, mask: Any) -> Any:
        keep = mask[..., None].astype(x.dtype)
        h = keep_rows(self.mix(x), keep, wrong=self.wrong)
        return h.sum(1) / keep.sum(1)


def right(x: Any, mask: Any) -> Any:
    keep = mask[..., None].astype(x.dtype)
    return keep_rows(x @ KERNEL, keep, wrong=False).sum(1) / keep.sum(1)


def wrong(x: Any, mask: Any) -> Any:
    keep = mask[..., None].astype(x.dtype)
    return keep_rows(x @ KERNEL, keep, wrong=True).sum(1) / keep.sum(1)


def kinds(model: Any, **said: Any) -> dict[str, str]:
    found = conformance.probe(
        model, questions=("gradient", "parameter-gradient"), **said
    )
    return {each.question: each.kind for each in found.answers}


def test_its_gradients_are_asked_of_the_model_as_it_is() -> None:
    assert kinds(right, framework="jax", features=4)["gradient"] == "same"
    assert kinds(wrong, framework="jax", features=4)["gradient"] == "leak"


def test_its_parameters_gradients_are_asked_too() -> None:
    found = kinds(Encoder(wrong=False))
    assert found["gradient"] == "same"
    assert found["parameter-gradient"] in {"same", "noise"}
    assert kinds(Encoder(wrong=True))["parameter-gradient"] == "leak"
