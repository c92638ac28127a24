"""PyTorch: eager autograd, and ``torch.compile`` with a backend that counts."""

from __future__ import annotations

import warnings
from contextlib import AbstractContextManager, nullcontext
from importlib.metadata import version
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np
import torch
from torch._dynamo.backends.debugging import aot_eager
from torch._dynamo.utils import counters

from conformance.errors import RouteUnavailableError, UnconnectedGradientError
from conformance.trial.frameworks import Capture
from conformance.trial.frameworks.devices import torch as devices

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from conformance.trial.frameworks import Array, Gradients, Tensor

NAME = "torch"
ROUTES = (
    "eager",
    "compiled",
    "dynamic",
    "inductor",
    "vmap",
    "jvp",
    "autocast",
    "training",
)
GRADIENTS = True
FUNCTIONAL = False

# Ten bits of mantissa would hide every mistake that this suite looks for.
torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False
# Checks are made of tiny tensors: on a busy machine a second thread made the cross
# entropy of 20 numbers wait 8 ms for its turn, and one thread adds in one order.
torch.set_num_threads(1)
# Past its limit torch.compile runs the function eagerly and says so only in a log.
torch._dynamo.config.recompile_limit = 1 << 16  # noqa: SLF001 - has no public name
torch._dynamo.config.accumulated_recompile_limit = 1 << 16  # noqa: SLF001 - likewise

_CALLS = frozenset({"call_function", "call_method", "call_module"})


def versions() -> dict[str, str]:
    """Return the versions that matter for a result, by distribution name."""
    return {"torch": torch.__version__, "numpy": version("numpy")}


def environment() -> dict[str, str]:
    """Return device, driver, threads and modes as text."""
    return devices.describe() | {
        "threads": str(torch.get_num_threads()),
        "compiler": "aot_eager, static shapes",
    }


place = devices.place
device = devices.device


def find_misplaced(tensor: Tensor) -> str:
    """Return the device of a tensor that is not on the one asked for, or nothing."""
    where = devices.name_of(tensor.device)
    return where if devices.is_placed() and where != device() else ""


promises_bits = devices.promises_bits
is_lost = devices.is_lost


def scope(dtype: str) -> AbstractContextManager[object]:
    """Return the context in which ``dtype`` works: every dtype always does."""
    del dtype
    return nullcontext()


def tensor(array: Array) -> Tensor:
    """Return a tensor with a copy of ``array`` on the run's device, dtype kept."""
    copy = np.array(array, copy=True, order="C")
    if copy.dtype == ml_dtypes.bfloat16:
        # from_numpy does not take ml_dtypes' bfloat16, but the bits are the same.
        whole = torch.from_numpy(copy.view(np.int16)).view(torch.bfloat16)
    else:
        whole = torch.from_numpy(copy)
    return whole.to(devices.current())


def array(tensor: Tensor) -> Array:
    """Return a NumPy copy of ``tensor``, dtype kept."""
    here = tensor.detach().cpu().resolve_conj().resolve_neg()
    if here.dtype == torch.bfloat16:
        bits = np.array(here.contiguous().view(torch.int16).numpy(), copy=True)
        return bits.view(ml_dtypes.bfloat16)
    return np.array(here.numpy(), copy=True, order="C")


def is_tensor(value: object) -> bool:
    """Tell whether ``value`` is a tensor."""
    return isinstance(value, torch.Tensor)


def leaves(tree: Any) -> list[Tensor]:
    """Return the tensors of a layer's parameters or state."""
    return list(tree)


def dtype(tensor: Tensor) -> str:
    """Return the tensor's dtype by name."""
    return str(tensor.dtype).removeprefix("torch.")


def layouts(array: Array) -> Mapping[str, Tensor]:
    """Return tensors equal to ``array`` that lie differently in memory."""
    if array.ndim == 0:
        return {}
    found = {"sliced": _slice(array)}
    if array.ndim > 1:
        found["transposed"] = tensor(array.swapaxes(0, 1)).transpose(0, 1)
    if len(array) > 1 and len({row.tobytes() for row in array}) == 1:
        found["expanded"] = tensor(array[:1]).expand(array.shape)
    return found


