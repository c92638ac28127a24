"""Layers made of layers that are wrong on purpose."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import lengths, read_mask
from conformance.operations._common.layers import (
    INPUT_ROWS,
    MASK_ROWS,
    Leaking,
    add_changed,
    add_compiled,
)
from conformance.operations._common.mutant import ANY, Mutants, derivative
from conformance.operations.nested.mutants_layer import WrongLayer, build

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.operations._common.mutant import Row

NORMED = ("nested.normed",)
TWICE = ("nested.twice",)
FROZEN = ("nested.frozen",)
PAIR = ("nested.dense", "nested.normed")
_DENSE = ("nested.dense",)
_ARTICLE = "https://kexue.fm/archives/6810"


class _Around:
    """A right layer, whose answer is then changed."""

    def __init__(self, change: Callable[..., Any], xp: Any, layer: WrongLayer) -> None:
        self._change = change
        self._xp = xp
        self._layer = layer

    def __call__(self, x: Any, mask: Any) -> Any:
        found = self._layer(x, mask)
        return self._change(self._xp, found, read_mask(self._xp, x, mask))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._layer, name)


def _change_answer(change: Callable[..., Any], xp: Any, **how: Any) -> _Around:
    return _Around(change, xp, build(xp, **how))


def _fault(name: str) -> Callable[..., Any]:
    return partial(build, fault=name)


# fmt: off
_ANSWERS: tuple[Row, ...] = (
    ("activations-swapped", "value", ANY, "",
     "swaps the two activations"),
    ("no-first-activation", "value", ANY, "",
     "leaves out the first activation"),
    ("no-second-activation", "value", ANY, "",
     "leaves out the second activation"),
    ("no-first-bias", "value", ANY, "",
     "leaves out the first bias"),
    ("no-last-bias", "value", ANY, "",
     "leaves out the bias behind the second kernel"),
    ("used-once", "value", TWICE, "",
     "uses the inner layer once, not twice"),
    ("batch-statistics", "batch-composition", NORMED, "",
     "answers with the batch's statistics, as in training"),
    ("no-moving-mean", "value", NORMED, "",
     "does not take off the moving mean"),
    ("small-epsilon", "value", NORMED, "",
     "adds 1e-5 to the variance, not 1e-3"),
    ("no-epsilon", "value", NORMED, "",
     "adds nothing to the variance"),
    ("divides-by-the-variance", "value", NORMED, "",
     "divides by the variance, not by its root"),
    ("offset-is-scaled", "value", NORMED, "",
     "adds the norm's offset before its scale"),
    ("scale-less-one", "value", NORMED, "",
     "takes the scale for one that is added to 1"),
    ("norm-before-activation", "value", NORMED, "",
     "norms before the activation"),
    ("multiplies", "wild-padding", ANY, "https://github.com/numpy/numpy/issues/8003",
     "multiplies the answer by the mask, where NaN stays NaN"),
    ("no-nan", "valid-nan", ANY, "",
     "takes NaN at valid positions for 0"),
    ("empty-row-is-full", "empty-row", ANY, "",
     "takes a row without valid positions for a full one"),
)
# fmt: on
# fmt: off
_TRAINING: tuple[Row, ...] = (
    ("first-is-lost", "weights-once", ("nested.dense", "nested.normed", "nested.twice"),
     _ARTICLE,
     "does not track the first inner layer"),
    ("second-is-lost", "trains", (*PAIR, *FROZEN), _ARTICLE,
     "does not track the second inner layer, which then does not train"),
    ("norm-is-lost", "weights-once", NORMED, _ARTICLE,
     "does not track the norm"),
    ("counted-twice", "weights-once", PAIR, "",
     "tracks the first inner layer twice"),
    ("counted-at-each-use", "weights-once", TWICE, _ARTICLE,
     "tracks an inner layer at each of its uses"),
    ("tracks-state", "weights-once", NORMED, "",
     "tracks moving statistics as weights"),
    ("tracks-frozen", "weights-once", FROZEN, "",
     "tracks frozen weights as trained"),
    ("loses-state", "state", NORMED, _ARTICLE,
     "does not track the moving statistics"),
    ("frozen-is-lost", "state", FROZEN, "",
     "does not track frozen weights"),
    ("state-stays", "state", NORMED, _ARTICLE,
     "never updates the moving statistics"),
    ("variance-stays", "state", NORMED, "",
     "never updates the moving variance"),
    ("momentum-inverted", "state", NORMED, "",
     "keeps a tenth of the moving statistics, not nine"),
    ("moves-when-answering", "state", NORMED, "",
     "moves the moving mean at each answer"),
    ("first-does-not-train", "trains", (*PAIR, *TWICE),
     _ARTICLE,
     "lets no gradient reach the first inner layer"),
    ("kernels-alone-train", "trains", ANY, "",
     "trains kernels and no bias"),
    ("scale-does-not-train", "trains", NORMED, "",
     "does not train the norm's scale"),
    ("trains-frozen", "trains", FROZEN, "",
     "trains frozen weights"),
    ("ascends", "trains", ANY, "",
     "goes up the gradient"),
    ("one-use-trains", "trains", TWICE, "",
     "takes the gradient of one use of a layer used twice"),
    ("constant-statistics", "trains", NORMED, "",
     "takes the batch's statistics for constants in the gradient"),
    ("moving-statistics-in-training", "trains", NORMED, "",
     "trains with the moving statistics"),
    ("same-names", "names", (*PAIR, *FROZEN), _ARTICLE,
     "gives both inner layers the name of the first"),
    ("short-names", "names", PAIR, "",
     "names weights without their layer"),
    ("a-name-too-few", "names", ANY, "",
     "has no name for the last tensor"),
    ("shares-weights", "shares-nothing", ANY, "",
     "gives layers of one configuration the same weights"),
    ("shares-state", "shares-nothing", NORMED, "",
     "gives layers of one configuration the same moving statistics"),
    ("saves-no-state", "restores", NORMED, "",
     "does not save the moving statistics"),
    ("saves-no-frozen", "restores", FROZEN, "",
     "does not save frozen weights"),
    ("saves-no-last", "restores", PAIR, "",
     "does not save the second layer"),
    ("saves-no-bias", "restores", ANY, "",
     "does not save the first bias"),
)
# fmt: on
MUTANTS = Mutants("nested", build)
MUTANTS.faults(_fault, (*MASK_ROWS, *_ANSWERS, *INPUT_ROWS))
MUTANTS.faults(_fault, _TRAINING, kind="layer")
add_changed(MUTANTS, _change_answer)


@MUTANTS.wrong("extra-padding", around=_change_answer)
def cut_to_the_longest_row(xp: Any, found: Any, keep: Any) -> Any:
    """Cuts the output to the longest row."""
    return found[:, : int(xp.max(lengths(xp, keep)))]


@MUTANTS.gradient(variants=_DENSE)
def gradient_leaks_to_padding(xp: Any, **how: Any) -> Callable[..., Any]:
    """Sends a gradient to padding, behind a right value."""
    return Leaking(build(xp, **how))


# fmt: off
_DERIVED: tuple[Row, ...] = (
    ("gradient-of-unselected-inputs", "wild-gradient", _DENSE,
     "https://github.com/tensorflow/tensorflow/issues/6209",
     "multiplies what stands at padding and selects afterwards"),
    ("gradient-misses-the-first-kernel", "gradient", _DENSE, "",
     "lets no gradient reach the first kernel"),
)
# fmt: on
_FAULTS = {
    "gradient-of-unselected-inputs": "raw",
    "gradient-misses-the-first-kernel": "detached",
}
MUTANTS.faults(lambda name: _fault(_FAULTS[name]), _DERIVED, **derivative())
add_compiled(
    MUTANTS,
    _fault("baked"),
    variants=_DENSE,
    url="https://github.com/microsoft/onnxruntime/issues/1400",
)
