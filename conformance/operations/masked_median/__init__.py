"""The specification of ``masked_median``: the value in the middle of what counts."""

from __future__ import annotations

from conformance.specification import specify_reduction

OPERATION = specify_reduction(
    name="masked_median",
    number=31,
    title="Median over the valid positions of each row",
    short="median",
    formula="of the row's n valid values in order the one in the middle; where n is "
    "even, of the two in the middle the lower one (`lower`) or their mean (`mean`); "
    "-0.0 equals 0.0",
    bound="`lower`: 0, it rounds nothing; `mean`: v (|a| + |b|) where n is even, a and "
    "b the two in the middle, + [float16, bfloat16] 2 u |median| + eta",
    keywords=({"middle": "lower"}, {"middle": "mean"}),
    usual_empty="nan",
    since="0.2.0",
)