def compile(  # noqa: A001 - the protocol's word
    function: Callable[..., Tensor], route: str = "compiled", fixed: int = 0
) -> Callable[..., Tensor]:
    """Return ``function`` as it is called by a route other than eager.

    Raises:
        RouteUnavailableError: There is no C++ compiler for inductor.
    """
    if route == "vmap":
        return _each_row(function, fixed)
    if route == "autocast":
        return _autocast(function)
    if route == "training":
        return _training(function)
    return _Compiled(function, route)


def read_capture(compiled: Callable[..., Tensor]) -> Capture:
    """Return what ``compiled`` has captured in its calls so far."""
    if not isinstance(compiled, _Compiled):
        return Capture(graphs=0, operations=0)
    return Capture(
        graphs=len(compiled.sizes),
        operations=sum(compiled.sizes),
        breaks=compiled.breaks,
    )


def gradient(
    function: Callable[..., Tensor], wanted: Sequence[int]
) -> Callable[[Sequence[Tensor], Tensor], Gradients]:
    """Return the vector-Jacobian product of ``function``.

    Raises (when called):
        UnconnectedGradientError: No gradient reaches one of the wanted arguments.
    """

    def step(tensors: Sequence[Tensor], cotangent: Tensor) -> Gradients:
        given = list(tensors)
        for index in wanted:
            given[index] = given[index].detach().requires_grad_()
        answer = function(*given)
        names = [f"argument {index}" for index in wanted]
        return _pull_back(answer, cotangent, [given[index] for index in wanted], names)

    return step


def tangent(
    function: Callable[..., Tensor], wanted: Sequence[int]
) -> Callable[[Sequence[Tensor], Sequence[Tensor]], Tensor]:
    """Return the Jacobian-vector product of ``function``, by forward mode."""

    def step(tensors: Sequence[Tensor], tangents: Sequence[Tensor]) -> Tensor:
        def of(*chosen: Tensor) -> Tensor:
            given = list(tensors)
            for index, one in zip(wanted, chosen, strict=True):
                given[index] = one
            return function(*given)

        sources = tuple(tensors[index] for index in wanted)
        return torch.func.jvp(of, sources, tuple(tangents))[1]

    return step


def layer_gradient(
    layer: Any, wanted: Sequence[int]
) -> Callable[[Sequence[Tensor], Tensor], Gradients]:
    """Return the vector-Jacobian product through a layer and its parameters.

    Raises (when called):
        UnconnectedGradientError: No gradient reaches one of them.
    """

    def step(tensors: Sequence[Tensor], cotangent: Tensor) -> Gradients:
        given, parameters = list(tensors), list(layer.parameters)
        for index in wanted:
            given[index] = given[index].detach().requires_grad_()
        names = [f"argument {index}" for index in wanted]
        names += [f"parameter {index}" for index in range(len(parameters))]
        sources = [*(given[index] for index in wanted), *parameters]
        return _pull_back(layer(*given), cotangent, sources, names)

    return step


class _Compiled:
    """A compiled function that counts what reaches its backend."""

    def __init__(self, function: Callable[..., Tensor], route: str) -> None:
        self.sizes: list[int] = []
        self.breaks = 0
        # aot_eager traces by Dynamo and AOTAutograd and runs eager kernels: it finds a
        # length baked into a graph without seconds of code generation.
        self._lower = _inductor() if route == "inductor" else aot_eager
        self._call = torch.compile(
            _copy_function(function), backend=self._backend, dynamic=route == "dynamic"
        )

    def __call__(self, *tensors: Tensor) -> Tensor:
        before = _graph_breaks()
        # A layer's parameters want gradients, so AOTAutograd would trace the backward
        # pass too, which takes as long again for each new shape. Nobody asks this
        # route for gradients; where an input wants one, it is traced.
        asked = any(_wants_gradient(one) for one in tensors)
        with torch.set_grad_enabled(asked), warnings.catch_warnings():
            # The compiler's own deprecations are no fault of the adapter.
            warnings.simplefilter("ignore")
            answer = self._call(*tensors)
        self.breaks += _graph_breaks() - before
        return answer

    def _backend(self, module: Any, inputs: Sequence[Any]) -> Callable[..., Any]:
        # Called for each graph that Dynamo captures: a function with no graph, or with
        # empty ones, was not compiled.
        self.sizes.append(sum(node.op in _CALLS for node in module.graph.nodes))
        compiled: Callable[..., Any] = self._lower(module, list(inputs))
        return compiled


