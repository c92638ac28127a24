"""The specification of ``masked_prod``: the product of what counts, one of nothing."""

from __future__ import annotations

from conformance.specification import Law, specify_reduction

OPERATION = specify_reduction(
    name="masked_prod",
    number=27,
    title="Product over the valid positions of each row",
    short="product",
    formula="product of x over the row's valid positions",
    bound="n v |product| + n eta P + [float16, bfloat16] 2 u |product| + eta, P the "
    "product of max(|x|, 1); open where P is more than the dtype holds",
    usual_empty="one",
    also=(),
    laws=(
        Law(
            name="factor",
            number=40,
            level="core",
            text="Multiplying a row's first valid value by minus two multiplies the "
            "product by it.",
            why="magnitudes, logarithms or roots in place of the product",
        ),
    ),
    since="0.2.0",
)
