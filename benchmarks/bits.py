"""Is a row's answer the same bits, whatever stands around it: by operation and dtype.

    python benchmarks/bits.py torch_reference              # or jax_builtin, ...
    python benchmarks/bits.py torch_reference --device cuda --dtype bfloat16
    python benchmarks/bits.py --page docs/devices.md reports/benchmark-bits-*.json

A batch of 16 rows of 128 positions is asked again (twice), beside other rows, in
another order, as part of 64 rows, alone, and with more padding. `bits` is the same
bits at all that counts; a number is the largest difference as a share of what both
answers' error bounds allow; `LEAK` is a difference beyond that; `-` is where the exact
answer is another one. It is what inference engines call batch invariance.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np
from measure import save, table

from conformance.adapters.load import load_adapter
from conformance.check.fixtures import Fixtures
from conformance.operations import load_operations
from conformance.operations._common.laws.padding import extend_padding
from conformance.specification.device import Placement, read_device
from conformance.specification.plan import plan
from conformance.specification.selection import Selection
from conformance.trial.exact import elsewhere
from conformance.trial.sample import cast, generate
from conformance.trial.verdict import compare

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.specification.selection import Check
    from conformance.trial.batch import Array, Batch
    from conformance.trial.sample import Sample

ROWS, OTHERS, TIME, MORE = 16, 48, 128, 157
QUESTIONS = ("twice", "beside", "order", "larger", "alone", "padding")
BEGIN, END = "<!-- bits begin -->", "<!-- bits end -->"
SECONDS = 120.0
"""A variant and dtype that takes longer is left where it is, and said so."""


def checks_of(name: str, dtypes: Sequence[str], operations: Sequence[str]) -> list[Any]:
    """Return one check for each operation's first variant that is offered, by dtype."""
    declaration = load_adapter(name).declaration
    asked = Selection(
        level="robust",
        dtypes=tuple(dtypes),
        operations=tuple(operations),
        routes=(declaration.primary,),
        checks=("*/value:*",),
    )
    found: dict[tuple[str, str], Check] = {}
    for check in plan(declaration, load_operations(), {}, asked):
        if not check.unsupported and check.variant.result != "scalar":
            found.setdefault((check.operation, check.dtype), check)
    return list(found.values())


def uneven(batch: Batch, seed: int) -> Batch:
    """Return the batch with full mantissas at all that counts, so that sums round."""
    random = np.random.default_rng(seed)

    def scale(array: Array) -> Array:
        if array.dtype.kind != "f":
            return array
        valid = batch.mask.reshape(batch.mask.shape + (1,) * (array.ndim - 2))
        return np.where(valid, array * random.uniform(0.5, 1.0, array.shape), array)

    return replace(
        batch, arrays={name: scale(array) for name, array in batch.arrays.items()}
    )


def samples_of(fixtures: Fixtures, check: Check) -> tuple[Sample, Sample]:
    """Return the sample of a check, and a larger one whose first rows are its rows."""
    oracle = fixtures.oracle(check)
    both = []
    for turn, rows in ((0, ROWS), (2, OTHERS)):
        batch = generate(oracle, check.variant, seed=0, turn=turn, time=TIME, rows=rows)
        both.append(cast(uneven(batch, turn), check.dtype))
    first, others = both
    arrays = {
        name: np.concatenate([array, others.arrays[name]])
        for name, array in first.arrays.items()
    }
    mask = np.concatenate([first.mask, others.mask])
    beside = {
        name: np.concatenate([array, others.beside[name]])
        for name, array in first.beside.items()
    }
    larger = replace(first, arrays=arrays, mask=mask, beside=beside)
    sample = fixtures.sample(check, first, turn=0)
    return sample, sample.replace_batch(larger)


def rearranged(sample: Sample, larger: Sample) -> Iterator[tuple[str, Sample, Any]]:
    """Yield each question: its sample, and which rows of it are which rows before."""
    half = ROWS // 2
    rows = np.arange(ROWS)
    yield "twice", sample, (rows, rows)
    beside = np.concatenate([rows[:half], ROWS + np.arange(half)])
    yield "beside", larger.replace_batch(larger.batch.take(beside)), (rows[:half],) * 2
    order = np.random.default_rng(5).permutation(ROWS)
    moved = sample.replace_batch(sample.batch.take(order))
    yield "order", moved, (rows, order)
    yield "larger", larger, (rows, rows)
    # A row that is neither the first nor full.
    row = int(np.argsort(sample.batch.counts, kind="stable")[half])
    alone = sample.replace_batch(sample.batch.take([row]))
    yield "alone", alone, (np.array([0]), np.array([row]))
    padded = sample.replace_batch(extend_padding(sample, MORE))
    yield "padding", padded, (rows, rows)


def apart(
    got: Array, after: Sample, first: Array, before: Sample, rows: Any
) -> float | None:
    """Return how far answers are apart: None is the same bits, infinity a leak.

    NaN is for a question that is none: the exact answers differ, as those of a batch
    norm in another batch do.
    """
    there, here = rows
    parts = [after.want[there], after.allowed[there], got[there]]
    one, wanted, mask = first[here], before.want[here], before.batch.mask[here]
    counted = np.ones(one.shape, dtype=bool)
    if one.ndim > 1 and one.shape[1] == TIME:
        wide = mask.reshape(mask.shape + (1,) * (one.ndim - 2))
        counted = np.broadcast_to(wide, one.shape)
        parts = [part[:, :TIME] for part in parts]
    other, allowed, two = parts
    same = np.isclose(wanted, other, rtol=1e-9, atol=0, equal_nan=True)
    if not same[counted].all():
        return float("nan")
    if np.ascontiguousarray(one[counted]).tobytes() == two[counted].tobytes():
        return None
    open_by = elsewhere(counted, one.shape)
    bound = np.where(counted, before.allowed[here] + allowed, np.inf)
    verdict = compare(two, np.asarray(one, np.float64), bound, open_by=open_by)
    return verdict.share if verdict.passed else float("inf")


