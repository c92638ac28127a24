# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "keras==3.15.1", "keras-hub==0.32.0"]
# [tool.mask-conformance]
# title = "keras-hub"
# way = "backbones"
# environment = "keras-hub"
# variables = { KERAS_BACKEND = "torch" }
# preload = ["keras", "keras_hub", "conformance.probe.frameworks.keras"]
# settings."*" = { masks = { padding_mask = "keep" }, inputs = ["token_ids"], vocabulary = 97 }
# ///
"""KerasHub's models for text, tiny and random, told of padding by padding_mask."""

from __future__ import annotations

import inspect

import keras
from keras_hub import models

SIZES = {
    "vocabulary_size": 97,
    "vocab_size": 97,
    "num_layers": 2,
    "num_layers_enc": 2,
    "num_layers_dec": 2,
    "num_heads": 4,
    "num_attention_heads": 4,
    "num_query_heads": 4,
    "num_key_value_heads": 2,
    "hidden_dim": 32,
    "hidden_size": 32,
    "embedding_dim": 32,
    "intermediate_dim": 64,
    "moe_intermediate_dim": 32,
    "shared_expert_intermediate_dim": 32,
    "shared_expert_intermediate_size": 32,
    "head_dim": 8,
    "head_size": 8,
    "key_value_dim": 8,
    "num_experts": 4,
    "top_k": 2,
    "max_sequence_length": 64,
    "sliding_window": 64,
    "sliding_window_size": 64,
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 2,
    "linear_key_head_dim": 8,
    "linear_value_head_dim": 8,
}
"""What a backbone is given, by the argument's name."""

_SIDE = {"hidden_dim": 32, "intermediate_dim": 64, "num_layers": 2}
_SIDE |= {"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8}
_SIDE |= {"layer_types": ["sliding_attention", "full_attention"]}
TWO_SIDES = {
    f"{side}_{name}": size
    for side in ("encoder", "decoder")
    for name, size in _SIDE.items()
}


class Told(keras.layers.Layer):
    """A backbone as a layer of ids and their mask; what else it takes is the same.

    One that takes no mask finds it by the id 0.
    """

    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone

    def call(self, token_ids, padding_mask):
        names = self.backbone.input
        if not any(name.endswith("padding_mask") for name in names):
            ids = keras.ops.maximum(token_ids, 1)
            token_ids = keras.ops.where(padding_mask, ids, 0)
        own = keras.ops.repeat(keras.ops.ones_like(token_ids[:, :1]), 3, axis=1)
        given = {}
        for name in names:
            side = own if name.startswith("decoder_") else token_ids
            if name.endswith("padding_mask"):
                given[name] = own if side is own else padding_mask
            elif name.endswith("segment_ids"):
                given[name] = keras.ops.zeros_like(side)
            else:
                given[name] = side
        return self.backbone(given)


def _make(name, **more):
    kind = getattr(models, f"{name}Backbone")
    taken = inspect.signature(kind.__init__).parameters
    sizes = {key: size for key, size in SIZES.items() if key in taken}
    return Told(kind(**(sizes | more)))


def albert():
    return _make("Albert")


def bart():
    return _make("Bart")


def bert():
    return _make("Bert")


def bloom():
    return _make("Bloom")


def deberta_v3():
    return _make("DebertaV3", bucket_size=8)


def distil_bert():
    return _make("DistilBert")


def ed_rec():
    return _make("EdRec")


def electra():
    return _make("Electra")


def esm():
    return _make("ESM")


def f_net():
    return _make("FNet")


def falcon():
    return _make("Falcon")


def gemma():
    return _make("Gemma")


def gpt2():
    return _make("GPT2")


def gpt_neo_x():
    return _make("GPTNeoX")


def gpt_oss():
    return _make("GptOss")


def llama():
    return _make("Llama")


def llama3():
    return _make("Llama3")


def mistral():
    return _make("Mistral")


def mixtral():
    return _make("Mixtral")


def opt():
    return _make("OPT")


def phi3():
    return _make("Phi3")


def qwen():
    return _make("Qwen")


def qwen3():
    return _make("Qwen3")


def qwen3_5():
    kinds = ["linear_attention", "full_attention"]
    return _make("Qwen3_5", layer_types=kinds)


def qwen3_5_moe():
    kinds = ["linear_attention", "full_attention"]
    return _make("Qwen3_5Moe", layer_types=kinds)


def qwen3_moe():
    return _make("Qwen3Moe")


def qwen_moe():
    return _make("QwenMoe")


def roberta():
    return _make("Roberta")


def roformer_v2():
    return _make("RoformerV2")


def rwkv7():
    return _make("RWKV7")


def smol_lm3():
    return _make(
        "SmolLM3",
        attention_bias=False,
        attention_dropout=0.0,
        rope_layer_enabled_list=[True, True],
        layer_types=["full_attention"] * 2,
        mlp_bias=False,
        layer_norm_epsilon=1e-5,
        max_position_embeddings=64,
        rope_theta=10000.0,
        partial_rotary_factor=1.0,
    )


def t5():
    return _make("T5")


def t5_gemma():
    return _make("T5Gemma", **TWO_SIDES)


def xlm_roberta():
    return _make("XLMRoberta")


def xl_net():
    return _make("XLNet")
