"""The parts of a tf.Module: where they stand, and how their calls are followed."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import tensorflow as tf

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.probe.arrangement import Array
    from conformance.probe.frameworks.tensorflow.recorder import OpRecorder


def paths(model: Any) -> dict[int, str]:
    """Return the path of every module inside a model, by identity."""
    if not isinstance(model, tf.Module):
        return {}
    found = model._flatten(  # noqa: SLF001 - submodules has no paths
        predicate=lambda each: isinstance(each, tf.Module), with_path=True
    )
    return {id(each): ".".join(map(str, path)) for path, each in found}


@contextmanager
def followed(model: Any, recorder: OpRecorder) -> Iterator[None]:
    """Tell a recorder of the calls of a model's modules while this lasts."""
    known = paths(model)
    inside = model.submodules if isinstance(model, tf.Module) else ()
    kinds = {
        kind
        for each in inside
        for kind in type(each).__mro__
        if "__call__" in vars(kind)
    }
    before = [(kind, vars(kind)["__call__"]) for kind in kinds]
    try:
        for kind, original in before:
            _wrap(kind, original, known, recorder)
        yield
    finally:
        for kind, original in before:
            kind.__call__ = original  # type: ignore[method-assign]


def _wrap(
    kind: type, original: Any, known: dict[int, str], recorder: OpRecorder
) -> None:
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        bound = original.__get__(self, type(self))
        if id(self) not in known:
            return bound(*args, **kwargs)
        recorder.enter(known[id(self)], type(self).__name__)
        try:
            return bound(*args, **kwargs)
        finally:
            recorder.leave()

    kind.__call__ = call  # type: ignore[method-assign]


def variables(model: Any) -> dict[str, Any]:
    """Return a module's trainable variables by path."""
    if not isinstance(model, tf.Module):
        return {}
    found = model._flatten(  # noqa: SLF001 - trainable_variables has no paths
        predicate=lambda each: isinstance(each, tf.Variable), with_path=True
    )
    return {".".join(map(str, path)): each for path, each in found if each.trainable}


@contextmanager
def widened(model: Any, dtype: str) -> Iterator[None]:
    """Stand variables of a wider dtype in the place of a module's own.

    Those that are attributes of a module are reached; a variable cannot change its
    dtype, and one in a list stays.
    """
    owners = [model, *model.submodules] if isinstance(model, tf.Module) else []
    changed: list[tuple[Any, str, Any]] = []
    try:
        for owner in owners:
            for name, value in list(vars(owner).items()):
                own = isinstance(value, tf.Variable) and value.dtype.is_floating
                if own and value.dtype.name != dtype:
                    changed.append((owner, name, value))
                    wide = tf.Variable(tf.cast(value, dtype), trainable=value.trainable)
                    setattr(owner, name, wide)
        yield
    finally:
        for owner, name, value in changed:
            setattr(owner, name, value)


def fill_constant(variables: Any, seed: int = 0) -> list[tuple[Any, Array]]:
    """Give variables that are all zero or all one random numbers.

    Return them with what they had.
    """
    import numpy as np

    random = np.random.default_rng(seed)
    changed: list[tuple[Any, Array]] = []
    for each in variables:
        plain = np.asarray(each)
        if plain.dtype.kind != "f" or not plain.size:
            continue
        first = plain.flat[0]
        if first in {0.0, 1.0} and bool((plain == first).all()):
            noise = random.standard_normal(plain.shape) * 0.1
            each.assign((plain + noise).astype(plain.dtype))
            changed.append((each, plain))
    return changed
