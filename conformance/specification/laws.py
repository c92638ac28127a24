"""List the common laws, by number, without importing NumPy.

Each law names the module of the function that checks it. The function takes a
``Subject`` (the layer under test) and a ``Sample`` (a batch and its exact answer), and
yields one verdict per call.
"""

from __future__ import annotations

from conformance.specification import Law

_PADDING = "conformance.operations._common.laws.padding"
_BATCH = "conformance.operations._common.laws.batch"
_CONTRACT = "conformance.operations._common.laws.contract"
_GRADIENT = "conformance.operations._common.laws.gradient"
_ROUTE = "conformance.operations._common.laws.route"
_NUMERICS = "conformance.operations._common.laws.numerics"
_EDGES = "conformance.operations._common.laws.edges"
_SPECIAL = "conformance.operations._common.laws.special"

LAWS: tuple[Law, ...] = (
    Law(
        name="value",
        number=1,
        level="core",
        module=_PADDING,
        text="The answer matches the exact one within the derived error bound.",
        why="a formula that counts, adds or compares padding",
    ),
    Law(
        name="padding-content",
        number=2,
        level="core",
        module=_PADDING,
        text="Replacing the numbers at padding by other finite ones, in the same "
        "shape, does not change the answer; called eagerly on a CPU, not by a single "
        "bit.",
        why="padding that is multiplied away instead of left out",
    ),
    Law(
        name="extra-padding",
        number=3,
        level="core",
        module=_PADDING,
        text="Appending padding to every row does not change the answer; if the answer "
        "has a time axis, it is zero at the new positions.",
        why="a divisor, maximum or last step taken from the padded length",
    ),
    Law(
        name="batch-composition",
        number=4,
        level="core",
        module=_BATCH,
        text="A row computed alone, trimmed to its valid positions, gives the same "
        "answer as in the batch; where neighbours count, gaps between valid positions "
        "stay.",
        why="a length, maximum or count shared by all rows of a batch",
    ),
    Law(
        name="batch-order",
        number=5,
        level="core",
        module=_BATCH,
        text="Permuting the rows of a batch permutes the answers in the same way.",
        why="rows sorted by length and not put back in order, or one row's mask used "
        "for all",
    ),
    Law(
        name="full-mask",
        number=6,
        level="core",
        module=_BATCH,
        text="With an all-true mask every position counts; no mask at all, where "
        "declared, means the same.",
        why="code that needs at least one padded position, or drops the last one",
    ),
    Law(
        name="mask-form",
        number=7,
        level="core",
        module=_CONTRACT,
        route="eager",  # each form would be a compilation of its own
        needs="mask-forms",
        text="Every mask form that the adapter declares gives the same answer as the "
        "boolean mask.",
        why="a float mask used as an index, an integer mask inverted bit by bit",
    ),
    Law(
        name="contract",
        number=8,
        level="core",
        module=_CONTRACT,
        text="The answer has the input's dtype and the specified shape, the inputs are "
        "not modified, and repeating the call gives the same bits.",
        why="silent casts to another dtype, masks filled in place, random results",
    ),
    Law(
        name="layout",
        number=9,
        level="core",
        module=_CONTRACT,
        needs="layouts",
        text="Transposed, sliced and expanded views give the same answer as a "
        "contiguous tensor with the same elements.",
        why="code that reads raw memory instead of elements, or writes into a view",
    ),
    Law(
        name="gradient",
        number=10,
        level="core",
        module=_GRADIENT,
        needs="gradient",
        dtypes=("float32", "float64"),
        text="For a random cotangent the gradient is exactly zero at padding, finite "
        "and connected, and in float64 exact within its bound; the gradients of a "
        "layer's parameters are the sum of those of the trimmed rows.",
        why="padding that is trained on: a leak that no forward value shows",
    ),
    Law(
        name="route",
        number=11,
        level="core",
        module=_ROUTE,
        route="compiled",
        needs="compiled",
        text="The compiled function gives the exact answer, also when it is compiled "
        "once and then called with another mask of the same shape.",
        why="a mask or a length baked into the compiled graph",
    ),
    Law(
        name="wild-padding",
        number=12,
        level="robust",
        about="infinities and NaN at padding",
        module=_NUMERICS,
        text="Infinities, NaN and the dtype's largest numbers at padding do not change "
        "the answer.",
        why="x * mask, which turns an infinity or NaN at padding into NaN",
    ),
    Law(
        name="wild-gradient",
        number=13,
        level="robust",
        about="gradients beside infinities and NaN at padding",
        module=_GRADIENT,
        needs="gradient",
        text="With infinities, NaN and the dtype's largest numbers at padding, the "
        "gradient is still zero there, finite elsewhere, and exact in float64.",
        why="where() around an invalid branch, whose derivative is NaN times zero",
    ),
    Law(
        name="valid-nan",
        number=14,
        level="robust",
        about="NaN at valid positions",
        module=_SPECIAL,
        text="NaN at a valid position, wherever it stands among numbers, makes every "
        "element NaN that depends on it and does not affect the other rows.",
        why="nanmean and similar functions, which treat a broken number as padding",
    ),
    Law(
        name="left-padding",
        number=15,
        level="robust",
        about="padding on the left",
        module=_PADDING,
        needs="left",
        # With padding on the right no query, window or state of theirs sees padding.
        core_for=(
            "*.causal",
            "*.causal.*",
            "gated_scan.sequence",
            "masked_cummax",
            "masked_cumsum",
            "rnn.*.forward.sequence",
            "positions.*",
            "rotary.*",
        ),
        text="Padding before the valid positions is ignored like any other padding; a "
        "recurrent layer skips masked steps.",
        why="lengths computed as sum(mask), a state changed by a bias before the row "
        "starts",
    ),
    Law(
        name="gaps",
        number=16,
        level="robust",
        about="padding between valid positions",
        module=_PADDING,
        needs="gaps",
        text="Padding between valid positions is ignored like any other padding.",
        why="lengths used where a mask is needed",
    ),
    Law(
        name="empty-row",
        number=17,
        level="robust",
        about="rows without valid positions",
        module=_NUMERICS,
        text="A row without valid positions gives what the adapter declares, or zero "
        "where the specification says so, as for sums, unreduced losses and recurrent "
        "outputs, or the state that it began with; it does not affect the other rows.",
        why="zero divided by zero, and a NaN that spreads to the whole batch's loss",
    ),
    Law(
        name="length-one",
        number=18,
        level="robust",
        about="one position or one row alone",
        module=_BATCH,
        text="A single valid position, T = 1 and B = 1 are not special cases.",
        why="squeeze() without an axis",
    ),
    Law(
        name="large-values",
        number=19,
        level="robust",
        about="valid values beyond 1e10",
        module=_NUMERICS,
        text="Valid values far below -1e10 (in float16 below -32752) and far above "
        "1e10 are treated like any others; where the dtype holds no answer of such "
        "numbers, as of squares in float16, numbers from 64 to 120 are.",
        why="a large negative number added to padding, with valid values still below "
        "it",
    ),
    Law(
        name="long-rows",
        number=20,
        level="robust",
        about="rows of 130 to 2049 positions",
        module=_NUMERICS,
        results=("row", "scalar"),
        optional=True,
        one_batch=True,
        text="Rows of 130, 257 and 2049 positions are counted and summed as exactly as "
        "short ones.",
        why="counts kept in int8, float16 or bfloat16",
    ),
    Law(
        name="zero-time",
        number=21,
        level="extended",
        about="T = 0",
        module=_EDGES,
        needs="zero-time",
        text="A batch with T = 0, rows without any positions, gives what empty rows "
        "give, or raises, as declared.",
        why="a maximum over an empty axis, a loop that never runs",
    ),
    Law(
        name="zero-batch",
        number=22,
        level="extended",
        about="B = 0",
        module=_EDGES,
        needs="zero-batch",
        text="A batch with B = 0 gives an answer without rows, a scalar what empty "
        "rows give, or raises, as declared.",
        why="a last batch that a filter left empty",
    ),
    Law(
        name="subnormals",
        number=23,
        level="extended",
        about="subnormal numbers",
        module=_EDGES,
        needs="subnormals",
        optional=True,
        text="If all valid values are the same subnormal number, the answer is that "
        "number where subnormals are declared kept, and zero where they are declared "
        "flushed.",
        why="a compiler that flushes small numbers to zero on one route only",
    ),
    Law(
        name="forward-gradient",
        number=24,
        level="extended",
        about="derivatives in forward mode",
        module=_EDGES,
        route="jvp",
        needs="jvp",
        dtypes=("float32", "float64"),
        text="In forward mode a tangent at padding, even NaN, does not change the "
        "answer's tangent, which in float64 is exact.",
        why="a leak that reverse mode hides by multiplying it with a zero cotangent",
    ),
    Law(
        name="minus-infinity",
        number=25,
        level="robust",
        about="minus infinity at valid positions",
        module=_SPECIAL,
        variants=(
            "masked_softmax",
            "masked_log_softmax",
            "masked_logsumexp",
            "masked_loss.cross_entropy.*",
            "crf_*",
        ),
        text="Minus infinity at a valid logit, class, tag or transition forbids it and "
        "nothing else; what is left has its exact, finite answer.",
        why="zero times infinity: a one-hot product, or a mean that is subtracted",
        since="0.2.0",
    ),
)
