"""What holds for many operations: the common laws, by number; imports no NumPy.

The function that checks a law is in the module that the law names. It takes a
``Subject`` (what is under test) and a ``Sample`` (a batch and its exact answer) and
yields one verdict for each call that it judges.
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

LAWS: tuple[Law, ...] = (
    Law(
        name="value",
        number=1,
        level="core",
        module=_PADDING,
        text="The answer is the exact one within the derived error bound.",
        why="a formula that counts, adds or compares padding",
    ),
    Law(
        name="padding-content",
        number=2,
        level="core",
        module=_PADDING,
        text="Other finite numbers at padding, in the same shape, leave the answer "
        "as it is, bit for bit when called eagerly on a CPU.",
        why="padding that is multiplied away instead of left out",
    ),
    Law(
        name="extra-padding",
        number=3,
        level="core",
        module=_PADDING,
        text="More padding behind every row does not change the answer; where the "
        "answer has a time axis, it is zero there.",
        why="a divisor, maximum or last step taken from the padded length",
    ),
    Law(
        name="batch-composition",
        number=4,
        level="core",
        module=_BATCH,
        text="A row alone, trimmed to its valid positions, has the answer that it has "
        "in the batch; where neighbours count, gaps between them stay.",
        why="a length, maximum or count shared by the rows of a batch",
    ),
    Law(
        name="batch-order",
        number=5,
        level="core",
        module=_BATCH,
        text="The answers of a permuted batch are the permuted answers.",
        why="rows sorted by length and not sorted back, or one row's mask for all",
    ),
    Law(
        name="full-mask",
        number=6,
        level="core",
        module=_BATCH,
        text="With an all-true mask every position counts; no mask at all, where "
        "declared, means the same.",
        why="code that needs at least one padded position, or forgets the last one",
    ),
    Law(
        name="mask-form",
        number=7,
        level="core",
        module=_CONTRACT,
        route="eager",  # each form would be a compilation of its own
        needs="mask-forms",
        text="Every mask form that the adapter declares gives the answer of the "
        "boolean mask.",
        why="a float mask used as an index, an integer one inverted bit by bit",
    ),
    Law(
        name="contract",
        number=8,
        level="core",
        module=_CONTRACT,
        text="The answer has the dtype of the input and the specified shape, inputs "
        "are not written to, and the same call twice gives the same bits.",
        why="silent casts to another dtype, masks filled in place, random results",
    ),
    Law(
        name="layout",
        number=9,
        level="core",
        module=_CONTRACT,
        needs="layouts",
        text="Transposed, sliced and expanded views give the answer of the contiguous "
        "tensor with the same elements.",
        why="code that reads memory instead of elements, or writes into a view",
    ),
    Law(
        name="gradient",
        number=10,
        level="core",
        module=_GRADIENT,
        needs="gradient",
        dtypes=("float32", "float64"),
        text="The gradient with a random cotangent is exactly zero at padding, finite "
        "and connected, and in float64 it is the exact one within its bound; the "
        "gradients of a layer's parameters are the sum of those of the trimmed rows.",
        why="padding that trains: a leak that no forward value shows",
    ),
    Law(
        name="route",
        number=11,
        level="core",
        module=_ROUTE,
        route="compiled",
        needs="compiled",
        text="The compiled function gives the exact answer, also when it was compiled "
        "once and is called again with another mask of the same shape.",
        why="a mask or a length frozen into the compiled graph",
    ),
    Law(
        name="wild-padding",
        number=12,
        level="robust",
        module=_NUMERICS,
        text="Infinities, NaN and the dtype's largest numbers at padding leave the "
        "answer as it is.",
        why="x * mask, which turns an infinity or NaN at padding into NaN",
    ),
    Law(
        name="wild-gradient",
        number=13,
        level="robust",
        module=_GRADIENT,
        needs="gradient",
        text="With infinities, NaN and the dtype's largest numbers at padding the "
        "gradient is still zero there, finite elsewhere, and in float64 exact.",
        why="where() around an invalid branch, whose derivative is NaN times zero",
    ),
    Law(
        name="valid-nan",
        number=14,
        level="robust",
        module=_NUMERICS,
        text="NaN at a valid position makes at least one element of that row's answer "
        "NaN and leaves the other rows alone.",
        why="nanmean and the like, which take a broken number for padding",
    ),
    Law(
        name="left-padding",
        number=15,
        level="robust",
        module=_PADDING,
        needs="left",
        text="Padding before the valid positions is padding all the same; a masked "
        "step of a recurrent layer is no step.",
        why="lengths taken as sum(mask), states moved by a bias before the row starts",
    ),
    Law(
        name="gaps",
        number=16,
        level="robust",
        module=_PADDING,
        needs="gaps",
        text="Padding between valid positions is padding all the same.",
        why="lengths where a mask is meant",
    ),
    Law(
        name="empty-row",
        number=17,
        level="robust",
        module=_NUMERICS,
        text="A row without valid positions gives what the adapter declares, and sums, "
        "unreduced losses and recurrent outputs are zero there; the other rows are "
        "as if it were not in the batch.",
        why="zero divided by zero, and a NaN that reaches the whole batch's loss",
    ),
    Law(
        name="length-one",
        number=18,
        level="robust",
        module=_BATCH,
        text="One valid position, one position in all, and one row in all are no "
        "special cases.",
        why="squeeze() without an axis",
    ),
    Law(
        name="large-values",
        number=19,
        level="robust",
        module=_NUMERICS,
        text="Valid values far below -1e10 (in float16 below -32752) and far above "
        "1e10 are values like others.",
        why="a large negative number added to padding, which valid values undercut",
    ),
    Law(
        name="long-rows",
        number=20,
        level="robust",
        module=_NUMERICS,
        results=("row", "scalar"),
        optional=True,
        one_batch=True,
        text="Rows of 130, 257 and 2049 positions are counted and summed as exactly "
        "as short ones.",
        why="counts kept in int8, float16 or bfloat16",
    ),
    Law(
        name="zero-time",
        number=21,
        level="extended",
        module=_EDGES,
        needs="zero-time",
        text="A batch whose rows have no positions at all, T = 0, gives what empty "
        "rows give, or raises, as declared.",
        why="a maximum over nothing, a loop that never starts",
    ),
    Law(
        name="zero-batch",
        number=22,
        level="extended",
        module=_EDGES,
        needs="zero-batch",
        text="A batch without rows, B = 0, gives an answer without rows, a scalar what "
        "empty rows give, or raises, as declared.",
        why="a last batch that a filter left empty",
    ),
    Law(
        name="subnormals",
        number=23,
        level="extended",
        module=_EDGES,
        needs="subnormals",
        optional=True,
        text="Equal subnormal values have that value as their answer where they are "
        "declared kept, and zero where they are declared flushed.",
        why="a compiler that flushes small numbers to zero on one route only",
    ),
    Law(
        name="forward-gradient",
        number=24,
        level="extended",
        module=_EDGES,
        route="jvp",
        needs="jvp",
        dtypes=("float32", "float64"),
        text="In forward mode a tangent at padding moves nothing, not even with NaN "
        "there, and in float64 the answer's tangent is the exact derivative's.",
        why="a leak that reverse mode multiplies by a zero cotangent",
    ),
)
