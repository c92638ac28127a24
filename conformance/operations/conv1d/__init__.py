"""The specification of ``conv1d``: padding is zero before, and zero after the bias."""

from __future__ import annotations

from conformance.specification import Law, Operation, Variant

OPERATION = Operation(
    name="conv1d",
    number=19,
    title="Convolution along time over padded rows",
    short="conv1d",
    group="layers",
    function="conv1d",
    signature="conv1d(x [B, T, F], mask [B, T], kernel [K, F, C], bias [C], *, "
    "padding, dilation) -> [B, T, C] (same, causal) or [B, max(T - R, 0), C] (valid), "
    "R = (K - 1) dilation",
    formula="y_t = bias + sum over k of x_(t - left + k dilation) kernel_k, x being "
    "zero at padding and outside the row; left = floor(R / 2) (same), R (causal), 0 "
    "(valid); zero at padding, gaps between valid positions included; valid: y_t "
    "counts where t to t + R lies between the row's first and last valid position, and "
    "is zero elsewhere. A stride is no part of this: which positions it keeps depends "
    "on where in the padded row the first valid one stands and, for same in TensorFlow "
    "and Keras, on T as well, so that a row has other answers alone",
    bound="(n + 2) v (sum |x kernel| + |bias|) + [float16, bfloat16] u (2 |y| + "
    "|y - bias|) + (n + 1) eta, n the terms that are at valid positions",
    inputs=("x",),
    differentiable=("x",),
    weights=("kernel", "bias"),
    trims="outside",
    variants=tuple(
        Variant(
            keywords=(("padding", padding), ("dilation", str(dilation))),
            values=(("dilation", dilation),),
            result="position",
            empty="zero",
        )
        for padding, dilation in (
            ("same", 1),
            ("same", 2),
            ("causal", 1),
            ("causal", 2),
            ("valid", 1),
        )
    ),
    laws=(
        Law(
            name="zero-at-padding",
            number=40,
            level="core",
            text="The answer at a position that does not count is exactly zero.",
            why="a bias, or the row's end reaching over it, that turns padding into "
            "signal for the next layer",
        ),
        Law(
            name="bias-apart",
            number=41,
            level="core",
            text="With and without its bias the answers differ by the bias where a "
            "position counts, and by nothing elsewhere.",
            why="a bias added after the mask, twice, or never",
        ),
        Law(
            name="superposition",
            number=42,
            level="core",
            text="The answers for two inputs add up to the answer for their sum, plus "
            "the bias once more.",
            why="a hidden activation, or a division by the number of valid neighbours",
        ),
        Law(
            name="causal",
            number=43,
            level="core",
            variants=("conv1d.causal.*",),
            text="Other numbers at later positions leave the answers of earlier ones "
            "as they are.",
            why="padding on both sides where it belongs before the row alone",
        ),
    ),
)
