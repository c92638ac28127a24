"""``hf:TYPE``: a tiny random model made from transformers' configuration.

Nothing is downloaded. Sizes are data: a table for all types, and one for those that
need something of their own.
"""

from __future__ import annotations

from typing import Any

import transformers
from transformers import AutoModel

from conformance.errors import UnknownNameError
from conformance.probe.frameworks.torch import Torch
from conformance.probe.frameworks.torch.layers import outline
from conformance.probe.infer import TargetError

SMALL: dict[str, Any] = {
    "vocab_size": 97,
    "hidden_size": 32,
    "d_model": 32,
    "n_embd": 32,
    "dim": 32,
    "embedding_size": 32,
    "emb_dim": 32,
    "num_hidden_layers": 2,
    "n_layer": 2,
    "n_layers": 2,
    "num_layers": 2,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "num_decoder_layers": 2,
    "num_attention_heads": 4,
    "n_head": 4,
    "n_heads": 4,
    "num_heads": 4,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "d_kv": 8,
    "intermediate_size": 64,
    "moe_intermediate_size": 32,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "d_ff": 64,
    "d_inner": 64,
    "ffn_dim": 64,
    "hidden_dim": 64,
    "n_inner": 64,
    "max_position_embeddings": 256,
    "n_positions": 256,
    "max_source_positions": 256,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "sep_token_id": 2,
    "decoder_start_token_id": 1,
    "num_experts": 4,
    "num_local_experts": 4,
    "n_routed_experts": 4,
    "num_experts_per_tok": 2,
    "initializer_range": 0.2,
    "init_std": 0.2,
    "word_embed_proj_dim": 32,
    "rotary_dim": 8,
    "layerdrop": 0.0,
    "state_size": 8,
    "time_step_rank": 4,
    "use_mambapy": False,
    "sliding_window": 128,
}
"""What every configuration is given of which it has the name."""

