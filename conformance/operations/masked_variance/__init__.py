"""The specification of ``masked_variance``: around the mean of what counts."""

from __future__ import annotations

from conformance.specification import Law, specify_reduction

OPERATION = specify_reduction(
    name="masked_variance",
    number=16,
    title="Variance over the valid positions of each row, divided by their number",
    short="variance",
    formula="mean of (x - m)^2 over the row's valid positions, m their mean",
    bound="mean(2 |d| (e + v |d|) + (e + v |d|)^2) + (n + 4) v var + [float16, "
    "bfloat16] 2 u var + eta, d = x - m, e = (n + 1) v mean|x|",
    laws=(
        Law(
            name="shift",
            number=40,
            level="core",
            text="Adding an exact number to all valid values changes nothing.",
            why="the mean of squares less the square of the mean, which cancels",
        ),
        Law(
            name="not-negative",
            number=41,
            level="core",
            text="No variance is below zero.",
            why="a difference of two large squares",
        ),
    ),
)
