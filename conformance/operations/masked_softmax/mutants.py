"""Softmaxes made wrong on purpose: what is wrong, and which law it breaks first."""

from __future__ import annotations

from functools import partial

from conformance.operations._common.family import mask_faults
from conformance.operations._common.mutant import Mutant, Mutants
from conformance.operations.masked_softmax import mutants_formulas as wrong

correct = wrong.correct
_FILL = "fills padding with {} before the softmax, which smaller logits lose to"
_SELECT = "https://github.com/pytorch/pytorch/issues/"
_mutant = partial(Mutant, operation="masked_softmax")
_gradient = partial(
    _mutant,
    clause="gradient",
    kind="gradient",
    framework="torch",
    dtypes=("float32", "float64"),
)
MUTANTS = Mutants("masked_softmax", correct)
MUTANTS.extend(
    (
        *mask_faults("masked_softmax", wrong.masked),
        *(
            _mutant(
                name=f"fills-minus-{fill[1:]}",
                text=_FILL.format(fill),
                clause="large-values",
                url=url,
                dtypes=("float16", "float32"),
                function=partial(wrong.filled, float(fill)),
            )
            for fill, url in (
                ("-1e4", ""),
                ("-1e6", "https://github.com/d2l-ai/d2l-en/pull/2423"),
                ("-1e9", "https://github.com/facebookresearch/fairseq/issues/3575"),
                ("-1e10", "https://github.com/openai/gpt-2/pull/122"),
            )
        ),
        _mutant(
            name="fills-the-smallest-number",
            text="fills padding with the dtype's smallest number: uniform when empty",
            clause="empty-row",
            function=wrong.finfo_min,
        ),
        _mutant(
            name="adds-minus-1e4",
            text="adds -1e4 to padding, which keeps what stood there",
            clause="value",
            function=partial(wrong.added, -1e4),
        ),
        _mutant(
            name="adds-minus-1e9",
            text="adds -1e9 to padding, which keeps what stood there",
            clause="wild-padding",
            url="https://github.com/NVIDIA/apex/issues/93",
            function=partial(wrong.added, -1e9),
        ),
        _mutant(
            name="adds-the-smallest-number",
            text="adds the dtype's smallest number to padding, which overflows",
            clause="wild-padding",
            url="https://github.com/huggingface/transformers/pull/17306",
            function=wrong.finfo_min_added,
        ),
        _mutant(
            name="masks-after-without-normalising",
            text="applies the mask after the softmax and does not normalise again",
            clause="value",
            url="https://github.com/huggingface/pytorch-image-models/pull/2236",
            function=wrong.masked_after,
        ),
        _mutant(
            name="masks-after-and-normalises",
            text="applies the mask after the softmax, where padding has taken everything",
            clause="value",
            url="https://github.com/tensorflow/tensorflow/issues/43941",
            function=wrong.renormalised,
        ),
        _mutant(
            name="minus-infinity-after",
            text="writes minus infinity into the probabilities, not the logits",
            clause="value",
            url="https://github.com/gabrielmittag/NISQA/issues/17",
            function=wrong.infinite_after,
        ),
        _mutant(
            name="zeroes-logits-and-normalises",
            text="sets padding's logits to zero and normalises what is left",
            clause="shift",
            url="https://github.com/allenai/allennlp/pull/893",
            function=wrong.zero_logits,
        ),
        _mutant(
            name="zeroes-logits",
            text="sets padding's logits to zero, which takes its share",
            clause="value",
            function=wrong.zero_logits_kept,
        ),
        _mutant(
            name="empty-row-is-nan",
            text="gives NaN for a row without valid positions",
            clause="empty-row",
            url=_SELECT + "55056",
            function=wrong.empty_is_nan,
        ),
        _mutant(
            name="floor-at-padding",
            text="leaves 1e-9 at padding",
            clause="zero-at-padding",
            url="https://github.com/torch-spyre/torch-spyre/pull/4522",
            function=wrong.floor,
        ),
        _mutant(
            name="multiplies-powers-by-the-mask",
            text="multiplies exp by the mask, where a large logit at padding overflows",
            clause="value",
            url="https://github.com/deepmodeling/deepmd-kit/pull/5717",
            function=wrong.powers_times_mask,
        ),
        _mutant(
            name="no-maximum-subtracted",
            text="does not subtract the maximum before exp",
            clause="value",
            function=wrong.without_top,
        ),
        _mutant(
            name="epsilon-in-the-sum",
            text="adds 1e-5 of the sum to the divisor",
            clause="sums-to-one",
            function=wrong.epsilon,
        ),
        _mutant(
            name="logarithm",
            text="gives log-probabilities, 0 (probability one) at padding",
            clause="value",
            url="https://github.com/allenai/allennlp/pull/105",
            function=wrong.logarithm,
        ),
        _mutant(
            name="over-the-batch",
            text="normalises over the batch, not over time",
            clause="value",
            function=wrong.over_the_batch,
        ),
        _mutant(
            name="over-everything",
            text="normalises over all rows together",
            clause="value",
            function=wrong.flat,
        ),
        _mutant(
            name="nan-becomes-zero",
            text="replaces NaN in the answer with 0",
            clause="valid-nan",
            url=_SELECT + "24816",
            function=wrong.no_nan,
        ),
        _mutant(
            name="zeros-are-padding",
            text="takes valid logits of 0 for padding",
            clause="value",
            url="https://github.com/microsoft/onnxruntime-genai/pull/1694",
            function=wrong.zeros_are_padding,
        ),
        _mutant(
            name="rows-stay-sorted",
            text="sorts the rows by length and does not sort the answers back",
            clause="value",
            function=wrong.rows_sorted,
        ),
        _mutant(
            name="answers-in-float64",
            text="answers in float64 whatever the input's dtype",
            clause="contract",
            function=wrong.doubled,
        ),
        _mutant(
            name="fills-its-input",
            text="fills padding in the caller's own array",
            clause="contract",
            url=_SELECT + "39639",
            function=wrong.written,
        ),
        _mutant(
            name="reads-memory",
            text="reads memory in the order it lies in, not elements",
            clause="layout",
            function=wrong.in_memory,
        ),
        _mutant(
            name="inverts-the-mask-bitwise",
            text="inverts the mask with ~, which is right for booleans only",
            clause="mask-form",
            function=wrong.bitwise,
        ),
        _mutant(
            name="squeezes-every-axis",
            text="squeezes every axis of length one, the batch's too",
            clause="length-one",
            function=wrong.squeezed,
        ),
        _gradient(
            name="gradient-leaks-to-padding",
            text="sends a gradient to padding, behind a right value",
            function=wrong.leaking,
        ),
        _gradient(
            name="gradient-of-the-unselected-power",
            text="takes exp of padding and selects afterwards: NaN in the gradient",
            url="https://github.com/rwth-i6/returnn/issues/576",
            function=wrong.unselected_power,
        ),
        _gradient(
            name="gradient-unconnected",
            text="lets no gradient through",
            function=wrong.detached,
        ),
        _gradient(
            name="gradient-of-the-numerator-only",
            text="takes the sum of the powers for a constant in the gradient",
            function=wrong.frozen_total,
        ),
        _mutant(
            name="compiled-with-the-padded-length",
            text="bakes the padded length into the compiled function",
            clause="route",
            kind="route",
            framework="jax",
            url="https://github.com/tensorflow/tensorflow/issues/31636",
            function=wrong.baked_length,
        ),
    )
)
