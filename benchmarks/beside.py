"""Ten models, five of them wrong, asked by the probe and by what others test with.

    python benchmarks/beside.py                # where torch and pytest-torch are

The others: pytest-torch's three assertions about padding, masks and batches with their
own defaults, its localize_divergence where one fails, and transformers' batching test,
which compares row 0 of a batch with the same row by itself within 1e-5, its padding
left as it is. All are given the same ids and masks, of rows with 11, 6, 3 and 8
positions. Seconds are processor time on one thread, imports apart.
"""

from __future__ import annotations

import sys
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "probe"))
BLOCKS = ("Conv", "Attention", "Mean", "Count", "Batch")
LENGTHS = (11, 6, 3, 8)
NEAR = 1e-5
"""What transformers' test allows."""


def models() -> list[tuple[str, bool, Any]]:
    """Return the ten: name, whether it is wrong, model."""
    import wrong_torch

    made = []
    for name in BLOCKS:
        for wrong in (True, False):
            torch.manual_seed(0)
            block = getattr(wrong_torch, name)(wrong=wrong)
            made.append((name, wrong, wrong_torch.Words(block).eval()))
    return made


def batch() -> dict[str, torch.Tensor]:
    """Return ids with padding on the right, and their mask."""
    torch.manual_seed(1)
    mask = torch.zeros((len(LENGTHS), max(LENGTHS)), dtype=torch.long)
    for row, length in enumerate(LENGTHS):
        mask[row, :length] = 1
    return {
        "input_ids": torch.randint(1, 31, mask.shape) * mask,
        "attention_mask": mask,
    }


def by_probe(model: Any) -> tuple[bool, str]:
    """Ask the probe; say where it finds a leak."""
    import conformance

    found = conformance.probe(model)
    places = [each.site.path for each in found.locations.values()]
    return bool(found.leaks), places[0] if places else ""


def by_pytest_torch(model: Any) -> tuple[bool, str]:
    """Ask pytest-torch's assertions."""
    from pytest_torch import (
        assert_batch_invariant,
        assert_mask_invariant,
        assert_padding_invariant,
        localize_divergence,
    )

    for ask in (
        assert_padding_invariant,
        assert_mask_invariant,
        assert_batch_invariant,
    ):
        try:
            ask(model, batch())
        except AssertionError:
            given = batch()
            other = (given["input_ids"] + 7) % 31
            keep = given["attention_mask"].bool()
            changed = {**given, "input_ids": given["input_ids"].where(keep, other)}
            first = localize_divergence(model, model, given, inputs_b=changed).first
            return True, first.name if first else ""
    return False, ""


def by_transformers(model: Any) -> tuple[bool, str]:
    """Ask what transformers' common batching test asks."""
    given = batch()
    with torch.no_grad():
        whole = model(**given)[:1]
        alone = model(**{name: each[:1] for name, each in given.items()})
    return float((whole - alone).abs().max()) > NEAR, ""


WAYS: dict[str, Callable[[Any], tuple[bool, str]]] = {
    "probe": by_probe,
    "pytest-torch": by_pytest_torch,
    "transformers' batching test": by_transformers,
}


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    print("| | found of 5 | false alarms of 5 | placed of 5 | seconds |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, ask in WAYS.items():
        ask(models()[1][2])  # what is imported and compiled at a first call
        began, found, alarms, placed = process_time(), [], 0, 0
        for block, wrong, model in models():
            leaks, where = ask(model)
            if wrong and leaks:
                found.append(block)
            alarms += leaks and not wrong
            placed += wrong and where.startswith("layers.0")
        seconds = process_time() - began
        missed = ", ".join(each for each in BLOCKS if each not in found)
        said = f"{len(found)}" + (f" (not {missed})" if missed else "")
        print(f"| {name} | {said} | {alarms} | {placed} | {seconds:.2f} |", flush=True)


if __name__ == "__main__":
    main()
