"""The specification of ``mask_from_features``: a vector of zeros is padding."""

from __future__ import annotations

from conformance.specification import Law, Operation, Variant

OPERATION = Operation(
    name="mask_from_features",
    number=10,
    title="The mask of a batch of vectors, where vectors of zeros are padding",
    short="mask of feat.",
    group="masks",
    function="mask_from_features",
    signature="mask_from_features(x [B, T, F]) -> [B, T] bool",
    formula="true where any feature is not zero; 0.0 and -0.0 are zero, NaN and every "
    "normal number are not; whether a subnormal number is, each machine decides",
    bound="0: nothing is computed",
    inputs=("x",),
    differentiable=(),
    answer="boolean",
    without=(
        "padding-content",  # at padding stand zeros, and nothing else
        "mask-form",
        "gradient",
        "wild-padding",
        "wild-gradient",
        "valid-nan",  # NaN is no answer here: see nan-counts
        "forward-gradient",
    ),
    variants=(
        Variant(
            result="position",
            empty="zero",
            makes_mask=True,
        ),
    ),
    laws=(
        Law(
            name="one-feature",
            number=40,
            level="core",
            text="A position counts if one of its features is not zero, whichever it "
            "is.",
            why="a rule that asks all features, or the first alone",
        ),
        Law(
            name="features-that-cancel",
            number=41,
            level="core",
            text="Features that add up to zero are not zero.",
            why="a sum over features in place of a comparison of each",
        ),
        Law(
            name="negative-zero",
            number=42,
            level="robust",
            about="negative zero",
            text="-0.0 is zero.",
            why="a comparison of bits, or of signs",
        ),
        Law(
            name="tiny-features",
            number=43,
            level="robust",
            about="the smallest normal number",
            text="The smallest normal number is not zero, of either sign.",
            why="squares that underflow, a threshold in place of zero",
        ),
        Law(
            name="nan-counts",
            number=44,
            level="robust",
            about="features of NaN",
            text="NaN is not zero: a position of NaN counts, so that it is seen later.",
            why="broken numbers that are hidden as padding",
        ),
    ),
)
