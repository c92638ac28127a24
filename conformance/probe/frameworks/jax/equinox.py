"""Equinox modules: for a batch, or for one row and mapped over rows."""

from __future__ import annotations

import inspect
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import equinox as eqx

from conformance.probe.frameworks.jax import marks
from conformance.probe.frameworks.jax.forms import Form

if TYPE_CHECKING:
    from collections.abc import Iterator


class Equinox(Form):
    """An Equinox module: a pytree with its arrays."""

    can_be_unbatched = True
    package = "equinox"

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        # Outside training, dropout passes on and norms use what they have kept.
        self._modes = {
            training: eqx.partition(
                eqx.nn.inference_mode(model, value=not training), eqx.is_inexact_array
            )
            for training in (False, True)
        }
        self.parameters = self._modes[False][0]

    def signature(self) -> Any:
        """Return the signature of ``__call__``."""
        found = inspect.signature(type(self.model).__call__)
        _, *rest = found.parameters.values()
        return found.replace(parameters=rest)

    def apply(self, parameters: Any, inputs: dict[str, Any], *, training: bool) -> Any:
        """Return the answer."""
        model = eqx.combine(parameters, self._modes[training][1])
        paths = marks.Paths(_modules("", model))

        def drops(module: Any) -> bool:
            return training and isinstance(module, eqx.nn.Dropout)

        with marks.marked(paths, drops):
            return model(**inputs, **self.keys())

    def script(self) -> tuple[str, ...]:
        """Return the lines that call the model."""
        if not self._filled:
            return super().script()
        changed = "lambda each: each + 0.1 if eqx.is_inexact_array(each) else each"
        more = f"import equinox as eqx; model = jax.tree.map({changed}, model)"
        return (f"{more}  # zeros hide it", *super().script())

    def modules(self) -> list[tuple[str, Any]]:
        """Return path and module of its parts."""
        return list(_modules("", self.model))


def _modules(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield modules in the order of their fields."""
    if isinstance(value, eqx.Module):
        yield path, value
    for name, each in _children(value):
        yield from _modules(f"{path}.{name}" if path else name, each)


def _children(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, eqx.Module) and is_dataclass(value):
        for each in fields(value):
            if hasattr(value, each.name):
                yield each.name, getattr(value, each.name)
    elif isinstance(value, list | tuple):
        yield from ((str(at), each) for at, each in enumerate(value))
    elif isinstance(value, dict):
        yield from ((str(key), each) for key, each in value.items())
