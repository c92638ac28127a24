"""Decoders made wrong on purpose: what is wrong, and which law it breaks first."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import MASKS, kept, lengths
from conformance.operations._common.mutant import Mutant, Mutants
from conformance.operations.crf_decode import mutants_formulas as formulas

if TYPE_CHECKING:
    from collections.abc import Callable

correct = formulas.correct


def _around(change: Callable[..., Any], xp: Any, *tensors: Any) -> Any:
    """The right paths, then changed."""
    keep = kept(xp, tensors[0], tensors[1])
    return change(xp, correct(xp, *tensors), keep, tensors[0])


def _floating(xp: Any, found: Any, keep: Any, emissions: Any) -> Any:
    del keep
    return xp.astype(found, emissions.dtype)


def _squeezed(xp: Any, found: Any, keep: Any, emissions: Any) -> Any:
    del xp, keep, emissions
    return found.reshape(tuple(size for size in found.shape if size != 1))


def _sorted(xp: Any, found: Any, keep: Any, emissions: Any) -> Any:
    del emissions
    return found[xp.argsort(-lengths(xp, keep)[:, 0], stable=True)]


_TABLE: tuple[tuple[str, str, str, str], ...] = (
    (
        "tags-at-padding",
        "names tags at padding",
        "value",
        "https://github.com/tensorflow/addons/issues/1443",
    ),
    (
        "zeros-at-padding",
        "leaves zeros at padding, which is a tag",
        "value",
        "",
    ),
    (
        "packed",
        "puts the tags at the row's start, wherever the positions are",
        "left-padding",
        "https://github.com/allenai/allennlp/issues/3523",
    ),
    ("steps-over-padding", "scores the path over padding", "value", ""),
    (
        "traces-over-padding",
        "traces the path back through padded steps",
        "value",
        "",
    ),
    ("not-turned-back", "gives the path from its end", "value", ""),
    ("greedy", "takes each position's best tag, without transitions", "value", ""),
    ("transposed", "takes transitions from the next to the one before", "value", ""),
    (
        "no-end",
        "never applies the end",
        "value",
        "https://github.com/keras-team/keras-contrib/issues/508",
    ),
    ("no-start", "never applies the start", "value", ""),
    (
        "multiplies",
        "mixes steps by multiplying with the mask, where NaN stays NaN",
        "wild-padding",
        "https://github.com/numpy/numpy/issues/8003",
    ),
    (
        "empty-row-is-full",
        "takes a row without valid positions for a full one",
        "empty-row",
        "",
    ),
    (
        "writes-its-input",
        "sets padding to zero in the caller's own array",
        "contract",
        "https://github.com/pytorch/pytorch/issues/39639",
    ),
    (
        "reads-memory",
        "reads memory in the order it lies in, not elements",
        "layout",
        "https://github.com/pytorch/pytorch/issues/95118",
    ),
    (
        "bitwise",
        "inverts the mask with ~, which is right for booleans only",
        "mask-form",
        "",
    ),
)
_MASKS = tuple((name, *told) for name, (_, *told) in MASKS.items())
_mutant = partial(Mutant, operation="crf_decode")
MUTANTS = Mutants("crf_decode", correct)
MUTANTS.extend(
    (
        *(
            _mutant(
                name=name,
                text=text,
                clause=law,
                url=url,
                function=partial(formulas.decoded, fault=name),
            )
            for name, text, law, url in (*_MASKS, *_TABLE)
        ),
        *(
            _mutant(name=name, text=text, clause=law, function=partial(_around, change))
            for name, text, law, change in (
                (
                    "answers-in-the-inputs-dtype",
                    "answers in the emissions' dtype, not in whole numbers",
                    "contract",
                    _floating,
                ),
                (
                    "squeezes-every-axis",
                    "squeezes every axis of length one, the batch's too",
                    "length-one",
                    _squeezed,
                ),
                (
                    "rows-stay-sorted",
                    "sorts the rows by length and does not sort the answers back",
                    "value",
                    _sorted,
                ),
            )
        ),
        _mutant(
            name="compiled-with-the-padded-length",
            text="bakes the padded length into the compiled function",
            clause="route",
            kind="route",
            framework="jax",
            function=partial(formulas.decoded, fault="baked"),
        ),
    )
)
