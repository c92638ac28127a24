"""Flax nnx modules."""

from __future__ import annotations

import inspect
from typing import Any

import jax
from flax import nnx

from conformance.probe.frameworks.jax import marks
from conformance.probe.frameworks.jax.forms import Form

_RATES = ("rate", "dropout_rate")


class NNX(Form):
    """An nnx module: its state is split off and given back at each call."""

    package = "flax"

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        self._graph, self.parameters, self._rest = nnx.split(model, nnx.Param, ...)

    def signature(self) -> Any:
        """Return the signature of ``__call__``."""
        found = inspect.signature(type(self.model).__call__)
        _, *rest = found.parameters.values()
        return found.replace(parameters=rest)

    def apply(self, parameters: Any, inputs: dict[str, Any], *, training: bool) -> Any:
        """Return the answer of a copy; what a call changes in it is dropped."""
        # A copy made while tracing: what is counted or kept there may be written to.
        rest = jax.tree.map(lambda leaf: leaf, self._rest)
        model = nnx.merge(self._graph, parameters, rest)
        model.train() if training else model.eval()
        modules = _modules(model)
        for _, each in modules:
            for name in _RATES if training else ():
                if isinstance(getattr(each, name, None), float):
                    setattr(each, name, 0.0)
        with marks.marked(marks.Paths(modules)):
            return model(**inputs, **self.keys())

    def script(self) -> tuple[str, ...]:
        """Return the lines that call the model."""
        if not self._filled:
            return super().script()
        changed = "jax.tree.map(lambda each: each + 0.1, nnx.state(model, nnx.Param))"
        more = f"from flax import nnx; nnx.update(model, {changed})  # zeros hide it"
        return (more, *super().script())

    def modules(self) -> list[tuple[str, Any]]:
        """Return path and module of its parts."""
        return _modules(self.model)


def _modules(model: Any) -> list[tuple[str, Any]]:
    """Return modules in the order in which they were made, the root first."""
    found = [
        (".".join(str(each) for each in path), node)
        for path, node in nnx.iter_graph(model)
        if isinstance(node, nnx.Module)
    ]
    return sorted(found, key=lambda pair: pair[0].count(".") if pair[0] else -1)