def ask(fixtures: Fixtures, check: Check) -> dict[str, str]:
    """Return the class of each question."""
    subject = fixtures.subject(check)
    sample, larger = samples_of(fixtures, check)
    first = subject.answer(sample.batch, like=sample.want)
    _take_users_options(subject, sample.batch)
    first = subject.answer(sample.batch, like=sample.want)
    found, end = {}, monotonic() + SECONDS
    for name, after, rows in rearranged(sample, larger):
        if monotonic() > end:
            found[name] = "slow"
            continue
        got = subject.answer(after.batch, like=after.want)
        far = apart(got, after, first, sample, rows)
        found[name] = _say(far)
    return found


def _say(share: float | None) -> str:
    if share is None:
        return "bits"
    if np.isnan(share):
        return "-"
    return "LEAK" if np.isinf(share) else f"{share:.1g}"


def _take_users_options(subject: Any, batch: Batch) -> None:
    # JAX's module compiles unusual lengths in a sixth of the time, for a program that
    # nobody else would run: here all lengths get the options that users have.
    call = subject.callable(batch)
    call = getattr(call, "func", call)
    if hasattr(call, "_usual"):
        call._other = call._usual  # noqa: SLF001 - there is no other way in


def measure(name: str, options: argparse.Namespace) -> int:
    """Print the table of one adapter, and write it down."""
    device = read_device(options.device) if options.device else ""
    placement = Placement(device=device, deterministic=options.deterministic)
    adapter = load_adapter(name, placement)
    fixtures = Fixtures(adapter, seed=0)
    framework, rows = fixtures.framework, list[Any]()
    content = {
        "adapter": name,
        "device": framework.device(),
        "versions": framework.versions(),
        "environment": framework.environment(),
        "promised": framework.promises_bits(),
        "questions": QUESTIONS,
        "rows": rows,
    }
    where = framework.device().replace(":", "-")
    for check in checks_of(name, options.dtype, options.operation):
        try:
            found = ask(fixtures, check)
        except Exception as error:  # noqa: BLE001 - one operation is not the table
            found = dict.fromkeys(QUESTIONS, type(error).__name__)
            print(f"{check.id}: {error}", file=sys.stderr, flush=True)
        rows.append((check.operation, check.dtype, *(found[q] for q in QUESTIONS)))
        print(*rows[-1], file=sys.stderr, flush=True)
        # As far as it has come: a limit of time may end it.
        save(f"bits-{name.replace(':', '-')}-{where}", content)
    table(("operation", "dtype", *QUESTIONS), rows)
    return 0


def page(path: Path, files: Sequence[Path]) -> int:
    """Write the tables of some measurements between the marks of a page."""
    text = path.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        msg = f"{path}: has no {BEGIN} ... {END}; put both marks on lines of their own"
        raise SystemExit(msg)
    parts = [
        part for file in sorted(files) for part in section(json.loads(file.read_text()))
    ]
    body = "\n".join(parts)
    path.write_text(f"{before}{BEGIN}\n\n{body}\n{END}{after}", encoding="utf-8")
    return 0


def section(found: dict[str, Any]) -> list[str]:
    """Return one measurement as Markdown: rows that say the same are one."""
    versions = ", ".join(f"{name} {text}" for name, text in found["versions"].items())
    device = found["environment"].get("device", found["device"])
    promised = "" if found["promised"] else ", without deterministic mode"
    lines = [f"**{found['adapter']}** on {device} ({versions}{promised}).", ""]
    same: dict[tuple[str, ...], list[str]] = {}
    alike: dict[tuple[str, ...], list[str]] = {}
    for operation, dtype, *answers in found["rows"]:
        same.setdefault((operation, *answers), []).append(dtype)
    for (operation, *answers), dtypes in same.items():
        if set(answers) <= {"bits", "-"}:
            alike.setdefault(tuple(dtypes), []).append(operation)
    for dtypes_, operations in alike.items():
        listed = ", ".join(f"`{each}`" for each in operations)
        lines += [f"The same bits in all six, {', '.join(dtypes_)}: {listed}.", ""]
    rest = [
        f"| `{operation}` | {', '.join(dtypes)} | {' | '.join(answers)} |"
        for (operation, *answers), dtypes in same.items()
        if not set(answers) <= {"bits", "-"}
    ]
    if rest:
        lines += [f"| operation | dtypes | {' | '.join(found['questions'])} |"]
        lines += [f"| --- | --- |{' --- |' * len(found['questions'])}", *rest, ""]
    return lines


def main(arguments: Sequence[str]) -> int:
    """Measure an adapter, or write a page from measurements."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="+")
    parser.add_argument("--device", default="")
    parser.add_argument("--deterministic", action="store_true")
    parser.add_argument("--dtype", action="append", default=[])
    parser.add_argument("--operation", action="append", default=[])
    parser.add_argument("--page", type=Path)
    options = parser.parse_args(arguments)
    if options.page:
        return page(options.page, [Path(name) for name in options.names])
    return max(measure(name, options) for name in options.names)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
