"""Attentions made wrong on purpose: what is wrong, and which law it breaks first."""

from __future__ import annotations

from functools import partial

from conformance.operations._common.family import mask_faults
from conformance.operations._common.mutant import Mutant, Mutants
from conformance.operations.attention import mutants_calls as calls
from conformance.operations.attention import mutants_formulas as wrong

correct = wrong.correct
_TORCH = "https://github.com/pytorch/pytorch/"
_mutant = partial(Mutant, operation="attention")
_causal = partial(_mutant, variants=("attention.causal",))
_gradient = partial(
    _mutant,
    clause="gradient",
    kind="gradient",
    framework="torch",
    dtypes=("float32", "float64"),
)
MUTANTS = Mutants("attention", correct)
MUTANTS.extend(
    (
        *mask_faults("attention", wrong.masked),
        *(
            _mutant(
                name=name,
                text=text,
                clause=law,
                url=url,
                function=partial(wrong.weighed, weigh),
            )
            for name, weigh, text, law, url in (
                (
                    "adds-minus-1e4",
                    partial(wrong.added, -1e4),
                    "adds -1e4 to the scores of padding, which keeps what they were",
                    "value",
                    "",
                ),
                (
                    "adds-minus-1e9",
                    partial(wrong.added, -1e9),
                    "adds -1e9 to the scores of padding, which keeps what they were",
                    "large-values",
                    "https://github.com/NVIDIA/apex/issues/93",
                ),
                (
                    "masks-after-without-normalising",
                    wrong.masked_after,
                    "applies the mask after the softmax and does not normalise again",
                    "value",
                    "https://github.com/huggingface/pytorch-image-models/pull/2236",
                ),
                (
                    "masks-after-and-normalises",
                    wrong.renormalised,
                    "applies the mask after the softmax, where padding took everything",
                    "value",
                    "https://github.com/tensorflow/tensorflow/issues/43941",
                ),
                (
                    "minus-infinity-after",
                    wrong.infinite_after,
                    "writes minus infinity into the probabilities, not the scores",
                    "value",
                    "https://github.com/gabrielmittag/NISQA/issues/17",
                ),
                (
                    "fills-minus-1e4",
                    partial(wrong.filled, -1e4),
                    "fills the scores of padding with -1e4, which smaller ones lose to",
                    "large-values",
                    "https://github.com/hyunwoongko/transformer/pull/40",
                ),
                (
                    "fills-minus-1e9",
                    partial(wrong.filled, -1e9),
                    "fills the scores of padding with -1e9, which smaller ones lose to",
                    "large-values",
                    "https://github.com/facebookresearch/fairseq/issues/3575",
                ),
                (
                    "fills-the-smallest-number",
                    wrong.smallest,
                    "fills padding's scores with the dtype's smallest number",
                    "empty-row",
                    "",
                ),
                (
                    "empty-row-is-nan",
                    wrong.empty_is_nan,
                    "gives NaN where a query sees no key",
                    "empty-row",
                    _TORCH + "issues/41508",
                ),
                (
                    "multiplies-padded-values-by-zero",
                    wrong.shares,
                    "multiplies padded values by a probability of zero, which NaN survives",
                    "wild-padding",
                    "",
                ),
            )
        ),
        *(
            _mutant(
                name=name,
                text=text,
                clause=law,
                url=url,
                function=partial(wrong.cleaned, weigh),
            )
            for name, weigh, text, law, url in (
                (
                    "zeroes-scores",
                    wrong.zero_scores,
                    "sets the scores of padding to zero, which takes its share",
                    "key-shift",
                    "",
                ),
                (
                    "over-the-queries",
                    wrong.over_queries,
                    "normalises over the queries, not over the keys",
                    "value",
                    "",
                ),
                (
                    "over-the-heads",
                    wrong.over_heads,
                    "normalises over the heads, not over the keys",
                    "heads-apart",
                    "",
                ),
                (
                    "epsilon-in-the-sum",
                    wrong.epsilon,
                    "adds 1e-5 of the sum to the divisor",
                    "value",
                    "",
                ),
            )
        ),
        _mutant(
            name="masks-queries",
            text="masks the padded queries, not the padded keys",
            clause="value",
            url="https://github.com/hyunwoongko/transformer/pull/40",
            function=wrong.queries_masked,
        ),
        _mutant(
            name="masks-values-only",
            text="zeroes padded values, whose keys still take their share",
            clause="value",
            function=wrong.values_masked,
        ),
        _causal(
            name="triangle-without-the-diagonal",
            text="hides each position from itself",
            clause="value",
            function=partial(wrong.triangle_moved, -1),
        ),
        _causal(
            name="triangle-one-too-far",
            text="lets each position see the next one",
            clause="causal",
            function=partial(wrong.triangle_moved, 1),
        ),
        _causal(
            name="triangle-turned",
            text="lets each position see later ones, not earlier ones",
            clause="causal",
            function=wrong.triangle_turned,
        ),
        _causal(
            name="triangle-lost",
            text="forgets the triangle when a padding mask is given",
            clause="causal",
            function=wrong.triangle_lost,
        ),
        _mutant(
            name="no-scale",
            text="does not divide the scores by the root of D",
            clause="value",
            function=partial(wrong.scaled, lambda query: 1.0),  # noqa: ARG005
        ),
        _mutant(
            name="scales-by-all-heads",
            text="divides the scores by the root of N D, not of D",
            clause="heads-apart",
            function=partial(
                wrong.scaled, lambda query: (query.shape[2] * query.shape[3]) ** 0.5
            ),
        ),
        _mutant(
            name="mask-tiled-over-heads",
            text="tiles the mask over the heads where it has to repeat each row's",
            clause="value",
            url=_TORCH + "pull/184180",
            function=calls.folded,
        ),
        _mutant(
            name="heads-reshaped",
            text="reshapes positions and heads where it has to transpose them",
            clause="heads-apart",
            function=calls.reshaped,
        ),
        _mutant(
            name="columns-cut",
            text="drops the columns that are padding in every row",
            clause="extra-padding",
            url=_TORCH + "issues/97111",
            function=calls.cut,
        ),
        _mutant(
            name="padded-queries-are-nan",
            text="gives NaN at padded queries, which the next layer multiplies by zero",
            clause="two-layers",
            url=_TORCH + "issues/41508",
            function=calls.nan_queries,
        ),
        _mutant(
            name="number-mask-added",
            text="adds a mask of ones and zeros to the scores",
            clause="mask-form",
            url=_TORCH + "issues/90534",
            function=calls.mask_added,
        ),
        _mutant(
            name="inverts-the-mask-bitwise",
            text="inverts the mask with ~, which is right for booleans only",
            clause="mask-form",
            function=calls.bitwise,
        ),
        _mutant(
            name="nan-becomes-zero",
            text="replaces NaN in the answer with 0",
            clause="valid-nan",
            url=_TORCH + "issues/24816",
            function=calls.no_nan,
        ),
        _mutant(
            name="rows-stay-sorted",
            text="sorts the rows by length and does not sort the answers back",
            clause="value",
            function=calls.rows_sorted,
        ),
        _mutant(
            name="answers-in-float64",
            text="answers in float64 whatever the input's dtype",
            clause="contract",
            function=calls.doubled,
        ),
        _mutant(
            name="fills-its-input",
            text="zeroes padding in the caller's own values",
            clause="contract",
            function=calls.written,
        ),
        _mutant(
            name="reads-memory",
            text="reads memory in the order it lies in, not elements",
            clause="layout",
            function=calls.in_memory,
        ),
        _mutant(
            name="squeezes-the-batch",
            text="squeezes the batch's axis when there is one row",
            clause="length-one",
            function=calls.squeezed,
        ),
        _gradient(
            name="gradient-leaks-to-padding",
            text="sends a gradient to padded keys, behind a right value",
            function=calls.leaking,
        ),
        _gradient(
            name="gradient-of-unselected-scores",
            text="selects the scores after the product: NaN in the gradient",
            clause="wild-gradient",
            url=_TORCH + "issues/41508",
            function=calls.unselected,
        ),
        _gradient(
            name="gradient-past-the-keys",
            text="lets no gradient through to the keys",
            function=calls.keys_detached,
        ),
        _gradient(
            name="gradient-of-the-numerator-only",
            text="takes the sum of the powers for a constant in the gradient",
            function=calls.weights_detached,
        ),
        _mutant(
            name="compiled-with-the-padded-length",
            text="bakes the padded length into the compiled function",
            clause="route",
            kind="route",
            framework="jax",
            url="https://github.com/tensorflow/tensorflow/issues/31636",
            function=calls.baked,
        ),
    )
)
