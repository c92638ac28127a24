"""What can be probed on JAX, as one form: pure functions of parameters and inputs."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from conformance.probe.frameworks.base import Argument
from conformance.probe.frameworks.jax.tree import floating

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FLAGS: dict[str, bool] = {
    "deterministic": True,
    "train": False,
    "training": False,
    "is_training": False,
    "use_running_average": True,
    "inference": True,
}
"""Arguments that choose the mode, and what they are outside training."""

KEYS = ("key", "rng", "rngs")
"""Arguments that take a random key."""

WIDTHS = ("in_features", "in_channels", "input_size", "num_features", "query_size")
"""Where a layer says how many numbers it wants at a position."""


class Form:
    """A plain function; the base of all others.

    Args:
        model: What is probed.

    Attributes:
        parameters: A pytree of arrays; empty where none is known.
        unbatched: Whether the model takes one row, so that it is mapped over rows.
    """

    can_be_unbatched = False
    package = ""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.parameters: Any = {}
        self.unbatched = False
        self._filled = False
        self._closed: list[Any] | None = None

    @property
    def kind(self) -> str:
        """The class of the model."""
        return type(self.model).__name__

    def signature(self) -> Any:
        """Return the call's signature."""
        return inspect.signature(self.model)

    def arguments(self) -> tuple[Argument, ...]:
        """Return the arguments that a caller has to think of."""
        kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        return tuple(
            Argument(name=each.name, required=each.default is inspect.Parameter.empty)
            for each in self.signature().parameters.values()
            if each.kind not in kinds and each.name not in KEYS
        )

    def keywords(self) -> bool:
        """Tell whether a call takes arguments of any name."""
        kinds = [each.kind for each in self.signature().parameters.values()]
        return inspect.Parameter.VAR_KEYWORD in kinds

    def flags(self) -> dict[str, bool]:
        """Return the arguments that choose the mode."""
        names = {each.name for each in self.arguments()}
        return {name: value for name, value in FLAGS.items() if name in names}

    @property
    def dtype(self) -> str:
        """The dtype of its parameters."""
        found = (str(each.dtype) for each in self.held() if floating(each))
        return next(found, "float32")

    @property
    def trains(self) -> bool:
        """Whether training may be another mode; a function has only its arguments."""
        return type(self) is not Form or bool(self.flags())

    def prepare(self, inputs: Mapping[str, Any]) -> None:
        """Make what is made at the first call only."""

    def settle(self) -> None:
        """Keep what was made: a call with it has worked."""

    def apply(self, parameters: Any, inputs: dict[str, Any], *, training: bool) -> Any:
        """Return the model's answer; it is traced, so it writes to nothing."""
        del parameters, training
        return self.model(**inputs, **self.keys())

    def keys(self) -> dict[str, Any]:
        """Return a random key for each argument that needs one."""
        return {
            each.name: jax.random.PRNGKey(0)
            for each in self.signature().parameters.values()
            if each.name in KEYS and each.default is inspect.Parameter.empty
        }

    def modules(self) -> list[tuple[str, Any]]:
        """Return path and module of the model's parts; the root has no path."""
        return []

    def held(self) -> list[Any]:
        """Return every array that the model is known to hold."""
        found = [each for each in jax.tree.leaves(self.parameters) if _shaped(each)]
        if self._closed is None:
            self._closed = list(_find_closure(self.model))
        return found or self._closed

    def vocabularies(self) -> tuple[int, ...]:
        """Return the sizes of its embeddings."""
        return tuple(_sizes(self.modules(), ("num_embeddings", "vocab_size")))

    def widths(self) -> tuple[int, ...]:
        """Return how many numbers it may want at a position, the likeliest first."""
        said = list(_sizes(self.modules(), WIDTHS))
        shapes = [each.shape for each in self.held() if each.ndim > 1]
        ends = [n for shape in shapes for n in (shape[-2], shape[-1], shape[0])]
        return tuple(dict.fromkeys([*said, *ends]))

    def sizes(self) -> frozenset[int]:
        """Return every size that occurs in it."""
        return frozenset(n for each in self.held() for n in each.shape)

    def fill(self, seed: int = 0) -> int:
        """Give parameters that are all zero or all one random numbers."""
        self._filled = True
        self.parameters, count = filled(self.parameters, seed)
        return count

    def script(self) -> tuple[str, ...]:
        """Return the lines that call the model with ``given`` in a script."""
        if self.unbatched:
            return ("call = jax.vmap(lambda each: model(**each))",)
        return ("call = lambda each: model(**each)",)


def filled(parameters: Any, seed: int = 0) -> tuple[Any, int]:
    """Return parameters without constant ones, and how many were constant.

    A model whose last layer starts as zeros hides what stands before it.
    """
    random, count = np.random.default_rng(seed), 0

    def change(leaf: Any) -> Any:
        nonlocal count
        if not floating(leaf) or not leaf.size:
            return leaf
        plain = np.asarray(leaf)
        if plain.flat[0] not in {0.0, 1.0} or not (plain == plain.flat[0]).all():
            return leaf
        count += 1
        noise = random.standard_normal(plain.shape) * 0.1
        return (plain + noise).astype(plain.dtype)

    return jax.tree.map(change, parameters), count


def _shaped(value: Any) -> bool:
    # The module jax.numpy has both names as well.
    return isinstance(getattr(value, "shape", None), tuple) and hasattr(value, "dtype")


def _sizes(modules: list[tuple[str, Any]], names: tuple[str, ...]) -> Iterator[int]:
    for _, module in modules:
        for name in names:
            value = getattr(module, name, None)
            if isinstance(value, int) and not isinstance(value, bool):
                yield value


def _find_closure(function: Any) -> Iterator[Any]:
    """Yield the arrays that a function reads from outside, inner functions included."""
    pending, seen = [function], set[int]()
    while pending:
        each = pending.pop()
        each = getattr(each, "__wrapped__", getattr(each, "func", each))
        if id(each) in seen or len(seen) > 200:  # noqa: PLR2004 - a module is not read whole
            continue
        seen.add(id(each))
        if inspect.isfunction(each):
            known = inspect.getclosurevars(each)
            read = [*known.nonlocals.values(), *known.globals.values()]
            pending += [value for value in read if inspect.isfunction(value)]
            pending += [v.__wrapped__ for v in read if hasattr(v, "__wrapped__")]
            leaves = jax.tree.leaves([value for value in read if not callable(value)])
            yield from (leaf for leaf in leaves if _shaped(leaf))


def form_of(model: Any) -> Form:
    """Return a model as a form; its library is imported when an object turns up."""
    bases = {f"{each.__module__}.{each.__qualname__}" for each in type(model).__mro__}
    if "flax.linen.module.Module" in bases:
        from conformance.probe.frameworks.jax.linen import Linen

        return Linen(model)
    if "flax.nnx.module.Module" in bases:
        from conformance.probe.frameworks.jax.nnx import NNX

        return NNX(model)
    if "equinox._module._module.Module" in bases:
        from conformance.probe.frameworks.jax.equinox import Equinox

        return Equinox(model)
    if any(each.startswith("haiku._src.transform.Transformed") for each in bases):
        from conformance.probe.frameworks.jax.haiku import Haiku

        return Haiku(model)
    return Form(model)
