"""Sizes that make a type of transformers tiny: a table for all, and one for its own."""

from __future__ import annotations

from typing import Any

import transformers

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
    **dict.fromkeys(("axk1", "axk2", "glm4_moe_lite", "longcat_flash"), _MLA),
    **dict.fromkeys(("minicpm3", "mistral4", "sarvam_mla", "youtu"), _MLA),
    # Of two layers, one is of each kind.
    "jamba": {"attn_layer_period": 2, "attn_layer_offset": 1},
    "bailing_hybrid": {
        **_MLA,
        "layer_types": ["linear_attention", "full_attention"],
    },
    "recurrent_gemma": {"block_types": ["recurrent", "attention"]},
    "qwen4_exp_text": {
        **_LINEAR,
        "layer_types": ["linear_attention", "indexed_attention"],
        "indexer_n_heads": 4,
        "indexer_kv_heads": 1,
        "indexer_head_dim": 8,
        "indexer_budget": 64,
        "indexer_compress_ratio": 4,
    },
    # Its cache rounds these up to 64, its layers do not.
    "xlstm": {"hidden_size": 128},
    "dory": {
        "num_hidden_layers": 3,
        "n_input_layers": 1,
        "n_recurrent_layers": 1,
        "n_output_layers": 1,
    },
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
