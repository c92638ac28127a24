"""What NumPy computes of a traced JAX program is what JAX computes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

jax = pytest.importorskip("jax")

from conformance.probe.frameworks.base import Mode  # noqa: E402
from conformance.probe.frameworks.jax import JAX  # noqa: E402
from conformance.probe.frameworks.jax.exact import Evaluator  # noqa: E402
from conformance.probe.frameworks.jax.program import flatten  # noqa: E402

jnp, lax = jax.numpy, jax.lax
RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((3, 7, 4)).astype(np.float32)
IDS = jnp.asarray(RANDOM.integers(0, 5, (3, 7)), jnp.int32)
DIMS = ("NWC", "WIO", "NWC")
KERNEL = RANDOM.standard_normal((3, 4, 2)).astype(np.float32)


def _loop(x: Any) -> Any:
    return lax.while_loop(lambda s: s[0] < 3, lambda s: (s[0] + 1, s[1] * 0.5), (0, x))


def _windows(x: Any, kernel: Any) -> Any:
    out = lax.conv_general_dilated(x, kernel, (2,), "SAME", dimension_numbers=DIMS)
    return (out**2).sum()


def _double(x: Any) -> Any:
    return x * 2


def _half(x: Any) -> Any:
    return x / 2


def _turn(carry: Any, part: Any) -> Any:
    return carry * 0.5 + part, carry.sum()


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "arithmetic": lambda x: (x + 1) * x / (2 + x * x) - jnp.abs(x) ** 1.5,
    "functions": lambda x: (jnp.exp(x), jnp.log1p(x * x), jnp.tanh(x), jnp.expm1(x)),
    "angles": lambda x: (jnp.sin(x), jnp.cos(x), jnp.arctan2(x, 1 + x * x)),
    "roots": lambda x: (lax.rsqrt(x * x + 1), jnp.sqrt(x * x), jnp.cbrt(x), x**3),
    "special": lambda x: (jax.nn.gelu(x), lax.erf(x), jax.nn.sigmoid(x), jnp.round(x)),
    "whole": lambda x: (IDS // 2, IDS % 3, -IDS, x.astype(jnp.int32), IDS.sum(1) / 2),
    "order": lambda x: (jnp.sort(x, 1), jnp.argsort(x, 1), lax.top_k(x, 2)),
    "chosen": lambda x: (jnp.where(x > 0, x, -1), jnp.clip(x, -0.5, 0.5), x.argmax(1)),
    "shapes": lambda x: (
        x.reshape(3, 28),
        x.transpose(2, 0, 1),
        x[:, ::-1],
        x[..., None],
    ),
    "slices": lambda x: (x[:, 1:6:2], x[:, -1], lax.dynamic_slice_in_dim(x, 5, 4, 1)),
    "written": lambda x: (x.at[:, 2].set(0), x.at[1].add(x[0]), x.at[:, IDS[0]].mul(2)),
    "padded": lambda x: (jnp.pad(x, ((0, 0), (1, 2), (0, 0))), jnp.roll(x, 2, 1)),
    "interior": lambda x: lax.pad(x, 0.0, ((0, 0, 0), (1, -1, 2), (0, 0, 0))),
    "joined": lambda x: (
        jnp.concatenate([x, x], 1),
        jnp.stack([x, x]),
        jnp.split(x, 2, 2),
    ),
    "reduced": lambda x: (x.sum(1), x.max((0, 1)), x.min(2), x.prod(1), (x > 0).any(1)),
    "running": lambda x: (
        jnp.cumsum(x, 1),
        lax.cummax(x, 1),
        lax.cumsum(x, 1, reverse=True),
    ),
    "products": lambda x: (x @ x.transpose(0, 2, 1), jnp.einsum("btf,bsf->ts", x, x)),
    "gathered": lambda x: (x[:, IDS[0]], jnp.take_along_axis(x, IDS[..., None], 1)),
    "rows looked up": jax.vmap(lambda row: row[jnp.array([2, 0, 2])]),
    "far outside": lambda x: (
        x.at[:, 9].get(mode="clip"),
        x.at[:, 9].get(mode="fill", fill_value=3.0),
        x.at[1, jnp.array([[0, 6], [3, 9]])].get(mode="clip"),
    ),
    "windows": lambda x: lax.conv_general_dilated(
        x, KERNEL, (2,), "SAME", dimension_numbers=DIMS
    ),
    "dilated": lambda x: lax.conv_general_dilated(
        *(x, KERNEL, (1,), [(2, 1)], (2,), (2,)), dimension_numbers=DIMS
    ),
    "cut": lambda x: lax.conv_general_dilated(
        x, KERNEL, (1,), [(-1, 2)], dimension_numbers=DIMS
    ),
    "grouped": lambda x: lax.conv_general_dilated(
        *(x, jnp.asarray(KERNEL[:, :2].repeat(3, 2)), (1,), "SAME"),
        dimension_numbers=DIMS,
        feature_group_count=2,
    ),
    "two axes": lambda x: lax.conv_general_dilated(
        x[:, None], KERNEL[None, :2, :].swapaxes(1, 3)[:, :1, :, :2], (2, 1), "SAME"
    ),
    "window gradients": lambda x: jax.grad(_windows, (0, 1))(x, jnp.asarray(KERNEL)),
    "pooled": lambda x: lax.reduce_window(
        x, 0.0, lax.add, (1, 3, 1), (1, 1, 1), "SAME"
    ),
    "scan": lambda x: lax.scan(_turn, x[:, 0], x.transpose(1, 0, 2), reverse=True),
    "layers": lambda x: lax.scan(_turn, x[:, 0], jnp.stack([x[:, 1]] * 11)),
    "while": _loop,
    "cond": lambda x: lax.cond(x.sum() > 0, _double, _half, x),
    "calls": jax.checkpoint(jax.jit(jax.nn.relu)),
    "mapped": jax.vmap(lambda row: row - row.mean(0)),
    "random": lambda x: x + jax.random.normal(jax.random.PRNGKey(0), x.shape),
    "keys": lambda x: x + jax.random.uniform(jax.random.key(1), x.shape),
    "softmax": lambda x: (jax.nn.softmax(x), jax.nn.logsumexp(x, 1), x.std(1)),
}


def evaluated(function: Callable[[Any], Any], *, wide: bool) -> list[Any]:
    program = flatten(jax.make_jaxpr(function)(X), X.shape)
    return Evaluator(wide=wide).run(program, [X])[0]


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_numpy_computes_what_jax_computes(name: str, wide: bool) -> None:  # noqa: FBT001
    wanted = jax.tree.leaves(FUNCTIONS[name](jnp.asarray(X)))
    found = evaluated(FUNCTIONS[name], wide=wide)
    assert len(found) == len(wanted)
    for one, two in zip(found, wanted, strict=True):
        assert np.shape(one) == two.shape
        np.testing.assert_allclose(
            np.asarray(one, float), np.asarray(two, float), 1e-4, 1e-5
        )
        floating = two.dtype.kind == "f"
        assert np.asarray(one).dtype == (np.float64 if wide and floating else two.dtype)


def test_float64_is_float64_where_the_model_names_float32() -> None:
    def function(x: Any) -> Any:
        return (x.astype(jnp.float32) / 3).astype(jnp.bfloat16) * 3

    (found,) = evaluated(function, wide=True)
    assert np.abs(found - X.astype(np.float64)).max() < 1e-15


def test_special_numbers_are_those_of_jax() -> None:
    def function(x: Any) -> Any:
        odd = jnp.array([jnp.nan, jnp.inf, -jnp.inf, 0.0, -0.0, 1.0])
        grid = odd[:, None] + 0 * x[0, 0, 0], odd[None] + 0 * x[0, 0, 0]
        one, two = jnp.broadcast_arrays(*grid)
        return one / two, jnp.maximum(one, two), one * two, one < two, jnp.sign(one)

    wanted = jax.tree.leaves(jax.jit(function)(X))
    for one, two in zip(evaluated(function, wide=False), wanted, strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(("count", "apart"), [(7, False), (5, True)])
def test_a_loop_over_layers_is_taken_apart_and_one_over_time_is_not(
    count: int,
    apart: bool,  # noqa: FBT001
) -> None:
    def function(x: Any) -> Any:
        return lax.scan(_turn, x[:, 0], jnp.stack([x[:, 0]] * count))[0]

    program = flatten(jax.make_jaxpr(function)(X), (3, 7))
    assert ("scan" not in [step.name for step in program.steps]) == apart


def test_a_line_is_that_of_the_caller_of_a_compiled_function() -> None:
    def function(x: Any, mask: Any) -> Any:
        x = jnp.where(mask[..., None], x, 0.0)
        return jnp.where(x > 0, x, 1.0)

    mask = np.ones((3, 7), bool)
    trace = JAX().trace(function, {"x": X, "mask": mask}, Mode(dtype="float64"))
    start = function.__code__.co_firstlineno
    lines = {site.line - start for site in trace.sites if site.op == "select_n"}
    assert lines == {1, 2}
    assert {site.file for site in trace.sites} == {__file__}


def test_an_edit_is_what_the_rest_computes_with() -> None:
    def function(x: Any) -> Any:
        return jnp.tanh(x * 2) + 1

    def edit(site: Any, inputs: Any, outputs: Any) -> Any:
        del inputs
        return [np.zeros_like(outputs[0])] if site.op == "tanh" else None

    trace = JAX().trace(function, {"x": X}, Mode(dtype="float64"), edit)
    assert (trace.outputs["out"] == 1).all()


def test_a_function_that_cannot_be_traced_is_still_called() -> None:
    def function(x: Any) -> Any:
        return jnp.asarray(np.asarray(x).sum(1))

    found = JAX().call(function, {"x": X.astype(float)}, Mode())
    np.testing.assert_allclose(found["out"], X.sum(1), rtol=1e-5)
    with pytest.raises(TypeError, match="not the same when it is traced"):
        JAX().call(function, {"x": X.astype(float)}, Mode(dtype="float64"))
