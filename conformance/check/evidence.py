"""A failure written down: arrays as nested lists, the command and the snippet."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.records import Failure, Worst, clean, number
from conformance.records.record import ANY
from conformance.trial.subject import mask_as

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.specification.selection import Check
    from conformance.trial.batch import Array, Batch
    from conformance.trial.verdict import Verdict

LARGEST = 64
"""Elements of an array that are written down whole."""

_HEAD = {
    "numpy": "import ml_dtypes\nimport numpy as np",
    "torch": "import torch",
    "tensorflow": "import tensorflow as tf",
    "jax": "import jax\nimport jax.numpy as jnp",
}
_TENSOR = {
    "numpy": "np.asarray({values}, dtype={dtype})",
    "torch": "torch.tensor({values}, dtype=torch.{dtype})",
    "tensorflow": "tf.constant({values}, dtype='{dtype}')",
    "jax": "jnp.asarray({values}, dtype='{dtype}')",
}
_PLACE = {
    "numpy": "# on the {kind}",
    "torch": "torch.set_default_device('{kind}:{number}')",
    "tensorflow": "tf.device('{group}:{number}').__enter__()",
    "jax": "jax.config.update('jax_default_device', jax.devices('{kind}')[{number}])",
}
_COMPILE = {
    "torch": "function = torch.compile(function, backend='aot_eager')\n",
    "tensorflow": "function = tf.function(function)\n",
    "jax": "function = jax.jit(function)\n",
}


def failure(  # noqa: PLR0913 - a failure has as many parts
    verdict: Verdict,
    check: Check,
    *,
    adapter: str,
    file: str,
    framework: str,
    function: str,
    options: Mapping[str, int | str | bool],
    shrunk: bool,
    trace: str = "",
    variables: Mapping[str, str] | None = None,
    form: str = "bool",
    device: str = "",
) -> Failure:
    """Return the evidence of a failed or errored check.

    Args:
        verdict: What the comparison found; without a batch if there was none.
        check: The check.
        adapter: The adapter's name, for the command.
        file: Its file, for the snippet.
        framework: Its framework, for the snippet.
        function: The adapter's function.
        options: The run's seed, device and the like where they are not the usual ones.
        shrunk: Whether the batch was shrunk.
        trace: The adapter's traceback, if it raised.
        variables: Environment variables that the adapter's variant needs.
        form: The form in which the adapter is given masks.
        device: The device that the run was asked for, for the snippet.
    """
    batch = verdict.batch
    command = ["mask-conformance", "run", adapter, "--check", check.id]
    for name, value in options.items():
        command += [f"--{name}"] if value is True else [f"--{name}", str(value)]
    common: dict[str, Any] = {
        "command": shlex.join(command),
        "trace": clean(trace),
        "shrunk": shrunk,
        "mismatched": verdict.mismatched,
    }
    if batch is None:
        return Failure(**common)
    cut = _window(batch, verdict)
    inputs = {name: nest(array[cut[:1]]) for name, array in batch.beside.items()}
    inputs |= {name: nest(array[cut]) for name, array in batch.arrays.items()}
    weights = {name: nest(array) for name, array in batch.weights.items()}
    got, want, allowed = verdict.got, verdict.want, verdict.allowed
    asked = verdict.judged
    if allowed is not None and asked is not None and want is not None:
        # Infinity and NaN are asked for as they are, however wide the bound.
        allowed = np.where(np.isfinite(want), allowed, 0.0)
        allowed = np.where(asked, allowed, np.inf)
    like_rows = got is not None and got.ndim and got.shape[0] == batch.rows
    part = cut[: 1 if got is not None and got.ndim == 1 else 2] if like_rows else ()
    return Failure(
        **common,
        inputs=inputs,
        mask=nest(batch.mask[cut]),
        weights=weights,
        got=_part(got, part),
        want=_mark_open(_part(want, part), _part(asked, part)),
        allowed=_part(allowed, part),
        of=0 if asked is None else int(asked.sum()),
        worst=_worst(verdict),
        elided=_is_elided(batch),
        snippet=""
        if _is_elided(batch)
        else snippet(
            check,
            batch,
            file,
            framework,
            function,
            variables=variables or {},
            form=form,
            device=device,
        ),
    )


def nest(array: Array) -> Any:
    """Return an array as nested lists, special numbers as strings.

    >>> nested(np.asarray([[1.0, np.nan]]))
    [[1.0, 'nan']]
    """
    if array.dtype.kind in "biu":
        return array.tolist()
    wide = np.asarray(array, dtype=np.float64)
    if wide.ndim == 0:
        return number(float(wide))
    return [nest(each) for each in wide]


def snippet(
    check: Check,
    batch: Batch,
    file: str,
    framework: str,
    function: str,
    *,
    variables: Mapping[str, str] | None = None,
    form: str = "bool",
    device: str = "",
) -> str:
    """Return Python that calls the adapter on the inputs without this suite."""
    layered = any("." in name for name in batch.weights)
    lines = []
    if variables:
        # A framework reads them when it is imported: before anything else.
        lines += ["import os", f"os.environ.update({dict(variables)!r})"]
    lines += ["from types import SimpleNamespace as Weights"] if layered else []
    if framework == "jax" and check.dtype == "float64":
        lines += ["import jax", 'jax.config.update("jax_enable_x64", True)']
    lines += [_HEAD[framework], *_place_lines(device, framework), ""]
    lines += _import_lines(file)
    names = []
    for name, array in batch.inputs.items():
        lines.append(f"{name} = {_literal(array, framework)}")
        names.append(name)
    masks = [] if check.variant.makes_mask else ["mask"]
    given = mask_as(form, batch.mask, check.dtype)
    lines += [f"{name} = {_literal(given, framework)}" for name in masks]
    fixed = check.variant.arguments.items()
    options = "".join(f", {key}={value!r}" for key, value in fixed)
    own = [] if layered else list(batch.weights)
    lines += [f"{name} = {_literal(batch.weights[name], framework)}" for name in own]
    if layered:
        lines += _weights(batch, framework)
        parts = ", ".join(_parts(batch))
        built = f"adapter.{function}({parts}{options})"
        lines.append(f"function = {built}")
        options = ""
    else:
        lines.append(f"function = adapter.{function}")
    if check.route == "compiled":
        call = f"lambda *tensors: function(*tensors{options})"
        lines.append(
            f"plain = function\nfunction = {call.replace('function', 'plain')}"
        )
        lines.append(_COMPILE[framework].strip())
        options = ""
    passed = ", ".join([*names, *masks, *own])
    lines.append(f"print(function({passed}{options}))")
    return "\n".join(lines)


def _place_lines(device: str, framework: str) -> list[str]:
    """Return the line that puts tensors on a run's device, if it was asked for one."""
    if not device:
        return []
    kind, _, number = device.partition(":")
    group = "CPU" if kind == "cpu" else "GPU"  # TensorFlow has one name for all others
    line = _PLACE[framework]
    return [line.format(kind=kind, group=group, number=number or 0)]


