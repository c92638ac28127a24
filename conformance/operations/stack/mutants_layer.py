"""The stack over an array namespace, with a place for each fault.

Written for mutants: its layers are those that the mutants of ``birnn`` and ``conv1d``
are made from, and the right stack is the one without a fault.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from conformance.operations._common.arrays import namespace, widen
from conformance.operations._common.cells_mutants import PARTS
from conformance.operations.birnn.mutants_layer import WrongRecurrentLayer
from conformance.operations.conv1d.mutants_formulas import change_mask, convolution


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with a stack: layers' own faults, and masks left out.

    Attributes:
        mask: A fault of the mask that all layers are given.
        first: A fault of the first recurrent layer.
        convolution: A fault of the convolution.
        second: A fault of the second recurrent layer.
        unmasked: The recurrent layers that are given no mask, and step over padding.
        before: What is done to the input: nothing, ``write``, ``memory``, ``nan``,
            ``product`` or ``padding``, which is added as zero.
        between: What is done between layers: nothing, or ``detach``.
        shown: Whether what stands at padding of the answer is left there.
    """

    mask: str = ""
    first: str = ""
    convolution: str = ""
    second: str = ""
    unmasked: tuple[str, ...] = ()
    before: str = ""
    between: str = ""
    shown: bool = False


RIGHT = Fault()


def build(  # noqa: PLR0917 - the operation has as many layers
    xp: Any,
    first_forward: Any,
    first_backward: Any,
    convolution: Any,
    second_forward: Any,
    second_backward: Any,
    *,
    cell: str,
    output: str,
    fault: Fault = RIGHT,
) -> WrongStack:
    """Return a stack; ``fault`` says what is wrong with it."""
    del xp
    recurrent = (first_forward, first_backward, second_forward, second_backward)
    parameters = [getattr(each, part) for each in recurrent for part in PARTS]
    parameters += [convolution.kernel, convolution.bias]
    if hasattr(parameters[0], "requires_grad_"):
        parameters = [each.detach().clone().requires_grad_() for each in parameters]
    return WrongStack(parameters=parameters, cell=cell, output=output, fault=fault)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WrongStack:
    """Three layers, one after the other."""

    parameters: list[Any]
    cell: str
    output: str
    fault: Fault = RIGHT

    def __call__(self, x: Any, mask: Any) -> Any:
        """Return the output for ``x [B, T, F]``."""
        return self.apply(self.parameters, x, mask)

    def apply(self, parameters: list[Any], x: Any, mask: Any) -> Any:
        """Return the output with other parameters, as JAX wants it."""
        xp = namespace(x)
        keep = change_mask(xp, x, mask, self.fault.mask)
        size = len(PARTS) * 2
        first, second = parameters[:size], parameters[size : 2 * size]
        kernel, bias = parameters[2 * size :]
        now = self._recurrent(
            "first", first, _prepare_input(xp, x, keep, self.fault), keep
        )
        fault = self.fault.convolution
        now = convolution(
            xp, now, keep, kernel, bias, padding="same", dilation=1, fault=fault
        )
        if self.fault.between == "detach":
            now = now.detach()
        found = self._recurrent("second", second, now, keep)
        if self.output == "sequence" and not self.fault.shown:
            found = xp.where(keep[..., None], found, 0.0)
        return xp.astype(found, x.dtype)

    def _recurrent(self, which: str, parameters: list[Any], x: Any, keep: Any) -> Any:
        xp = namespace(x)
        layer = WrongRecurrentLayer(
            parameters=parameters,
            cell=self.cell,
            merge="concat",
            output=self.output if which == "second" else "sequence",
            fault=getattr(self.fault, which),
        )
        everything = xp.ones_like(keep)
        return layer(x, everything if which in self.fault.unmasked else keep)


def _prepare_input(xp: Any, x: Any, keep: Any, fault: Fault) -> Any:
    if fault.before == "write":
        x[~keep] = 0
    if fault.before == "memory":
        x = x.ravel(order="K").reshape(x.shape)
    wider = widen(xp, x)
    if fault.before == "nan":
        return xp.where(xp.isnan(wider), xp.zeros_like(wider), wider)
    if fault.before == "product":
        return wider * xp.astype(keep[..., None], wider.dtype)
    if fault.before == "zeros":
        return xp.where(keep[..., None], wider, 0.0)
    if fault.before == "padding":
        return xp.where(keep[..., None], wider, 0 * (wider * wider))
    return wider
