"""The specification of ``attention_pooling``: scores decide how much, of valid ones."""

from __future__ import annotations

from conformance.specification import Law, Operation, Variant

OPERATION = Operation(
    name="attention_pooling",
    number=46,
    title="Pooling of each row by a softmax of scores over its valid positions",
    short="attention pooling",
    group="reductions",
    function="attention_pooling",
    signature="attention_pooling(x [B, T, F], score [B, T] or [B, T, F], mask [B, T], "
    "*, pool, per, floor) -> [B, F], or [B, 2F] where pool is mean_std; a score per "
    "position or per feature; floor is 1e-4",
    formula="mean: m = sum of w x over the row's valid positions, w = exp(s - M) / sum "
    "of exp(s - M) over them, s the scores, M their maximum; mean_std: m, and behind "
    "it the root of the larger of floor and sum of w (x - m)^2, whose derivative is 0 "
    "where the floor is; what scores are at padding changes nothing; a score of minus "
    "infinity has no weight",
    bound="mean: E = sum of e |x| + ((2 n + 1) v + 2 u) sum of w |x| + 2 u |m| + 2 eta "
    "(1 + sum |x|), e = w u (2 d + 2 sum w d + 8) + 2 eta, no more than the other "
    "positions' sum, d = M - s; mean_std: V = sum of e (|a| + o)^2 + w o (2 |a| + o) "
    "+ (2 u + (2 n + 4) v) w a^2, a = x - m, o = E + u |a|; the root moves from "
    "max(variance, floor) by V, + 3 u root",
    inputs=("x", "score"),
    differentiable=("score", "x"),
    variants=tuple(
        Variant(
            keywords=(("pool", pool), ("per", per)),
            values=(("floor", 1e-4),),
            result="row",
            empty="declared",
        )
        for pool, per in (
            ("mean", "position"),
            ("mean", "feature"),
            ("mean_std", "feature"),
        )
    ),
    laws=(
        Law(
            name="score-shift",
            number=40,
            level="core",
            text="Adding an exact number to all valid scores changes nothing.",
            why="padding kept with a score of zero, an epsilon beside the powers",
            since="0.2.0",
        ),
        Law(
            name="scores-alike",
            number=41,
            level="core",
            text="Where all scores of a row are equal, its mean is that of "
            "masked_mean, and its deviation that of masked_variance.",
            why="a divisor that counts padding, a softmax over features or rows",
            about="equal scores",
            since="0.2.0",
        ),
        Law(
            name="shift",
            number=42,
            level="core",
            text="Adding an exact number to every valid value adds it to the mean, and "
            "leaves the deviation as it is.",
            why="weights that do not sum to one, the mean of squares less the square "
            "of the mean, which cancels",
            since="0.2.0",
        ),
        Law(
            name="one-score",
            number=43,
            level="core",
            text="Where one score is far above the row's others, its position's value "
            "is the mean, and the deviation is the root of the floor.",
            why="scores that are clipped, squashed or halved, a root of zero that is "
            "NaN or has no floor",
            about="one score far above the others",
            since="0.2.0",
        ),
    ),
    since="0.2.0",
)
