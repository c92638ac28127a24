"""Every eager operation of a call, with its module and the user's own line.

TensorFlow hands a callback the list of an operation's results, and goes on with what
stands in that list afterwards: so a result is replaced by putting another one there.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Self

import tensorflow as tf
from tensorflow.python.framework import op_callbacks

from conformance.probe.frameworks.nest import leaves, replace_leaves
from conformance.probe.frameworks.stack import user_line
from conformance.probe.frameworks.tensorflow.tree import array, is_numeric
from conformance.probe.trace import Counts, Site, Trace, draw_outline

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.probe.arrangement import Array
    from conformance.probe.trace import Edit

_PLACEHOLDERS = {"Empty", "Placeholder", "VarHandleOp", "AssignVariableOp"}
"""Operations that compute nothing."""


class OpRecorder:
    """Records a call: a context in which a model is called.

    Args:
        kind: The class of the model.
        edit: May replace what an operation gives.
        outline: Whether shapes alone are kept of the values.

    Attributes:
        trace: What was recorded.
    """

    def __init__(
        self, kind: str, edit: Edit | None = None, *, outline: bool = False
    ) -> None:
        self.trace = Trace()
        self._edit = edit
        self._outline = outline
        self._counts = Counts()
        self._stack: list[tuple[str, str, int]] = [("", kind, 0)]
        # The tensor itself, or a weak reference to it, and its value's number: an id is
        # given anew where a tensor is gone.
        self._known: dict[int, tuple[Any, int]] = {}
        self._pauses = 0
        self._eager = False

    def __enter__(self) -> Self:
        self._eager = tf.config.functions_run_eagerly()
        # What is inside a tf.function is seen as well.
        tf.config.run_functions_eagerly(True)
        op_callbacks.add_op_callback(self._see)
        return self

    def __exit__(self, *error: object) -> None:
        op_callbacks.remove_op_callback(self._see)
        tf.config.run_functions_eagerly(self._eager)
        self._known.clear()

    def enter(self, path: str, kind: str) -> None:
        """Say that a module is entered."""
        self._stack.append((path, kind, self._counts.call(path)))

    def leave(self) -> None:
        """Say that the module is left."""
        self._stack.pop()

    def whole(
        self,
        given: Any,
        op: str,
        function: Callable[[], Any],
        carry: Callable[[Any, Any], object],
    ) -> Any:
        """Call a module that counts as one operation; return what it gives.

        Args:
            given: Its arguments.
            op: The operation's name.
            function: Calls it.
            carry: Called with a result and what stands in for it.
        """
        path, kind, call = self._stack[-1]
        given = leaves(given, is_numeric)
        taken = tuple(self.value(each) for each in given)
        self._pauses += 1
        try:
            found = function()
        finally:
            self._pauses -= 1
        site = Site(path=path, kind=kind, op=op, inputs=taken, call=call)
        before = leaves(found, is_numeric)
        after = self._finish(site, given, before)
        if all(old is new for old, new in zip(before, after, strict=True)):
            return found
        for old, new in zip(before, after, strict=True):
            carry(old, new)
        return replace_leaves(found, is_numeric, iter(after))

    def value(self, tensor: Any) -> int:
        """Return the number of a tensor's value."""
        found = self._number(tensor)
        if found is None:
            found = len(self.trace.values)
            keep = weakref.ref(tensor) if self._outline else lambda: tensor
            self._known[id(tensor)] = (keep, found)
            flat = draw_outline(tensor.shape, tensor.dtype.as_numpy_dtype)
            value = flat if self._outline else self._quietly(tensor)
            self.trace.values.append(value)
        return found

    def _number(self, tensor: Any) -> int | None:
        refer, number = self._known.get(id(tensor), (lambda: None, 0))
        return number if refer() is tensor else None

    def _counts_as_value(self, tensor: Any) -> bool:
        """Tell whether an input is a value of the call.

        A number in the user's own line, such as T in ``total / T``, is not: where it
        differs, this operation is where the difference comes in.
        """
        known = self._number(tensor) is not None
        return is_numeric(tensor) and (known or bool(tensor.shape.rank))

    def _quietly(self, tensor: Any) -> Array:
        self._pauses += 1
        try:
            return array(tensor)
        finally:
            self._pauses -= 1

    def _see(  # noqa: PLR0917 - TensorFlow's signature
        self,
        op_type: Any,
        inputs: Sequence[Any],
        attrs: Any,
        outputs: list[Any],
        op_name: Any = None,
        graph: Any = None,
    ) -> None:
        """Record an operation."""
        del attrs, op_name
        if self._pauses or graph is not None:
            return
        name = op_type.decode() if isinstance(op_type, bytes) else op_type
        where = [at for at, each in enumerate(outputs) if is_numeric(each)]
        if not where or name in _PLACEHOLDERS:
            return
        path, kind, call = self._stack[-1]
        given = [each for each in inputs if self._counts_as_value(each)]
        taken = tuple(self.value(each) for each in given)
        site = Site(path=path, kind=kind, op=name, inputs=taken, call=call)
        results = self._finish(site, given, [outputs[at] for at in where])
        for at, result in zip(where, results, strict=True):
            outputs[at] = result

    def _finish(self, site: Site, given: list[Any], results: list[Any]) -> list[Any]:
        """Complete a site, let the editor replace its results, and keep it."""
        site.file, site.line = user_line()
        site.time = self._counts.time(site)
        if self._edit is not None:
            before = [self._quietly(each) for each in results]
            fresh = self._edit(site, [self._quietly(each) for each in given], before)
            results = [
                result if new is old else self._tensor(new, result)
                for result, old, new in zip(
                    results, before, fresh or before, strict=True
                )
            ]
        site.outputs = tuple(self.value(each) for each in results)
        self.trace.sites.append(site)
        return results

    def _tensor(self, new: Array, like: Any) -> Any:
        self._pauses += 1
        try:
            return tf.cast(tf.constant(new), like.dtype)
        finally:
            self._pauses -= 1
