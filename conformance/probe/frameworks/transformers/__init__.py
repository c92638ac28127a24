"""``hf:TYPE``: a tiny random model made from transformers' configuration.

Nothing is downloaded.
"""

from __future__ import annotations

from typing import Any

import transformers
from transformers import AutoModel

from conformance.errors import UnknownNameError
from conformance.probe.frameworks.torch import Torch
from conformance.probe.frameworks.torch.layers import outline
from conformance.probe.frameworks.transformers.sizes import configure, given
from conformance.probe.infer import TargetError

LARGEST = 20_000_000
"""Parameters of a model that is still called tiny; a small one has a tenth."""


TEXT_OR_SPEECH = (
    *("CAUSAL_LM", "MASKED_LM", "SEQ_TO_SEQ_CAUSAL_LM", "TEXT_ENCODING", "CTC"),
    *("AUDIO_CLASSIFICATION", "SPEECH_SEQ_2_SEQ", "TOKEN_CLASSIFICATION"),
    "SEQUENCE_CLASSIFICATION",
)
"""The tasks whose input is a sequence, as transformers' tables name them."""


def names() -> list[str]:
    """Return the types for text or speech that have a model of their own, in order."""
    auto = transformers.models.auto.modeling_auto
    tables = [
        getattr(auto, f"MODEL_FOR_{each}_MAPPING_NAMES") for each in TEXT_OR_SPEECH
    ]
    listed = {kind for table in tables for kind in table}
    return sorted(listed & set(auto.MODEL_MAPPING_NAMES))


def make(name: str) -> dict[str, Any]:
    """Return a tiny model of a type.

    Args:
        name: ``TYPE``, ``TYPE/CLASS``, ``TYPE@eager`` or ``TYPE/CLASS@eager``.

    Raises:
        TargetError: It cannot be made from sizes alone.
        UnknownNameError: transformers has no such type.
    """
    model_name, _, attention = name.partition("@")
    kind, _, which = model_name.partition("/")
    if kind not in transformers.CONFIG_MAPPING:
        what = "model type of transformers"
        raise UnknownNameError(what, kind, transformers.CONFIG_MAPPING.keys())
    try:
        model = _build(kind, which, attention)
    except TargetError:
        raise
    except Exception as error:
        text = " ".join(str(error).split())[:300]
        msg = f"hf:{name}: a tiny one cannot be made: {type(error).__name__}: {text}"
        raise TargetError(msg) from error
    used = getattr(model.config, "_attn_implementation", "") or "eager"
    given_text = repr(given(kind))
    more = f", attn_implementation={attention!r}" if attention else ""
    lines = (
        "import transformers",
        "transformers.set_seed(0)",
        f"config = transformers.{type(model.config).__name__}(**{given_text}{more})",
        f"model = transformers.{type(model).__name__}(config).eval()",
    )
    return {
        "model": model.eval().float(),
        "framework": Torch(),
        "code": lines,
        "notes": (f"attention is {used}",),
        "besides": {"transformers": transformers.__version__},
    }


def _build(kind: str, which: str, attention: str) -> Any:
    """Return a model; on the meta device first, where a large one costs nothing.

    Raises:
        TargetError: It is not tiny, or has no other attention than this.
    """
    config = configure(kind)
    maker = getattr(transformers, which) if which else AutoModel.from_config
    drawn = outline(lambda: maker(config))
    count = sum(each.numel() for each in drawn.parameters())
    if count > LARGEST:
        msg = f"hf:{kind}: the table of sizes leaves {count:,} parameters"
        raise TargetError(msg)
    if attention:
        if not getattr(drawn, "_supports_sdpa", False):
            msg = f"hf:{kind}: has one attention only"
            raise TargetError(msg)
        config._attn_implementation = attention  # noqa: SLF001 - as from_config does
    transformers.set_seed(0)
    return maker(config)
