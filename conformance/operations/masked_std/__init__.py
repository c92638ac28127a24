"""The specification of ``masked_std``: the root of a variance, with ddof."""

from __future__ import annotations

from conformance.operations.masked_variance import OPERATION as VARIANCE
from conformance.specification import specify_reduction

OPERATION = specify_reduction(
    name="masked_std",
    number=24,
    title="Standard deviation over the valid positions of each row",
    short="deviation",
    formula="root of the sum of (x - m)^2 over the row's valid positions / (n - ddof), "
    "m their mean; a row with fewer than ddof + 1 is as an empty one; where it is 0, "
    "the derivative is 0 or another share of at most g / root(n - ddof)",
    bound="E / (std + root(std^2 - E)), root(E) where E > std^2, + 3 v std + [float16, "
    "bfloat16] 2 u std + eta, E the bound of std^2, as masked_variance has it",
    keywords=({"ddof": 0}, {"ddof": 1}),
    laws=(VARIANCE.law("shift"),),
    since="0.2.0",
)