def _import_lines(file: str) -> list[str]:
    """Return the lines that import an adapter: a real module, as compilers need it."""
    if not file.endswith(".py"):
        module, _, name = file.partition(":")
        return [f"from {module} import {name} as adapter"]
    path = Path(file)
    folder = f"sys.path.insert(0, {str(path.parent)!r})"
    if path.stem.isidentifier():
        return ["import sys", folder, f"import {path.stem} as adapter"]
    return ["import sys", folder, f"adapter = __import__({path.stem!r})"]


def _weights(batch: Batch, framework: str) -> list[str]:
    lines = []
    for owner in _parts(batch):
        lines.append(f"{owner} = Weights(")
        for name, array in batch.weights.items():
            if name.startswith(f"{owner}."):
                part = name.partition(".")[2]
                lines.append(f"    {part}={_literal(array, framework)},")
        lines.append(")")
    return lines


def _parts(batch: Batch) -> list[str]:
    """Return what a layer is built from, in the builder's order."""
    return list(dict.fromkeys(name.partition(".")[0] for name in batch.weights))


def _literal(array: Array, framework: str) -> str:
    dtype = str(array.dtype.name)
    plain = np.asarray(array, np.float64) if array.dtype.kind not in "biu" else array
    values = repr(plain.tolist())
    for name in ("nan", "inf"):
        values = values.replace(name, f"float('{name}')")
    if framework == "numpy":
        dtype = "ml_dtypes.bfloat16" if dtype == "bfloat16" else f"np.{dtype}"
        dtype = "bool" if dtype == "np.bool" else dtype
    return _TENSOR[framework].format(values=values, dtype=dtype)


def _is_elided(batch: Batch) -> bool:
    return any(array.size > LARGEST for array in batch.inputs.values())


def _window(batch: Batch, verdict: Verdict) -> tuple[slice, ...]:
    """Return the rows and positions around the worst element, all if they are few."""
    if not _is_elided(batch):
        return (slice(None), slice(None))
    got = verdict.got
    rows = got is not None and got.ndim and got.shape[0] == batch.rows
    row = verdict.worst[0] if rows and verdict.worst else 0
    timed = got is not None and got.ndim > 1 and got.shape[1] == batch.time
    at = verdict.worst[1] if rows and timed and len(verdict.worst) > 1 else 0
    first = max(0, min(at - 4, batch.time - 8))
    return (slice(row, row + 1), slice(first, first + 8))


def _part(array: Array | None, cut: tuple[slice, ...]) -> Any:
    if array is None:
        return []
    return nest(np.asarray(array)[cut] if cut else np.asarray(array))


def _mark_open(want: Any, asked: Any) -> Any:
    """Return the exact answer with a word where it is not judged."""
    if isinstance(want, list):
        return [_mark_open(*pair) for pair in zip(want, asked, strict=True)]
    return want if asked else ANY


def _worst(verdict: Verdict) -> Worst | None:
    got, want, allowed = verdict.got, verdict.want, verdict.allowed
    if got is None or want is None or allowed is None or not verdict.mismatched:
        return None
    at = verdict.worst
    with np.errstate(all="ignore"):
        error = abs(float(got[at]) - float(want[at]))
    return Worst(
        index=list(at),
        got=number(float(got[at])),
        want=number(float(want[at])),
        error=number(error),
        bound=number(float(allowed[at])),
    )
