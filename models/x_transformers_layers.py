# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "x-transformers==2.31.10"]
# [tool.mask-conformance]
# title = "x-transformers"
# environment = "torch_third"
# preload = ["torch", "x_transformers"]
# ///
"""x-transformers: encoders by their options, with a mask."""

from __future__ import annotations

from x_transformers import Decoder, Encoder, TransformerWrapper


def plain():
    return Encoder(dim=16, depth=2, heads=2, attn_dim_head=8, use_scalenorm=False)


def flash():
    return Encoder(dim=16, depth=2, heads=2, attn_dim_head=8, attn_flash=True)


def scale_norm():
    return Encoder(dim=16, depth=2, heads=2, attn_dim_head=8, use_scalenorm=True)


def rms_norm():
    return Encoder(dim=16, depth=2, heads=2, attn_dim_head=8, use_rmsnorm=True)


def rotary():
    return Encoder(dim=16, depth=2, heads=2, attn_dim_head=8, rotary_pos_emb=True)


def alibi():
    return Encoder(
        dim=16,
        depth=2,
        heads=2,
        attn_dim_head=8,
        alibi_pos_bias=True,
        alibi_num_heads=2,
    )


def relative_positions():
    return Encoder(dim=16, depth=2, heads=2, attn_dim_head=8, rel_pos_bias=True)


def dynamic_positions():
    return Encoder(dim=16, depth=2, heads=2, attn_dim_head=8, dynamic_pos_bias=True)


def talking_heads():
    return Encoder(
        dim=16,
        depth=2,
        heads=2,
        attn_dim_head=8,
        attn_pre_talking_heads=True,
        attn_post_talking_heads=True,
    )


def sparse_topk():
    return Encoder(dim=16, depth=2, heads=2, attn_dim_head=8, attn_sparse_topk=2)


def one_key_value_head():
    return Encoder(dim=16, depth=2, heads=2, attn_dim_head=8, attn_one_kv_head=True)


def memory_key_values():
    return Encoder(dim=16, depth=2, heads=2, attn_dim_head=8, attn_num_mem_kv=2)


def value_residual():
    return Encoder(
        dim=16, depth=2, heads=2, attn_dim_head=8, attn_add_value_residual=True
    )


def qk_norm():
    return Encoder(dim=16, depth=2, heads=2, attn_dim_head=8, attn_qk_norm=True)


def gated_values():
    return Encoder(dim=16, depth=2, heads=2, attn_dim_head=8, attn_gate_values=True)


def macaron():
    return Encoder(dim=16, depth=2, heads=2, attn_dim_head=8, macaron=True)


def sandwich():
    return Encoder(dim=16, depth=2, heads=2, attn_dim_head=8, sandwich_coef=1)


def shifted_tokens():
    return Encoder(dim=16, depth=2, heads=2, attn_dim_head=8, shift_tokens=1)


def glu():
    return Encoder(dim=16, depth=2, heads=2, attn_dim_head=8, ff_glu=True)


def residual_attention():
    return Encoder(dim=16, depth=2, heads=2, attn_dim_head=8, residual_attn=True)


def sigmoid_attention():
    return Encoder(dim=16, depth=2, heads=2, attn_dim_head=8, attn_sigmoid=True)


def laser():
    return Encoder(dim=16, depth=2, heads=2, attn_dim_head=8, attn_laser=True)


def selective():
    return Encoder(dim=16, depth=2, heads=2, attn_dim_head=8, attn_selective=True)


def hyper_connections():
    return Encoder(dim=16, depth=2, heads=2, attn_dim_head=8, num_residual_streams=2)


def differential():
    return Encoder(dim=16, depth=2, heads=2, attn_dim_head=8, attn_differential=True)


def decoder():
    return Decoder(dim=16, depth=2, heads=2, attn_dim_head=8)


def decoder_with_shifted_tokens():
    return Decoder(dim=16, depth=2, heads=2, attn_dim_head=8, shift_tokens=1)


def wrapper():
    layers = Encoder(dim=16, depth=2, heads=2, attn_dim_head=8)
    return TransformerWrapper(num_tokens=50, max_seq_len=128, attn_layers=layers)


def wrapper_with_pooling():
    layers = Encoder(dim=16, depth=2, heads=2, attn_dim_head=8)
    return TransformerWrapper(
        num_tokens=50, max_seq_len=128, attn_layers=layers, average_pool_embed=True
    )


def wrapper_with_memory_tokens():
    layers = Encoder(dim=16, depth=2, heads=2, attn_dim_head=8)
    return TransformerWrapper(
        num_tokens=50, max_seq_len=128, attn_layers=layers, num_memory_tokens=3
    )


def wrapper_with_conv_embedding():
    layers = Encoder(dim=16, depth=2, heads=2, attn_dim_head=8)
    return TransformerWrapper(
        num_tokens=50, max_seq_len=128, attn_layers=layers, emb_dim=8
    )