_MLA: dict[str, Any] = {
    "kv_lora_rank": 16,
    "q_lora_rank": 16,
    "qk_rope_head_dim": 8,
    "qk_nope_head_dim": 8,
    "v_head_dim": 8,
    "head_dim": 8,
    "n_group": 1,
    "topk_group": 1,
    "first_k_dense_replace": 1,
    "num_key_value_heads": 4,
    "n_routed_experts": 4,
    "num_local_experts": 4,
    "moe_intermediate_size": 32,
}
_SPEECH: dict[str, Any] = {
    # The only one of the two norms with which a mask may be given, as they document.
    "feat_extract_norm": "layer",
    "conv_dim": [32, 32, 32],
    "conv_kernel": [10, 3, 2],
    "conv_stride": [5, 2, 2],
    "num_feat_extract_layers": 3,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 2,
}
_LINEAR: dict[str, Any] = {
    "layer_types": ["linear_attention", "full_attention"],
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 2,
    "linear_key_head_dim": 8,
    "linear_value_head_dim": 8,
}
_DROPOUTS = ("dropout", "attention_dropout", "activation_dropout")
OWN: dict[str, dict[str, Any]] = {
    **dict.fromkeys(
        ("wav2vec2", "wav2vec2-conformer", "hubert", "wavlm", "unispeech"), _SPEECH
    ),
    **dict.fromkeys(("unispeech-sat", "sew", "sew-d", "data2vec-audio"), _SPEECH),
    # Its positions take 1 for padding in a mask of zeros and ones.
    "speech_to_text": {"pad_token_id": 1, "bos_token_id": 0},
    "deepseek_v3": _MLA,
    "deepseek_v2": _MLA,
    "deepseek_v32": {**_MLA, "index_n_heads": 4, "index_head_dim": 16},
    "glm_moe_dsa": {**_MLA, "index_n_heads": 4, "index_head_dim": 16},
    "dots1": {"n_shared_experts": 1},
    "esmc": {"num_key_value_heads": 4},
    "granitemoehybrid": {
        "mamba_n_heads": 8,
        "mamba_d_head": 8,
        "mamba_n_groups": 2,
        "mamba_d_state": 8,
        "mamba_chunk_size": 8,
        "layer_types": ["mamba", "attention"],
    },
    **dict.fromkeys(("qwen3_next", "qwen3_5_text", "qwen3_5_moe_text"), _LINEAR),
    "kimi_linear": {
        **_MLA,
        "q_lora_rank": None,
        "layer_types": ["linear_attention", "full_attention"],
        "linear_head_dim": 8,
        "linear_num_heads": 4,
    },
    "falcon_h1": {
        "mamba_chunk_size": 8,
        "mamba_d_ssm": 32,
        "mamba_n_heads": 4,
        "mamba_d_head": 8,
        "mamba_d_state": 8,
    },
    "nemotron_h": {
        "layers_block_type": ["mamba", "attention"],
        "chunk_size": 8,
        "mamba_num_heads": 4,
        "mamba_head_dim": 8,
        "ssm_state_size": 8,
        "n_groups": 2,
    },
    "lfm2_moe": {"layer_types": ["conv", "full_attention"], "num_dense_layers": 1},
    "luke": {"entity_vocab_size": 23, "entity_emb_size": 32},
    "zamba2": {"layer_types": ["mamba", "hybrid"]},
    "zaya": {"num_experts_per_tok": 1},
    "funnel": {
        "block_sizes": [1, 1],
        "block_repeats": [1, 1],
        "d_head": 8,
        "d_inner": 64,
        "num_hidden_layers": None,
    },
    # Read from the configuration in training, where no module can be told.
    "prophetnet": dict.fromkeys(_DROPOUTS, 0.0),
    "gpt_neo": {"attention_types": [[["global", "local"], 1]]},
    "longformer": {"attention_window": [4, 4]},
    "led": {"attention_window": [4, 4]},
    "mamba2": {"num_heads": 8, "head_dim": 8, "n_groups": 2, "chunk_size": 8},
    "bamba": {
        "mamba_n_heads": 8,
        "mamba_d_head": 8,
        "mamba_n_groups": 2,
        "mamba_d_state": 8,
        "mamba_chunk_size": 8,
        "attn_layer_indices": [1],
    },
    "zamba": {"num_hidden_layers": 3},
    "reformer": {
        "axial_pos_embds": False,
        "attn_layers": ["local", "lsh"],
        "local_attn_chunk_length": 4,
        "lsh_attn_chunk_length": 4,
        "num_buckets": 2,
        "num_hashes": 1,
        "hidden_size": 32,
        "feed_forward_size": 64,
        "attention_head_size": 8,
    },
}
"""What a type needs beside or instead of it."""


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


def configure(kind: str) -> Any:
    """Return a small configuration of a type."""
    return transformers.CONFIG_MAPPING[kind](**given(kind))


def given(kind: str) -> dict[str, Any]:
    """Return what a type's configuration is given."""
    return _shrink(transformers.CONFIG_MAPPING[kind], OWN.get(kind, {}))


def _shrink(maker: Any, own: dict[str, Any]) -> dict[str, Any]:
    """Return small sizes for a configuration and those that it is made of."""
    default = maker()
    found = {
        name: value
        for name, value in {**SMALL, **own}.items()
        if value is not None and (name in own or _fits(default, name, value))
    }
    for name, part in getattr(maker, "sub_configs", {}).items():
        inner = getattr(default, name, None)
        if name in own or inner is None:
            continue
        made = type(inner) if part.__name__ == "AutoConfig" else part
        small = _shrink(made, OWN.get(made.model_type, {}))
        if part.__name__ == "AutoConfig":
            small["model_type"] = made.model_type
        found[name] = small
    return found


def _fits(config: Any, name: str, value: Any) -> bool:
    """Tell whether a configuration has a name, and a value of this kind there."""
    if name not in config.to_dict() and name not in type(config).attribute_map:
        return False
    before = getattr(config, name, None)
    if name == "sliding_window" and before is None:
        return False
    return before is None or isinstance(before, int | float) == isinstance(
        value, int | float
    )
