"""The specification of ``masked_criterion``: losses beside those of ``masked_loss``."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.operations.masked_loss import OPERATION as LOSS
from conformance.specification import Law, Operation, Variant

CLASSES = 3
DELTA = 1.5
"""Where Huber's loss turns linear; libraries' default is 1."""

SMOOTHING = 0.125
CLASS_WEIGHTS = (0.5, 2.0, 1.25)

USUAL = ("mean", "sum", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of loss.

    Attributes:
        formula: A position's loss, in words and symbols.
        axes: Those of the predictions and of the targets.
        labels: Whether the targets are class labels.
        shares: Whether the targets are the classes' shares of one.
        pairs: Whether each prediction is a mean beside the logarithm of a variance.
        smoothing: How much of a label is spread over all classes.
        class_weights: What each class weighs; nothing where all weigh the same.
        reductions: Its reductions.
    """

    formula: str
    axes: tuple[str, str] = ("B T C", "B T")
    labels: bool = False
    shares: bool = False
    pairs: bool = False
    smoothing: float = 0.0
    class_weights: tuple[float, ...] = ()
    reductions: tuple[str, ...] = USUAL

    @property
    def constants(self) -> tuple[tuple[str, float | tuple[float, ...]], ...]:
        """The keywords that every adapter gets, whether the kind uses them or not."""
        return (
            ("delta", DELTA),
            ("smoothing", self.smoothing),
            ("class_weights", self.class_weights),
        )


KINDS = {
    "l1": Kind(formula="mean over F of r = |p - t|", axes=("B T F", "B T F")),
    "huber": Kind(
        formula="mean over F of r^2 / 2, from r = delta on of delta (r - delta / 2)",
        axes=("B T F", "B T F"),
    ),
    "normal_nll": Kind(
        formula="mean over F of (r^2 exp(-s) + s + log(2 pi)) / 2, the mean and s, the "
        "logarithm of the variance, in the predictions' last axis",
        axes=("B T F P", "B T F"),
        pairs=True,
    ),
    "kl": Kind(
        formula="sum over C of t (log t - log softmax z), 0 where t is",
        axes=("B T C", "B T C"),
        shares=True,
    ),
    "smoothed": Kind(
        formula="sum over C of q (-log softmax z), q = smoothing / C and at the label "
        "1 - smoothing more",
        labels=True,
        smoothing=SMOOTHING,
    ),
    "class_weights": Kind(
        formula="w_y (-log softmax z)_y",
        labels=True,
        class_weights=CLASS_WEIGHTS,
        reductions=(*USUAL, "weighted_mean"),
    ),
    "smoothed_class_weights": Kind(
        formula="sum over C of w q (-log softmax z)",
        labels=True,
        smoothing=SMOOTHING,
        class_weights=CLASS_WEIGHTS,
        reductions=("weighted_mean", "none"),
    ),
}
"""Every kind: one more is a row here, in both oracles and in the mutants' formula."""

_FORMULAS = "; ".join(f"{name}: {kind.formula}" for name, kind in KINDS.items())
LABELLED = tuple(f"masked_criterion.{name}.*" for name in KINDS if KINDS[name].labels)


OPERATION = Operation(
    name="masked_criterion",
    number=30,
    title="Further losses over the valid positions of a batch",
    short="criterion",
    group="losses",
    function="masked_criterion",
    signature="masked_criterion(predictions, targets, mask [B, T], *, kind, reduction, "
    "delta, smoothing, class_weights); l1, huber: predictions and targets [B, T, F]; "
    "normal_nll: predictions [B, T, F, 2] and targets [B, T, F]; kl: logits and shares "
    "[B, T, C]; the others: logits [B, T, C] and integer targets [B, T]; "
    "class_weights: a number for each class, or () -> [] or, unreduced, [B, T]",
    formula=f"{_FORMULAS}. mean: over all valid positions of the batch; weighted_mean: "
    "the sum of l / the sum of w_y, both over the valid positions; sum; none: zero at "
    "padding",
    bound="l1: l (3 u + (F + 1) v) + 4 eta; huber: u mean(5 r^2 / 2, or 5 delta r) + "
    "(F + 1) v l + 4 eta; normal_nll, q = r^2 exp(-s) / 2: u mean(15 q + 3 |s| + 6) "
    "+ (F + 1) v mean(q + |s| / 2 + 1) + 4 eta; the others, a what each class weighs "
    "(w q, or t), A of them above 0: sum a (u (B_c + k l_c) + v (C min(l_c, 1) + "
    "(A - 1) l_c)) + 4 eta, B_c what multiplies u in the bound of masked_loss for c, "
    "l_c its loss, k 1, with "
    "smoothing 3, with weights 1 more; kl: k 2, and (6 u + (C - 1) v) sum |t log t| "
    "more; "
    "reductions: (N + 1) v sum|l| + the sum of the positions' bounds",
    inputs=("predictions", "targets"),
    differentiable=("predictions",),
    variants=tuple(
        Variant(
            keywords=(("kind", name), ("reduction", reduction)),
            values=kind.constants,
            result="position" if reduction == "none" else "scalar",
            empty="zero" if reduction in {"none", "sum"} else "declared",
            labels=("targets",) if kind.labels else (),
            shares=("targets",) if kind.shares else (),
        )
        for name, kind in KINDS.items()
        for reduction in kind.reductions
    ),
    also=("long-rows",),
    laws=(
        Law(
            name="additive",
            number=40,
            level="core",
            module="conformance.operations.masked_loss.laws",
            results=("scalar",),
            variants=("masked_criterion.*.sum", "masked_criterion.*.mean"),
            text=LOSS.law("additive").text,
            why=LOSS.law("additive").why,
            since="0.2.0",
        ),
        Law(
            name="padding-labels",
            number=41,
            level="core",
            module="conformance.operations.masked_loss.laws",
            variants=LABELLED,
            text=LOSS.law("padding-labels").text,
            why="weights or a one-hot row looked up by a label that is none",
            since="0.2.0",
        ),
        Law(
            name="class-without-target",
            number=42,
            level="robust",
            variants=("masked_criterion.kl.*", "masked_criterion.class_weights.*"),
            text="A class that has no share of a position's target may be impossible: "
            "a logit of minus infinity there leaves the loss finite.",
            why="0 times minus infinity, or 0 times the logarithm of 0",
            about="minus infinity at classes without a target",
            since="0.2.0",
        ),
    ),
    since="0.2.0",
)
