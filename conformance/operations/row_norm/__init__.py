"""The specification of ``row_norm``: each row by its own mean and deviation."""

from __future__ import annotations

from conformance.specification import Law, Operation, Variant

_VARIANTS = (
    ("time", 0, "inside"),
    ("time", 1, "inside"),
    ("time", 0, "outside"),
    ("group", 0, "inside"),
)

OPERATION = Operation(
    name="row_norm",
    number=40,
    title="Each row less its mean over time, over its deviation",
    short="row norm",
    group="layers",
    function="row_norm",
    signature="row_norm(x [B, T, F], mask [B, T], *, over, ddof, epsilon) -> [B, T, F]",
    formula="(x - m) / sqrt(v + 1e-3) (`inside`) or (x - m) / (sqrt(v) + 1e-3) "
    "(`outside`), m and v the mean and the variance over the n valid positions of the "
    "row, of each feature by itself (`time`) or of all features (`group`, n times F "
    "numbers); v is divided by n - ddof, at least by 1, so that a row of one token is "
    "zero; at padding what the adapter declares",
    bound="(e (1 + q) + |d| q) / r + v (|x| + |m| + |d|) / r + [float16, bfloat16] 2 "
    "u |answer| + 2 eta; d = x - m, r the divisor, e = (n + 1) v mean|x| + v |d|, "
    "without the first where n is 1, E = sum(2 |d| e + e^2) / (n - ddof) + (n + 2) v "
    "var; inside: q = p / 2 + p^2 + 3 v, p = E / r^2; outside: q = D / (r - D) + 4 v, "
    "D = E / (s + sqrt(var - E)) or sqrt(E), s = sqrt(var)",
    inputs=("x",),
    differentiable=("x",),
    variants=tuple(
        Variant(
            keywords=(("over", over), ("ddof", str(ddof)), ("epsilon", epsilon)),
            values=(("ddof", ddof),),
            result="position",
            empty="zero",
            padding="declared",
        )
        for over, ddof, epsilon in _VARIANTS
    ),
    laws=(
        Law(
            name="shift",
            number=40,
            level="core",
            text="Adding an exact number to all valid values changes nothing.",
            why="the mean of squares less the square of the mean, which cancels",
            since="0.2.0",
        ),
        Law(
            name="centred",
            number=41,
            level="core",
            text="The valid answers of a row sum to zero, feature by feature or, in a "
            "group, all together.",
            why="statistics that padding, or another row, has a part in",
            since="0.2.0",
        ),
        Law(
            name="constant-rows",
            number=42,
            level="core",
            text="A row whose valid values are all equal is zero, however long it is.",
            why="zero over zero without an epsilon, or a mean that padding moved",
            since="0.2.0",
        ),
    ),
    since="0.2.0",
)
