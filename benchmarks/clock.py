"""How much of a run is the adapter's own: every call that a subject makes, timed."""

from __future__ import annotations

from contextlib import contextmanager
from time import process_time
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from conformance.trial.layer import Layers
from conformance.trial.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Clock:
    """CPU seconds inside the adapter, compilation and layers' making included."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._inside = False

    def timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function whose time is added up, that of inner calls once."""

        def call(*arguments: Any, **options: Any) -> Any:
            if self._inside:
                return function(*arguments, **options)
            self._inside, started = True, process_time()
            try:
                return _finished(function(*arguments, **options))
            finally:
                self.seconds += process_time() - started
                self._inside = False

        return call


@contextmanager
def clocked() -> Iterator[Clock]:
    """Time what every subject calls while the block runs."""
    clock = Clock()

    def wrapped(name: str) -> Any:
        original = getattr(Subject, name)
        return lambda self, batch: clock.timed(original(self, batch))

    build = Layers.build
    with (
        patch.object(Subject, "callable", wrapped("callable")),
        patch.object(Subject, "_gradient", wrapped("_gradient")),
        # A plain function, so that it is bound to its object as a method is.
        patch.object(Layers, "build", clock.timed(build)),
    ):
        yield clock


def _finished(answer: Any) -> Any:
    """Wait for an answer that is still being computed, as JAX's may be."""
    for each in answer if isinstance(answer, list | tuple) else (answer,):
        wait = getattr(each, "block_until_ready", None)
        if wait is not None:
            wait()
    return answer
