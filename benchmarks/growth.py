"""How cost grows with the work: its power, and the most memory.

python benchmarks/growth.py examples           # --examples 64, 640, 6400
python benchmarks/growth.py time               # rows of 8 to 4096 positions
python benchmarks/growth.py cases              # case files with 1 to 10 times the cases
python benchmarks/growth.py results            # gate, diff, report of 10^3 to 10^6
"""

from __future__ import annotations

import json
import sys
import tempfile
from functools import partial
from pathlib import Path
from statistics import median
from time import process_time
from typing import TYPE_CHECKING, Any

from measure import Cost, cost, exponent, save, script, table

from conformance.adapters.installed import shared_folder
from conformance.adapters.load import load_adapter
from conformance.cases import load_all, vocabulary
from conformance.operations import load_operations, load_oracle
from conformance.trial.frameworks import load_framework
from conformance.trial.sample import Sample, cast, generate
from conformance.trial.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.specification import Variant

RUNS = 3


def examples() -> list[tuple[Any, ...]]:
    """Time the robust level of the mean as its examples grow."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        base = [script(), "run", "numpy_reference", "-o", folder]
        for operation in ("masked_mean", "masked_loss", "birnn"):
            chosen = ["--operation", operation, "--examples"]
            sizes = (64, 640, 6400)
            costs = {
                size: _least(lambda c=(*base, *chosen, str(size)): cost(c))
                for size in sizes
            }
            rows += _rows(f"examples, {operation}", costs)
    return rows


def time_() -> list[tuple[Any, ...]]:
    """Time one batch of an operation's value law as rows get longer."""
    rows = []
    for name in ("masked_mean", "masked_softmax", "birnn", "attention"):
        # Attention compares each position with each: its square is a large array.
        lengths = (8, 64, 512) if name == "attention" else (8, 64, 512, 4096)
        once = partial(_judged, load_operations()[name].variants[0])
        costs = {length: _least(partial(once, length)) for length in lengths}
        rows += _rows(f"positions, {name}", costs)
    return rows


def _judged(variant: Variant, length: int) -> Cost:
    """Generate, answer and judge one batch of rows of ``length`` positions."""
    oracle = load_oracle(variant.operation)
    subject = Subject(
        load_adapter("numpy_reference"),
        load_framework("numpy"),
        load_operations()[variant.operation],
        variant,
        dtype="float32",
        route="eager",
    )
    started = process_time()
    batch = generate(oracle, variant, seed=0, turn=0, time=length)
    sample = Sample(
        oracle=oracle, variant=variant, dtype="float32", batch=cast(batch, "float32")
    )
    subject.agrees(sample)
    taken = process_time() - started
    return Cost(wall=taken, cpu=taken, peak=0.0)


def cases() -> list[tuple[Any, ...]]:
    """Time reading and checking the case files as cases are copied under new slugs."""
    costs = {}
    with tempfile.TemporaryDirectory() as made:
        for factor in (1, 3, 10):
            folder = Path(made) / str(factor)
            count = _copied(folder, factor)
            costs[count] = _least(partial(_loaded, folder))
    return _rows("cases read and checked", costs)


def _copied(folder: Path, factor: int) -> int:
    """Write the case files with each case several times; return how many there are."""
    folder.mkdir()
    count = 0
    for path in sorted(shared_folder("cases").glob("*.json")):
        raw = json.loads(path.read_text("utf-8"))
        if "cases" in raw:
            raw["cases"] = [
                {**case, "slug": f"{case['slug']}-{copy}"}
                for copy in range(factor)
                for case in raw["cases"]
            ]
            count += len(raw["cases"])
        (folder / path.name).write_text(json.dumps(raw), "utf-8")
    return count


def _loaded(folder: Path) -> Cost:
    words = vocabulary(load_operations().values())
    started = process_time()
    load_all(folder, words)
    taken = process_time() - started
    return Cost(wall=taken, cpu=taken, peak=0.0)


def results(most: int = 10**5) -> list[tuple[Any, ...]]:
    """Time merging and gate, diff and report of records with more and more results."""
    found: dict[str, dict[int, Cost]] = {"merge and gate": {}, "diff": {}, "report": {}}
    with tempfile.TemporaryDirectory() as made:
        folder, size = Path(made), 1000
        while size <= most:
            whole, first, second = _records(folder, size)
            page = folder / "page"
            commands = {
                # Two shards are put together before they are judged.
                "merge and gate": ["gate", first, second],
                "diff": ["diff", whole, whole],
                "report": ["report", whole, "-o", page],
            }
            for name, arguments in commands.items():
                command = [script(), *map(str, arguments)]
                found[name][size] = cost(command, accepts=(0, 1))
            size *= 10
    return [row for name, costs in found.items() for row in _rows(name, costs)]


def _records(folder: Path, size: int) -> tuple[Path, Path, Path]:
    """Write a record of ``size`` passed checks, and the same as two shards."""
    header, result, footer = _lines()
    paths = []
    for name, shard, lines in (
        ("whole", "", range(size)),
        ("first", "1/2", range(0, size, 2)),
        ("second", "2/2", range(1, size, 2)),
    ):
        path = folder / f"{name}-{size}.jsonl"
        with path.open("w", encoding="utf-8") as file:
            own = {**header, "planned": len(lines), "shard": shard}
            print(json.dumps(own), file=file)
            for number in lines:
                check = f"masked_mean/case-{number}:float32:eager"
                print(json.dumps({**result, "check": check}), file=file)
            counts = dict.fromkeys(footer["counts"], 0) | {"passed": len(lines)}
            print(json.dumps({**footer, "counts": counts, "stale": []}), file=file)
        paths.append(path)
    return paths[0], paths[1], paths[2]


def _lines() -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return the header, one passed line and the footer of a real record."""
    with tempfile.TemporaryDirectory() as folder:
        chosen = ["--check", "masked_mean/value:float32:*", "-o", folder]
        cost([script(), "run", "numpy_reference", *chosen])
        text = (Path(folder) / "numpy_reference.jsonl").read_text("utf-8")
    header, *results, footer = map(json.loads, text.splitlines())
    return header, results[0], footer


def _least(once: Callable[[], Cost]) -> Cost:
    """Return the cost of the median of some runs, after one that does not count."""
    once()
    runs = [once() for _ in range(RUNS)]
    middle = median(each.cpu for each in runs)
    return next(each for each in runs if each.cpu == middle)


def _rows(what: str, costs: dict[int, Cost]) -> list[tuple[Any, ...]]:
    """Return a row for each size, the last with the power over the last step."""
    sizes = list(costs)
    power = exponent(sizes, [costs[size].cpu for size in sizes])
    last = exponent(sizes[-2:], [costs[size].cpu for size in sizes[-2:]])
    rows: list[tuple[Any, ...]] = [
        (what, size, costs[size].wall, costs[size].cpu, costs[size].peak, "", "")
        for size in sizes[:-1]
    ]
    end = costs[sizes[-1]]
    return [
        *rows,
        (what, sizes[-1], end.wall, end.cpu, end.peak, power, last),
    ]


def main(arguments: list[str]) -> int:
    """Print a table and write the figures as JSON."""
    kind, *more = arguments or ["examples"]
    makers: dict[str, Callable[..., list[tuple[Any, ...]]]] = {
        "examples": examples,
        "time": time_,
        "cases": cases,
        "results": results,
    }
    rows = makers[kind](*map(int, more))
    head = ("what", "size", "wall s", "CPU s", "peak MiB", "power", "last power")
    table(head, rows)
    save(f"growth-{kind}", [dict(zip(head, row, strict=True)) for row in rows])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
