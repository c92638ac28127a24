"""Layers made of layers that are wrong on purpose."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import MASKS, kept, lengths
from conformance.operations._common.mutant import Mutant, Mutants
from conformance.operations.nested.mutants_layer import Layer, build

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.operations._common.mutant import Kind

    Table = tuple[tuple[str, str, str, tuple[str, ...], str], ...]

correct = build
NORMED = ("nested.normed",)
TWICE = ("nested.twice",)
FROZEN = ("nested.frozen",)
PAIR = ("nested.dense", "nested.normed")
_ARTICLE = "https://kexue.fm/archives/6810"


class _Around:
    """A right layer, whose answer is then changed."""

    def __init__(self, change: Callable[..., Any], xp: Any, layer: Layer) -> None:
        self._change = change
        self._xp = xp
        self._layer = layer

    def __call__(self, x: Any, mask: Any) -> Any:
        found = self._layer(x, mask)
        return self._change(self._xp, found, kept(self._xp, x, mask), x)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._layer, name)


def _around(change: Callable[..., Any], xp: Any, **how: Any) -> _Around:
    return _Around(change, xp, build(xp, **how))


def _doubled(xp: Any, found: Any, keep: Any, x: Any) -> Any:
    del keep, x
    return xp.astype(found, xp.float64)


def _squeezed(xp: Any, found: Any, keep: Any, x: Any) -> Any:
    del xp, keep, x
    return found.reshape(tuple(size for size in found.shape if size != 1))


def _sorted(xp: Any, found: Any, keep: Any, x: Any) -> Any:
    del x
    return found[xp.argsort(-lengths(xp, keep)[:, 0], stable=True)]


def _cut(xp: Any, found: Any, keep: Any, x: Any) -> Any:
    del x
    return found[:, : int(xp.max(lengths(xp, keep)))]


def _leaking(xp: Any, found: Any, keep: Any, x: Any) -> Any:
    del xp, keep
    return found + (x - x.detach()).sum()


_ALL = ("*",)
_ANSWERS: Table = (
    ("activations-swapped", "swaps the two activations", "value", _ALL, ""),
    ("no-first-activation", "leaves out the first activation", "value", _ALL, ""),
    ("no-second-activation", "leaves out the second activation", "value", _ALL, ""),
    ("no-first-bias", "leaves out the first bias", "value", _ALL, ""),
    (
        "no-last-bias",
        "leaves out the bias behind the second kernel",
        "value",
        _ALL,
        "",
    ),
    ("used-once", "uses the inner layer once, not twice", "value", TWICE, ""),
    (
        "batch-statistics",
        "answers with the batch's statistics, as in training",
        "batch-composition",
        NORMED,
        "",
    ),
    ("no-moving-mean", "does not take off the moving mean", "value", NORMED, ""),
    ("small-epsilon", "adds 1e-5 to the variance, not 1e-3", "value", NORMED, ""),
    ("no-epsilon", "adds nothing to the variance", "value", NORMED, ""),
    (
        "divides-by-the-variance",
        "divides by the variance, not by its root",
        "value",
        NORMED,
        "",
    ),
    (
        "offset-is-scaled",
        "adds the norm's offset before its scale",
        "value",
        NORMED,
        "",
    ),
    (
        "scale-less-one",
        "takes the scale for one that is added to 1",
        "value",
        NORMED,
        "",
    ),
    ("norm-before-activation", "norms before the activation", "value", NORMED, ""),
    (
        "multiplies",
        "multiplies the answer by the mask, where NaN stays NaN",
        "wild-padding",
        _ALL,
        "https://github.com/numpy/numpy/issues/8003",
    ),
    ("no-nan", "takes NaN at valid positions for 0", "valid-nan", _ALL, ""),
    (
        "empty-row-is-full",
        "takes a row without valid positions for a full one",
        "empty-row",
        _ALL,
        "",
    ),
    (
        "writes-its-input",
        "sets padding to zero in the caller's own array",
        "contract",
        _ALL,
        "https://github.com/pytorch/pytorch/issues/39639",
    ),
    (
        "reads-memory",
        "reads memory in the order it lies in, not elements",
        "layout",
        _ALL,
        "https://github.com/pytorch/pytorch/issues/95118",
    ),
    (
        "bitwise",
        "inverts the mask with ~, which is right for booleans only",
        "mask-form",
        _ALL,
        "",
    ),
)
_TRAINING: Table = (
    (
        "first-is-lost",
        "does not track the first inner layer",
        "weights-once",
        ("nested.dense", "nested.normed", "nested.twice"),
        _ARTICLE,
    ),
    (
        "second-is-lost",
        "does not track the second inner layer, which then does not train",
        "trains",
        (*PAIR, *FROZEN),
        _ARTICLE,
    ),
    ("norm-is-lost", "does not track the norm", "weights-once", NORMED, _ARTICLE),
    ("counted-twice", "tracks the first inner layer twice", "weights-once", PAIR, ""),
    (
        "counted-at-each-use",
        "tracks an inner layer at each of its uses",
        "weights-once",
        TWICE,
        _ARTICLE,
    ),
    ("tracks-state", "tracks moving statistics as weights", "weights-once", NORMED, ""),
    ("tracks-frozen", "tracks frozen weights as trained", "weights-once", FROZEN, ""),
    ("loses-state", "does not track the moving statistics", "state", NORMED, _ARTICLE),
    ("frozen-is-lost", "does not track frozen weights", "state", FROZEN, ""),
    (
        "state-stays",
        "never updates the moving statistics",
        "state",
        NORMED,
        _ARTICLE,
    ),
    ("variance-stays", "never updates the moving variance", "state", NORMED, ""),
    (
        "momentum-inverted",
        "keeps a tenth of the moving statistics, not nine",
        "state",
        NORMED,
        "",
    ),
    (
        "moves-when-answering",
        "moves the moving mean at each answer",
        "state",
        NORMED,
        "",
    ),
    (
        "first-does-not-train",
        "lets no gradient reach the first inner layer",
        "trains",
        ("nested.dense", "nested.normed", "nested.twice"),
        _ARTICLE,
    ),
    ("kernels-alone-train", "trains kernels and no bias", "trains", _ALL, ""),
    ("scale-does-not-train", "does not train the norm's scale", "trains", NORMED, ""),
    ("trains-frozen", "trains frozen weights", "trains", FROZEN, ""),
    ("ascends", "goes up the gradient", "trains", _ALL, ""),
    (
        "one-use-trains",
        "takes the gradient of one use of a layer used twice",
        "trains",
        TWICE,
        "",
    ),
    (
        "constant-statistics",
        "takes the batch's statistics for constants in the gradient",
        "trains",
        NORMED,
        "",
    ),
    (
        "moving-statistics-in-training",
        "trains with the moving statistics",
        "trains",
        NORMED,
        "",
    ),
    (
        "same-names",
        "gives both inner layers the name of the first",
        "names",
        (*PAIR, *FROZEN),
        _ARTICLE,
    ),
    ("short-names", "names weights without their layer", "names", PAIR, ""),
    ("a-name-too-few", "has no name for the last tensor", "names", _ALL, ""),
    (
        "shares-weights",
        "gives layers of one configuration the same weights",
        "shares-nothing",
        _ALL,
        "",
    ),
    (
        "shares-state",
        "gives layers of one configuration the same moving statistics",
        "shares-nothing",
        NORMED,
        "",
    ),
    ("saves-no-state", "does not save the moving statistics", "restores", NORMED, ""),
    ("saves-no-frozen", "does not save frozen weights", "restores", FROZEN, ""),
    ("saves-no-last", "does not save the second layer", "restores", PAIR, ""),
    ("saves-no-bias", "does not save the first bias", "restores", _ALL, ""),
)
_TABLES: tuple[tuple[Kind, Table], ...] = (
    ("forward", _ANSWERS),
    ("layer", _TRAINING),
)
_mutant = partial(Mutant, operation="nested")
_gradient = partial(
    _mutant,
    kind="gradient",
    framework="torch",
    dtypes=("float32", "float64"),
    variants=("nested.dense",),
)
MUTANTS = Mutants("nested", correct)
MUTANTS.extend(
    (
        *(
            _mutant(
                name=name,
                text=text,
                clause=law,
                url=url,
                function=partial(build, fault=name),
            )
            for name, (_, text, law, url) in MASKS.items()
        ),
        *(
            _mutant(
                name=name,
                text=text,
                clause=law,
                url=url,
                variants=variants,
                kind=kind,
                function=partial(build, fault=name),
            )
            for kind, table in _TABLES
            for name, text, law, variants, url in table
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
                    "cut-to-the-longest-row",
                    "cuts the output to the longest row",
                    "extra-padding",
                    _cut,
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
            name="gradient-of-unselected-inputs",
            text="multiplies what stands at padding and selects afterwards",
            clause="wild-gradient",
            url="https://github.com/tensorflow/tensorflow/issues/6209",
            function=partial(build, fault="raw"),
        ),
        _gradient(
            name="gradient-misses-the-first-kernel",
            text="lets no gradient reach the first kernel",
            clause="gradient",
            function=partial(build, fault="detached"),
        ),
        _mutant(
            name="compiled-with-the-padded-length",
            text="bakes the padded length into the compiled function",
            clause="route",
            kind="route",
            framework="jax",
            variants=("nested.dense",),
            url="https://github.com/microsoft/onnxruntime/issues/1400",
            function=partial(build, fault="baked"),
        ),
    )
)
