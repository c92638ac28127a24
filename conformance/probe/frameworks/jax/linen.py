"""Flax linen modules, bound to their variables or not."""

from __future__ import annotations

import inspect
from typing import Any

import jax
from flax import linen as nn

from conformance.probe.frameworks.jax import marks
from conformance.probe.frameworks.jax.forms import filled
from conformance.probe.frameworks.jax.lazy import Lazy

_KEPT = ("params", "batch_stats", "buffers", "constants")


class Linen(Lazy):
    """A linen module.

    One that is not bound gets variables of its own, made from a fixed key.
    """

    package = "flax"

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        self._bound = model.scope is not None
        self._sure = self._bound
        self._module = model
        if self._bound:
            self._module, self.parameters = model.unbind()

    def signature(self) -> Any:
        """Return the signature of ``__call__``."""
        found = inspect.signature(type(self.model).__call__)
        _, *rest = found.parameters.values()
        return found.replace(parameters=rest)

    def make(self, arrays: dict[str, Any], constants: dict[str, Any]) -> Any:
        """Return variables; what a module remembers of a call is no part of them."""
        keys = {name: jax.random.PRNGKey(0) for name in ("params", "dropout")}
        made = self._module.init(keys, **arrays, **constants, **self.keys())
        return {name: made[name] for name in _KEPT if name in made}

    def fill_made(self, made: Any) -> tuple[Any, int]:
        """Return variables without constant ones, among those that training changes."""
        own, count = filled(made.get("params", {}))
        return ({**made, "params": own} if made else made), count

    def apply(self, parameters: Any, inputs: dict[str, Any], *, training: bool) -> Any:
        """Return the answer; what a call changes in the variables is dropped."""
        with nn.intercept_methods(_Mark(training=training)):
            answer, _ = self._module.apply(
                parameters,
                **inputs,
                **self.keys(),
                rngs={"dropout": jax.random.PRNGKey(0)},
                mutable=[name for name in parameters if name != "params"],
            )
        return answer

    def vocabularies(self) -> tuple[int, ...]:
        """Return the sizes of its embeddings."""
        made = self.parameters or self._guess()
        leaves = jax.tree_util.tree_leaves_with_path(made)
        tables = [each for path, each in leaves if "embedding" in str(path[-1])]
        return tuple(each.shape[0] for each in tables)

    def script(self) -> tuple[str, ...]:
        """Return the lines that call the model."""
        if self._bound:
            return super().script()
        return (
            "variables = model.init(jax.random.key(0), **given[0])",
            *self.unhide("variables"),
            "call = lambda each: model.apply(variables, **each)",
        )


class _Mark:
    """Traces each method of a module in its scope; in training, nothing is dropped."""

    def __init__(self, *, training: bool) -> None:
        self._training = training

    def __call__(self, function: Any, args: Any, kwargs: Any, context: Any) -> Any:
        module = context.module
        if context.method_name != "__call__":
            return function(*args, **kwargs)
        if self._training and isinstance(module, nn.Dropout):
            return args[0]
        if self._training and getattr(module, "dropout_rate", None):
            object.__setattr__(module, "dropout_rate", 0.0)
        path = ".".join(module.path)
        with marks.scope(path, type(module).__name__):
            return function(*args, **kwargs)
