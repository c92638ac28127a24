"""The specification of ``masked_logsumexp``: no term for padding."""

from __future__ import annotations

from conformance.specification import Law, specify_reduction

OPERATION = specify_reduction(
    name="masked_logsumexp",
    number=14,
    title="Logarithm of the sum of exponentials of each row's valid positions",
    short="logsumexp",
    formula="M + L, L = log of the sum of exp(x_i - M) over the valid i, M the row's "
    "valid maximum",
    bound="u (sum p d + 4 + 4 L + 2 |M + L| + |M|) + n v + eta, d_i = M - x_i, p the "
    "softmax",
    features=False,
    usual_empty="negative-infinity",
    laws=(
        Law(
            name="shift",
            number=40,
            level="core",
            text="Adding an exact number to all valid values adds it to the answer.",
            why="padding kept as a term of its own",
        ),
        Law(
            name="above-the-maximum",
            number=41,
            level="core",
            text="The answer is at least the largest valid value, and at most the "
            "logarithm of the number of valid positions above it.",
            why="padding counted as a term, a mean in place of the sum",
        ),
    ),
)
