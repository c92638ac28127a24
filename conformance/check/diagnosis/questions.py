"""Questions that tell mistakes apart: the failing batch, then others built for it."""

from __future__ import annotations

import typing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.operations import load_operations
from conformance.trial.draw import Draw, fill_padding
from conformance.trial.precision import PRECISIONS
from conformance.trial.sample import cast, generate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from conformance.specification import Variant
    from conformance.specification.declaration import Declaration
    from conformance.trial.batch import Array, Batch
    from conformance.trial.oracle import Oracle

SEED = 90017
"""Of the batches that tell mistakes apart, whatever the run's seed is."""

SHORT = 3
"""The longest row of a batch that is padded further."""

ORDINARY = 3
"""Batches whose padding might as well be valid."""

USUAL = 1e4
"""The largest number of a plain batch: that of generated padding."""

FILLS = (-3e3, -3e5, -3e7, -5e9, -3e10)
"""Valid values of one row each, between the fill values that people use."""


LIGHT = 256
"""What weights are divided by to add up to less than one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A batch with one form of the mask, laid out in memory in one way.

    Attributes:
        batch: The inputs.
        form: The mask's form, the adapter's usual one by default.
        plain: Whether nothing is unusual: no NaN, no huge number, no empty row.
        layout: How the arrays lie in memory: as they come, or a framework's name for
            a view.
    """

    batch: Batch
    form: str = ""
    plain: bool = False
    layout: str = ""


def questions(
    batches: Iterable[Batch],
    oracle: Oracle,
    variant: Variant,
    dtype: str,
    declaration: Declaration,
) -> Iterator[Question]:
    """Yield the failing batch first, then those that tell mistakes apart.

    Args:
        batches: What the adapter failed on, in its dtype.
        oracle: The operation's oracle.
        variant: The variant.
        dtype: The dtype of the adapter's inputs.
        declaration: What the adapter takes; nothing else is put to it.
    """
    for batch in batches:
        yield Question(batch=batch, plain=_plain(batch))
    # Weights of their own: a shrunk batch has zeros, under which much is alike.
    telling = _distinguishing_batches(oracle, variant, dtype, declaration)
    for batch in telling:
        yield Question(batch=cast(batch, dtype), plain=_plain(batch))
    other = cast(_generate(oracle, variant, 1), dtype)
    for form in declaration.mask_forms:
        if form in {"float", "int8", "none"}:
            yield Question(batch=other, form=form)
    if declaration.traits.layouts and not load_operations()[variant.operation].builds:
        yield Question(batch=other, layout="transposed")


def _generate(oracle: Oracle, variant: Variant, turn: int) -> Batch:
    return generate(oracle, variant, seed=SEED, turn=2 * turn)


def _distinguishing_batches(
    oracle: Oracle, variant: Variant, dtype: str, declaration: Declaration
) -> Iterator[Batch]:
    """Yield batches of one shape, so that a compiled adapter compiles once."""
    plain = _generate(oracle, variant, 0)
    yield plain
    yield _generate(oracle, variant, 1)
    for turn in range(ORDINARY):
        yield _ordinary(oracle, variant, turn)
    yield _replace_padding(plain, 0.0)
    yield replace(plain, mask=plain.mask & (np.arange(plain.time) < SHORT))
    yield _count_everything(plain)
    yield _replace_padding(plain, 512.0).take([1])
    yield from _placed_batches(plain, declaration)
    if plain.beside and hasattr(oracle, "counted"):
        yield from _batches_beside(oracle, variant, plain, declaration)
    if declaration.empty_row(variant.name) != "error":
        mask = plain.mask.copy()
        mask[1] = False
        yield replace(plain, mask=mask)
        yield replace(plain, mask=np.zeros_like(mask))
    if not variant.makes_mask:
        main = load_operations()[variant.operation].main
        # Of an operation whose numbers stand beside the positions, the first of those.
        name = main if main in plain.arrays else next(iter(plain.arrays))
        yield from _wild_batches(plain, dtype, name)
    if "label_mask" in plain.beside:
        yield from _batches_of_labels(plain)
    if "weight" in plain.arrays:
        yield from _batches_of_weights(plain, load_operations()[variant.operation].main)
    if "targets" in variant.labels:
        yield _replace_labels(plain, -1)
        yield _replace_labels(plain, 255)
    builds = load_operations()[variant.operation].builds
    if not builds and declaration.primary == "eager":
        yield _long_rows(oracle, variant)


def _count_everything(plain: Batch) -> Batch:
    """Return the batch with every position valid, and no weight below zero."""
    arrays = dict(plain.arrays)
    if "weight" in arrays:
        arrays["weight"] = np.abs(arrays["weight"])
    return replace(plain, arrays=arrays, mask=np.ones_like(plain.mask))


def _placed_batches(plain: Batch, declaration: Declaration) -> Iterator[Batch]:
    """Yield batches whose padding is elsewhere than on the right, where it may be."""
    if "left" in declaration.placements:
        yield plain.each(lambda array: array[:, ::-1])
    if "gaps" in declaration.placements:
        mask = plain.mask.copy()
        mask[:, 1::2] = False
        yield replace(plain, mask=mask)


