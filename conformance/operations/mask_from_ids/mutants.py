"""Masks from ids made wrong on purpose."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.operations._common.family import mask_faults
from conformance.operations._common.mutant import Mutant, Mutants

if TYPE_CHECKING:
    from collections.abc import Callable


def correct(xp: Any, ids: Any, *, padding_id: int) -> Any:
    """Return true where an id is not the padding id."""
    del xp
    return ids != padding_id


def _changed(
    change: Callable[[Any, Any], Any], xp: Any, ids: Any, *, padding_id: int
) -> Any:
    return change(xp, ids != padding_id)


def _to_the_first(xp: Any, keep: Any) -> Any:
    gone = xp.cumulative_sum(xp.astype(~keep, xp.int32), axis=1)
    return gone == 0


def _numbers(xp: Any, keep: Any) -> Any:
    return xp.astype(keep, xp.float32)


def _column(xp: Any, keep: Any) -> Any:
    return xp.expand_dims(keep, axis=2)


def _squeezed(xp: Any, keep: Any) -> Any:
    del xp
    return keep.reshape(tuple(size for size in keep.shape if size != 1))


def _greater(xp: Any, ids: Any, *, padding_id: int) -> Any:
    del xp
    return ids > padding_id


def _zero(xp: Any, ids: Any, *, padding_id: int) -> Any:
    del xp, padding_id
    return ids != 0


def _unknown_too(xp: Any, ids: Any, *, padding_id: int) -> Any:
    del xp
    return (ids != padding_id) & (ids != 1 - padding_id)


def _end_too(xp: Any, ids: Any, *, padding_id: int) -> Any:
    del xp
    return (ids != padding_id) & (ids != 2)  # noqa: PLR2004 - the end of a text


def _last_id(xp: Any, ids: Any, *, padding_id: int) -> Any:
    del xp, padding_id
    return ids != ids[:, -1:]


def _narrowed(bits: int, xp: Any, ids: Any, *, padding_id: int) -> Any:
    del xp
    return ids % 2**bits != padding_id


def _rounded(xp: Any, ids: Any, *, padding_id: int) -> Any:
    # Eleven bits of mantissa and a largest number, as in float16.
    return (xp.astype(ids, xp.float32) < 65504) & (ids != padding_id)  # noqa: PLR2004


def _in_memory(xp: Any, ids: Any, *, padding_id: int) -> Any:
    del xp
    return ids.ravel(order="K").reshape(ids.shape) != padding_id


def _written(xp: Any, ids: Any, *, padding_id: int) -> Any:
    keep = xp.asarray(ids != padding_id)
    ids[~keep] = -100
    return keep


_mutant = partial(Mutant, operation="mask_from_ids")
MUTANTS = Mutants("mask_from_ids", correct)
MUTANTS.extend(
    (
        *mask_faults("mask_from_ids", _changed),
        _mutant(
            name="stops-at-the-first-padding-id",
            text="takes everything behind the first padding id for padding",
            clause="gaps",
            url="https://github.com/microsoft/onnxruntime-genai/pull/1694",
            function=partial(_changed, _to_the_first),
        ),
        _mutant(
            name="answers-in-numbers",
            text="answers with 1.0 and 0.0, not with booleans",
            clause="contract",
            function=partial(_changed, _numbers),
        ),
        _mutant(
            name="answers-in-a-column",
            text="answers with a last axis of one, as the article writes it",
            clause="value",
            url="https://kexue.fm/archives/6810",
            function=partial(_changed, _column),
        ),
        _mutant(
            name="squeezes-every-axis",
            text="squeezes every axis of length one, the batch's too",
            clause="length-one",
            function=partial(_changed, _squeezed),
        ),
        _mutant(
            name="greater-than-the-padding-id",
            text="takes ids below the padding id for padding",
            clause="value",
            variants=("*.1",),
            function=_greater,
        ),
        _mutant(
            name="zero-whatever-is-asked",
            text="takes 0 for padding whatever padding id is given",
            clause="value",
            url="https://github.com/pytorch/pytorch/issues/46585",
            variants=("*.1",),
            function=_zero,
        ),
        _mutant(
            name="unknown-is-padding",
            text="takes the id for unknown words for padding as well",
            clause="value",
            function=_unknown_too,
        ),
        _mutant(
            name="end-is-padding",
            text="takes the id 2, an end of text, for padding as well",
            clause="value",
            url="https://github.com/huggingface/transformers/issues/23530",
            function=_end_too,
        ),
        _mutant(
            name="last-id-is-padding",
            text="takes each row's last id for the padding id",
            clause="value",
            function=_last_id,
        ),
        _mutant(
            name="narrows-to-eight-bits",
            text="compares the last eight bits of ids",
            clause="large-ids",
            url="https://github.com/tensorflow/addons/pull/1733",
            function=partial(_narrowed, 8),
        ),
        _mutant(
            name="narrows-to-sixteen-bits",
            text="compares the last sixteen bits of ids",
            clause="large-ids",
            function=partial(_narrowed, 16),
        ),
        _mutant(
            name="ends-at-float16",
            text="takes ids beyond float16's range for padding",
            clause="large-ids",
            url="https://github.com/NVIDIA/apex/issues/93",
            function=_rounded,
        ),
        _mutant(
            name="reads-memory",
            text="reads memory in the order it lies in, not elements",
            clause="layout",
            url="https://github.com/pytorch/pytorch/issues/99638",
            function=_in_memory,
        ),
        _mutant(
            name="overwrites-its-input",
            text="writes -100 over padding in the caller's own ids",
            clause="contract",
            url="https://github.com/oobabooga/textgen/issues/4031",
            function=_written,
        ),
    )
)
