"""A first adapter for somebody else's library: a file to fill in, its traps written in.

What it offers is read from the specification, so that a new operation is in it at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

import click

from conformance.adapters.installed import find_release
from conformance.commands.options import PATH, tell
from conformance.errors import UnknownNameError, UsageError
from conformance.operations import load_operations
from conformance.specification.declaration import FRAMEWORKS
from conformance.specification.disk import is_folder

if TYPE_CHECKING:
    from conformance.specification import Operation

READY = ("masked_mean", "masked_max")
"""The functions that the file defines; all others stand in it as comments."""

WIDTH = 84
"""Characters of a line of code that stands in a comment."""

_TRAPS = {
    "numpy": (
        "numpy.ma means the opposite, True where a value is hidden: pass ~mask.",
        "A float32 sum divided by an integer count is float64: .astype(x.dtype).",
    ),
    "torch": (
        "key_padding_mask means the opposite, True where a key is hidden: pass ~mask.",
        "bfloat16 tensors have no .numpy(): stay in torch.",
        "Layers are called in evaluation mode: call .eval() on yours first.",
        "pack_padded_sequence wants lengths on the CPU and refuses a length of 0.",
    ),
    "tensorflow": (
        "Keras silently casts to float32 unless you pass dtype=x.dtype to the layer.",
        'A Keras RNN in bfloat16 needs recurrent_initializer="zeros".',
        "tf.function compiles this: no .numpy(), and no Python if on a tensor.",
        "MultiHeadAttention wants a mask [B, T, S]; True counts there too.",
    ),
    "jax": (
        "jax.jit compiles this: no Python if on a traced array, no boolean indexing.",
        "A step function created inside the call is recompiled every time.",
        "flax's RNN takes seq_lengths, not a mask: mask.sum(axis=1).",
        "Softmax's where= still needs initial=; a row without valid positions is NaN.",
    ),
}
_LAYER = (
    "# Called once; what it returns is called many times, so build the layer here.",
    "# Gates are in the order i f g o (lstm) and r z n (gru).",
)
_HOLDS = {
    "jax": "# Return .parameters, a pytree, with .apply(parameters, x, mask).",
}
_HELD = "# Return a layer with .parameters, your own tensors in any order."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Function:
    """A function of an adapter as the template writes it."""

    name: str
    call: str
    title: str
    signature: str
    builds: bool

    @property
    def head(self) -> tuple[str, ...]:
        """The line that defines it, or several where one would be too long."""
        whole = f"def {self.call}:"
        if len(whole) <= WIDTH:
            return (whole,)
        name, _, arguments = self.call.removesuffix(")").partition("(")
        indent = " " * 4
        inside = wrap(arguments, WIDTH, initial_indent=indent, subsequent_indent=indent)
        return (f"def {name}(", *inside, "):")


def new_adapter(path: Path, framework: str) -> str:
    """Write an adapter to fill in, and return what to do next.

    Raises:
        UsageError: The framework does not exist, the file is there already, or its
            name or folder cannot be.
    """
    if framework not in FRAMEWORKS:
        raise UnknownNameError("framework", framework, FRAMEWORKS)
    _check(path, framework)
    try:
        # Another file must never be lost, not even one written a moment ago.
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text(path, framework))
    except FileExistsError:
        msg = f"{path}: already exists; choose another name or delete it first"
        raise UsageError(msg) from None
    except OSError as error:
        msg = f"{path}: cannot be written: {error.strerror}; choose another place"
        raise UsageError(msg) from None
    return (
        f"{path}: fill in {' and '.join(READY)}, or replace them by others;\n"
        f"then check the adapter with `mask-conformance smoke {path}`"
    )


def text(path: Path, framework: str) -> str:
    """Return the adapter's text."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - Python, and nothing in it is anybody's input
    )
    environment.filters["lines"] = str.splitlines
    functions = [_function(each) for each in load_operations().values()]
    release = find_release(framework).partition("+")[0]
    return environment.get_template("adapter.py.jinja").render(
        path=path.as_posix(),
        framework=framework,
        requirement=f"{framework}=={release}" if release else framework,
        primary=FRAMEWORKS[framework].primary,
        routes=_further_routes(framework),
        traps=_TRAPS[framework],
        imported=framework,
        ready=[each for each in functions if each.name in READY],
        others=[each for each in functions if each.name not in READY],
        example=f"{READY[0]}.value",
        layer=(*_LAYER, _HOLDS.get(framework, _HELD), "return ..."),
    )


def _check(path: Path, framework: str) -> None:
    if path.suffix != ".py":
        msg = (
            f"{path}: got {path.suffix or 'no suffix'}, expected a Python file (.py); "
            "give a name such as masking.py"
        )
        raise UsageError(msg)
    if path.stem in {framework, "conformance"}:
        msg = f"{path}: shadows the module {path.stem}; give a name such as masking.py"
        raise UsageError(msg)
    if not is_folder(path.parent):
        msg = f"{path}: folder {path.parent} does not exist; create it first"
        raise UsageError(msg)


def _further_routes(framework: str) -> str:
    """Return the other routes of the levels below extended, and where the rest is."""
    traits = FRAMEWORKS[framework]
    others = {"eager", "compiled"} & set(traits.routes) - {traits.primary}
    listed = [f'"{each}"' for each in sorted(others)]
    return ", ".join([*listed, *(["see docs/adapters.md"] if listed else ["none"])])


def _function(operation: Operation) -> _Function:
    if operation.builds:
        # Its arguments are weights, which the signature names as they are passed.
        call = operation.signature.partition(")")[0] + ")"
    else:
        first = operation.variants[0]
        masks = [] if first.makes_mask else ["mask"]
        names = [*operation.beside, *operation.inputs, *masks, *operation.weights]
        keywords = list(first.arguments)
        listed = ", ".join([*names, *(["*", *keywords] if keywords else [])])
        call = f"{operation.function}({listed})"
    return _Function(
        name=operation.function,
        call=call,
        title=operation.title,
        signature=operation.signature,
        builds=operation.builds,
    )


@click.command("new-adapter")
@click.argument("path", type=PATH)
@click.option("--framework", required=True, help="numpy, torch, tensorflow or jax.")
def command(path: Path, framework: str) -> None:
    """Generate a commented adapter at PATH for you to fill in."""
    tell(new_adapter(path, framework))
