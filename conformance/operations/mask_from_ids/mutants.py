"""Masks from ids made wrong on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.operations._common.family import add_masks
from conformance.operations._common.mutant import Mutants

if TYPE_CHECKING:
    from collections.abc import Callable


def correct(xp: Any, ids: Any, *, padding_id: int) -> Any:
    """Return true where an id is not the padding id."""
    del xp
    return ids != padding_id


def _change_mask(
    change: Callable[[Any, Any], Any], xp: Any, ids: Any, *, padding_id: int
) -> Any:
    return change(xp, ids != padding_id)


MUTANTS = Mutants("mask_from_ids", correct)
wrong, gradient = MUTANTS.wrong, MUTANTS.gradient
add_masks(MUTANTS, _change_mask)


@wrong(
    "gaps",
    url="https://github.com/microsoft/onnxruntime-genai/pull/1694",
    around=_change_mask,
)
def stops_at_the_first_padding_id(xp: Any, keep: Any) -> Any:
    """Takes everything behind the first padding id for padding."""
    gone = xp.cumulative_sum(xp.astype(~keep, xp.int32), axis=1)
    return gone == 0


@wrong("contract", around=_change_mask)
def answers_in_numbers(xp: Any, keep: Any) -> Any:
    """Answers with 1.0 and 0.0, not with booleans."""
    return xp.astype(keep, xp.float32)


@wrong("value", url="https://kexue.fm/archives/6810", around=_change_mask)
def answers_in_a_column(xp: Any, keep: Any) -> Any:
    """Answers with a last axis of one, as the article writes it."""
    return xp.expand_dims(keep, axis=2)


@wrong("length-one", around=_change_mask)
def squeezes_every_axis(xp: Any, keep: Any) -> Any:
    """Squeezes every axis of length one, the batch's too."""
    del xp
    return keep.reshape(tuple(size for size in keep.shape if size != 1))


@wrong("value", variants=("*.1",))
def greater_than_the_padding_id(xp: Any, ids: Any, *, padding_id: int) -> Any:
    """Takes ids below the padding id for padding."""
    del xp
    return ids > padding_id


@wrong(
    "value", url="https://github.com/pytorch/pytorch/issues/46585", variants=("*.1",)
)
def zero_whatever_is_asked(xp: Any, ids: Any, *, padding_id: int) -> Any:
    """Takes 0 for padding whatever padding id is given."""
    del xp, padding_id
    return ids != 0


@wrong("value")
def unknown_is_padding(xp: Any, ids: Any, *, padding_id: int) -> Any:
    """Takes the id for unknown words for padding as well."""
    del xp
    return (ids != padding_id) & (ids != 1 - padding_id)


@wrong("value", url="https://github.com/huggingface/transformers/issues/23530")
def end_is_padding(xp: Any, ids: Any, *, padding_id: int) -> Any:
    """Takes the id 2, an end of text, for padding as well."""
    del xp
    return (ids != padding_id) & (ids != 2)  # noqa: PLR2004 - the end of a text


@wrong("value")
def last_id_is_padding(xp: Any, ids: Any, *, padding_id: int) -> Any:
    """Takes each row's last id for the padding id."""
    del xp, padding_id
    return ids != ids[:, -1:]


@wrong("large-ids", url="https://github.com/tensorflow/addons/pull/1733")
def narrows_to_eight_bits(xp: Any, ids: Any, *, padding_id: int) -> Any:
    """Compares the last eight bits of ids."""
    del xp
    return ids % 2**8 != padding_id


@wrong("large-ids")
def narrows_to_sixteen_bits(xp: Any, ids: Any, *, padding_id: int) -> Any:
    """Compares the last sixteen bits of ids."""
    del xp
    return ids % 2**16 != padding_id


@wrong("large-ids", url="https://github.com/NVIDIA/apex/issues/93")
def ends_at_float16(xp: Any, ids: Any, *, padding_id: int) -> Any:
    """Takes ids beyond float16's range for padding."""
    # Eleven bits of mantissa and a largest number, as in float16.
    return (xp.astype(ids, xp.float32) < 65504) & (ids != padding_id)  # noqa: PLR2004


@wrong("layout", url="https://github.com/pytorch/pytorch/issues/99638")
def reads_memory(xp: Any, ids: Any, *, padding_id: int) -> Any:
    """Reads memory in the order it lies in, not elements."""
    del xp
    return ids.ravel(order="K").reshape(ids.shape) != padding_id


@wrong("contract", url="https://github.com/oobabooga/textgen/issues/4031")
def overwrites_its_input(xp: Any, ids: Any, *, padding_id: int) -> Any:
    """Writes -100 over padding in the caller's own ids."""
    keep = xp.asarray(ids != padding_id)
    ids[~keep] = -100
    return keep
