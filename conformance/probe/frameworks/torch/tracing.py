"""Every operation of a call, with its module and the user's own line.

Hooks know the module, a dispatch mode knows the operation, and the Python stack knows
the line: the innermost frame that belongs neither to torch nor to this package. Glue
code between modules has a line and an operation like any other.
"""

from __future__ import annotations

import sys
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import torch

from conformance.probe.frameworks.torch.dispatch import Dispatch, is_plain, outlined
from conformance.probe.frameworks.torch.tree import array
from conformance.probe.trace import Counts, Site, Trace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

    from conformance.probe.arrangement import Array
    from conformance.probe.trace import Edit

_TORCH = str(Path(torch.__file__).parent)
_OWN = str(Path(__file__).parents[2])
_LIBRARIES = (_TORCH, _OWN, "<")
_PLACEHOLDERS = {"detach", "lift_fresh", "alias", "lift_fresh_copy", "empty"}
"""Operations that compute nothing, or nothing that is ever read."""


_WHOLE = (torch.nn.RNNBase, torch.nn.RNNCellBase)
"""Modules that are one operation: inside they take a step for each position."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What goes into an operation: numbers of values, and arrays for an editor."""

    numbers: tuple[int, ...]
    arrays: Sequence[Array] = ()


class Recorder:
    """Records a call: a context in which the model is called.

    Args:
        model: A module or a function.
        edit: May replace what an operation gives.
        outline: Whether shapes alone are kept of the values.
    """

    def __init__(
        self, model: Any, edit: Edit | None = None, *, outline: bool = False
    ) -> None:
        self.trace = Trace()
        self._outline = outline
        self.counts = Counts()
        self._model = model
        self._edit = edit
        self._stack: list[tuple[str, str, int]] = [("", type(model).__name__, 0)]
        # The tensor itself, or a weak reference to it, and numbers by its version: an
        # id is given anew where a tensor is gone.
        self._known: dict[int, tuple[Any, dict[int, int]]] = {}
        self._made: set[int] = set()
        self._shared: dict[int, list[int]] = {}
        self._handles: list[Any] = []
        self._entered: list[Taken] = []
        self._mode = Dispatch(self)
        self._fast = True

    def __enter__(self) -> Self:
        if isinstance(self._model, torch.nn.Module):
            for path, module in self._model.named_modules():
                self._hook(path, module)
        # A whole encoder layer as one operation would hide where it comes in.
        self._fast = torch.backends.mha.get_fastpath_enabled()
        torch.backends.mha.set_fastpath_enabled(False)
        self._mode.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._mode.__exit__(*error)
        torch.backends.mha.set_fastpath_enabled(self._fast)
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        self._known.clear()
        # Who knows each other in a circle would hold every value until the next
        # collection of garbage, and another trace begins before that.
        self._edit = None
        self._mode.leave()

    def _hook(self, path: str, module: Any) -> None:
        kind = type(module).__name__

        def enter(_module: Any, args: Any, kwargs: Any) -> None:
            self._stack.append((path, kind, self.counts.call(path)))
            if isinstance(_module, _WHOLE):
                self._entered.append(self.take(_leaves([args, kwargs])))
                self._mode.pause(+1)

        def leave(_module: Any, args: Any, kwargs: Any, output: Any) -> Any:
            del args, kwargs
            *_, call = self._stack.pop()
            if not isinstance(_module, _WHOLE):
                return None
            self._mode.pause(-1)
            site = Site(path=path, kind=kind, op=f"torch.nn.{kind}", call=call)
            taken = self._entered.pop()
            site.inputs = taken.numbers
            return self._finish(site, taken, output, written=False)

        self._handles += [
            module.register_forward_pre_hook(enter, with_kwargs=True),
            module.register_forward_hook(leave, with_kwargs=True, always_call=False),
        ]

    def line(self) -> tuple[str, int]:
        """Return the user's own line."""
        return user_line()

    def value(self, tensor: Any, *, written: bool = False, made: bool = False) -> int:
        """Return a tensor's value's number; one that was written to is a new value.

        Args:
            tensor: The tensor.
            written: It is being written to; its version is counted up only when this
                operation is over.
            made: An operation made it, so that its memory is shared until another
                writes to it: copies of all would double what a trace holds.
        """
        try:
            version = tensor._version  # noqa: SLF001 - nothing else tells of a write
        except RuntimeError:
            version = 0
        refer, numbers = self._known.get(id(tensor), (lambda: None, {}))
        if refer() is not tensor:
            numbers = {}
            keep = weakref.ref(tensor) if self._outline else lambda: tensor
            self._known[id(tensor)] = (keep, numbers)
            (self._made.add if made else self._made.discard)(id(tensor))
        if version + written not in numbers:
            numbers[version + written] = len(self.trace.values)
            self.trace.values.append(
                outlined(tensor) if self._outline else self._keep(tensor, made=made)
            )
        return numbers[version + written]

    def _keep(self, tensor: Any, *, made: bool) -> Array:
        """Return a tensor's numbers; they are copied when another writes there."""
        share = made and is_plain(tensor)
        if share:
            memory = tensor.untyped_storage().data_ptr()
            self._shared.setdefault(memory, []).append(len(self.trace.values))
        return self._mode.quietly(tensor, share=share)

    def take(self, tensors: list[Any], *, written: bool = False) -> Taken:
        """Return what goes into an operation.

        Args:
            tensors: What it takes.
            written: Whether the operation writes to some of it.
        """
        numbers = tuple(self.value(each) for each in tensors)
        if self._edit is None:
            return Taken(numbers)
        if not self._outline:
            return Taken(numbers, [self.trace.values[number] for number in numbers])
        # What no operation made may be a buffer, and torch writes statistics to those
        # without a word.
        shares = [not written and id(each) in self._made for each in tensors]
        arrays = [
            self._mode.quietly(each, share=share and is_plain(each))
            for each, share in zip(tensors, shares, strict=True)
        ]
        return Taken(numbers, arrays)

    def record(self, func: Any, args: Any, kwargs: Any) -> Any:
        """Call an operation and record it."""
        leaves = _leaves([args, kwargs])
        written = func._schema.is_mutable  # noqa: SLF001 - there is no other way
        if written:
            self._keep_apart(leaves)
        taken = self.take(leaves, written=written)
        out = func(*args, **kwargs)
        name = str(func.overloadpacket)
        given = [each for each in _leaves([out]) if each.layout == torch.strided]
        if not given or name.removeprefix("aten.") in _PLACEHOLDERS:
            return out
        path, kind, call = self._stack[-1]
        site = Site(path=path, kind=kind, op=name, inputs=taken.numbers, call=call)
        return self._finish(site, taken, out, written=written)

    def _keep_apart(self, tensors: list[Any]) -> None:
        """Copy the values whose memory may be written to now."""
        for each in tensors:
            if is_plain(each):
                memory = each.untyped_storage().data_ptr()
                for number in self._shared.pop(memory, ()):
                    self.trace.values[number] = self.trace.values[number].copy()

    def _finish(self, site: Site, taken: Taken, out: Any, *, written: bool) -> Any:
        """Complete a site, let the editor replace its results, and keep it."""
        given = [each for each in _leaves([out]) if each.layout == torch.strided]
        if written:
            # What is written to a view changes what it is a view of.
            bases = [each._base for each in given]  # noqa: SLF001 - there is no other way
            given += [each for each in bases if each is not None]
        site.file, site.line = self.line()
        site.time = self.counts.time(site)
        if self._edit is not None:
            out, given = self._replace_result(site, taken, out, given, written=written)
        site.outputs = tuple(
            self.value(each, written=written, made=True) for each in given
        )
        self.trace.sites.append(site)
        return out

    def _replace_result(
        self, site: Site, taken: Taken, out: Any, given: Any, *, written: bool
    ) -> Any:
        """Let the editor replace results; a view is replaced by a tensor of its own."""
        arrays: list[Array] = [array(each) for each in given]
        fresh = self._edit and self._edit(site, taken.arrays, arrays)
        if fresh is None or not fresh:
            return out, given
        made = []
        self._mode.pause(+1)
        for old, new in zip(given, fresh, strict=True):
            target = old if written else torch.empty_like(old)
            self._keep_apart([target])
            target.copy_(torch.from_numpy(new).to(old.dtype))
            made.append(target)
        self._mode.pause(-1)
        return _replace(out, iter(made)), made


def _leaves(value: Any) -> list[Any]:
    """Return the tensors in a nest of lists and tuples."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        return [leaf for each in value.values() for leaf in _leaves(each)]
    if isinstance(value, list | tuple):
        return [leaf for each in value for leaf in _leaves(each)]
    return []


def _replace(out: Any, made: Iterator[Any]) -> Any:
    """Return a nest with other tensors in it."""
    if isinstance(out, torch.Tensor):
        return next(made)
    if isinstance(out, list | tuple):
        return type(out)(_replace(each, made) for each in out)
    return out


def user_line() -> tuple[str, int]:
    """Return file and line of the innermost frame that is the user's own."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - a stack is 50 times dearer
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith(_LIBRARIES):
            return file, frame.f_lineno
        frame = frame.f_back
    return "", 0
