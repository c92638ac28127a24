"""The specification of ``nested``: a layer made of layers trains all of them."""

from __future__ import annotations

from conformance.specification import Law, Operation, Variant

OPERATION = Operation(
    name="nested",
    number=21,
    title="A layer made of layers, and what it trains",
    short="nested",
    group="layers",
    function="build_nested",
    signature="build_nested(first, second=None, norm=None, *, inner) -> layer; "
    "layer(x [B, T, F], mask [B, T]) -> [B, T, O]; layer.parameters, layer.state, "
    "layer.names, layer.step(x, mask, cotangent), layer.saved(), layer.restore(saved)",
    formula="dense, frozen: y = logistic(tanh(x W1 + b1) W2 + b2), frozen with W1 and "
    "b1 that are not trained; normed: a batch norm behind tanh, h = scale (a - mean) / "
    "sqrt(variance + 1e-3) + offset with the moving statistics, in training with those "
    "of the batch; twice: y = logistic(tanh(x W1 + b1) W1 + b1), one inner layer used "
    "twice; each position by itself, the mask is handed through; at padding what the "
    "adapter declares",
    bound="a running error carried through both layers",
    inputs=("x",),
    differentiable=("x",),
    variants=tuple(
        Variant(
            keywords=(("inner", inner),),
            result="position",
            empty="zero",
            padding="declared",
        )
        for inner in ("dense", "normed", "twice", "frozen")
    ),
    laws=(
        Law(
            name="weights-once",
            number=40,
            level="core",
            text="Every inner weight is among the owner's trainable weights exactly "
            "once, also where an inner layer is used twice; what is not trained is not "
            "among them.",
            why="inner layers that are not tracked, or tracked at each use",
        ),
        Law(
            name="state",
            number=41,
            level="core",
            text="Inner state, moving statistics and frozen weights, is tracked apart, "
            "once; answering leaves it alone, and a step of training moves the moving "
            "statistics to 0.9 of themselves and 0.1 of the batch's (of the variance, "
            "divided by n or by n - 1).",
            why="updates of an inner layer that nobody collects",
        ),
        Law(
            name="trains",
            number=42,
            level="core",
            text="One step of gradient descent moves every trainable weight, in "
            "float32 and float64 by the rate times its exact gradient, and no frozen "
            "one.",
            why="layers put inside layers that do not train, or frozen ones that do",
        ),
        Law(
            name="names",
            number=43,
            level="core",
            text="Each weight, and each piece of state, has a name that no other has.",
            why="two inner layers made from one layer's configuration, name included",
        ),
        Law(
            name="shares-nothing",
            number=44,
            level="core",
            text="Two layers made from one configuration share nothing: a step of one "
            "leaves the weights, the state and the answers of the other as they are.",
            why="inner layers made once, in a default argument or at module level",
        ),
        Law(
            name="restores",
            number=45,
            level="core",
            text="What a trained layer saved, restored into a layer of other weights, "
            "gives the same weights, the same state and the same answer, bit for bit.",
            why="state, or one inner layer's weights, that are not saved",
        ),
    ),
)
