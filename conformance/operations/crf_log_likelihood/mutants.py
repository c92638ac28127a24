"""Likelihoods made wrong on purpose: what is wrong, and which law it breaks first."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import MASKS, kept, lengths
from conformance.operations._common.mutant import Mutant, Mutants
from conformance.operations.crf_log_likelihood import mutants_formulas as formulas

if TYPE_CHECKING:
    from collections.abc import Callable

correct = formulas.correct
_STRUCT = "https://github.com/harvardnlp/pytorch-struct/issues/"
_CONTRIB = "https://github.com/keras-team/keras-contrib/issues/"


def _around(change: Callable[..., Any], xp: Any, *tensors: Any) -> Any:
    """The right likelihoods, then changed."""
    keep = kept(xp, tensors[0], tensors[2])
    return change(xp, correct(xp, *tensors), keep, tensors[0])


def _doubled(xp: Any, found: Any, keep: Any, emissions: Any) -> Any:
    del keep, emissions
    return xp.astype(found, xp.float64)


def _squeezed(xp: Any, found: Any, keep: Any, emissions: Any) -> Any:
    del xp, keep, emissions
    return found.reshape(tuple(size for size in found.shape if size != 1))


def _sorted(xp: Any, found: Any, keep: Any, emissions: Any) -> Any:
    del emissions
    return found[xp.argsort(-lengths(xp, keep)[:, 0], stable=True)]


def _empty_is_nan(xp: Any, found: Any, keep: Any, emissions: Any) -> Any:
    del emissions
    nan = xp.zeros_like(found) + float("nan")
    return xp.where(lengths(xp, keep)[:, 0] > 0, found, nan)


def _leaking(xp: Any, found: Any, keep: Any, emissions: Any) -> Any:
    del xp, keep
    return found + (emissions - emissions.detach()).sum()


_TABLE: tuple[tuple[str, str, str, str], ...] = (
    (
        "score-of-padding",
        "scores the path over padding, the partition without it",
        "value",
        _STRUCT + "46",
    ),
    (
        "partition-of-padding",
        "sums over the paths of the padded row, the score without it",
        "value",
        _STRUCT + "61",
    ),
    (
        "mask-on-emissions-only",
        "sets padding's emissions to zero and steps over it all the same",
        "value",
        "",
    ),
    (
        "end-at-the-edge",
        "takes the end of the tag at T - 1, not of the last valid one",
        "value",
        "",
    ),
    ("no-end", "never applies the end", "value", _CONTRIB + "508"),
    ("no-start", "never applies the start", "value", ""),
    (
        "start-at-zero",
        "applies the start at position 0, padding or not",
        "left-padding",
        "",
    ),
    (
        "previous-position",
        "takes the transition from the position before, padding or not",
        "gaps",
        "https://github.com/kmkurn/pytorch-crf/issues/122",
    ),
    (
        "resets-behind-gaps",
        "starts the partition again behind each gap",
        "gaps",
        "",
    ),
    ("decays-at-padding", "halves what was reached at each padded step", "value", ""),
    ("transposed", "scores the path with transposed transitions", "value", ""),
    (
        "partition-of-its-maximum",
        "takes the best path's score for the partition",
        "value",
        "",
    ),
    (
        "no-maximum-subtracted",
        "does not subtract the maximum before exp",
        "large-values",
        "",
    ),
    ("epsilon", "adds 1e-4 to the sum of powers", "value", ""),
    ("negative", "gives the negative log-likelihood", "value", _CONTRIB + "278"),
    ("probability", "gives the probability, not its logarithm", "value", ""),
    (
        "divides-by-length",
        "divides by the number of valid positions",
        "value",
        "",
    ),
    ("divides-by-time", "divides by T", "value", ""),
    ("batch-mean", "gives every row the mean of the batch", "value", ""),
    (
        "multiplies",
        "multiplies emissions by the mask, where NaN stays NaN",
        "wild-padding",
        "https://github.com/numpy/numpy/issues/8003",
    ),
    ("no-nan", "takes NaN at valid positions for 0", "valid-nan", ""),
    (
        "int8",
        "counts each row's length in int8",
        "long-rows",
        "https://github.com/tensorflow/addons/pull/1733",
    ),
    (
        "reads-padding-tags",
        "looks up the tag at padding before it applies the mask",
        "padding-tags",
        "https://github.com/kmkurn/pytorch-crf/issues/41",
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
_mutant = partial(Mutant, operation="crf_log_likelihood")
_gradient = partial(
    _mutant, kind="gradient", framework="torch", dtypes=("float32", "float64")
)
MUTANTS = Mutants("crf_log_likelihood", correct)
MUTANTS.extend(
    (
        *(
            _mutant(
                name=name,
                text=text,
                clause=law,
                url=url,
                function=partial(formulas.likelihood, fault=name),
            )
            for name, text, law, url in (*_MASKS, *_TABLE)
        ),
        *(
            _mutant(name=name, text=text, clause=law, function=partial(_around, change))
            for name, text, law, change in (
                (
                    "answers-in-float64",
                    "answers in float64 whatever the input's dtype",
                    "contract",
                    _doubled,
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
                (
                    "empty-row-is-nan",
                    "gives NaN for a row without valid positions",
                    "empty-row",
                    _empty_is_nan,
                ),
            )
        ),
        _gradient(
            name="gradient-leaks-to-padding",
            text="sends a gradient to padding, behind a right value",
            clause="gradient",
            function=partial(_around, _leaking),
        ),
        _gradient(
            name="gradient-of-unselected-steps",
            text="steps over NaN at padding and selects afterwards: NaN in the gradient",
            clause="wild-gradient",
            url="https://github.com/tensorflow/tensorflow/issues/6209",
            function=partial(formulas.likelihood, fault="raw-steps"),
        ),
        _gradient(
            name="gradient-misses-the-transitions",
            text="lets no gradient reach the transitions",
            clause="gradient",
            function=partial(formulas.likelihood, fault="frozen-transitions"),
        ),
        _mutant(
            name="compiled-with-the-padded-length",
            text="bakes the padded length into the compiled function",
            clause="route",
            kind="route",
            framework="jax",
            function=partial(formulas.likelihood, fault="baked"),
        ),
    )
)
