"""The specification of ``moe_routing``: padding chooses no expert and has no place."""

from __future__ import annotations

from conformance.specification import Law, Operation, Variant

CAPACITY = 2
"""How many positions of a row an expert takes."""

DISPATCH = ("moe_routing.dispatch.*",)


def _variant(part: str, top: int) -> Variant:
    named = () if part == "z_loss" else (("top", str(top)),)
    scalar = part != "dispatch"
    return Variant(
        keywords=(("part", part), *named),
        values=(("top", top), ("capacity", CAPACITY)),
        result="scalar" if scalar else "position",
        empty="declared" if scalar else "zero",
    )


OPERATION = Operation(
    name="moe_routing",
    number=50,
    title="What the router of a mixture of experts makes of a padded batch",
    short="MoE routing",
    group="losses",
    function="moe_routing",
    signature="moe_routing(logits [B, T, E], mask [B, T], *, part, top, capacity) -> "
    "[] or, of dispatch, [B, T, E]; top: how many experts a position chooses; "
    "capacity: how many positions of a row an expert takes, for dispatch alone",
    formula="p = softmax z over the experts; a valid position chooses the `top` "
    "experts with the largest z; N positions are valid. balance: E times the sum over "
    "the experts of f_e P_e, f_e the number of positions that choose e / N, P_e the "
    "sum of p_e over the valid positions / N, no derivative through f. z_loss: the sum "
    "of (log sum exp z)^2 / N. dispatch: what each expert's answer weighs, p_e where "
    "one is chosen, of two chosen ones their softmax; an expert takes the first "
    "`capacity` positions of a row that choose it, all first choices before any second "
    "one, and 0 stands where it takes none; zero at padding",
    bound="w_e = p_e (u (d_e + sum p d + 10) + E v) + 2 eta of p_e, d = M - z; "
    "balance: E / N times the sum of f_e w_e, + (N + E) v and 4 u of the answer; "
    "where two experts' p differ by less than their bounds either may be chosen, which "
    "moves the answer by E / N times what their P differ; z_loss: that of "
    "masked_logsumexp, b, as 2 |l| b + u l^2, then of a mean; dispatch: w, "
    "where two are chosen q (u (d + sum q d + 15)) + 4 eta, q their softmax; a row "
    "with experts as close is left open",
    inputs=("logits",),
    differentiable=("logits",),
    variants=(
        _variant("balance", 1),
        _variant("balance", 2),
        _variant("z_loss", 1),
        _variant("dispatch", 1),
        _variant("dispatch", 2),
    ),
    also=("long-rows",),
    laws=(
        Law(
            name="crowding",
            number=40,
            level="core",
            variants=DISPATCH,
            text="Padding before the valid positions, and between them where declared, "
            "that would choose any one expert takes none of its places.",
            why="places that are counted before the mask, of a second choice above all",
            about="padding that crowds an expert",
            since="0.2.0",
        ),
        Law(
            name="first-come",
            number=41,
            level="core",
            variants=DISPATCH,
            text="Where all valid positions choose the same experts, the first "
            "`capacity` of each row have their places, and no other.",
            why="places given to the last, to the largest or by the batch, or one more "
            "than there are",
            about="one expert for all",
            since="0.2.0",
        ),
        Law(
            name="even-shares",
            number=42,
            level="core",
            variants=("moe_routing.balance.*",),
            text="Where all experts are as likely at every valid position, the loss is "
            "`top`, whichever are chosen.",
            why="shares and choices that are not divided by the same positions",
            about="experts that are as likely",
            since="0.2.0",
        ),
    ),
    since="0.2.0",
)
