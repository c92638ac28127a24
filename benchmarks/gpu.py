"""Everything that is to be known of one GPU, in a quarter of an hour.

    python benchmarks/gpu.py --device cuda -o gpu
    python benchmarks/gpu.py --device cpu -o gpu --quick    # the same parts, in little

What cannot be imported is left out, and said. Parts run in the order of their worth,
each with a time limit; what the limit of all leaves out is said too. The folder then
holds the records, which `mask-conformance report reports/results gpu` takes beside
those of the CPU, the tables of bits in `tables`, and `summary.json`.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from conformance.adapters.installed import find_missing
from conformance.adapters.load import read_declaration
from conformance.operations import load_operations

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HERE = Path(__file__).parent
MINUTES = 15.0
MAIN = "from conformance.commands.cli import main; main()"
RUN_STATUSES = (0, 1)
"""A run that finds differences has done its part."""

ENVIRONMENT = {
    # Several processes share the GPU: JAX and TensorFlow would each take all of it.
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
}
BUILT_IN = (
    *("torch_builtin", "torch_packed", "torch_multihead:output"),
    *("transformers_attention:sdpa", "jax_builtin", "flax_nnx", "flax_linen"),
    "equinox_builtin",
)
MODELS = ("torch:TransformerEncoderLayer", "torch:LSTM")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One command and how long it may take.

    Attributes:
        name: What it is called in the summary.
        command: The command, after the interpreter.
        seconds: Its limit.
        needs: The adapter whose requirements have to be installed; empty is none.
        statuses: The exit statuses with which it has done its work.
    """

    name: str
    command: tuple[str, ...]
    seconds: float
    needs: str = ""
    statuses: tuple[int, ...] = (0,)


def parts(options: argparse.Namespace) -> Iterator[Part]:
    """Yield all parts, the most worth first."""
    yield from references(options)
    yield from tables(options)
    yield from (run(name, "core", options, 90) for name in BUILT_IN)
    for model in MODELS:
        asked = ("--question", "more-padding") if options.quick else ()
        where = ("--device", options.device, "-o", str(options.output))
        yield Part(
            name=f"probe {model}",
            command=("-c", MAIN, "probe", model, *where, *asked),
            seconds=90,
            needs="torch_reference",
            statuses=RUN_STATUSES,
        )
    for framework in ("torch", "jax"):
        yield script("rows", framework, f"{framework}_reference", 60, options)
    yield from (run(name, "robust", options, 120) for name in BUILT_IN)


def references(options: argparse.Namespace) -> Iterator[Part]:
    """Yield the references at robust: torch in all dtypes, JAX in float32."""
    yield run("torch_reference", "robust", options, 240)
    yield run("jax_reference", "robust", options, 240, "--dtype", "float32")


def tables(options: argparse.Namespace) -> Iterator[Part]:
    """Yield the tables of bits, and attention by backend."""
    yield script("sdpa", "", "torch_reference", 90, options)
    few = ("--operation", "masked_mean", "--dtype", "float32") if options.quick else ()
    where = (
        "--device",
        options.device,
        "-o",
        str(options.output / "tables" / "bits.jsonl"),
    )
    for name in ("torch_reference", "torch_builtin", "jax_reference", "jax_builtin"):
        yield Part(
            name=f"bits {name}",
            command=("-c", MAIN, "bits", name, *where, *few),
            seconds=120,
            needs=name,
        )


def run(
    name: str, level: str, options: argparse.Namespace, seconds: float, *more: str
) -> Part:
    """Return a run of an adapter, in several processes."""
    few = ("--operation", first_offered(name), "--dtype", "float32")
    command = ("run", name, "--level", level, "--device", options.device)
    where = ("-o", str(options.output / level if level == "core" else options.output))
    processes = ("-n", str(options.processes))
    return Part(
        name=f"{name} at {level}",
        command=(
            "-c",
            MAIN,
            *command,
            *processes,
            *where,
            *(few if options.quick else more),
        ),
        seconds=seconds,
        needs=name,
        statuses=RUN_STATUSES,
    )


def first_offered(name: str) -> str:
    """Return the first operation that an adapter's file has a function for."""
    tree = ast.parse(Path(read_declaration(name).file).read_text(encoding="utf-8"))
    there = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    every = load_operations().items()
    return next(each for each, operation in every if operation.function in there)


def script(
    name: str, argument: str, needs: str, seconds: float, options: argparse.Namespace
) -> Part:
    """Return one of the scripts beside this one."""
    few = ("--quick",) if options.quick and name == "rows" else ()
    given = (argument,) if argument else ()
    command = (str(HERE / f"{name}.py"), *given, "--device", options.device, *few)
    return Part(
        name=f"{name} {argument}".strip(), command=command, seconds=seconds, needs=needs
    )


def perform(part: Part, folder: Path, seconds: float) -> dict[str, object]:
    """Run a part, keep what it prints, and return what came of it."""
    missing = find_missing(read_declaration(part.needs)) if part.needs else ()
    if missing:
        return {"part": part.name, "left out": f"{', '.join(missing)} not installed"}
    log = folder / "logs" / f"{part.name.replace(' ', '-').replace(':', '-')}.txt"
    began = monotonic()
    limit = min(part.seconds, seconds)
    with log.open("wb") as file:
        try:
            ended = subprocess.run(
                [sys.executable, *part.command],
                check=False,
                stdout=file,
                stderr=subprocess.STDOUT,
                timeout=limit,
                env={**os.environ, **ENVIRONMENT},
            )
        except subprocess.TimeoutExpired:
            return {"part": part.name, "stopped after": round(limit, 1)}
    took = round(monotonic() - began, 1)
    found = {"part": part.name, "status": ended.returncode, "seconds": took}
    if ended.returncode not in part.statuses:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        found["said"] = lines[-1] if lines else ""
    return found


def collect(folder: Path) -> None:
    """Put the tables that the scripts have written beside the records."""
    for path in Path("reports").glob("benchmark-*.json"):
        if path.name.startswith(("benchmark-sdpa", "benchmark-rows")):
            shutil.copy(path, folder)


def main(arguments: Sequence[str]) -> int:
    """Run all parts; 1 if one of them did not do its work."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--processes", type=int, default=min(8, os.cpu_count() or 1))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="", help="parts whose name holds this text")
    parser.add_argument("-o", "--output", type=Path, default=Path("gpu"))
    options = parser.parse_args(arguments)
    options.output = options.output.resolve()
    (options.output / "logs").mkdir(parents=True, exist_ok=True)
    end = monotonic() + 60 * options.minutes
    summary = []
    for part in parts(options):
        if options.only not in part.name:
            continue
        left = end - monotonic()
        found: dict[str, object] = {"part": part.name, "left out": "no time was left"}
        if left > 0:
            found = perform(part, options.output, left)
        summary.append(found)
        print(
            *(f"{name}: {text}" for name, text in found.items()), sep=", ", flush=True
        )
        collect(options.output)
        text = json.dumps(summary, indent=1)
        (options.output / "summary.json").write_text(text + "\n", encoding="utf-8")
    return int(any("said" in each for each in summary))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