def _inductor() -> Callable[..., Any]:
    """Return torch's default backend, which writes and compiles C++ on a CPU."""
    from torch._inductor.compile_fx import compile_fx
    from torch._inductor.cpp_builder import get_cpp_compiler
    from torch._inductor.exc import InvalidCxxCompiler

    if devices.current().type == "cpu":
        try:
            get_cpp_compiler()
        except InvalidCxxCompiler:
            msg = "inductor needs a C++ compiler, and there is none; install g++"
            raise RouteUnavailableError(msg) from None
    lower: Callable[..., Any] = compile_fx
    return lower


def _each_row(function: Callable[..., Tensor], fixed: int) -> Callable[..., Tensor]:
    """Return ``function`` mapped over the batch: each row is a batch of its own."""

    def call(*tensors: Tensor) -> Tensor:
        own, batch = tensors[:fixed], tensors[fixed:]

        def one(*rows: Tensor) -> Tensor:
            return function(*own, *(row[None] for row in rows))[0]

        return torch.func.vmap(one)(*batch)

    return call


def _autocast(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Return ``function`` where matrix products are taken in bfloat16."""

    def call(*tensors: Tensor) -> Tensor:
        where = devices.current().type
        # Entered at each call: autocast caches the weights that it casts until its
        # outermost context ends.
        with torch.autocast(where, dtype=torch.bfloat16):
            return function(*tensors)

    return call


def _training(layer: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Return the layer in training mode, without dropout the same answer."""
    train = getattr(layer, "train", None)
    if callable(train):
        train()
    return layer


def _copy_function(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    # torch.compile caches by code object. Functions that share one would share a cache,
    # and each call would try the guards of all of them.
    def call(*tensors: Tensor) -> Tensor:
        return function(*tensors)

    code: CodeType = call.__code__.replace()
    return FunctionType(code, call.__globals__, "call", None, call.__closure__)


def _wants_gradient(value: object) -> bool:
    return isinstance(value, torch.Tensor) and value.requires_grad


def _graph_breaks() -> int:
    return sum(counters["graph_break"].values())


def _pull_back(
    answer: Tensor, cotangent: Tensor, sources: list[Tensor], names: list[str]
) -> Gradients:
    if not answer.requires_grad:
        raise _unconnected_error(names)
    # allow_unused, so that the message can name what is missing: torch's own error
    # says only that one of the tensors was not used.
    found = torch.autograd.grad(
        answer, sources, cotangent, allow_unused=True, materialize_grads=False
    )
    missing = [n for n, one in zip(names, found, strict=True) if one is None]
    if missing:
        raise _unconnected_error(missing)
    # nn.Embedding(sparse=True) and its like give sparse gradients of the same values.
    dense = [one.to_dense() if one.is_sparse else one for one in found]
    return answer.detach(), dense


def _unconnected_error(names: list[str]) -> UnconnectedGradientError:
    msg = (
        f"no gradient reaches {', '.join(names)}: torch gives None, expected a tensor; "
        "do not detach or rebuild it inside the adapter's function"
    )
    return UnconnectedGradientError(msg)


def _slice(array: Array) -> Tensor:
    # NaN between the elements: code that ignores strides reads it and shows it.
    buffer = np.full((*array.shape[:-1], 2 * array.shape[-1]), 1, array.dtype)
    if array.dtype.kind not in "biu":
        buffer[...] = np.nan
    buffer[..., ::2] = array
    return tensor(buffer)[..., ::2]
