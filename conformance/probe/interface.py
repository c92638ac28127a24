"""What a model takes: which arguments there are, and what each is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from conformance.errors import UsageError

Kind = Literal["ids", "features"]
Convention = Literal["none", "keep", "padding", "lengths", "additive", "value"]

CACHES = ("past_key_values", "cache", "state")
"""How an argument is called that takes what a model keeps between steps."""

CONVENTIONS: tuple[str, ...] = ("keep", "padding", "lengths", "additive")
"""What may be said of a mask argument; ``none`` and ``value`` are found, not said."""

IDS = (
    *("input_ids", "ids", "token_ids", "tokens", "inputs_ids", "words", "labels_in"),
    *("src", "input", "inputs", "x", "sequence", "sequences", "text"),
)
FEATURES = (
    *("x", "inputs", "input", "features", "src", "sequence", "hidden_states"),
    *("input_features", "input_values", "inputs_embeds", "embeddings", "xs", "data"),
    *("query", "tgt", "values", "signal"),
)
MASKS: dict[str, Convention] = {
    "attention_mask": "keep",
    "mask": "keep",
    "masks": "keep",
    "where": "keep",
    "valid": "keep",
    "input_mask": "keep",
    "seq_mask": "keep",
    "padding_mask": "padding",
    "pad_mask": "padding",
    "key_padding_mask": "padding",
    "src_key_padding_mask": "padding",
    "lengths": "lengths",
    "length": "lengths",
    "lens": "lengths",
    "seq_lengths": "lengths",
    "sequence_lengths": "lengths",
    "input_lengths": "lengths",
    "x_lens": "lengths",
    "x_lengths": "lengths",
    "src_lengths": "lengths",
    "wav_lens": "lengths",
    "additive_mask": "additive",
    "extended_attention_mask": "additive",
}
"""The names that a mask has in the field, and what true or a number means there."""

POSITIONS = ("position_ids", "positions", "pos_ids")
SAME = ("query", "key", "value")
"""Arguments of an attention that all take the sequence itself."""


class TargetError(UsageError):
    """A target that cannot be probed, and what would make it one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """One more argument that a model needs: the same for a row wherever it stands.

    Attributes:
        name: The argument.
        kind: Whether it is ids or features.
        length: Positions of each row; none of them is padding.
        size: The vocabulary, or the number of features.
    """

    name: str
    kind: Kind = "ids"
    length: int = 3
    size: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """What a model takes, found by trial or said by the user.

    Attributes:
        inputs: Arguments that take the sequence; an attention has three of them.
        kind: Whether the sequence is ids or features.
        layout: Axes of the features: ``BTF``, ``TBF`` or ``BFT``; ids: ``BT``, ``TB``.
        features: Numbers at each position; empty where a position is one number.
        vocabulary: Ids are below it.
        avoid: Ids with a meaning of their own, which content does not use.
        padding_value: What stands at padding where that itself is the mask.
        mask: The mask's argument; empty where there is none.
        convention: What the mask says.
        mask_type: Its dtype: bool, int64 or float32.
        mask_shape: Its axes: ``BT`` or ``B11T``.
        mask_optional: Whether the model can be called without it.
        positions: The argument that takes positions; empty where there is none.
        extras: Further arguments.
        smallest: Positions that a row must have.
        largest: Positions that a batch may have; 0 is any.
        causal: Whether a later position must not change an earlier one.
        guessed: Whether the mask's meaning was taken from its name alone.
        constants: Arguments with a fixed value, such as ``use_cache = False``.
    """

    inputs: tuple[str, ...]
    kind: Kind
    layout: str
    features: tuple[int, ...] = ()
    vocabulary: int = 0
    avoid: tuple[int, ...] = ()
    padding_value: float | None = None
    mask: str = ""
    convention: Convention = "none"
    mask_type: str = "bool"
    mask_shape: str = "BT"
    mask_optional: bool = False
    positions: str = ""
    extras: tuple[Extra, ...] = ()
    smallest: int = 3
    largest: int = 0
    causal: bool = False
    guessed: bool = False
    constants: dict[str, object] = field(default_factory=dict, hash=False)

    @property
    def masked(self) -> bool:
        """Whether the model is told which positions count."""
        return self.convention != "none"

    def describe(self, rows: int, time: int) -> str:
        """Say what the model is given, in one line.

        >>> Interface(inputs=("x",), kind="features", layout="BTF", features=(4,),
        ...           mask="mask", convention="keep").describe(3, 7)
        'x [3, 7, 4], mask [3, 7] true = keep'
        """
        sizes = {"B": rows, "T": time, "F": self.features[0] if self.features else 0}
        shape = [sizes[axis] for axis in self.layout]
        text = f"{' = '.join(self.inputs)} {shape}"
        if self.kind == "ids":
            text += f" ids below {self.vocabulary}"
        return f"{text}, {self._mask_text(rows, time)}"

    def _mask_text(self, rows: int, time: int) -> str:
        if self.convention == "none":
            return "no mask"
        if self.convention == "value":
            return f"the mask is read from the padding value {self.padding_value:g}"
        if self.convention == "lengths":
            return f"{self.mask} [{rows}] lengths"
        shape = [rows, time] if self.mask_shape == "BT" else [rows, 1, 1, time]
        means = {"keep": "true = keep", "padding": "true = padding"}
        return f"{self.mask} {shape} {means.get(self.convention, 'additive')}"