def _batches_beside(
    oracle: Oracle, variant: Variant, plain: Batch, declaration: Declaration
) -> Iterator[Batch]:
    """Yield batches of one length with the inputs beside, and NaN at their padding.

    Then one whose inputs beside have gaps, where padding may be there.
    """
    yield plain.cut(slice(0, next(iter(plain.beside.values())).shape[1]))
    # An oracle of such inputs says which of their positions count, if they have any.
    counts = np.asarray(typing.cast("Any", oracle).counted(variant.options, plain))

    def change(array: Array) -> Array:
        if array.dtype.kind in "biu":
            return array
        return fill_padding(array, np.full(array.shape, np.nan), counts)

    yield plain.change_beside(change)
    if "gaps" in declaration.placements:
        gaps = np.arange(counts.shape[1]) % 2 == 0
        yield plain.change_beside(lambda a: a & gaps if a.dtype.kind == "b" else a)


def _batches_of_labels(plain: Batch) -> Iterator[Batch]:
    """Yield rows without labels, and what is no class where no label is."""
    labels, there = (plain.beside[name] for name in ("labels", "label_mask"))
    fewer = there.copy()
    fewer[::2] = False
    for changed in (
        {"labels": labels, "label_mask": fewer},
        {"labels": np.where(there, labels, 255), "label_mask": there},
    ):
        yield replace(plain, beside=changed)


def _batches_of_weights(plain: Batch, main: str) -> Iterator[Batch]:
    """Yield weights that add up to less than one, and one of zero beside NaN."""
    weight = plain.arrays["weight"]
    yield replace(plain, arrays={**plain.arrays, "weight": weight / LIGHT})
    broken = _put_nan(plain, main)
    without = weight.copy()
    without[1, 0] = 0.0
    yield replace(broken, arrays={**broken.arrays, "weight": without})


def _wild_batches(plain: Batch, dtype: str, main: str) -> Iterator[Batch]:
    """Yield large valid numbers, then NaN and infinity at padding and NaN before it.

    ``main`` is the input that laws about values change.
    """
    yield _replace_valid(plain, main, FILLS, dtype)
    yield _replace_padding(plain, np.nan)
    yield _replace_padding(plain, np.inf)
    if plain.arrays[main].dtype.kind == "f":
        yield _put_nan(plain, main)


def _plain(batch: Batch) -> bool:
    """Tell whether nothing is unusual: no NaN, no huge number, no empty row."""
    arrays = (np.asarray(array, np.float64) for array in batch.arrays.values())
    usual = all(bool((np.abs(array) <= USUAL).all()) for array in arrays)
    return usual and bool(batch.mask.any(axis=1).all())


def _ordinary(oracle: Oracle, variant: Variant, turn: int) -> Batch:
    """Return a batch with numbers at padding that might as well be valid."""
    batch = _generate(oracle, variant, turn)
    if variant.makes_mask:
        return batch
    draw = Draw(SEED, f"{variant.name}/ordinary", 2 * turn)
    full = np.ones_like(batch.mask)
    return replace(batch, arrays=oracle.generate(variant.options, draw, full))


def _replace_valid(
    batch: Batch, name: str, values: Sequence[float], dtype: str
) -> Batch:
    """Return the batch with valid values of one magnitude in each row."""
    largest = PRECISIONS[dtype].largest
    rows = np.resize(np.asarray(values), batch.rows)
    array = batch.arrays[name]
    scale = np.maximum(rows, -largest / 8).reshape((-1,) + (1,) * (array.ndim - 1))
    wide = batch.mask.reshape(batch.mask.shape + (1,) * (array.ndim - 2))
    steps = 1 + np.arange(batch.time).reshape((1, -1) + (1,) * (array.ndim - 2)) / 8
    changed = np.where(wide, scale * steps, array)
    return replace(batch, arrays={**batch.arrays, name: changed})


def _replace_padding(batch: Batch, value: float) -> Batch:
    arrays = {}
    for name, array in batch.arrays.items():
        wide = batch.mask.reshape(batch.mask.shape + (1,) * (array.ndim - 2))
        labels = array.dtype.kind in "iu"
        arrays[name] = np.where(wide, array, array[:, :1] if labels else value)
    return replace(batch, arrays=arrays)


def _put_nan(batch: Batch, name: str) -> Batch:
    changed = batch.arrays[name].copy()
    # A row of one position is left without any where NaN is skipped.
    changed[1, 0] = np.nan
    return replace(batch, arrays={**batch.arrays, name: changed})


def _long_rows(oracle: Oracle, variant: Variant) -> Batch:
    """Return rows that small integers and bfloat16 cannot count."""
    batch = generate(oracle, variant, seed=SEED, turn=0, time=300, rows=3)
    mask = np.arange(300) < np.asarray([130, 260, 300])[:, None]
    name, array = next(iter(batch.arrays.items()))
    arrays = {
        other: each if each.dtype.kind in "iu" else np.zeros_like(each)
        for other, each in batch.arrays.items()
    }
    return replace(batch, arrays={**arrays, name: np.ones_like(array) / 2}, mask=mask)


def _replace_labels(batch: Batch, label: int) -> Batch:
    labels = np.where(batch.mask, batch.arrays["targets"], label)
    return replace(batch, arrays={**batch.arrays, "targets": labels})
