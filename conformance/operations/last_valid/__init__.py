"""The specification of ``last_valid``: the last position that counts, not the last."""

from __future__ import annotations

from conformance.specification import Law, specify_reduction

OPERATION = specify_reduction(
    name="last_valid",
    number=13,
    title="What stands at the last valid position of each row",
    short="last valid",
    formula="x at the row's last valid position, wherever padding is",
    bound="0: nothing is computed",
    also=(),
    rounds=False,
    laws=(
        Law(
            name="earlier-values",
            number=40,
            level="core",
            text="What stands at earlier positions changes nothing, bit for bit.",
            why="a position counted from the wrong end, a weighted mean",
        ),
        Law(
            name="ascending",
            number=41,
            level="core",
            text="Of positions numbered from one, it is the row's largest valid "
            "number.",
            why="a position that is one too early or too late",
        ),
    ),
)
