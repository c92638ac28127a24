"""Models whose parameters are made by a first call: linen's and Haiku's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from conformance.probe.frameworks.jax.calls import quick
from conformance.probe.frameworks.jax.forms import Form, filled
from conformance.probe.interface import MASKS

if TYPE_CHECKING:
    from collections.abc import Mapping

_ROWS, _TIME, _WIDTH = 2, 97, 6
"""Sizes of a call for which parameters are made before anything is known."""


class Lazy(Form):
    """A model that makes its parameters, here from a fixed key.

    They are made anew for the inputs of every call until one has worked; from then on
    they stay.
    """

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        self._sure = False
        self._guessed: Any = None

    def make(self, arrays: dict[str, Any], constants: dict[str, Any]) -> Any:
        """Return parameters for such inputs."""
        raise NotImplementedError

    def fill_made(self, made: Any) -> tuple[Any, int]:
        """Return made parameters without constant ones, and how many were constant."""
        return filled(made)

    def prepare(self, inputs: Mapping[str, Any]) -> None:
        """Make parameters for these inputs, unless a call with some has worked."""
        if not self._sure:
            self.parameters = self._made(inputs)

    def settle(self) -> None:
        """Keep the parameters: a call with them has worked."""
        self._sure = True

    def fill(self, seed: int = 0) -> int:
        """Give constant parameters random numbers, now and whenever they are made."""
        del seed
        made = self.parameters if self._sure else self._guess()
        self._filled = True
        self.parameters, count = self.fill_made(made)
        return count

    def held(self) -> list[Any]:
        """Return its parameters, or what they are for likely inputs."""
        return list(jax.tree.leaves(self.parameters or self._guess()))

    def widths(self) -> tuple[int, ...]:
        """Return any number first: layers take what comes, unless they are made."""
        found = super().widths()
        return found if self._sure else tuple(dict.fromkeys((_WIDTH, *found)))

    def unhide(self, name: str) -> tuple[str, ...]:
        """Return a script's line that leaves no parameter zero, where none was left."""
        changed = f"{name} = jax.tree.map(lambda each: each + 0.1, {name})"
        return (f"{changed}  # zeros hide it",) if self._filled else ()

    def _made(self, inputs: Mapping[str, Any]) -> Any:
        arrays = {k: v for k, v in inputs.items() if isinstance(v, np.ndarray)}
        constants = {k: v for k, v in inputs.items() if k not in arrays}
        # It is called once for each shape, and random numbers are long to compile.
        make = jax.jit(
            lambda given: self.make(given, constants), compiler_options=quick()
        )
        made = make(arrays)
        return self.fill_made(made)[0] if self._filled else made

    def _guess(self) -> Any:
        """Return parameters for likely inputs; none where it takes others."""
        if self._guessed is None:
            self._guessed = {}
            for given in self._likely():
                try:
                    self._guessed = self._made(given)
                    break
                except Exception:  # noqa: BLE001, S112 - then the first call makes them
                    continue
        return self._guessed

    def _likely(self) -> list[dict[str, Any]]:
        """Return inputs that such a model may take: features, then ids."""
        first, *others = [each.name for each in self.arguments()]
        mask = np.ones((_ROWS, _TIME), bool)
        lengths = np.full((_ROWS,), _TIME, np.int32)
        masks = {
            name: lengths if MASKS[name] == "lengths" else mask
            for name in others
            if name in MASKS
        }
        features = np.ones((_ROWS, _TIME, _WIDTH), np.float32)
        ids = np.ones((_ROWS, _TIME), np.int32)
        return [{first: each, **masks, **self.flags()} for each in (features, ids)]
