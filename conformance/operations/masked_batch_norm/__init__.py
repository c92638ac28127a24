"""The specification of ``masked_batch_norm``: statistics of what counts."""

from __future__ import annotations

from conformance.specification import Law, Operation, Variant

OPERATION = Operation(
    name="masked_batch_norm",
    number=22,
    title="Batch norm in training, its statistics over the valid positions of the "
    "batch",
    short="batch norm",
    group="layers",
    function="masked_batch_norm",
    signature="masked_batch_norm(x [B, T, F], mask [B, T], scale [F], offset [F]) "
    "-> [B, T, F]",
    formula="scale (x - m) / sqrt(v + 1e-3) + offset, m and v the mean and variance "
    "(divided by n) of each feature over the n valid positions of the whole batch; at "
    "padding what the adapter declares. The rows of a batch share their statistics: a "
    "row alone has another answer, so that batch-composition means nothing here, and "
    "NaN at a valid position reaches the other rows, so that valid-nan does not either",
    bound="|scale| r (e (1 + q) + |d| q) + 4 v |scale| r (|x| + |m| + |d|) + 4 v "
    "|offset| + 2 u |answer| + 2 eta; d = x - m, r = 1 / sqrt(var + 1e-3), e = "
    "(n + 1) v mean|x| + v |d|, q = (mean(2 |d| e + e^2) + (n + 4) v var) r^2 + 3 v",
    inputs=("x",),
    differentiable=("x",),
    weights=("scale", "offset"),
    without=("batch-composition", "valid-nan"),
    variants=(
        Variant(
            result="position",
            empty="zero",
            padding="declared",
        ),
    ),
    laws=(
        Law(
            name="long-rows",
            number=20,
            level="robust",
            about="rows of 130 to 2049 positions",
            module="conformance.operations._common.laws.numerics",
            text="Rows of 130, 257 and 2049 positions are counted and summed as "
            "exactly as short ones.",
            why="counts kept in int8, float16 or bfloat16",
        ),
        Law(
            name="shift",
            number=40,
            level="core",
            text="Adding an exact number to all valid values changes nothing.",
            why="the mean of squares less the square of the mean, which cancels",
        ),
        Law(
            name="centred",
            number=41,
            level="core",
            text="The mean of a feature's valid answers is its offset.",
            why="statistics that padding has a part in",
        ),
        Law(
            name="refolded",
            number=42,
            level="core",
            text="The valid positions in rows of another length have the answers that "
            "they had.",
            why="a mean of the rows' means, or statistics of each row",
        ),
        Law(
            name="nan-shows",
            number=43,
            level="robust",
            about="NaN in one feature",
            text="NaN at a valid position makes its feature NaN at every valid "
            "position of the batch, and leaves the other features alone.",
            why="statistics that take a broken number for padding",
        ),
    ),
)
