"""Float64 throughout: many models compute a part in float32 whatever they are given.

Norms, softmax and rotary angles are often cast to float32 by hand. Rounding then does
not shrink in float64, and a leak cannot be told from noise by it. So what asks for a
narrower dtype gets float64 while this is on.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

NARROW = {torch.float32, torch.float16, torch.bfloat16}
_CASTS = {
    torch.Tensor.float: torch.Tensor.double,
    torch.Tensor.half: torch.Tensor.double,
    torch.Tensor.bfloat16: torch.Tensor.double,
}


class ExactMode(TorchFunctionMode):  # type: ignore[misc]
    """Has every cast to a narrower floating dtype give float64."""

    def __init__(self) -> None:
        super().__init__()
        self._default = torch.get_default_dtype()

    def __enter__(self) -> Any:
        """Make float64 the dtype of new tensors as well."""
        self._default = torch.get_default_dtype()
        torch.set_default_dtype(torch.float64)
        return super().__enter__()

    def __exit__(self, *error: object) -> None:
        """Put the default dtype back."""
        torch.set_default_dtype(self._default)
        super().__exit__(*error)

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Call a function with float64 in the place of narrower dtypes."""
        del types
        wide = tuple(_widen(each) for each in args)
        named = {name: _widen(each) for name, each in (kwargs or {}).items()}
        try:
            return _CASTS.get(func, func)(*wide, **named)
        except RuntimeError as error:
            if "dtype" not in str(error) and "scalar type" not in str(error):
                raise
            # A constant that is kept beside the parameters did not become float64.
            return func(*map(_to_double, wide), **named)


def _widen(value: Any) -> Any:
    return (
        torch.float64 if isinstance(value, torch.dtype) and value in NARROW else value
    )


def _to_double(value: Any) -> Any:
    narrow = isinstance(value, torch.Tensor) and value.dtype in NARROW
    return value.double() if narrow else value


class _DtypeWatch(TorchDispatchMode):  # type: ignore[misc]
    """Remembers whether anything was computed in less than float64."""

    less = False

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Call an operation and look at its result's dtype."""
        del types
        out = func(*args, **(kwargs or {}))
        each = out if isinstance(out, tuple | list) else (out,)
        if any(isinstance(t, torch.Tensor) and t.dtype in NARROW for t in each):
            moved = func.overloadpacket._qualified_op_name in _MOVES  # noqa: SLF001
            self.less = self.less or not moved
        return out


_MOVES = {
    f"aten::{name}"
    for name in (
        *("view", "expand", "slice", "unsqueeze", "select", "transpose", "permute"),
        *("clone", "detach", "lift_fresh", "alias", "_to_copy", "t", "squeeze"),
        *("_unsafe_view", "full", "zeros", "ones", "empty", "scalar_tensor", "arange"),
        *("lift_fresh_copy", "cat"),
    )
}


def computes_in_less(model: Any, given: dict[str, Any]) -> bool:
    """Tell whether a call computes anything in less than float64."""
    watch = _DtypeWatch()
    with watch:
        model(**given)
    return watch.less
