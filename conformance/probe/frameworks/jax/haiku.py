"""Functions that Haiku has transformed."""

from __future__ import annotations

import inspect
from typing import Any

import haiku as hk
import jax

from conformance.probe.frameworks.jax import marks
from conformance.probe.frameworks.jax.forms import filled
from conformance.probe.frameworks.jax.lazy import Lazy


class Haiku(Lazy):
    """What ``hk.transform`` or ``hk.transform_with_state`` gave.

    Its parameters are made from a fixed key at the first call that works.
    """

    package = "dm-haiku"

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        self._stateful = isinstance(model, hk.TransformedWithState)

    def signature(self) -> Any:
        """Return the signature of the function that was transformed."""
        found = inspect.signature(self.model.init)
        _, *rest = found.parameters.values()
        return found.replace(parameters=rest)

    def make(self, arrays: dict[str, Any], constants: dict[str, Any]) -> Any:
        """Return parameters and state."""
        made = self.model.init(jax.random.PRNGKey(0), **arrays, **constants)
        parameters, state = made if self._stateful else (made, {})
        return {"params": parameters, "state": state}

    def fill_made(self, made: Any) -> tuple[Any, int]:
        """Return parameters without constant ones; the state stays."""
        own, count = filled(made.get("params", {}))
        return ({**made, "params": own} if made else made), count

    def apply(self, parameters: Any, inputs: dict[str, Any], *, training: bool) -> Any:
        """Return the answer; what a call changes in the state is dropped."""
        del training
        state = (parameters["state"],) if self._stateful else ()
        with hk.intercept_methods(_mark):
            found = self.model.apply(
                parameters["params"], *state, jax.random.PRNGKey(0), **inputs
            )
        return found[0] if self._stateful else found

    def script(self) -> tuple[str, ...]:
        """Return the lines that call the model."""
        if self._stateful:
            return (
                "params, state = model.init(jax.random.key(0), **given[0])",
                *self.unhide("params"),
                "call = lambda each: model.apply(params, state, None, **each)[0]",
            )
        return (
            "params = model.init(jax.random.key(0), **given[0])",
            *self.unhide("params"),
            "call = lambda each: model.apply(params, None, **each)",
        )


def _mark(function: Any, args: Any, kwargs: Any, context: Any) -> Any:
    """Trace each method of a module in its scope."""
    module = context.module
    if context.method_name != "__call__":
        return function(*args, **kwargs)
    path = module.module_name.replace("/~/", ".").replace("/", ".")
    with marks.scope(path, type(module).__name__):
        return function(*args, **kwargs)
